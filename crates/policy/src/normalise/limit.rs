//! Limits and approvals.

use super::number::number;
use super::rules::condition_tree;
use super::tree::{Tree, object, text};
use crate::approval::Approval;
use crate::cost::Cost;
use crate::limit::{LimitSpec, Window, duration};
use crate::policy::Limit;

/// One limit in its full form.
pub(super) fn limit_tree(limit: &Limit) -> Tree {
    let LimitSpec { counter, window, max, scope, on_deny, .. } = &*limit.spec;
    let mut members = vec![("counter", text(counter)), ("window", text(&window.written()))];
    if let Window::Calendar(_) = window {
        members.push(("align", text("calendar")));
    }
    members.push(("max", Tree::Leaf(number(max))));
    members.push(("scope", text(scope.as_str())));
    match &limit.cost {
        Cost::Calls => {}
        Cost::Fixed(amount) => members.push(("cost", Tree::Leaf(number(amount)))),
        Cost::Sum(path) => members.push(("increment_from", text(path.text()))),
        Cost::Length(path) => members.push(("cost", object(vec![("len", text(path.text()))]))),
    }
    members.extend(on_deny.as_ref().map(|said| ("on_deny", text(said))));
    object(members)
}

/// An approval in its full form.
pub(super) fn approval_tree(approval: &Approval) -> Tree {
    let mut members = Vec::new();
    if !approval.from.is_empty() {
        members.push(("from", Tree::Array(approval.from.iter().map(|who| text(who)).collect())));
    }
    let timeout = approval.timeout_seconds.map(|seconds| duration(seconds * 1000));
    members.extend(timeout.map(|timeout| ("timeout", text(&timeout))));
    members.extend(approval.quorum.map(|quorum| ("quorum", Tree::Leaf(quorum.to_string()))));
    let reason = approval.needs_reason.map(|needed| if needed { "required" } else { "optional" });
    members.extend(reason.map(|reason| ("reason", text(reason))));
    if !approval.when.is_empty() {
        members.push(("when", Tree::Array(approval.when.iter().map(condition_tree).collect())));
    }
    object(members)
}
