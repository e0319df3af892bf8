//! A server's answer in the words of the other era.
//! It must never change what a result says: members are added and taken out, and content that a client's revision
//! cannot read is shown in a form that it can.

use super::{errors, revision};
use crate::era::Version;
use crate::reply::{Reply, ReplyKind};
use crate::rewrite::{ReplyEdits, RewriteError, rewrite_reply};
use json::{Splicer, Value};

/// Methods whose modern results say how long they may be kept.
pub const CACHEABLE: [&str; 6] = [
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "tools/list",
];

/// A legacy server's result or error for a modern client, under the client's id.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_modern(reply: &Reply, id_raw: &str, method: &str) -> Result<Vec<u8>, RewriteError> {
    if *reply.kind() == ReplyKind::Error {
        return Ok(error(reply, id_raw, errors::to_modern));
    }
    let result = reply.result().ok_or(RewriteError::Missing("result"))?;
    let has =
        |key: &str, is_right: fn(&Value<'_>) -> bool| result.get(key).is_some_and(|value| is_right(&value));
    let mut set = vec![("resultType", "\"complete\"")];
    if CACHEABLE.contains(&method) {
        if !has("ttlMs", |value| value.as_number().is_some_and(|number| number.as_u64().is_some())) {
            set.push(("ttlMs", "0"));
        }
        if !has("cacheScope", |value| matches!(value.as_str().as_deref(), Some("private" | "public"))) {
            set.push(("cacheScope", "\"private\""));
        }
    }
    rewrite_reply(reply, &ReplyEdits { id: Some(id_raw), set_result: &set, ..ReplyEdits::default() })
}

/// A modern server's complete result or error for a legacy client of this revision, under the client's id. How long
/// a result may be kept stays in it: the gateway itself reads that.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_legacy(
    reply: &Reply,
    id_raw: &str,
    method: &str,
    version: Version,
) -> Result<Vec<u8>, RewriteError> {
    if *reply.kind() == ReplyKind::Error {
        return Ok(error(reply, id_raw, |code| errors::to_legacy(code, method, reply)));
    }
    let result = reply.result().ok_or(RewriteError::Missing("result"))?;
    let mut splicer = Splicer::new(reply.document().text().as_bytes());
    let id = reply.id_span().ok_or(RewriteError::Missing("id"))?;
    splicer.replace(id, id_raw.as_bytes())?;
    splicer.remove_member(&result, "resultType")?;
    revision::result(&mut splicer, result, method, version)?;
    Ok(splicer.finish())
}

fn error(reply: &Reply, id_raw: &str, code: impl FnOnce(i64) -> i64) -> Vec<u8> {
    let said = |key| reply.error().and_then(|error| error.get(key));
    let code = code(reply.error_code().unwrap_or(crate::errors::INTERNAL_ERROR));
    let message = said("message").and_then(|message| message.as_str()).unwrap_or_default();
    crate::answers::error(Some(id_raw), code, &message, said("data").map(|data| data.raw()))
}
