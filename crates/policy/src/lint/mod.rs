//! Warns of what a document probably does not mean: from the document alone, and from the tools that are known.
//! A warning never changes a decision, and a document with warnings loads.

mod channels;
mod contradiction;
mod effect;
mod flows;
mod opens;
mod shadowed;
mod stricter;
mod tools;
mod totals;
mod unanchored;

pub use stricter::{STRICTER_RULES, StricterRule};
pub use tools::KnownTool;

use crate::channel::Rule;
use crate::diagnostic::{Found, Severity};
use crate::policy::{Limit, Policy, Predicate, Rules};

/// The lints. Each looks at the whole policy.
const LINTS: &[fn(&Policy, &mut Warnings)] = &[
    opens::check,
    unanchored::check,
    shadowed::check,
    contradiction::check,
    effect::check,
    channels::check,
    flows::check,
    totals::check,
];

/// Collects warnings about one document.
#[derive(Default)]
pub(crate) struct Warnings {
    found: Vec<Found>,
}

impl Warnings {
    /// Adds a warning about the value at a place.
    fn warn(&mut self, code: &'static str, (pointer, offset): (&str, usize), message: impl Into<String>) {
        self.suggest(code, (pointer, offset), message, None);
    }

    /// Adds a warning with what was probably meant.
    fn suggest(
        &mut self,
        code: &'static str,
        (pointer, offset): (&str, usize),
        message: impl Into<String>,
        meant: Option<&str>,
    ) {
        let (pointer, message, suggestion) = (pointer.to_owned(), message.into(), meant.map(str::to_owned));
        self.found.push(Found { offset, severity: Severity::Warning, pointer, message, suggestion, code });
    }
}

/// All warnings about a document, with those about tools where any are known.
pub(crate) fn lint(policy: &Policy, known: &[KnownTool<'_>]) -> Vec<Found> {
    let mut warnings = Warnings::default();
    for check in LINTS {
        check(policy, &mut warnings);
    }
    if !known.is_empty() {
        tools::check(policy, known, &mut warnings);
    }
    warnings.found
}

/// The places where a document is stricter than the older product.
pub(crate) fn stricter(policy: &Policy) -> Vec<Found> {
    let mut found = Warnings::default();
    stricter::check(policy, &mut found);
    found.found
}

/// One set of rules and where it stands.
struct Part<'a> {
    /// The tool, unless the rules are for all.
    tool: Option<&'a str>,
    pointer: String,
    rules: &'a Rules,
}

/// All rules of a policy.
fn parts(policy: &Policy) -> impl Iterator<Item = Part<'_>> {
    policy.all_rules().map(|(pointer, tool, rules)| Part { tool, pointer, rules })
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
        let Self { require, deny_if, limits, arguments, approval, says_allow, release, .. } = self;
        let Self { reveal, shadow, .. } = self;
        require.is_empty()
            && shadow.is_none()
            && reveal.is_none()
            && deny_if.is_empty()
            && limits.is_empty()
            && approval.is_none()
            && !says_allow
            && release.is_none()
            && *arguments == Default::default()
    }
}

impl Rule {
    fn place(&self) -> (&str, usize) {
        (&self.pointer, self.offset)
    }
}

impl Predicate {
    fn place(&self) -> (&str, usize) {
        (&self.pointer, self.offset)
    }
}

impl Limit {
    fn place(&self) -> (&str, usize) {
        (&self.spec.pointer, self.offset)
    }
}
