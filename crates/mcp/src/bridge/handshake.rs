//! The greeting of one era made from that of the other: `initialize` and `server/discover`.
//! It must never promise what the other side did not, nor what is not translated: tasks.

use super::{object, replace_members};
use crate::answers;
use crate::envelope::keys;
use crate::era::Version;
use crate::reply::Reply;
use json::{Splicer, Value};

/// The `initialize` request of a session that is held for a modern client.
#[must_use]
pub fn initialize(id_raw: &str, envelope: &super::Envelope) -> Vec<u8> {
    let params = object(|params| {
        params.str("protocolVersion", Version::NEWEST_LEGACY.as_str());
        params.raw("capabilities", &client_capabilities(&envelope.capabilities));
        match &envelope.client_info {
            Some(info) => params.raw("clientInfo", info),
            None => params.raw("clientInfo", "{\"name\":\"unknown\",\"version\":\"0\"}"),
        };
    });
    crate::requests::request(id_raw, "initialize", Some(&params))
}

/// Client capabilities without tasks, in either form.
#[must_use]
pub fn client_capabilities(raw: &str) -> String {
    let Ok(document) = json::Document::scan(raw.as_bytes().to_vec(), &super::limits()) else {
        return String::from("{}");
    };
    if document.root().is_object() { without_tasks(document.root()) } else { String::from("{}") }
}

/// Whether client capabilities (raw) let a server send this request.
#[must_use]
pub fn allows(capabilities: &str, method: &str) -> bool {
    let key = match method {
        "sampling/createMessage" => "sampling",
        "elicitation/create" => "elicitation",
        "roots/list" => "roots",
        _ => return false,
    };
    let document = json::Document::scan(capabilities.as_bytes().to_vec(), &super::limits());
    document.is_ok_and(|document| document.root().get(key).is_some_and(|value| value.is_object()))
}

/// A discovery response made from the result of a handshake.
#[must_use]
pub fn discovery(id_raw: &str, greeting: &Reply) -> Vec<u8> {
    let result = greeting.result();
    let said = |key| result.and_then(|result| result.get(key));
    let negotiated = greeting.negotiated_version();
    let text = object(|discovery| {
        discovery
            .strings("supportedVersions", Version::MODERN.into_iter().chain(negotiated).map(Version::as_str));
        discovery.raw("capabilities", &capabilities(said("capabilities")));
        if let Some(instructions) = said("instructions") {
            discovery.raw("instructions", instructions.raw());
        }
        discovery.raw("_meta", &meta(said("_meta"), said("serverInfo")));
        discovery.str("resultType", "complete").u64("ttlMs", 0).str("cacheScope", "private");
    });
    answers::result(id_raw, &text)
}

/// The result of a handshake made from a discovery response. `requested` is the revision that the client asked for,
/// `name` what the server is called where it does not say.
#[must_use]
pub fn greeting(id_raw: &str, discovery: &Reply, requested: Option<Version>, name: &str) -> Vec<u8> {
    let said = |key| discovery.result().and_then(|result| result.get(key));
    let info = said("_meta").and_then(|meta| meta.get(keys::SERVER_INFO)).filter(Value::is_object);
    let text = object(|greeting| {
        greeting.str("protocolVersion", negotiated(requested).as_str());
        greeting.raw("capabilities", &capabilities(said("capabilities")));
        match info {
            Some(info) => greeting.raw("serverInfo", info.raw()),
            None => {
                let info = object(|info| {
                    info.str("name", name).str("version", "unknown");
                });
                greeting.raw("serverInfo", &info)
            }
        };
        if let Some(instructions) = said("instructions") {
            greeting.raw("instructions", instructions.raw());
        }
    });
    answers::result(id_raw, &text)
}

/// The revision that a handshake settles on.
#[must_use]
pub fn negotiated(requested: Option<Version>) -> Version {
    requested.filter(|version| Version::LEGACY.contains(version)).unwrap_or(Version::NEWEST_LEGACY)
}

fn capabilities(said: Option<Value<'_>>) -> String {
    said.filter(Value::is_object).map_or_else(|| String::from("{}"), without_tasks)
}

fn without_tasks(capabilities: Value<'_>) -> String {
    let Ok(own) = json::Document::scan(capabilities.raw().as_bytes().to_vec(), &super::limits()) else {
        return String::from("{}");
    };
    let mut splicer = Splicer::new(own.text().as_bytes());
    let mut removed = splicer.remove_member(&own.root(), "tasks");
    if let Some(extensions) = own.root().get("extensions") {
        removed = removed.and(splicer.remove_member(&extensions, keys::TASKS_EXTENSION));
    }
    match removed {
        Ok(_) => String::from_utf8_lossy(&splicer.finish()).into_owned(),
        Err(_) => String::from("{}"),
    }
}

fn meta(said: Option<Value<'_>>, info: Option<Value<'_>>) -> String {
    let added = super::written(|meta| {
        if let Some(info) = info {
            meta.raw(keys::SERVER_INFO, info.raw());
        }
    });
    let own = said
        .filter(Value::is_object)
        .and_then(|meta| json::Document::scan(meta.raw().as_bytes().to_vec(), &super::limits()).ok());
    let Some(own) = own else { return format!("{{{added}}}") };
    let mut splicer = Splicer::new(own.text().as_bytes());
    match replace_members(&mut splicer, own.root(), &[keys::SERVER_INFO], &added) {
        Ok(()) => String::from_utf8_lossy(&splicer.finish()).into_owned(),
        Err(_) => format!("{{{added}}}"),
    }
}
