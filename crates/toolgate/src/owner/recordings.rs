//! Puts what is to be recorded into force. Must never leave recording half changed: what held before stays on a failure.

use crate::config::recordings::Recordings;
use gateway::Gateway;
use std::sync::Arc;

/// Records by this from now on, or nothing.
///
/// # Errors
/// When the key is missing or wrong, or the recordings of before cannot be gone on with.
pub async fn apply(gateway: &Arc<Gateway>, recordings: Option<Recordings>) -> anyhow::Result<()> {
    let plan = recordings.map(|recordings| recordings.plan()).transpose().map_err(anyhow::Error::msg)?;
    let gateway = Arc::clone(gateway);
    // It reads the ends of all segments, which an event loop must not wait for.
    tokio::task::spawn_blocking(move || gateway.recorder.apply(plan)).await??;
    Ok(())
}
