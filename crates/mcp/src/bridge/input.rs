//! What a server asks of the client: its own request in the handshake era, an entry of `inputRequests` in the modern
//! one, and the answers to both. It must never carry a method that is not one of the three.

use super::{object, revision, written};
use crate::answers;
use crate::envelope::Message;
use crate::era::Version;
use crate::reply::Reply;
use json::{Splicer, Value};

/// What a server may ask of a client in both eras.
pub const METHODS: [&str; 3] = ["elicitation/create", "sampling/createMessage", "roots/list"];

/// The entry of `inputRequests` for a legacy server's request; `None` for what no entry can be made of.
#[must_use]
pub fn entry(request: &Reply) -> Option<String> {
    let method = request.method().filter(|method| METHODS.contains(method))?;
    let params = match request.params() {
        Some(params) => Some(without(params, &["task"], &["progressToken"])?),
        None => None,
    };
    Some(object(|entry| {
        entry.str("method", method);
        if let Some(params) = &params {
            entry.raw("params", params);
        }
    }))
}

/// The modern reply to a call for which its server asks the client. `entries` are keys and raw entries.
#[must_use]
pub fn required(id_raw: &str, entries: &[(String, String)], state: &str) -> Vec<u8> {
    let requests = object(|requests| {
        for (key, entry) in entries {
            requests.raw(key, entry);
        }
    });
    let result = object(|result| {
        result.str("resultType", "input_required");
        result.raw("inputRequests", &requests).str("requestState", state);
    });
    answers::result(id_raw, &result)
}

/// Whether a modern result asks for input.
#[must_use]
pub fn is_required(reply: &Reply) -> bool {
    let kind = reply.result().and_then(|result| result.get("resultType"));
    kind.and_then(|kind| kind.as_str()).as_deref() == Some("input_required")
}

/// The entries of a modern result that asks for input, by key.
pub fn entries(reply: &Reply) -> impl Iterator<Item = (String, Value<'_>)> {
    let requests = reply.result().and_then(|result| result.get("inputRequests"));
    let members = requests.into_iter().flat_map(|requests| requests.members());
    members.map(|member| (member.key.as_cow().into_owned(), member.value))
}

/// The server's state of a modern call that goes on, raw.
#[must_use]
pub fn state(reply: &Reply) -> Option<&str> {
    Some(reply.result()?.get("requestState")?.raw())
}

/// The request to a legacy client for an entry of `inputRequests`. `None` where the entry is not one that a client
/// can be asked for.
#[must_use]
pub fn request(id_raw: &str, key: &str, entry: Value<'_>, version: Version) -> Option<Vec<u8>> {
    let method = entry.get("method")?.as_str()?;
    if !METHODS.contains(&&*method) || (method == "elicitation/create" && version < Version::V2025_06_18) {
        return None;
    }
    let params = match entry.get("params") {
        Some(params) if params.is_object() => Some(revision::input(params, &method, key, version)?),
        Some(_) => return None,
        None => None,
    };
    Some(crate::requests::request(id_raw, &method, params.as_deref()))
}

/// The method of an entry.
#[must_use]
pub fn method(entry: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    entry.get("method")?.as_str()
}

/// The response to a legacy server's request, from the client's entry of `inputResponses`.
#[must_use]
pub fn response(id_raw: &str, entry: Value<'_>) -> Vec<u8> {
    answers::result(id_raw, entry.raw())
}

/// The client's entry for this key, in a modern request.
#[must_use]
pub fn answered<'a>(message: &'a Message, key: &str) -> Option<Value<'a>> {
    message.input_responses()?.get(key).filter(Value::is_object)
}

/// What a legacy client answered to one of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The entry of `inputResponses`, raw.
    Entry(String),
    /// The client fails the request, and so the call: the error, raw.
    Error(String),
}

/// What a legacy client's response to a request of this method means for the next round.
#[must_use]
pub fn answer(response: Value<'_>, method: &str) -> Option<Answered> {
    match (response.get("result"), response.get("error")) {
        (Some(result), None) if result.is_object() => Some(Answered::Entry(result.raw().to_owned())),
        // A form that cannot be shown is one that nobody filled in.
        (None, Some(_)) if method == "elicitation/create" => {
            Some(Answered::Entry(String::from("{\"action\":\"cancel\"}")))
        }
        (None, Some(error)) => Some(Answered::Error(error.raw().to_owned())),
        _ => None,
    }
}

/// `inputResponses` of the next round, raw.
#[must_use]
pub fn responses<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let inner = written(|responses| {
        for (key, raw) in entries {
            responses.raw(key, raw);
        }
    });
    format!("{{{inner}}}")
}

/// An object without some members, and its `_meta` without some.
fn without(params: Value<'_>, keys: &[&str], meta_keys: &[&str]) -> Option<String> {
    let own = json::Document::scan(params.raw().as_bytes().to_vec(), &super::limits()).ok()?;
    let mut splicer = Splicer::new(own.text().as_bytes());
    for key in keys {
        splicer.remove_member(&own.root(), key).ok()?;
    }
    if let Some(meta) = own.root().get("_meta") {
        for key in meta_keys {
            splicer.remove_member(&meta, key).ok()?;
        }
    }
    String::from_utf8(splicer.finish()).ok()
}
