//! Warns of what a document probably does not mean. Needs nothing but the document.
//! A warning never changes a decision, and a document with warnings loads.

mod contradiction;
mod effect;
mod opens;
mod shadowed;
mod unanchored;

use json::{Location, Value};

use crate::diagnostic::{Diagnostic, Severity};
use crate::policy::{Policy, Predicate, Rules};

/// The lints. Each looks at the whole policy.
const LINTS: &[fn(&Policy, &mut Warnings<'_>)] =
    &[opens::check, unanchored::check, shadowed::check, contradiction::check, effect::check];

/// Collects warnings about one document.
pub(crate) struct Warnings<'a> {
    root: Value<'a>,
    found: Vec<Diagnostic>,
}

impl Warnings<'_> {
    /// Adds a warning about the value at a pointer.
    fn warn(&mut self, code: &'static str, pointer: &str, message: String) {
        let offset = self.root.pointer(pointer).map_or(0, |value| value.span().start);
        let Location { line, column } = Location::of(self.root.document().text().as_bytes(), offset);
        self.found.push(Diagnostic {
            severity: Severity::Warning,
            pointer: pointer.to_owned(),
            line,
            column,
            message,
            suggestion: None,
            code,
        });
    }
}

/// All warnings about a document, in its order.
pub(crate) fn lint(policy: &Policy, root: Value<'_>) -> Vec<Diagnostic> {
    let mut warnings = Warnings { root, found: Vec::new() };
    for check in LINTS {
        check(policy, &mut warnings);
    }
    warnings.found.sort_by_key(|warning| (warning.line, warning.column));
    warnings.found
}

/// The rules of a policy with the pointer at which they stand.
fn parts(policy: &Policy) -> impl Iterator<Item = (String, &Rules)> {
    let all = policy.all_tools.iter().map(|rules| ("/all_tools".to_owned(), &**rules));
    all.chain(policy.tools.iter().map(|(name, rules)| (crate::rule::child("/tools", name), &**rules)))
}

impl Rules {
    /// The rule that denies every call, if one does.
    fn explicit_deny(&self) -> Option<&Predicate> {
        self.deny_if.iter().find(|predicate| predicate.is_unconditional())
    }

    /// The `deny_if`s that look at the call.
    fn conditional_denies(&self) -> impl Iterator<Item = &Predicate> {
        self.deny_if.iter().filter(|predicate| !predicate.is_unconditional())
    }

    fn is_empty(&self) -> bool {
        let Self { require, deny_if, limits, arguments, says_allow } = self;
        require.is_empty()
            && deny_if.is_empty()
            && limits.is_empty()
            && !says_allow
            && *arguments == Default::default()
    }
}
