//! The answer to what a server asks of the client: nothing but ping is open.

use super::lane::Lane;
use mcp::era::{Era, Version};
use mcp::http::{HeaderValue, Outgoing};
use mcp::reply::Reply;

/// The reply to a server's request, on the client's behalf.
#[must_use]
pub fn answer(id_raw: &str, method: &str) -> Vec<u8> {
    if method == "ping" {
        return mcp::answers::empty(Era::Legacy, id_raw);
    }
    let text = "this channel is closed by policy; go on without the client";
    mcp::answers::error(Some(id_raw), mcp::errors::METHOD_NOT_FOUND, text, None)
}

/// Refuses what a server asked over HTTP, on the session's own lane. In the modern era a server must not ask so.
pub fn server_answer(lane: &Lane, version: Version, request: &Reply) {
    let (Lane::Http(lane), Era::Legacy, Some(id)) = (lane, version.era(), request.id_raw()) else { return };
    let outgoing = Outgoing::post(answer(id, request.method().unwrap_or_default()));
    let header = (version >= Version::V2025_06_18).then(|| HeaderValue::from_static(version.as_str()));
    let Some(place) = lane.place_to_answer() else {
        tracing::debug!("a server asks faster than it takes answers; it gets none");
        return;
    };
    let lane = lane.clone();
    tokio::spawn(async move {
        if let Err(failure) = lane.ask(outgoing, header).await {
            tracing::debug!(%failure, "the answer to a server's request did not arrive");
        }
        drop(place);
    });
}
