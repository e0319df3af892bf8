//! The closed-world rules for `params`: `tools/call` has a fixed list of members, other methods have no look-alikes
//! of a protocol key, and what names or identifies something has the one type that every parser reads alike.
//! Of the arguments of a tool it must never look at more than the names: the rest is policy's.

use json::{Kind, Value};

use super::{keys, shape};
use crate::era::Version;
use crate::errors::shown;
use crate::methods;

/// The longest name of a tool or prompt, in bytes: far above the 128 that the specification suggests, low enough
/// that an audit record can hold it.
const MAX_NAME_BYTES: usize = 1024;

/// Checks the params of a request or notification. The error says what is wrong with them.
pub(crate) fn check(method: &str, params: Option<Value<'_>>) -> Result<(), String> {
    if let Some(params) = params {
        match method {
            "tools/call" => check_tools_call(params)?,
            _ => no_look_alike(params, keys::PARAMS, "params")?,
        }
        no_prototype(params)?;
        check_meta(params)?;
        check_tokens(method, params)?;
        if let Some(asked) = params.get("notifications").filter(|_| method == "subscriptions/listen") {
            no_look_alike(asked, keys::LISTENED, "`notifications`")?;
        }
        if method == "initialize"
            && let Some(capabilities) = params.get("capabilities")
        {
            check_capabilities(capabilities)?;
        }
    }
    match methods::any(method).and_then(|known| Some((known, known.name_param?))) {
        Some((known, key)) => {
            let value = params.and_then(|params| params.get(key));
            // A revision that lacks the method answers that it is unknown, whatever else it lacks: `methods::admit`.
            let decided_later = value.is_none() && !known.is_in(Version::V2026_07_28);
            if decided_later { Ok(()) } else { check_name(method, key, value) }
        }
        None => Ok(()),
    }
}

fn no_look_alike(object: Value<'_>, known: &[&str], place: &str) -> Result<(), String> {
    match keys::look_alike(object, known) {
        Some(key) => {
            let key = shown(&key);
            Err(format!("member `{key}` in {place} can be read as another member; spell it exactly"))
        }
        None => Ok(()),
    }
}

// Readers in JavaScript drop this key from an object that they take over member by member, as the official SDKs do
// with `arguments`: policy would judge a member that the server never sees.
fn no_prototype(params: Value<'_>) -> Result<(), String> {
    let objects = std::iter::once(params).chain(params.members().map(|member| member.value));
    match objects.flat_map(|object| object.members()).any(|member| member.key == *keys::PROTOTYPE) {
        true => Err(format!("no member may be called `{}`: some readers drop it", keys::PROTOTYPE)),
        false => Ok(()),
    }
}

fn check_meta(params: Value<'_>) -> Result<(), String> {
    let Some(meta) = params.get("_meta") else { return Ok(()) };
    if !meta.is_object() {
        return Err("`_meta` must be an object or absent".to_owned());
    }
    no_look_alike(meta, keys::META, "`_meta`")?;
    if meta.get("progressToken").is_some_and(|token| !shape::is_token(token)) {
        return Err("`progressToken` must be a string or an integer".to_owned());
    }
    if let Some(related) = meta.get(keys::RELATED_TASK) {
        no_look_alike(related, keys::RELATED, "the related task")?;
    }
    match meta.get(keys::CLIENT_CAPABILITIES) {
        Some(capabilities) => check_capabilities(capabilities),
        None => Ok(()),
    }
}

// Capabilities are removed by name before forwarding, so a name that a server could fold must not slip past. What is
// no object at all is left to the era's own check, which answers in the specification's order.
fn check_capabilities(capabilities: Value<'_>) -> Result<(), String> {
    no_look_alike(capabilities, keys::CAPABILITIES, "the client capabilities")?;
    if let Some(modes) = capabilities.get("elicitation") {
        no_look_alike(modes, &["form", "url"], "`elicitation`")?;
    }
    match capabilities.get("extensions") {
        Some(extensions) => no_look_alike(extensions, keys::EXTENSIONS, "`extensions`"),
        None => Ok(()),
    }
}

fn check_tokens(method: &str, params: Value<'_>) -> Result<(), String> {
    let key = match method {
        "notifications/cancelled" => "requestId",
        "notifications/progress" => "progressToken",
        _ => return Ok(()),
    };
    match params.get(key) {
        Some(token) if !shape::is_token(token) => {
            Err(format!("`{key}` of {method} must be a string or an integer"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_tools_call(params: Value<'_>) -> Result<(), String> {
    for member in params.members() {
        let key = member.key.as_cow();
        let (kind, wanted) = match key.as_ref() {
            // Checked with every other method's.
            "name" | "_meta" => continue,
            "arguments" | "task" | "inputResponses" => (Kind::Object, "an object"),
            "requestState" => (Kind::String, "a string"),
            unknown => {
                let (unknown, known) = (shown(unknown), keys::TOOLS_CALL.join("`, `"));
                return Err(format!(
                    "unknown member `{unknown}` in the params of tools/call; only `{known}` are known"
                ));
            }
        };
        if member.value.kind() != kind {
            return Err(format!("`{key}` of tools/call must be {wanted} or absent"));
        }
    }
    Ok(())
}

fn check_name(method: &str, key: &str, value: Option<Value<'_>>) -> Result<(), String> {
    let text = value.and_then(|value| value.as_str());
    match text {
        Some(text) if text.is_empty() => Err(format!("`{key}` of {method} must not be empty")),
        Some(text) if key == "name" && text.len() > MAX_NAME_BYTES => {
            Err(format!("`{key}` of {method} must have at most {MAX_NAME_BYTES} bytes"))
        }
        Some(_) => Ok(()),
        None => Err(format!("`{key}` of {method} must be a string")),
    }
}
