//! Limits and approvals.

use super::number::number;
use super::rules::{Terms, condition_tree};
use super::tree::{Tree, object, text};
use crate::approval::Approval;
use crate::cost::Cost;
use crate::limit::{LimitSpec, Scope, Window, duration};
use crate::policy::Limit;

/// One limit in its full form.
pub(super) fn limit_tree(limit: &Limit, terms: Terms) -> Tree {
    let LimitSpec { counter, window, max, timezone, max_keys, release, on_deny, .. } = &*limit.spec;
    let mut members = vec![("counter", text(counter))];
    match window {
        Window::Sliding { .. } => members.push(("window", text(&window.written()))),
        Window::Calendar(_) => {
            members.extend([("window", text(&window.written())), ("align", text("calendar"))]);
            members.extend(timezone.as_ref().map(|zone| ("timezone", text(zone))));
        }
        Window::InFlight { timeout_ms } => {
            members.push(("kind", text("concurrency")));
            members.extend(timeout_ms.map(|ms| ("timeout", text(&duration(ms)))));
        }
    }
    members.push(("max", Tree::Leaf(number(max))));
    members.push(("scope", scope_tree(&limit.spec.scope)));
    let stated = max_keys.filter(|stated| *stated != LimitSpec::MAX_KEYS);
    members.extend(stated.map(|stated| ("max_keys", Tree::Leaf(stated.to_string()))));
    match &limit.cost {
        Cost::Calls => {}
        Cost::Fixed(amount) => members.push(("cost", Tree::Leaf(number(amount)))),
        Cost::Sum(path) => members.push(("increment_from", text(path.text()))),
        Cost::Length(path) => members.push(("cost", object(vec![("len", text(path.text()))]))),
    }
    members.extend(release.map(|release| ("release", text(release.as_str()))));
    members.extend(on_deny.as_ref().map(|said| ("on_deny", text(said))));
    terms.push(&mut members);
    object(members)
}

fn scope_tree(scope: &Scope) -> Tree {
    let mut names: Vec<Tree> = scope.names().map(text).collect();
    match names.pop() {
        Some(only) if names.is_empty() => only,
        last => {
            names.extend(last);
            Tree::Array(names)
        }
    }
}

/// An approval in its full form.
pub(super) fn approval_tree(approval: &Approval, terms: Terms) -> Tree {
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
    terms.push(&mut members);
    object(members)
}
