//! The one reading of a message's outermost object, for both directions.
//! It must never accept a message that is two things at once or a member that it does not know.

use std::borrow::Cow;

use json::{Kind, Value};

use super::keys;
use crate::errors::shown;

/// The largest id or progress token, as written: long enough for any client, small enough for tables.
const MAX_ID_BYTES: usize = 1024;
/// The largest integer that survives every JSON parser: 2^53 - 1.
const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;
/// The longest method name; the registry's longest has 40 bytes.
const MAX_METHOD_BYTES: usize = 256;

/// The member `id`.
#[derive(Clone, Copy)]
pub(crate) enum Id<'a> {
    /// There is none.
    Absent,
    /// `null`: only an error response may have it.
    Null,
    /// A string, or an integer within 2^53 - 1 either way.
    Valid(Value<'a>),
    /// Anything else.
    Invalid,
}

/// What a message is.
pub(crate) enum Form<'a> {
    Request { method: Cow<'a, str> },
    Notification { method: Cow<'a, str> },
    Result,
    Error,
}

/// A message taken apart.
pub(crate) struct Shape<'a> {
    pub id: Id<'a>,
    pub form: Form<'a>,
    pub params: Option<Value<'a>>,
}

/// Why a document is no message. The id is known where the document at least looked like a request.
pub(crate) struct ShapeError<'a> {
    pub text: String,
    pub id: Option<Value<'a>>,
}

#[derive(Default)]
struct Members<'a> {
    jsonrpc: Option<Value<'a>>,
    id: Option<Value<'a>>,
    method: Option<Value<'a>>,
    params: Option<Value<'a>>,
    result: Option<Value<'a>>,
    error: Option<Value<'a>>,
    unknown: Option<String>,
}

/// Reads the outermost object (JSON-RPC 2.0, with MCP's narrower ids).
pub(crate) fn read(root: Value<'_>) -> Result<Shape<'_>, ShapeError<'_>> {
    if root.is_array() {
        return Err(nameless("batches are not accepted; send one message at a time"));
    }
    if !root.is_object() {
        return Err(nameless("a message must be a JSON object; send one request, notification or response"));
    }
    let members = collect(root);
    let id = read_id(members.id);
    // An id is echoed only for what can be nothing but a request: an answer to a response, or to a message that is
    // half a response, would reach whichever request of the client has that id.
    let request_like = members.method.is_some() && members.result.is_none() && members.error.is_none();
    let echo = match id {
        Id::Valid(value) if request_like => Some(value),
        Id::Valid(_) | Id::Absent | Id::Null | Id::Invalid => None,
    };
    match classify(&members, id) {
        Ok(form) => Ok(Shape { id, form, params: members.params }),
        Err(text) => Err(ShapeError { text, id: echo }),
    }
}

fn nameless<'a>(text: &str) -> ShapeError<'a> {
    ShapeError { text: text.to_owned(), id: None }
}

fn collect(root: Value<'_>) -> Members<'_> {
    let mut members = Members::default();
    for member in root.members() {
        let place = match member.key.as_cow().as_ref() {
            "jsonrpc" => &mut members.jsonrpc,
            "id" => &mut members.id,
            "method" => &mut members.method,
            "params" => &mut members.params,
            "result" => &mut members.result,
            "error" => &mut members.error,
            other => {
                members.unknown.get_or_insert_with(|| shown(other));
                continue;
            }
        };
        *place = Some(member.value);
    }
    members
}

fn classify<'a>(members: &Members<'a>, id: Id<'a>) -> Result<Form<'a>, String> {
    if let Some(key) = &members.unknown {
        let known = keys::TOP_LEVEL.join("`, `");
        return Err(format!("unknown member `{key}` in the message; only `{known}` are known"));
    }
    if members.jsonrpc.and_then(|value| value.as_str()).as_deref() != Some("2.0") {
        return Err("`jsonrpc` must be \"2.0\"".to_owned());
    }
    match (members.method, members.result, members.error) {
        (Some(method), None, None) => call(method, id, members.params),
        (None, Some(_), None) | (None, None, Some(_)) if members.params.is_some() => {
            Err("a response has no `params`".to_owned())
        }
        (None, Some(result), None) => match (id, result.is_object()) {
            (Id::Valid(_), true) => Ok(Form::Result),
            (Id::Valid(_), false) => Err("`result` must be an object".to_owned()),
            (Id::Absent | Id::Null | Id::Invalid, _) => Err(bad_id("a response")),
        },
        (None, None, Some(error)) => match id {
            Id::Valid(_) | Id::Absent | Id::Null if is_error(error) => Ok(Form::Error),
            Id::Valid(_) | Id::Absent | Id::Null => {
                Err("`error` must be an object with an integer `code` and a string `message`".to_owned())
            }
            Id::Invalid => Err(bad_id("a response")),
        },
        (None, None, None) => Err("a message needs a `method`, a `result` or an `error`".to_owned()),
        (Some(_), _, _) => Err("a message with a `method` has no `result` or `error`".to_owned()),
        (None, Some(_), Some(_)) => Err("a response has a `result` or an `error`, not both".to_owned()),
    }
}

fn call<'a>(method: Value<'a>, id: Id<'a>, params: Option<Value<'a>>) -> Result<Form<'a>, String> {
    let Some(method) = method.as_str() else {
        return Err("`method` must be a string".to_owned());
    };
    if method.is_empty() || method.len() > MAX_METHOD_BYTES {
        return Err(format!("`method` must have 1 to {MAX_METHOD_BYTES} bytes"));
    }
    if params.is_some_and(|params| !params.is_object()) {
        return Err("`params` must be an object or absent".to_owned());
    }
    match id {
        Id::Valid(_) => Ok(Form::Request { method }),
        Id::Absent => Ok(Form::Notification { method }),
        Id::Null | Id::Invalid => Err(bad_id("a request")),
    }
}

fn bad_id(what: &str) -> String {
    format!("`id` of {what} must be a string of at most {MAX_ID_BYTES} bytes or an integer within 2^53 - 1")
}

fn is_error(error: Value<'_>) -> bool {
    let code = error.get("code").and_then(|code| code.as_number());
    let integer = code.is_some_and(|code| code.as_i64().is_some());
    integer && error.get("message").is_some_and(|message| message.kind() == Kind::String)
}

fn read_id(id: Option<Value<'_>>) -> Id<'_> {
    match id {
        None => Id::Absent,
        Some(value) if value.is_null() => Id::Null,
        Some(value) if is_token(value) => Id::Valid(value),
        Some(_) => Id::Invalid,
    }
}

/// Whether a value can be an id or a progress token.
pub(crate) fn is_token(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::String => value.raw().len() <= MAX_ID_BYTES,
        Kind::Number => is_plain_integer(value.raw()),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => false,
    }
}

// As written, not as computed: 1.0, 1e2 and -0 are read differently by different parsers.
fn is_plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && text != "-0";
    let safe = -MAX_SAFE_INTEGER..=MAX_SAFE_INTEGER;
    plain && text.parse::<i64>().is_ok_and(|number| safe.contains(&number))
}
