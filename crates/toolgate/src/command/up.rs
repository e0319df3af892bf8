//! `toolgate up`: serves agents until it is asked to end.

use std::io::IsTerminal as _;
use std::time::Duration;

use admin::action::status::{Endpoints, Status};
use admin::client::Client;
use anyhow::{Context as _, anyhow};
use clap::Args;
use store::OpenError;
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::Global;
use crate::config::source::{Source, Surroundings, locate};
use crate::config::{self, Loaded};
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone, When, plain};
use crate::owner::place::Place;
use crate::owner::{Owner, Serves, runtime};

/// What `up` does, for its help.
pub const ABOUT: &str = "\
Serve agents until asked to end (SIGTERM or SIGINT).

Agents connect with a grant's token to /mcp, where all servers are that the grant reaches, or to /mcp/SERVER for one \
of them. The configuration and the policies beside it are looked at every \
second; a changed set that is valid counts at once and as a whole, an invalid one is refused and the old one stays. \
What goes on is logged to standard error; TOOLGATE_LOG chooses how much (`debug`, `warn`, `gateway=debug,info`).";

const EXAMPLES: &str = "\
Examples:
  toolgate up
  toolgate --config /etc/toolgate/toolgate.toml up
  toolgate up --json               the first line tells where it listens
  TOOLGATE_LOG=debug toolgate up";

/// Between two tries to own a folder that a subcommand owns for the moment.
const LOOK: Duration = Duration::from_millis(50);
/// So often at most: ten seconds.
const MAX_LOOKS: u32 = 200;

/// The variable that chooses how much is logged.
const LOG: &str = "TOOLGATE_LOG";

/// Arguments of `up`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Serve `wrap` clients only, and end after the last one
    #[arg(long, hide = true)]
    for_wrap: bool,
}

/// Serves.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    log(global.color)?;
    let source = source(global, arguments.for_wrap)?;
    let loaded = config::load(&source)?;
    for warning in loaded.warnings.as_slice() {
        tracing::warn!("{warning}");
    }
    let runtime = runtime::start().context("starting the runtime")?;
    runtime.block_on(serve(global.output(), loaded, arguments.for_wrap))
}

async fn serve(output: Output, loaded: Loaded, for_wrap: bool) -> anyhow::Result<Exit> {
    let serves = if for_wrap { Serves::WrapOnly } else { Serves::Everybody };
    // Listened for from the beginning: whoever reads where it listens may ask it to end at once.
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for signals")?;
    let Some(owner) = start(&loaded, serves).await? else { return Ok(Exit::Ok) };
    if !for_wrap && let Err(error) = announce(output, &loaded, &owner) {
        // Whoever started it may have read enough; agents are served all the same.
        tracing::warn!(%error, "where the gateway listens could not be told");
    }
    let done = tokio::select! {
        done = owner.done() => done,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    tracing::info!("shutting down");
    owner.shut_down().await;
    done.map(|()| Exit::Ok)
}

/// Starts, waiting a while for a subcommand that owns the folder for the moment. For `wrap`, nothing when another
/// owner was faster: it serves.
async fn start(loaded: &Loaded, serves: Serves) -> anyhow::Result<Option<Owner>> {
    let place = Place::new(&loaded.settings.data);
    let mut n_looks = 0;
    loop {
        let error = match Owner::start(loaded.clone(), serves).await {
            Ok(owner) => return Ok(Some(owner)),
            Err(error) => error,
        };
        let is_locked = matches!(error.downcast_ref(), Some(OpenError::Locked { .. }));
        if !is_locked || n_looks == MAX_LOOKS {
            return Err(error);
        }
        if let Some(stream) = Place::connect(&place.admin()).await? {
            return if serves == Serves::WrapOnly { Ok(None) } else { Err(explain(error, stream).await) };
        }
        n_looks += 1;
        tokio::time::sleep(LOOK).await;
    }
}

/// An owner that `wrap` started is not known to whoever starts the gateway.
async fn explain(error: anyhow::Error, stream: UnixStream) -> anyhow::Error {
    let asked = async { Client::over(stream).await?.get::<Status>(&["status"]).await };
    match asked.await {
        Ok(status) if status.endpoints.mcp.is_none() => anyhow!(
            "process {0} serves wrapped servers on the data folder `{1}` and ends half a minute after the last of \
             them; close the clients that use them, or run `kill {0}`, and start again",
            status.pid,
            status.data.display()
        ),
        Ok(_) | Err(_) => error,
    }
}

/// A process that `wrap` starts is started in any folder, so what lies there must not decide.
fn source(global: &Global, for_wrap: bool) -> anyhow::Result<Source> {
    if for_wrap {
        return Ok(locate(global.config.as_deref(), &Surroundings::of_process().without_working_folder())?);
    }
    Ok(global.source()?)
}

fn log(when: When) -> anyhow::Result<()> {
    let wanted = std::env::var(LOG).unwrap_or_default();
    let wanted = if wanted.trim().is_empty() { "info" } else { &wanted };
    let filter = EnvFilter::builder().parse(wanted).map_err(|error| {
        Usage(format!(
            "{LOG} is not understood: {error}; write a level such as `debug`, or `gateway=debug,info`"
        ))
    })?;
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let ansi = match when {
        When::Always => true,
        When::Never => false,
        When::Auto => std::io::stderr().is_terminal() && !is_plain,
    };
    let logger =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr);
    logger.try_init().map_err(|error| anyhow::anyhow!("starting the log: {error}"))
}

fn announce(output: Output, loaded: &Loaded, owner: &Owner) -> std::io::Result<()> {
    let Endpoints { mcp, admin } = owner.endpoints.clone();
    let (mcp, admin) = (mcp.unwrap_or_default(), admin.unwrap_or_default());
    if output.is_json() {
        output.value(&serde_json::json!({ "event": "listening", "mcp": mcp, "admin": admin }))?;
        return Ok(());
    }
    let file = match &loaded.source.file {
        Some(file) => file.display().to_string(),
        None => format!("none (it would be {})", loaded.source.display_file().display()),
    };
    output.line(output.paint(Tone::Strong, concat!("toolgate ", env!("CARGO_PKG_VERSION"))))?;
    for (name, value) in [
        ("configuration", file),
        ("policies", loaded.source.policies().display().to_string()),
        ("data", loaded.settings.data.display().to_string()),
        ("metrics", format!("{admin}/metrics")),
        ("agents", format!("{mcp}, or /mcp/SERVER for one server")),
    ] {
        output.line(format!("  {name:<14} {}", plain(&value)))?;
    }
    reaches(output, owner, &mcp)
}

/// What is served to whom, and how to connect.
fn reaches(output: Output, owner: &Owner, mcp: &str) -> std::io::Result<()> {
    let world = owner.gateway.world();
    let now_ms = owner.gateway.now_ms();
    let servers: Vec<String> = world.servers().map(|server| server.id.to_string()).collect();
    let none = "none yet; see `toolgate server add --help`".to_owned();
    output.line(format!(
        "  {:<14} {}",
        "servers",
        if servers.is_empty() { none } else { servers.join(", ") }
    ))?;
    let mut n_ways = 0;
    for grant in world.grants().filter(|grant| grant.is_valid(now_ms)) {
        let mut ids: Vec<&str> = grant.servers().map(|id| &**id).collect();
        ids.sort_unstable();
        n_ways += ids.len();
        output.line(format!(
            "  {:<14} {} -> {}",
            "grant",
            grant.id,
            if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
        ))?;
    }
    let server = servers.first().map_or("SERVER", String::as_str);
    if n_ways == 0 {
        let server = if servers.is_empty() { "SERVER" } else { server };
        output.line(format!(
            "no agent can call yet; run `toolgate grant create NAME --server {server}=POLICY`"
        ))?;
    } else {
        output.line("an agent connects with its grant's token, for example:")?;
        output.line(format!(
            "  claude mcp add --transport http {server} {mcp}/{server} --header \"Authorization: Bearer TOKEN\""
        ))?;
    }
    Ok(())
}
