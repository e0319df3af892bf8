//! Differences of limits, which are data: what is counted over which time, per what, and at most how much.

use crate::analysis::side;
use crate::analysis::subject::Subject;
use crate::bound::Bound;
use crate::limit::{LimitSpec, ScopeWord, Window, duration};
use crate::policy::Limit;
use crate::terms::{Moment, written};

/// A limit that is not the same on both sides, and the tools that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitChange {
    /// The name of its counter on the old side.
    pub old_counter: Option<String>,
    /// The name of its counter on the new side. Another name is another counter: its history starts anew.
    pub new_counter: Option<String>,
    /// What it says on the old side: `10 calls per minute, scope grant`.
    pub old: Option<String>,
    /// What it says on the new side.
    pub new: Option<String>,
    /// The tools that it limits.
    pub tools: Vec<String>,
}

/// The name of a counter, and what its limit says.
type Spec = (String, String);

/// Adds the differences for one tool; equal ones of several tools become one.
pub(super) fn compare(subject: &Subject<'_>, old: &Bound, new: &Bound, found: &mut Vec<LimitChange>) {
    let specs = |bound: &Bound| -> Vec<Spec> {
        if side::closed(bound).is_some() {
            return Vec::new();
        }
        bound.limits(Moment::Call(None)).map(|limit| (limit.spec.counter.to_string(), said(limit))).collect()
    };
    let (mut before, mut after) = (specs(old), specs(new));
    before.retain(|spec| match after.iter().position(|other| other == spec) {
        Some(place) => {
            after.remove(place);
            false
        }
        None => true,
    });
    let mut changes = Vec::new();
    // The same counter with another size, then the same size with another counter, then what is left.
    let same: [fn(&Spec, &Spec) -> bool; 2] = [|one, two| one.0 == two.0, |one, two| one.1 == two.1];
    for is_same in same {
        before.retain(|spec| match after.iter().position(|other| is_same(spec, other)) {
            Some(place) => {
                changes.push((Some(spec.clone()), Some(after.remove(place))));
                false
            }
            None => true,
        });
    }
    changes.extend(before.into_iter().map(|spec| (Some(spec), None)));
    changes.extend(after.into_iter().map(|spec| (None, Some(spec))));
    for (old, new) in changes {
        add(found, &subject.definition.name, old, new);
    }
}

fn add(found: &mut Vec<LimitChange>, tool: &str, old: Option<Spec>, new: Option<Spec>) {
    let (old_counter, old) = old.unzip();
    let (new_counter, new) = new.unzip();
    let change = LimitChange { old_counter, new_counter, old, new, tools: Vec::new() };
    let known =
        found.iter_mut().find(|known| LimitChange { tools: Vec::new(), ..(*known).clone() } == change);
    match known {
        Some(known) => known.tools.push(tool.to_owned()),
        None => found.push(LimitChange { tools: vec![tool.to_owned()], ..change }),
    }
}

fn said(limit: &Limit) -> String {
    let LimitSpec { window, max, scope, unit, timezone, max_keys, release, .. } = &*limit.spec;
    let what = match &**unit {
        LimitSpec::CALLS | LimitSpec::SLOTS => "calls".to_owned(),
        unit => format!("of {unit}"),
    };
    let mut text = format!("{max} {what} {window}, scope {}", scope.as_str());
    if scope.has(ScopeWord::All) {
        text.push_str(", all servers together");
    }
    let timeout_ms = if let Window::InFlight { timeout_ms } = window { *timeout_ms } else { None };
    let more = [
        timezone.as_ref().map(|zone| format!("in {zone}")),
        timeout_ms.map(|ms| format!("a slot for {}", duration(ms))),
        max_keys.map(|max_keys| format!("at most {max_keys} values")),
        release.map(|release| format!("release {}", release.as_str())),
        limit.ends_ms.map(|ends_ms| format!("until {}", written(ends_ms))),
    ];
    for part in more.into_iter().flatten() {
        text.push_str(", ");
        text.push_str(&part);
    }
    text
}
