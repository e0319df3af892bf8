//! The checks of a modern request's envelope against its headers, in the specification's order (2026-07-28,
//! Per-request protocol fields and Server Validation): duplicated headers, missing `_meta`, header mismatch,
//! unsupported version. The first that fails answers.
//! It must never read a value from a header where the body has it: headers are only compared.

use json::Value;

use crate::envelope::{Message, keys};
use crate::era::{Era, Version};
use crate::errors::Refusal;
use crate::headers::{McpHeaders, value};
use crate::methods::{self, Direction};

/// Checks a modern request and returns its revision. `headers` is `None` where the transport has none (stdio).
/// `supported` is what the caller serves, and what a client that asks for anything else is told.
pub fn check(
    message: &Message,
    headers: Option<&McpHeaders>,
    supported: &[Version],
) -> Result<Version, Refusal> {
    check_in_order(message, headers, supported).map_err(|refusal| refusal.with_id_of(message))
}

fn check_in_order(
    message: &Message,
    headers: Option<&McpHeaders>,
    supported: &[Version],
) -> Result<Version, Refusal> {
    if let Some(headers) = headers {
        headers.refuse_repeated()?;
    }
    let requested = envelope_version(message)?;
    if let Some(headers) = headers {
        check_headers(message, headers, requested)?;
    }
    let version = supported_version(requested, supported)?;
    match message.meta().and_then(|meta| meta.get(keys::CLIENT_CAPABILITIES)) {
        Some(capabilities) if capabilities.is_object() => Ok(version),
        Some(_) | None => {
            Err(Refusal::invalid_params(format!("`{}` must be an object", keys::CLIENT_CAPABILITIES)))
        }
    }
}

/// Checks a notification that a modern client posts. No header is required of it (2026-07-28, Sending Messages);
/// one that is there must name a supported revision.
pub fn check_notification(headers: &McpHeaders, supported: &[Version]) -> Result<(), Refusal> {
    headers.refuse_repeated()?;
    match headers.protocol_version() {
        Some(text) if find(text, supported).is_none() => {
            Err(Refusal::unsupported_version(supported, Some(text)))
        }
        Some(_) | None => Ok(()),
    }
}

fn envelope_version(message: &Message) -> Result<Value<'_>, Refusal> {
    let lacks =
        |keys: &[&str]| Refusal::invalid_params(format!("`params._meta` lacks `{}`", keys.join("` and `")));
    let Some(meta) = message.meta() else {
        return Err(lacks(&[keys::PROTOCOL_VERSION, keys::CLIENT_CAPABILITIES]));
    };
    match (meta.get(keys::PROTOCOL_VERSION), meta.get(keys::CLIENT_CAPABILITIES)) {
        (Some(version), Some(_)) => Ok(version),
        (None, None) => Err(lacks(&[keys::PROTOCOL_VERSION, keys::CLIENT_CAPABILITIES])),
        (None, Some(_)) => Err(lacks(&[keys::PROTOCOL_VERSION])),
        (Some(_), None) => Err(lacks(&[keys::CLIENT_CAPABILITIES])),
    }
}

fn check_headers(message: &Message, headers: &McpHeaders, requested: Value<'_>) -> Result<(), Refusal> {
    let same_version = match (headers.protocol_version(), requested.as_str()) {
        (Some(header), Some(body)) => header == body,
        (Some(_), None) | (None, Some(_)) | (None, None) => false,
    };
    if !same_version {
        return Err(mismatch("MCP-Protocol-Version", "the revision in `_meta`"));
    }
    if headers.method().is_none() || headers.method() != message.method() {
        return Err(mismatch("Mcp-Method", "the method"));
    }
    let known = |name| methods::lookup(name, Direction::ClientToServer, Version::V2026_07_28);
    let Some(key) = message.method().and_then(known).and_then(|method| method.name_param) else {
        // Nothing to mirror, or a method that is refused as unknown: a header that is there all the same is read by nobody and never travels on.
        return Ok(());
    };
    let body = message.subject();
    let header = headers.name().and_then(value::decode);
    match header.is_some() && header.as_deref() == body.as_deref() {
        true => Ok(()),
        false => Err(mismatch("Mcp-Name", &format!("`params.{key}`"))),
    }
}

fn mismatch(header: &str, body: &str) -> Refusal {
    Refusal::header_mismatch(format!(
        "the {header} header is missing or differs from {body}; send the same value"
    ))
}

fn supported_version(requested: Value<'_>, supported: &[Version]) -> Result<Version, Refusal> {
    let Some(text) = requested.as_str() else {
        return Err(Refusal::invalid_params(format!("`{}` must be a string", keys::PROTOCOL_VERSION)));
    };
    find(&text, supported).ok_or_else(|| Refusal::unsupported_version(supported, Some(&text)))
}

fn find(text: &str, supported: &[Version]) -> Option<Version> {
    Version::parse(text).filter(|version| version.era() == Era::Modern && supported.contains(version))
}
