//! The event loop that a gateway runs on.

use std::io;
use std::num::NonZero;
use tokio::runtime::{Builder, Runtime};

/// A runtime with a thread for every second core: the servers behind the gateway usually run on the same machine, and
/// the fewer threads share the work, the less a call costs (measured: a tenth on two cores).
///
/// # Errors
/// Where the system refuses threads.
pub fn start() -> io::Result<Runtime> {
    let n_cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread().worker_threads((n_cores / 2).max(1)).enable_all().build()
}
