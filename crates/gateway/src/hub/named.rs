//! Requests that name a tool or a prompt: the prefix says whose it is, and is taken away before anything is judged.
//! A name of no server must look like a name that a server does not have.

use super::client::Asked;
use super::{names, refuse, uris};
use crate::channels;
use crate::exchange::Answer;
use crate::reach::Reach;
use json::{Splicer, Value};
use mcp::errors::Refusal;
use std::sync::Arc;

/// `tools/call` and `prompts/get`.
pub async fn forward(asked: Asked) -> Answer {
    let named = asked.message.params().and_then(|params| params.get("name"));
    let Some((reach, text)) = named.and_then(|name| readdressed(&asked, name)) else {
        return refuse::unknown_name(&asked);
    };
    asked.pass_on(&reach, text).await
}

/// `completion/complete`, of a prompt or of a resource.
pub async fn complete(asked: Asked) -> Answer {
    let reference = asked.message.params().and_then(|params| params.get("ref"));
    let kind = reference.and_then(|reference| reference.get("type")?.as_str());
    if kind.as_deref() != Some("ref/prompt") {
        drop(kind);
        return uris::forward(asked).await;
    }
    let name = reference.and_then(|reference| reference.get("name"));
    let Some((reach, text)) = name.and_then(|name| readdressed(&asked, name)) else {
        return refuse::unknown_name(&asked);
    };
    asked.pass_on(&reach, text).await
}

/// A method that the protocol does not have, for the one server whose policies open it.
pub async fn extension(asked: Asked, refusal: &Refusal) -> Answer {
    let method = asked.message.method().unwrap_or_default();
    let client = &asked.client;
    let opens = |reach: &Arc<Reach>| channels::judge_extension(reach, &client.grant.id, method).is_ok();
    let open: Vec<_> = client.grant.reaches().into_iter().filter(opens).collect();
    match (open.as_slice(), asked.message.is_request()) {
        ([only], true) => {
            let text = asked.text().as_bytes().to_vec();
            asked.pass_on(only, text).await
        }
        // Nothing says which server a notification is for.
        ([] | [_, ..], _) => refuse::protocol(&asked, refusal),
    }
}

/// The server that a name belongs to, and the message with the server's own name in its place.
fn readdressed(asked: &Asked, name: Value<'_>) -> Option<(Arc<Reach>, Vec<u8>)> {
    let reaches = asked.client.grant.reaches();
    let shown = name.as_str()?;
    let (reach, own) = names::find(&reaches, &shown)?;
    let mut quoted = Vec::new();
    json::write_string(&mut quoted, own);
    let mut splicer = Splicer::new(asked.text().as_bytes());
    if own.len() != shown.len() {
        splicer.replace(name.span(), quoted).ok()?;
    }
    Some((Arc::clone(reach), splicer.finish()))
}
