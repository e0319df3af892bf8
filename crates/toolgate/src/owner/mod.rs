//! The process that owns a data folder: opens the store, serves agents, administration and `wrap` clients,
//! and ends in good order.

pub mod hello;
mod listeners;
pub mod place;
mod recordings;
mod reload;
pub mod runtime;
mod shuttle;

use crate::config::settings::Settings;
use crate::config::{self, Loaded};
use crate::doctor;
use admin::Registry;
use admin::action::status::Endpoints;
use anyhow::Context as _;
use gateway::{Bounds, Gateway};
use listeners::{Listening, Ports};
use place::Place;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::clock::Clock;
use store::{OpenError, Store};
use tokio::net::UnixListener;
use tokio::sync::watch;

/// Between two sweeps of sessions and idle processes.
const SWEEP: Duration = Duration::from_secs(15);
/// An owner that serves `wrap` clients alone ends so long after the last one.
const LINGER: Duration = Duration::from_secs(30);

/// Whom the process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// Agents over HTTP, administration, and `wrap` clients.
    Everybody,
    /// `wrap` clients and subcommands; it listens on no port and ends after its last client.
    WrapOnly,
}

/// A running owner.
#[derive(Debug)]
pub struct Owner {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Servers, grants and policies from every source.
    pub registry: Arc<Registry>,
    /// Where agents, health and metrics are.
    pub endpoints: Endpoints,
    serves: Serves,
    clients: Arc<shuttle::Clients>,
    ports: Option<Ports>,
    background: tokio::task::JoinSet<()>,
    place: Place,
}

impl Owner {
    /// Opens the data folder and begins to serve.
    ///
    /// # Errors
    /// Where the folder is in use or damaged, the configuration does not fit, or a port is taken.
    pub async fn start(loaded: Loaded, serves: Serves) -> anyhow::Result<Self> {
        let settings = loaded.settings.clone();
        let bound = match serves {
            Serves::Everybody => Some(bind(&settings).await?),
            Serves::WrapOnly => None,
        };
        let store = Store::open(&settings.store_options(), Clock::System).map_err(place::advise)?;
        let bounds = Bounds {
            max_body_bytes: usize::try_from(settings.max_body_bytes).unwrap_or(usize::MAX),
            ..Bounds::default()
        };
        keep_servers();
        let gateway = Arc::new(Gateway::new(store, bounds));
        let endpoints = bound.as_ref().map(|bound| bound.endpoints(settings.tls.is_some()));
        let endpoints = endpoints.unwrap_or_default();
        let registry = Registry::new(Arc::clone(&gateway)).reached_at(endpoints.clone());
        let registry = Arc::new(registry);
        registry.apply_files(loaded.declared.clone()).await.map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("the configuration cannot be put into force:\n{}", lines.join("\n"))
        })?;
        recordings::apply(&gateway, loaded.recordings.clone()).await.context("beginning to record calls")?;
        let place = Place::new(&settings.data);
        let admin_socket = Place::listen(&place.admin())?;
        let wrap_socket = Place::listen(&place.wrap())?;
        let mut owner = Self {
            gateway,
            registry,
            endpoints,
            serves,
            clients: Arc::new(watch::Sender::new(0)),
            ports: None,
            background: tokio::task::JoinSet::new(),
            place,
        };
        let policies = loaded.source.policies().into();
        owner.serve(bound, &settings)?;
        owner.serve_sockets(admin_socket, wrap_socket, policies);
        owner.keep_up(loaded);
        Ok(owner)
    }

    fn serve(&mut self, bound: Option<Listening>, settings: &Settings) -> anyhow::Result<()> {
        let ports = bound.map(|bound| bound.serve(&self.gateway, &self.registry, settings));
        self.ports = ports.transpose()?;
        Ok(())
    }

    fn serve_sockets(&mut self, admin_socket: UnixListener, wrap_socket: UnixListener, policies: Arc<Path>) {
        let registry = Arc::clone(&self.registry);
        self.background.spawn(async move { admin::serve_socket(registry, admin_socket).await });
        let (gateway, clients) = (Arc::clone(&self.gateway), Arc::clone(&self.clients));
        self.background.spawn(shuttle::serve(gateway, policies, wrap_socket, clients));
    }

    /// What goes on beside the serving: reloads, sweeps.
    fn keep_up(&mut self, loaded: Loaded) {
        let (gateway, registry) = (Arc::clone(&self.gateway), Arc::clone(&self.registry));
        self.background.spawn(reload::watch(gateway, registry, loaded));
        let gateway = Arc::clone(&self.gateway);
        self.background.spawn(async move {
            let mut sweeps = tokio::time::interval(SWEEP);
            loop {
                sweeps.tick().await;
                gateway.sweep();
                for server in gateway.world().servers() {
                    server.stop_idle(gateway.now_ms());
                }
            }
        });
    }

    /// Resolves when the process should end: it was asked to, or its last `wrap` client is gone.
    pub async fn done(&self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = self.unused(), if self.serves == Serves::WrapOnly => {}
        }
        Ok(())
    }

    async fn unused(&self) {
        let mut clients = self.clients.subscribe();
        loop {
            let came =
                tokio::time::timeout(LINGER, clients.wait_for(|n_clients| *n_clients > 0)).await.is_ok();
            if !came {
                return;
            }
            // The sender lives as long as the owner.
            let _ = clients.wait_for(|n_clients| *n_clients == 0).await;
        }
    }

    /// Ends in good order: nothing new is let in, calls under way finish within bounds, servers are stopped,
    /// everything is on the disk.
    pub async fn shut_down(mut self) {
        self.gateway.drain();
        if let Some(ports) = self.ports.take()
            && !ports.end().await
        {
            tracing::warn!("calls were still under way at shutdown; they are recorded as unknown");
        }
        self.background.shutdown().await;
        self.gateway.stop_servers().await;
        for socket in [self.place.admin(), self.place.wrap()] {
            // The next owner removes what is left.
            let _ = std::fs::remove_file(socket);
        }
        let gateway = Arc::clone(&self.gateway);
        let closed = tokio::task::spawn_blocking(move || gateway.recorder.close()).await;
        if closed.is_err() {
            tracing::error!("the recordings could not be ended in good order; the next start mends them");
        }
        self.gateway.store.close();
    }
}

/// Binds the ports. Where that fails because a gateway runs on this data already, that is what is told.
async fn bind(settings: &Settings) -> anyhow::Result<Listening> {
    Listening::bind(settings).await.map_err(|error| match doctor::data::owner(&settings.data) {
        Some(pid) => OpenError::Locked { path: settings.data.clone(), holder: pid.to_string() }.into(),
        None => error,
    })
}

/// Sees to it that servers end with this process, however it ends.
fn keep_servers() {
    let started = std::env::current_exe().and_then(|program| {
        let mut command = std::process::Command::new(program);
        command.arg("keep-servers").env_clear().current_dir("/");
        mcp::stdio::keeper::start(command)
    });
    if let Err(error) = started {
        tracing::warn!(%error, "servers may be left behind if this process is killed");
    }
}

/// Loads the configuration of a run.
///
/// # Errors
/// All its problems.
pub fn load(source: &config::source::Source) -> anyhow::Result<Loaded> {
    config::load(source).map_err(|refused| anyhow::anyhow!("the configuration does not load:\n{refused}"))
}
