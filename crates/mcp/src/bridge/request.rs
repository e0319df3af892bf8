//! A client's request in the words of the other era: the envelope of 2026-07-28 is taken out or put in.
//! It must never touch a tool's arguments, nor let a client's own words stand where the envelope belongs.

use super::{Envelope, replace_members, written};
use crate::envelope::{Message, keys};
use crate::era::Version;
use crate::rewrite::RewriteError;
use json::{Span, Splicer, Value};

/// What only the modern era has in `_meta`.
const ENVELOPE: [&str; 4] =
    [keys::PROTOCOL_VERSION, keys::CLIENT_CAPABILITIES, keys::CLIENT_INFO, keys::LOG_LEVEL];
/// What only the modern era has in `params`.
const ROUND: [&str; 2] = ["inputResponses", "requestState"];

/// What a modern request says of its client; raw JSON.
#[must_use]
pub fn envelope(message: &Message) -> Envelope {
    let said = |key| message.meta().and_then(|meta| meta.get(key));
    Envelope {
        client_info: said(keys::CLIENT_INFO).filter(Value::is_object).map(|info| info.raw().to_owned()),
        capabilities: said(keys::CLIENT_CAPABILITIES)
            .filter(Value::is_object)
            .map_or_else(|| String::from("{}"), |capabilities| capabilities.raw().to_owned()),
        log_level: said(keys::LOG_LEVEL).filter(Value::is_string).map(|level| level.raw().to_owned()),
    }
}

/// What the params of `initialize` say of a client; raw JSON.
#[must_use]
pub fn introduction(message: &Message) -> Envelope {
    let said = |key| message.params().and_then(|params| params.get(key)).filter(Value::is_object);
    Envelope {
        client_info: said("clientInfo").map(|info| info.raw().to_owned()),
        capabilities: said("capabilities")
            .map_or_else(|| String::from("{}"), |capabilities| capabilities.raw().to_owned()),
        log_level: None,
    }
}

/// A modern request without what the handshake era does not know.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_legacy(message: &Message) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(message.document().text().as_bytes());
    if let Some(params) = message.params() {
        // A wish for a task of 2025-11-25 means nothing in a modern request, and must not come to mean something.
        for key in ROUND.into_iter().chain(["task"]) {
            splicer.remove_member(&params, key)?;
        }
        if let Some(meta) = message.meta() {
            let is_envelope = |key: &str| ENVELOPE.contains(&key);
            if meta.members().all(|member| is_envelope(&member.key.as_cow())) {
                splicer.remove_member(&params, "_meta")?;
            } else {
                for key in ENVELOPE {
                    splicer.remove_member(&meta, key)?;
                }
            }
        }
    }
    Ok(splicer.finish())
}

/// What a further round adds to the params of its request; raw JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Round<'a> {
    /// The answers, an object.
    pub input_responses: Option<&'a str>,
    /// The server's state, a string.
    pub request_state: Option<&'a str>,
}

/// A legacy request with the envelope of the modern era.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_modern(
    message: &Message,
    version: Version,
    envelope: &Envelope,
    round: Round<'_>,
) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(message.document().text().as_bytes());
    let said = said(version, envelope);
    let mut params = written(|params| {
        if message.meta().is_none() {
            params.raw("_meta", &format!("{{{said}}}"));
        }
        for (key, raw) in ROUND.into_iter().zip([round.input_responses, round.request_state]) {
            if let Some(raw) = raw {
                params.raw(key, raw);
            }
        }
    });
    match (message.params(), message.meta()) {
        (Some(object), Some(meta)) => {
            replace_members(&mut splicer, meta, &ENVELOPE, &said)?;
            replace_members(&mut splicer, object, &ROUND, &params)?;
        }
        (Some(object), None) => replace_members(&mut splicer, object, &ROUND, &params)?,
        (None, _) => {
            params = format!(",\"params\":{{{params}}}");
            let end = message.document().root().span().end.saturating_sub(1);
            splicer.replace(Span { start: end, end }, params.into_bytes())?;
        }
    }
    Ok(splicer.finish())
}

fn said(version: Version, envelope: &Envelope) -> String {
    written(|meta| {
        meta.str(keys::PROTOCOL_VERSION, version.as_str());
        if let Some(info) = &envelope.client_info {
            meta.raw(keys::CLIENT_INFO, info);
        }
        meta.raw(keys::CLIENT_CAPABILITIES, &envelope.capabilities);
        if let Some(level) = &envelope.log_level {
            meta.raw(keys::LOG_LEVEL, level);
        }
    })
}
