//! The names that the protocol gives meaning to, and the rule for keys that only resemble one.
//! It must never let a spelling through that another parser could take for a protocol key.

use json::Value;

/// `_meta` key of the revision that a modern request speaks.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// `_meta` key of what a modern client can do.
pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
/// `_meta` key of the client's name and version.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
/// `_meta` key of the lowest level of log messages that a modern request wants.
pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// `_meta` key of the server's name and version in a modern result.
pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
/// `_meta` key of the listen request that a notification belongs to.
pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
/// The tasks extension of 2026-07-28, in `capabilities.extensions`.
pub const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// The key that means an object's prototype to JavaScript, and so is no plain key there.
pub(crate) const PROTOTYPE: &str = "__proto__";

/// `_meta` key of the task that a message belongs to (2025-11-25).
pub const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";

/// The members of a message.
pub(crate) const TOP_LEVEL: &[&str] = &["jsonrpc", "id", "method", "params", "result", "error"];

/// The members of the params of `tools/call`, in all revisions together.
pub(crate) const TOOLS_CALL: &[&str] =
    &["name", "arguments", "_meta", "task", "inputResponses", "requestState"];

/// Every member that some revision gives a meaning to in the params of some method.
pub(crate) const PARAMS: &[&str] = &[
    "_meta",
    "argument",
    "arguments",
    "capabilities",
    "clientInfo",
    "context",
    "createdAt",
    "cursor",
    "data",
    "error",
    "id",
    "inputRequests",
    "inputResponses",
    "jsonrpc",
    "lastUpdatedAt",
    "level",
    "logger",
    "message",
    "method",
    "name",
    "notifications",
    "params",
    "pollInterval",
    "progress",
    "progressToken",
    "protocolVersion",
    "reason",
    "ref",
    "requestId",
    "requestState",
    "result",
    "status",
    "statusMessage",
    "task",
    "taskId",
    "total",
    "ttl",
    "uri",
];

/// The reserved members of `_meta`.
pub(crate) const META: &[&str] = &[
    "progressToken",
    PROTOCOL_VERSION,
    CLIENT_CAPABILITIES,
    CLIENT_INFO,
    SUBSCRIPTION_ID,
    LOG_LEVEL,
    RELATED_TASK,
    "traceparent",
    "tracestate",
    "baggage",
];

/// The member of what a `subscriptions/listen` asks to be told of that names what a client was given.
pub(crate) const LISTENED: &[&str] = &["taskIds"];

/// The members of [`RELATED_TASK`].
pub(crate) const RELATED: &[&str] = &["taskId"];

/// The known members of client capabilities.
pub(crate) const CAPABILITIES: &[&str] =
    &["experimental", "extensions", "sampling", "elicitation", "roots", "tasks"];

/// The known members of `capabilities.extensions`.
pub(crate) const EXTENSIONS: &[&str] = &[TASKS_EXTENSION];

/// The first key of the object that is no protocol key but that another parser could take for one: case-folding
/// finds it among `known`, or it is not ASCII (whatever NFKC or Unicode case-folding would make of it).
pub fn look_alike(object: Value<'_>, known: &[&str]) -> Option<String> {
    let mut found = object.members().map(|member| member.key.as_cow());
    found.find(|key| resembles(key, known)).map(|key| key.into_owned())
}

fn resembles(key: &str, known: &[&str]) -> bool {
    !key.is_ascii() || known.iter().any(|name| name.eq_ignore_ascii_case(key) && *name != key)
}
