//! Translates single messages between the eras, for a client of one and a server of the other.
//! Bytes in, bytes out: what has the same meaning in both eras is spliced through as it was written. It must never do
//! I/O, keep a session, judge a message, or claim for one side what the other did not say.

pub mod errors;
pub mod evidence;
pub mod handshake;
pub mod input;
pub mod notification;
pub mod request;
pub mod result;
mod revision;

use json::{Span, SpliceError, Splicer, Value};

/// What a legacy client said in its handshake, or a modern one says in every request; raw JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The client's name and version, an object.
    pub client_info: Option<String>,
    /// What the client can do, an object.
    pub capabilities: String,
    /// The lowest level of log messages that it wants, a string.
    pub log_level: Option<String>,
}

impl Default for Envelope {
    fn default() -> Self {
        Self { client_info: None, capabilities: String::from("{}"), log_level: None }
    }
}

/// Adds members, raw and separated by commas, at the end of an object of which `removed` are taken out.
fn replace_members(
    splicer: &mut Splicer<'_>,
    object: Value<'_>,
    removed: &[&str],
    added: &str,
) -> Result<(), SpliceError> {
    for key in removed {
        splicer.remove_member(&object, key)?;
    }
    let is_kept = |key: &str| !removed.contains(&key);
    let any_kept = object.members().any(|member| is_kept(&member.key.as_cow()));
    let comma = if any_kept && !added.is_empty() { "," } else { "" };
    let end = object.span().end.saturating_sub(1);
    splicer.replace(Span { start: end, end }, format!("{comma}{added}").into_bytes())
}

/// Members of an object as they are written, separated by commas.
fn written(fill: impl FnOnce(&mut json::ObjectWriter<'_>)) -> String {
    let object = object(fill);
    let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.unwrap_or_default().to_owned()
}

/// An object.
fn object(fill: impl FnOnce(&mut json::ObjectWriter<'_>)) -> String {
    let mut out = Vec::new();
    let mut writer = json::ObjectWriter::begin(&mut out);
    fill(&mut writer);
    writer.end();
    String::from_utf8_lossy(&out).into_owned()
}

/// Limits for parts of messages that were scanned already: long strings are usual, depth is not.
fn limits() -> json::Limits {
    json::Limits { max_string_bytes: u32::MAX, ..json::Limits::default() }
}
