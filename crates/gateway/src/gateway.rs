//! What all messages share: the present world, the store, the sessions, the metrics.
//! The world is only ever replaced as a whole, and every message reads it anew.

use crate::handles::Handles;
use crate::hub::Hub;
use crate::large::Large;
use crate::metrics::Metrics;
use crate::sessions::Sessions;
use crate::stage::round::{self, Round};
use crate::stage::task::{self, Task};
use crate::upstream::Setup;
use crate::world::World;
use mcp::http::Clock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use store::Store;
use store::recordings::Recorder;
use tokio::sync::watch;

/// Bounds that the operator may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Largest message of a client, in bytes.
    pub max_body_bytes: usize,
    /// What one grant may hold in memory with large messages that are under way, in bytes.
    pub max_large_bytes: usize,
    /// What one grant may have kept for its streams to be resumed, in bytes.
    pub max_kept_bytes: usize,
    /// Largest reply that has to be held whole: lists and handshakes, in bytes.
    pub max_list_bytes: usize,
    /// A tool list is asked for anew after so long, in milliseconds.
    pub list_max_age_ms: u64,
    /// Live sessions of one grant.
    pub max_sessions: usize,
    /// Sessions that one grant may open within a minute.
    pub max_opened_a_minute: usize,
    /// Those of them that start a process.
    pub max_started_a_minute: usize,
    /// Those of them that have a process of their own: a real server takes about 100 MiB.
    pub max_processes: usize,
    /// What is asked of several servers at once waits so long for the slowest of them, in milliseconds.
    pub member_deadline_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        // The largest list seen of a real server is 255 kB.
        Self {
            max_body_bytes: 4 << 20,
            max_large_bytes: 64 << 20,
            max_kept_bytes: 32 << 20,
            max_list_bytes: 16 << 20,
            list_max_age_ms: 5 * 60 * 1_000,
            max_sessions: 1_000,
            max_opened_a_minute: 3_000,
            max_started_a_minute: 128,
            max_processes: 64,
            // A real server takes 4.6 s to start at the median, and clients give up after 30 s.
            member_deadline_ms: 15_000,
        }
    }
}

/// One running gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Counters, journal, audit, configuration.
    pub store: Store,
    /// Live sessions of HTTP clients.
    pub sessions: Sessions,
    /// What is known of several servers together.
    pub hub: Hub,
    /// Room for large messages.
    pub large: Large,
    /// What servers wait for.
    pub rounds: Handles<Round>,
    /// The tasks that clients know of.
    pub tasks: Handles<Task>,
    /// Room for what is kept of streams.
    pub kept: Large,
    /// For the operator.
    pub metrics: Arc<Metrics>,
    /// Keeps values of calls, where the operator asked for it.
    pub recorder: Recorder,
    /// What the operator set.
    pub bounds: Bounds,
    world: RwLock<Arc<World>>,
    changes: watch::Sender<u64>,
    draining: AtomicBool,
    next_upstream_id: AtomicU64,
}

impl Gateway {
    /// A gateway that knows nothing yet and so denies everything.
    #[must_use]
    pub fn new(store: Store, bounds: Bounds) -> Self {
        let metrics: Arc<Metrics> = Arc::default();
        let timeline = store.clone();
        let now_ms = move || timeline.now().as_ms();
        let recorder = Recorder::new(store.folder(), Arc::clone(&metrics.recordings), now_ms);
        Self {
            store,
            sessions: Sessions::default(),
            hub: Hub::default(),
            large: Large::new(bounds.max_large_bytes),
            rounds: Handles::new(round::SHELF),
            tasks: Handles::new(task::SHELF),
            kept: Large::strict(bounds.max_kept_bytes),
            metrics,
            recorder,
            bounds,
            world: RwLock::default(),
            changes: watch::Sender::new(0),
            draining: AtomicBool::new(false),
            next_upstream_id: AtomicU64::new(1),
        }
    }

    /// The present snapshot.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        Arc::clone(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a new snapshot in force: the next message on every session and stream is judged by it.
    /// Servers that it no longer has are stopped.
    pub fn install(&self, world: World) {
        let world = Arc::new(world);
        let old = {
            let mut present = self.world.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *present, Arc::clone(&world))
        };
        for server in old.servers() {
            let kept = world.server(&server.id).is_some_and(|now| Arc::ptr_eq(now, server));
            if !kept {
                server.stop();
            }
        }
        self.large.retain(|grant| world.grant(grant).is_some());
        self.kept.retain(|grant| world.grant(grant).is_some());
        self.hub.retain(&world);
        self.changes.send_modify(|generation| *generation += 1);
        for server in world.servers() {
            server.keep(|grant| self.access(grant, server).is_some());
        }
        self.sweep();
    }

    /// Tells of every new snapshot, and of the shutdown.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What servers are set up with.
    #[must_use]
    pub fn setup(&self) -> Setup {
        let store = self.store.clone();
        let clock = Clock::new(move || store.now().as_ms());
        Setup { clock, metrics: Arc::clone(&self.metrics) }
    }

    /// Milliseconds of the trusted timeline.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.store.now().as_ms()
    }

    /// Closes sessions that are idle, or whose grant or server is gone.
    pub fn sweep(&self) {
        self.hub.sessions.sweep(self);
        self.sessions.sweep(self.now_ms(), |session| self.access(&session.grant, &session.server).is_some());
        let world = self.world();
        let (now_ms, is_there) = (self.now_ms(), |grant: &str| world.grant(grant).is_some());
        self.rounds.sweep(now_ms, is_there);
        self.tasks.sweep(now_ms, is_there);
        let live = i64::try_from(self.sessions.len()).unwrap_or(i64::MAX);
        self.metrics.sessions.set(live);
    }

    /// An id for a request to an upstream; never one that a client chose.
    #[must_use]
    pub fn next_upstream_id(&self) -> u64 {
        self.next_upstream_id.fetch_add(1, Ordering::Relaxed)
    }

    /// From now on new messages are refused while those under way finish.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.changes.send_modify(|generation| *generation += 1);
    }

    /// Resolves when the gateway shuts down.
    pub async fn drained(&self) {
        let mut changes = self.changes();
        // The sender of changes lives as long as the gateway.
        while !self.is_draining() && changes.changed().await.is_ok() {}
    }

    /// Ends every server process and waits for it; for the end of the gateway itself.
    pub async fn stop_servers(&self) {
        let of_servers = self.world().servers().flat_map(|server| server.slots()).collect::<Vec<_>>();
        for session in self.sessions.all() {
            // What was asked of its client will not be answered any more.
            session.outstanding.close();
        }
        let of_sessions = self.sessions.all().into_iter().flat_map(|session| session.lane.slots());
        let mut ending = tokio::task::JoinSet::new();
        for slot in of_servers.into_iter().chain(of_sessions) {
            ending.spawn(async move { slot.shut_down().await });
        }
        while ending.join_next().await.is_some() {}
    }

    /// Whether the gateway is shutting down.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
