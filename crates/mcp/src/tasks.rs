//! Where the ids of tasks stand in messages, of both forms: 2025-11-25 and the extension of 2026-07-28.
//! It must never miss a place at which either form has one: an id that is not found is not replaced.

use std::borrow::Cow;

use json::Value;

use crate::envelope::{Message, MessageKind, keys};
use crate::reply::Reply;

/// The longest id of a task that a server may give, in bytes.
pub const MAX_ID_BYTES: usize = 1024;

/// The notifications that tell how a task stands.
pub const NOTICES: [&str; 2] = ["notifications/tasks/status", "notifications/tasks"];

/// The task that a result tells of, or has made: `result.taskId` or, as 2025-11-25 has it for new ones,
/// `result.task.taskId`.
pub fn of_result(reply: &Reply) -> Option<Value<'_>> {
    let result = reply.result()?;
    result.get("taskId").or_else(|| result.get("task")?.get("taskId"))
}

/// The task that a notification tells of.
pub fn of_notice(notification: &Reply) -> Option<Value<'_>> {
    notification.method().filter(|method| NOTICES.contains(method))?;
    notification.params()?.get("taskId")
}

/// The task that a server's message belongs to, in `_meta`.
pub fn related(reply: &Reply) -> Option<Value<'_>> {
    holders(reply).find_map(|holder| holder.get("_meta")?.get(keys::RELATED_TASK))
}

/// The task that a client's message belongs to, in `_meta`.
pub fn related_to(message: &Message) -> Option<Value<'_>> {
    let holder = match message.kind() {
        MessageKind::Response => message.document().root().get("result")?,
        MessageKind::Request { .. } | MessageKind::Notification { .. } => message.params()?,
    };
    holder.get("_meta")?.get(keys::RELATED_TASK)
}

/// What in a server's message can have a `_meta`: its result or params, and the result of a task in the result or
/// params that tell of it.
pub(crate) fn holders(reply: &Reply) -> impl Iterator<Item = Value<'_>> {
    let outer = reply.result().into_iter().chain(reply.params());
    let tells = of_result(reply).or_else(|| of_notice(reply)).is_some();
    outer.flat_map(move |holder| {
        [Some(holder), holder.get("result").filter(|inner| tells && inner.is_object())].into_iter().flatten()
    })
}

/// The ids of tasks that a `subscriptions/listen` asks about, or that its acknowledgement names.
pub fn listened<'a>(params: Option<Value<'a>>) -> Option<Value<'a>> {
    params?.get("notifications")?.get("taskIds")
}

/// One task of a list with another id, as it was written otherwise; raw JSON.
pub fn with_id(entry: Value<'_>, id: &str) -> Option<String> {
    let (whole, old) = (entry.span(), entry.get("taskId")?.span());
    let before = entry.raw().get(..old.start.checked_sub(whole.start)?)?;
    let after = entry.raw().get(old.end.checked_sub(whole.start)?..)?;
    Some(format!("{before}{}{after}", quoted(id)))
}

/// The id of a value that should be one.
pub fn id(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.as_str().filter(|id| id.len() <= MAX_ID_BYTES)
}

/// A text as JSON.
pub fn quoted(text: &str) -> String {
    let mut quoted = Vec::new();
    json::write_string(&mut quoted, text);
    String::from_utf8(quoted).unwrap_or_default()
}
