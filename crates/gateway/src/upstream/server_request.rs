//! Answers to what a server asks: the gateway's own, on the client's behalf.
//! It never waits: a server that writes before it reads must still be heard, or neither side goes on.

use super::lane::Lane;
use mcp::era::Version;
use mcp::http::{HeaderValue, Outgoing};

/// Sends an answer by the way that the question came; a server that asks faster than it takes answers gets none.
pub fn answer_server(lane: &Lane, version: Version, answer: Vec<u8>) {
    match lane {
        Lane::Http(lane) => {
            let outgoing = Outgoing::post(answer);
            let header =
                (version >= Version::V2025_06_18).then(|| HeaderValue::from_static(version.as_str()));
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
        Lane::Stdio(slot) => {
            if let Some(process) = slot.running() {
                process.answer(answer);
            }
        }
        Lane::Bridge(bridge) => bridge.answered(version, answer),
    }
}

/// The refusal of a request that nobody can be asked.
#[must_use]
pub fn closed(id_raw: &str) -> Vec<u8> {
    let text = "this channel is closed by policy; go on without the client";
    mcp::answers::error(Some(id_raw), mcp::errors::METHOD_NOT_FOUND, text, None)
}
