//! Rule ids: what a denial, the audit and the metrics call the rule that decided.
//! A JSON Pointer into the document ending in what fired, or one of the fixed names; empty for an allow.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The id of a rule, such as `/tools/create_charge/deny_if/args.amount-gt` or `(hidden)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(Arc<str>);

impl RuleId {
    /// The grant has no policy.
    pub const NO_POLICY: &'static str = "(no policy)";
    /// The name is hidden.
    pub const HIDDEN: &'static str = "(hidden)";
    /// Nothing names the tool.
    pub const DEFAULT_DENY: &'static str = "(default deny)";
    /// The server does not list the tool.
    pub const UNKNOWN_TOOL: &'static str = "(unknown tool)";
    /// The tool's definition is not usable.
    pub const QUARANTINED: &'static str = "(quarantined)";
    /// The arguments do not fit the tool's schema.
    pub const ARGUMENTS: &'static str = "(arguments)";

    /// People must agree, and nobody can be asked.
    pub const APPROVAL: &'static str = "(approval)";

    /// A channel or method that is closed under either default until a policy opens it.
    pub const CLOSED: &'static str = "(closed)";

    pub(crate) fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// As it is written to the audit.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A pointer one step further down.
pub(crate) fn child(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Gives the rules of one list their ids: equal labels get `#2`, `#3` and so on.
#[derive(Default)]
pub(crate) struct Labels {
    seen: HashMap<String, usize>,
}

impl Labels {
    /// The id of the next rule with this label below `pointer`.
    pub(crate) fn next(&mut self, pointer: &str, label: &str) -> RuleId {
        let n_seen = self.seen.entry(label.to_owned()).or_insert(0);
        *n_seen += 1;
        let token = if *n_seen == 1 { label.to_owned() } else { format!("{label}#{n_seen}") };
        RuleId::new(child(pointer, &token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_numbered() {
        let mut labels = Labels::default();
        let mut next = |label| labels.next("/tools/x/deny_if", label).to_string();
        assert_eq!(next("args.amount-gt"), "/tools/x/deny_if/args.amount-gt");
        assert_eq!(next("args.amount-lt"), "/tools/x/deny_if/args.amount-lt");
        assert_eq!(next("args.amount-gt"), "/tools/x/deny_if/args.amount-gt#2");
        assert_eq!(next("args.amount-gt"), "/tools/x/deny_if/args.amount-gt#3");
    }

    #[test]
    fn tokens_are_escaped() {
        assert_eq!(child("/tools", "a/b~c"), "/tools/a~1b~0c");
    }
}
