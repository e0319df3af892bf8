//! Denials that no change of a call turns: what decides is said before any argument is read, or is no argument.

use super::case::Case;
use super::wish::{Choice, Wish};
use crate::bound::Bound;
use crate::decision::{Denial, DenialKind};
use crate::fact::Fact;
use crate::operator::Sense;
use crate::path::Source;

/// What to do about a denial that no argument changes; nothing where arguments may.
pub(super) fn of_gate(bound: &Bound, denial: &Denial) -> Option<String> {
    let tool = &bound.tool.name;
    let policy = denial.policy.as_deref().unwrap_or("a policy");
    let place = if denial.pointer.is_empty() { String::new() } else { format!(" at `{}`", denial.pointer) };
    let (why, what) = match denial.kind {
        DenialKind::NoPolicy => ("the grant has no policy".to_owned(), "give it one".to_owned()),
        DenialKind::Hidden => {
            (format!("`{policy}` hides the tool{place}"), "remove that entry of `hide`".to_owned())
        }
        DenialKind::DefaultDeny if denial.pointer.ends_with("/expires") => (
            format!("what opened the tool in `{policy}` has expired{place}"),
            "give it a later end".to_owned(),
        ),
        DenialKind::DefaultDeny => (
            format!("nothing in `{policy}` names the tool"),
            format!("add `{tool}` to its `tools`; `{{}}` is enough"),
        ),
        DenialKind::UnknownTool => {
            ("the server does not list the tool".to_owned(), "correct the name".to_owned())
        }
        DenialKind::Quarantined => {
            ("the tool's schema cannot be used".to_owned(), "have its server mend the definition".to_owned())
        }
        DenialKind::Action => {
            (format!("`{policy}` denies every call of the tool{place}"), "remove that rule".to_owned())
        }
        DenialKind::Closed => ("nothing opens it".to_owned(), "add a part that does".to_owned()),
        DenialKind::Arguments
        | DenialKind::Require
        | DenialKind::DenyIf
        | DenialKind::Flow
        | DenialKind::Limit
        | DenialKind::Approval
        | DenialKind::Error => return None,
    };
    Some(format!("no change of arguments: {why}; {what}"))
}

/// What is said where every choice needs something that is not of the call: who calls, which tool, which server.
pub(super) fn of_fixed(
    choices: &[Choice<'_>],
    case: &Case<'_>,
    sense: Sense,
    bound: &Bound,
) -> Option<String> {
    let fixed = |wish: &&Wish<'_>| {
        let is_fixed = match wish.comparison.path.source() {
            Source::Annotations | Source::Fact(Fact::GrantId | Fact::ServerId | Fact::ToolName) => true,
            Source::Args
            | Source::Input
            | Source::Fact(Fact::GrantLabels | Fact::Hour | Fact::Minute | Fact::Weekday | Fact::Date) => {
                false
            }
        };
        let is_met =
            || case.ask_input(bound, |input| wish.want.is_met_by(wish.comparison.judge(input, sense)));
        is_fixed && is_met() == Some(false)
    };
    if choices.is_empty() {
        return Some("no change of arguments: people must agree to every call of the tool".to_owned());
    }
    let paths: Option<Vec<_>> =
        choices.iter().map(|choice| choice.iter().find(fixed).map(Wish::path)).collect();
    let mut paths: Vec<_> = paths?.into_iter().map(|path| format!("`{path}`")).collect();
    paths.sort();
    paths.dedup();
    Some(format!("no change of arguments: the rule asks {}, which no call changes", paths.join(" and ")))
}
