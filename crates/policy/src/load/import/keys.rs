//! The keys and words of the older proxy's files. They are no words of the language: only the translation reads them.

use crate::registry::{Entry, Status, Table};

/// The file itself.
pub(super) const FILE: Table = Table { title: "the older file", entries: FILE_KEYS };
const FILE_KEYS: &[Entry] = &[
    known("version", "Always `1`."),
    known("description", "For people; there is no place for it."),
    known("default", "What happens to a tool that is not listed; `allow` where it is not said."),
    known("hide", "Names that vanish."),
    known("tools", "Names of tools, or `*` for all, and their rules."),
    known("spend_limit", "A sum of money per window."),
    known("approvals", "How people are asked; settings of the program, not of the policy."),
];

/// What stands under a tool.
pub(super) const TOOL: Table = Table { title: "a tool of the older file", entries: TOOL_KEYS };
const TOOL_KEYS: &[Entry] =
    &[known("rules", "Rules that must all pass."), known("spend_limit", "A sum of money per window.")];

/// One rule.
pub(super) const RULE: Table = Table { title: "a rule of the older file", entries: RULE_KEYS };
const RULE_KEYS: &[Entry] = &[
    known("name", "For people."),
    known("action", "`evaluate`, `deny` or `require_approval`."),
    known("conditions", "All must pass."),
    known("on_deny", "What the agent is told."),
    known("rate_limit", "Calls per window."),
    known("state", "A counter."),
    known("approval_timeout", "How long an approval may take."),
    known("spend_limit", "A sum of money per window."),
];

/// One condition.
pub(super) const CONDITION: Table = Table { title: "a condition of the older file", entries: CONDITION_KEYS };
const CONDITION_KEYS: &[Entry] = &[
    known("path", "What is read."),
    known("op", "The operator."),
    known("value", "What it is compared with."),
];

/// The object under `state`.
pub(super) const STATE: Table = Table { title: "`state`", entries: STATE_KEYS };
const STATE_KEYS: &[Entry] = &[
    known("counter", "The counter's name."),
    known("window", "Its window."),
    known("increment", "What a call adds."),
    known("increment_from", "The argument that a call adds."),
];

/// The values of `action`.
pub(super) const ACTIONS: Table = Table { title: "`action` of the older file", entries: ACTION_WORDS };
const ACTION_WORDS: &[Entry] = &[
    known("evaluate", "The conditions must pass."),
    known("deny", "Every call is denied."),
    known("require_approval", "People must agree to the calls that meet the conditions."),
];

/// The operators.
pub(super) const OPERATORS: Table = Table { title: "`op` of the older file", entries: OPERATOR_WORDS };
const OPERATOR_WORDS: &[Entry] = &[
    known("eq", "Equal."),
    known("neq", "Not equal."),
    known("in", "One of a list."),
    known("not_in", "None of a list."),
    known("lt", "Less."),
    known("lte", "Less or equal."),
    known("gt", "Greater."),
    known("gte", "Greater or equal."),
    known("regex", "Matches."),
    known("contains", "Holds."),
    known("exists", "Is there."),
];

/// The windows, all of the calendar in UTC.
pub(super) const WINDOWS: Table = Table { title: "`window` of the older file", entries: WINDOW_WORDS };
const WINDOW_WORDS: &[Entry] = &[
    known("minute", "From the full minute."),
    known("hour", "From the full hour."),
    known("day", "From midnight."),
];

const fn known(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::Built }
}
