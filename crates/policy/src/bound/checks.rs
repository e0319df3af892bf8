//! How the arguments of a call are checked before any rule reads them: what the policies state of it together, and
//! the check itself. Nothing here judges a rule, and nothing is mended unless every policy lets it be.

use std::sync::Arc;

use json::Value;

use super::Bound;
use crate::datum::Numbers;
use crate::decision::{Arguments, Denial, DenialKind, Repaired};
use crate::input::Tool;
use crate::policy::{ArgumentRules, Policy, Rules};
use crate::reason::{CORRECT, advise};
use crate::rule::RuleId;
use crate::schema::{Schema, Verdict};

/// How arguments are checked, all policies together. What one of them does not state is its default.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checks {
    pub(super) schema: bool,
    pub(super) deny_unknown: bool,
    repair: bool,
    pub(super) numbers: Numbers,
}

impl Checks {
    pub(super) fn of(policies: &[Arc<Policy>], tool: &Tool) -> Self {
        Self::all(policies.iter().map(|policy| Self::of_one(policy, tool, |rules| rules.arguments)))
    }

    /// The same as if what stands in shadow were enforced.
    pub(super) fn with_shadow(policies: &[Arc<Policy>], tool: &Tool) -> Self {
        let both = |rules: &Rules| {
            let shadow = rules.shadow.as_ref().map(|shadow| shadow.arguments).unwrap_or_default();
            rules.arguments.strictest(shadow)
        };
        Self::all(policies.iter().map(|policy| Self::of_one(policy, tool, both)))
    }

    fn all(each: impl Iterator<Item = Self>) -> Self {
        each.reduce(Self::strictest).unwrap_or(Self {
            schema: true,
            deny_unknown: true,
            repair: false,
            numbers: Numbers::Double,
        })
    }

    fn of_one(policy: &Policy, tool: &Tool, stated: impl Fn(&Rules) -> ArgumentRules) -> Self {
        let rules = policy.matched(tool).map(|part| {
            let stated = stated(part.rules);
            if part.is_certain { stated } else { stated.restricting() }
        });
        let stated = rules.fold(ArgumentRules::default(), ArgumentRules::strictest);
        let schema = stated.check.unwrap_or(true);
        // A policy that does not check judges a call as it came, and would not have let the mended one stand for it.
        let repair = schema && stated.repair.unwrap_or(true);
        let deny_unknown = stated.deny_unknown.unwrap_or(true);
        Self { schema, deny_unknown, repair, numbers: stated.numbers.unwrap_or_default() }
    }

    fn strictest(self, other: Self) -> Self {
        Self {
            schema: self.schema || other.schema,
            deny_unknown: self.deny_unknown || other.deny_unknown,
            repair: self.repair && other.repair,
            numbers: self.numbers.strictest(other.numbers),
        }
    }
}

impl Bound {
    /// Which numbers its rules may read.
    pub(crate) const fn numbers(&self) -> Numbers {
        self.checks.numbers
    }

    /// Whether arguments that the schema does not declare are refused.
    pub(crate) fn is_closed(&self) -> bool {
        let declares = self.schema.as_ref().is_some_and(|schema| schema.declared().is_any());
        self.checks.deny_unknown && declares
    }

    /// Whether, under some schema, the check of arguments denies what the other one's lets through.
    pub(crate) const fn checks_more_than(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.checks, &other.checks);
        (own.schema && !theirs.schema)
            || (own.deny_unknown && !theirs.deny_unknown)
            || (theirs.repair && !own.repair)
    }

    /// Whether strings are mended.
    pub(crate) const fn mends(&self) -> bool {
        self.checks.repair
    }

    /// The arguments that a call is judged by, where they are not those that it came with: strings in them were mended.
    #[must_use]
    pub fn mended(&self, arguments: Arguments<'_>) -> Option<Repaired> {
        self.check_arguments(arguments).ok().flatten()
    }

    /// Checks arguments against the schema, mending strings where that is allowed.
    pub(crate) fn check_arguments(&self, arguments: Arguments<'_>) -> Result<Option<Repaired>, Box<Denial>> {
        let arguments = match arguments {
            Arguments::Absent => None,
            Arguments::Known(value) if value.is_object() => Some(value),
            Arguments::Known(_) => {
                return Err(arguments_denial(&advise("the arguments must be an object", CORRECT)));
            }
        };
        let Some(schema) = &self.schema else { return Ok(None) };
        if let Some(refusal) =
            arguments.filter(|_| self.checks.deny_unknown).and_then(|value| unknown(schema, value))
        {
            return Err(arguments_denial(&advise(&refusal, CORRECT)));
        }
        if !self.checks.schema {
            return Ok(None);
        }
        match schema.check(arguments, self.checks.repair) {
            Verdict::Fits => Ok(None),
            Verdict::Repaired(repaired) => Ok(Some(repaired)),
            Verdict::Refused(text) => Err(arguments_denial(&text)),
        }
    }
}

fn unknown(schema: &Schema, arguments: Value<'_>) -> Option<String> {
    schema.declared().refusal(arguments)
}

pub(super) fn arguments_denial(text: &str) -> Box<Denial> {
    Box::new(Denial {
        reason: Some(Arc::from(text)),
        ..Denial::fixed(RuleId::ARGUMENTS, DenialKind::Arguments)
    })
}
