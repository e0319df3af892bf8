//! The requests and notifications that the gateway sends to a server on its own account: handshake, discovery,
//! lists, pings, cancellations. It must never be used for a call of an agent: those are spliced from its bytes.

use json::ObjectWriter;

use crate::envelope::keys;
use crate::era::Version;

/// What the gateway says about itself and about the client that it speaks for.
#[derive(Clone, Debug)]
pub struct Speaker<'a> {
    /// The name of the implementation.
    pub name: &'a str,
    /// The version of the implementation.
    pub version: &'a str,
    /// The client capabilities, raw JSON object.
    pub capabilities: &'a str,
}

/// A request in the legacy era. `params` is a raw JSON object.
pub fn request(id_raw: &str, method: &str, params: Option<&str>) -> Vec<u8> {
    message(Some(id_raw), method, params)
}

/// A notification. `params` is a raw JSON object.
pub fn notification(method: &str, params: Option<&str>) -> Vec<u8> {
    message(None, method, params)
}

/// A request in the modern era: `members` (key and raw value) beside the envelope.
pub fn modern_request(
    id_raw: &str,
    method: &str,
    version: Version,
    speaker: &Speaker<'_>,
    members: &[(&str, &str)],
) -> Vec<u8> {
    let params = object(|params| {
        let mut meta = params.object("_meta");
        meta.str(keys::PROTOCOL_VERSION, version.as_str());
        implementation(&mut meta, keys::CLIENT_INFO, speaker);
        meta.raw(keys::CLIENT_CAPABILITIES, speaker.capabilities);
        meta.end();
        for (key, raw) in members {
            params.raw(key, raw);
        }
    });
    message(Some(id_raw), method, Some(&params))
}

/// The `initialize` request of a handshake.
pub fn initialize(id_raw: &str, version: Version, speaker: &Speaker<'_>) -> Vec<u8> {
    let params = object(|params| {
        params.str("protocolVersion", version.as_str()).raw("capabilities", speaker.capabilities);
        implementation(params, "clientInfo", speaker);
    });
    message(Some(id_raw), "initialize", Some(&params))
}

/// The cancellation of one of the gateway's own requests.
pub fn cancelled(request_id_raw: &str, reason: &str) -> Vec<u8> {
    let params = object(|params| {
        params.raw("requestId", request_id_raw).str("reason", reason);
    });
    message(None, "notifications/cancelled", Some(&params))
}

fn implementation(object: &mut ObjectWriter<'_>, key: &str, speaker: &Speaker<'_>) {
    let mut inner = object.object(key);
    inner.str("name", speaker.name).str("version", speaker.version);
    inner.end();
}

fn message(id_raw: Option<&str>, method: &str, params: Option<&str>) -> Vec<u8> {
    let text = object(|message| {
        message.str("jsonrpc", "2.0");
        if let Some(id) = id_raw {
            message.raw("id", id);
        }
        message.str("method", method);
        if let Some(params) = params {
            message.raw("params", params);
        }
    });
    text.into_bytes()
}

fn object(fill: impl FnOnce(&mut ObjectWriter<'_>)) -> String {
    let mut out = Vec::new();
    let mut writer = ObjectWriter::begin(&mut out);
    fill(&mut writer);
    writer.end();
    String::from_utf8_lossy(&out).into_owned()
}
