//! A run of all workers until a number of requests or a time is reached.
//!
//! Must never: go on with a worker after its first error.

use crate::worker::Worker;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use testkit::stopwatch::monotonic_ns;
use tokio::task::JoinSet;

/// When a phase ends.
#[derive(Clone, Copy)]
pub struct Phase {
    n_requests: u64,
    duration_ns: u64,
}

impl Phase {
    /// After so many requests.
    pub fn requests(n_requests: u64) -> Phase {
        Phase { n_requests, duration_ns: u64::MAX }
    }

    /// After so many seconds.
    pub fn seconds(seconds: u64) -> Phase {
        Phase { n_requests: u64::MAX, duration_ns: seconds.saturating_mul(1_000_000_000) }
    }
}

/// What a phase gave.
#[derive(Default)]
pub struct Measured {
    pub workers: Vec<Worker>,
    pub n_requests: u64,
    pub n_errors: u64,
    pub first_error: Option<String>,
    pub latencies_ns: Vec<u64>,
    pub duration_ns: u64,
}

/// Runs all workers at once.
pub async fn run(workers: Vec<Worker>, phase: Phase) -> Measured {
    let next = Arc::new(AtomicU64::new(0));
    let start_ns = monotonic_ns();
    let end_ns = start_ns.saturating_add(phase.duration_ns);
    let mut running = JoinSet::new();
    for worker in workers {
        running.spawn(work(worker, next.clone(), phase.n_requests, end_ns));
    }
    let mut measured = Measured::default();
    while let Some(done) = running.join_next().await {
        let (worker, latencies_ns, error) =
            done.unwrap_or_else(|error| (None, Vec::new(), Some(error.to_string())));
        measured.n_requests += latencies_ns.len() as u64;
        measured.n_errors += u64::from(error.is_some());
        measured.latencies_ns.extend(latencies_ns);
        measured.workers.extend(worker);
        measured.first_error = measured.first_error.or(error);
    }
    measured.duration_ns = monotonic_ns() - start_ns;
    measured
}

async fn work(
    mut worker: Worker,
    next: Arc<AtomicU64>,
    n_requests: u64,
    end_ns: u64,
) -> (Option<Worker>, Vec<u64>, Option<String>) {
    let mut latencies_ns = Vec::new();
    while monotonic_ns() < end_ns {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= n_requests {
            break;
        }
        match worker.ask(n).await {
            Ok(latency_ns) => latencies_ns.push(latency_ns),
            Err(error) => return (None, latencies_ns, Some(error)),
        }
    }
    (Some(worker), latencies_ns, None)
}
