//! One registered server while the gateway runs: its stored list, its connections, its processes.
//! It must never start anything before a message needs it.

use super::early::Starts;
use super::lane::{HttpLane, Lane};
use super::peer::Source;
use super::process::Command;
use super::secret;
use super::slot::{Restart, Slot};
use crate::access::Wrapped;
use crate::bridge::{Bridge, Eras, Host};
use crate::declared::{ServerSpec, Setting, Transport};
use crate::definitions::Definitions;
use crate::metrics::{Metrics, ServerMetrics};
use mcp::era::Era;
use mcp::http::{Clock, HeaderName, HeaderValue, Plaintext, Settings, Target, Tls, Upstream};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Answers to a server's own requests that may be under way at once; a server that asks for more gets none.
pub(super) const MAX_ANSWERING: usize = 16;

/// What every server is set up with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Milliseconds of the trusted timeline.
    pub clock: Clock,
    /// Where messages are counted.
    pub metrics: Arc<Metrics>,
}

/// A declaration that cannot be put into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}

#[derive(Debug, Clone)]
enum Way {
    Http(Arc<Upstream>),
    // With what each session or grant has of its own.
    Own(Source),
}

/// One registered server.
#[derive(Debug)]
pub struct Server {
    /// Its id.
    pub id: Arc<str>,
    /// What was declared.
    pub spec: ServerSpec,
    /// How its processes started.
    pub starts: Arc<Starts>,
    /// The tools that it lists.
    pub definitions: Arc<Definitions>,
    /// Its counters.
    pub metrics: ServerMetrics,
    /// Held while the list is asked for, so that many calls ask once.
    pub listing: tokio::sync::Mutex<()>,
    /// Set where a `wrap` client brought the server along.
    pub wrapped: Option<Wrapped>,
    roads: Arc<Roads>,
    host: Arc<Host>,
    // One for each grant that speaks the modern era, where the server may not.
    bridges: Mutex<HashMap<Arc<str>, Arc<Bridge>>>,
    // One process for each grant that speaks the modern era; sessions have their own.
    slots: Mutex<HashMap<Arc<str>, Arc<Slot>>>,
}

/// Makes ways to the server.
#[derive(Debug)]
struct Roads {
    way: Way,
    clock: Clock,
    timeout: Duration,
    definitions: Arc<Definitions>,
    starts: Arc<Starts>,
    // One for all lanes over HTTP.
    answering: Arc<Semaphore>,
}

impl Roads {
    fn http(&self, upstream: &Arc<Upstream>) -> Lane {
        Lane::Http(HttpLane::new(Arc::clone(upstream), Arc::clone(&self.answering)))
    }

    fn slot(&self, source: &Source, restart: Restart) -> Slot {
        let definitions = Arc::clone(&self.definitions);
        let starts = Arc::clone(&self.starts);
        Slot::new(source.clone(), self.timeout, self.clock.clone(), definitions, starts, restart)
    }

    /// A way for a session that the gateway itself holds: its process may be started again.
    fn held(&self) -> Lane {
        match &self.way {
            Way::Http(upstream) => self.http(upstream),
            Way::Own(source) => Lane::Stdio(Arc::new(self.slot(source, Restart::Always).heard())),
        }
    }

    /// What can be known of the server's eras without asking.
    fn eras(&self, declared: Option<Era>) -> Eras {
        match &self.way {
            // The transport is older than the modern era.
            Way::Own(Source::Events(_)) => Eras::only(Era::Legacy, self.clock.clone()),
            Way::Http(_) | Way::Own(Source::Command(_)) if declared.is_some() => {
                Eras::only(declared.unwrap_or(Era::Legacy), self.clock.clone())
            }
            Way::Http(_) => Eras::unknown(self.clock.clone(), true),
            Way::Own(Source::Command(_)) => Eras::unknown(self.clock.clone(), false),
        }
    }
}

impl Server {
    /// Prepares a server; connects to nothing and starts nothing.
    ///
    /// # Errors
    /// [`SetupError`] where the declaration cannot work.
    pub fn new(spec: ServerSpec, setup: &Setup) -> Result<Self, SetupError> {
        let fail = |why: String| SetupError(format!("server `{}`: {why}", spec.id));
        if spec.shared && spec.era != Some(Era::Modern) {
            return Err(fail(String::from(
                "only a process that speaks 2026-07-28 can be shared; declare `era = \"modern\"` if it does",
            )));
        }
        let way = match &spec.transport {
            Transport::Http { url, headers, ca_file, insecure } => {
                let endpoint = Endpoint { url, headers, ca_file, insecure: *insecure };
                Way::Http(endpoint.upstream(spec.timeout_s, setup).map_err(fail)?)
            }
            Transport::Sse { url, headers, ca_file, insecure } => {
                let endpoint = Endpoint { url, headers, ca_file, insecure: *insecure };
                Way::Own(Source::Events(endpoint.upstream(spec.timeout_s, setup).map_err(fail)?))
            }
            Transport::Stdio { command, env, cwd } => {
                let command = Command::resolve(command, env, cwd.as_ref()).map_err(fail)?;
                Way::Own(Source::Command(Arc::new(command)))
            }
        };
        Ok(Self::with_way(spec, way, None, setup))
    }

    /// The gateway's time, in milliseconds of Unix time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.roads.clock.now_ms()
    }

    /// A server whose process a `wrap` client brings along: its own environment, its own working directory.
    #[must_use]
    pub fn wrapped(spec: ServerSpec, command: Command, policy: Option<String>, setup: &Setup) -> Self {
        Self::with_way(spec, Way::Own(Source::Command(Arc::new(command))), Some(Wrapped::new(policy)), setup)
    }

    fn with_way(spec: ServerSpec, way: Way, wrapped: Option<Wrapped>, setup: &Setup) -> Self {
        let id: Arc<str> = spec.id.as_str().into();
        let definitions = Arc::<Definitions>::default();
        let starts = Arc::new(Starts::new(Arc::clone(&id)));
        let roads = Arc::new(Roads {
            way,
            clock: setup.clock.clone(),
            timeout: Duration::from_secs(spec.timeout_s),
            definitions: Arc::clone(&definitions),
            starts: Arc::clone(&starts),
            answering: Arc::new(Semaphore::new(MAX_ANSWERING)),
        });
        let host = Arc::new(Host {
            server: Arc::clone(&id),
            eras: roads.eras(spec.era),
            timeout: roads.timeout,
            clock: setup.clock.clone(),
            definitions: Arc::clone(&definitions),
            fresh: Box::new({
                let roads = Arc::clone(&roads);
                move || roads.held()
            }),
        });
        Self {
            metrics: setup.metrics.server(&id),
            starts,
            id,
            spec,
            definitions,
            listing: tokio::sync::Mutex::default(),
            wrapped,
            roads,
            host,
            bridges: Mutex::default(),
            slots: Mutex::default(),
        }
    }

    /// Longest wait for a reply.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.spec.timeout_s)
    }

    /// The lane of a grant's modern requests: no session, and for a process one that only this grant has.
    #[must_use]
    pub fn lane(&self, grant: &Arc<str>) -> Lane {
        if self.host.eras.speaks(Era::Modern) == Some(true) {
            return self.direct(grant);
        }
        let mut bridges = self.bridges.lock().unwrap_or_else(PoisonError::into_inner);
        let bridge = bridges.entry(Arc::clone(grant)).or_insert_with(|| {
            Arc::new(Bridge::new(Arc::clone(&self.host), self.direct(grant), Some(Era::Modern)))
        });
        Lane::Bridge(Arc::clone(bridge))
    }

    fn direct(&self, grant: &Arc<str>) -> Lane {
        match &self.roads.way {
            Way::Http(upstream) => self.roads.http(upstream),
            Way::Own(source) => {
                // No grant has an empty id.
                let whose = if self.spec.shared { Arc::from("") } else { Arc::clone(grant) };
                let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = slots.entry(whose).or_insert_with(|| {
                    let slot = self.roads.slot(source, Restart::Always);
                    Arc::new(if self.spec.shared { slot.shared() } else { slot })
                });
                Lane::Stdio(Arc::clone(slot))
            }
        }
    }

    /// A lane of its own for a client that has a session, of `era` where that is known already.
    #[must_use]
    pub fn own_lane(&self, restart: Restart, era: Option<Era>) -> Lane {
        let direct = match &self.roads.way {
            Way::Http(upstream) => self.roads.http(upstream),
            Way::Own(_) if self.spec.shared => self.direct(&Arc::from("")),
            Way::Own(source) => Lane::Stdio(Arc::new(self.roads.slot(source, restart))),
        };
        Lane::Bridge(Arc::new(Bridge::new(Arc::clone(&self.host), direct, era)))
    }

    /// Whether messages go to a process rather than over HTTP.
    #[must_use]
    pub fn is_process(&self) -> bool {
        matches!(self.roads.way, Way::Own(Source::Command(_)))
    }

    /// Stops the processes that sessions do not own and that had no message since `idle_ms` before `now_ms`.
    pub fn stop_idle(&self, now_ms: u64) {
        let idle_ms = self.spec.idle_stop_s.saturating_mul(1_000);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| !slot.stop_if_idle(now_ms, idle_ms));
        drop(slots);
        for bridge in self.lock_bridges().values() {
            bridge.stop_idle(now_ms, idle_ms);
        }
    }

    fn lock_bridges(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Arc<Bridge>>> {
        self.bridges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The places of processes that sessions do not own.
    #[must_use]
    pub fn slots(&self) -> Vec<Arc<Slot>> {
        let own: Vec<_> =
            self.slots.lock().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        let held = self.lock_bridges().values().flat_map(|bridge| bridge.slots()).collect::<Vec<_>>();
        own.into_iter().chain(held).collect()
    }

    /// Stops the processes that sessions do not own, of grants for which `keep` says no.
    pub fn keep(&self, keep: impl Fn(&str) -> bool) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, slot) in slots.extract_if(|grant, slot| !slot.is_shared() && !keep(grant)) {
            slot.stop();
        }
        drop(slots);
        for (_, bridge) in self.lock_bridges().extract_if(|grant, _| !keep(grant)) {
            bridge.close();
        }
    }

    /// Stops every process that sessions do not own.
    pub fn stop(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, slot) in slots.drain() {
            slot.stop();
        }
        drop(slots);
        for (_, bridge) in self.lock_bridges().drain() {
            bridge.close();
        }
    }
}

/// What is declared of a server behind a URL.
struct Endpoint<'a> {
    url: &'a str,
    headers: &'a BTreeMap<String, Setting>,
    ca_file: &'a Option<PathBuf>,
    insecure: bool,
}

impl Endpoint<'_> {
    fn upstream(&self, timeout_s: u64, setup: &Setup) -> Result<Arc<Upstream>, String> {
        let plaintext = if self.insecure { Plaintext::Anywhere } else { Plaintext::LoopbackOnly };
        let target = Target::parse(self.url, plaintext).map_err(|error| error.to_string())?;
        let mut settings = Settings { head_timeout: Duration::from_secs(timeout_s), ..Settings::default() };
        for (name, setting) in self.headers {
            let (name, value) = header(name, setting)?;
            settings.headers.insert(name, value);
        }
        let tls = Tls::new(self.ca_file.clone());
        let upstream = Upstream::new(target, settings, tls, setup.clock.clone());
        upstream.map(Arc::new).map_err(|error| error.to_string())
    }
}

fn header(name: &str, setting: &Setting) -> Result<(HeaderName, HeaderValue), String> {
    let value = secret::resolve(setting).map_err(|error| format!("header `{name}`: {error}"))?;
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{name}` is not a header name; correct it"))?;
    let mut value = HeaderValue::from_str(&value)
        .map_err(|_| format!("the value of header `{name}` holds characters that no header may have"))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}
