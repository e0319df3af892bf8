//! Bounded waits: a test that hangs fails and says what it was waiting for.
//!
//! Must never: be the way a test lets time pass; each wait ends when its event happens.

use std::future::Future;
use std::time::Duration;

/// Long enough for a loaded machine of two cores, short enough that a hanging test is noticed.
const LIMIT: Duration = Duration::from_secs(20);

/// Awaits the future; panics with `what` when it takes longer than any healthy run does.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(LIMIT, future).await else {
        panic!("waited {} s for {what}", LIMIT.as_secs())
    };
    output
}
