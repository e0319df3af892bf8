//! Policies bound to one tool definition, and the decision on its calls.
//! The order of the steps is the language's: the first that denies decides, and each step asks all policies
//! before the next one begins. Nothing here looks anything up by name.

mod checks;
mod foresee;
mod list;

use std::sync::Arc;

use checks::Checks;
pub(crate) use foresee::Sight;
pub use foresee::{Foreseen, Foresight};

use crate::approval::Approval;
use crate::decision::{Allowed, Arguments, Decision, Denial, DenialKind, Facts, Repaired};
use crate::flow::BoundFlows;
use crate::gate;
use crate::hash::Hash;
use crate::input::{Given, Input, Known, Tool};
use crate::limit::{LimitDemand, Release};
use crate::policy::{Limit, Policy, Predicate, Rules};
use crate::rule::RuleId;
use crate::schema::{Declared, Schema};
use crate::stack::Definition;

/// Everything that judging calls of one tool needs, prepared once.
#[derive(Debug)]
pub struct Bound {
    /// The denial that no arguments can change, if there is one.
    pub(crate) gate: Option<Denial>,
    pub(crate) policies: Vec<Arc<Policy>>,
    pub(crate) parts: Vec<Part>,
    pub(crate) tool: Tool,
    definition: Hash,
    pub(crate) schema: Option<Schema>,
    checks: Checks,
    /// The demands of a call, where none depends on its arguments.
    fixed_demands: Option<Arc<[LimitDemand]>>,
    release: Release,
    pub(crate) flows: BoundFlows,
}

/// The rules of one policy that apply to the tool.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) policy: Arc<str>,
    pub(crate) rules: Arc<Rules>,
}

impl Bound {
    pub(crate) fn new(policies: &[Arc<Policy>], definition: &Definition) -> Self {
        let tool = Tool::of(definition);
        let parts = parts(policies, &tool);
        let quarantined = || definition.input_schema.is_none().then(quarantine_denial);
        let is_fixed = parts.iter().flat_map(|part| &part.rules.limits).all(Limit::is_fixed);
        let limits = parts
            .iter()
            .flat_map(|part| part.rules.limits.iter().map(|limit| limit.spec.release.or(part.rules.release)));
        let release = Release::of_call(limits, parts.iter().map(|part| part.rules.release));
        let mut bound = Self {
            gate: gate::first_denial(policies, &tool).or_else(quarantined),
            policies: policies.to_vec(),
            parts,
            definition: definition.hash,
            schema: definition.input_schema.clone(),
            checks: Checks::of(policies, &tool),
            flows: BoundFlows::new(policies, &tool),
            tool,
            fixed_demands: None,
            release,
        };
        if is_fixed {
            bound.fixed_demands = bound.demands(bound.input_of(Given::Empty, None)).ok();
        }
        bound
    }

    /// The hash of the definition that it was bound to.
    #[must_use]
    pub const fn definition(&self) -> Hash {
        self.definition
    }

    /// Whether the definition is not usable.
    #[must_use]
    pub const fn quarantined(&self) -> bool {
        self.schema.is_none()
    }

    /// Decides one call.
    #[must_use]
    pub fn decide(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Decision {
        if let Some(denial) = &self.gate {
            return Decision::Deny(denial.clone());
        }
        let repaired = match self.check_arguments(arguments) {
            Ok(repaired) => repaired,
            Err(denial) => return Decision::Deny(*denial),
        };
        let input = self.input(facts, arguments, repaired.as_ref());
        let by_rule = self.first_denial(input);
        if let Some(denial) = by_rule.or_else(|| self.flows.denial(input, self.schema.as_ref())) {
            return Decision::Deny(denial);
        }
        match self.demands(input) {
            Ok(limits) => match self.approval_denial(input) {
                Some(denial) => Decision::Deny(denial),
                None => {
                    let (labels, steps) = (Arc::clone(&self.flows.labels), self.flows.steps(input));
                    Decision::Allow(Allowed { repaired, limits, release: self.release, labels, steps })
                }
            },
            Err(denial) => Decision::Deny(*denial),
        }
    }

    /// What conditions and limits read: the mended arguments, if any were.
    pub(crate) fn input<'a>(
        &'a self,
        facts: &'a Facts<'a>,
        arguments: Arguments<'a>,
        repaired: Option<&'a Repaired>,
    ) -> Input<'a> {
        let declared = self.schema.as_ref().map(Schema::declared);
        let are_declared = self.checks.deny_unknown && declared.is_some_and(Declared::is_any);
        let known = |arguments| Given::Known(Known { arguments, declared, are_declared });
        let given = match (repaired, arguments) {
            (Some(repaired), _) => known(repaired.document.root()),
            (None, Arguments::Known(value)) => known(value),
            (None, Arguments::Absent) => Given::Empty,
        };
        self.input_of(given, Some(facts))
    }

    fn input_of<'a>(&'a self, arguments: Given<'a>, facts: Option<&'a Facts<'a>>) -> Input<'a> {
        Input { arguments, facts, tool: &self.tool, numbers: self.checks.numbers }
    }

    /// The explicit denies, then the requirements, then the `deny_if`s of all policies.
    fn first_denial(&self, input: Input<'_>) -> Option<Denial> {
        let names = self.schema.as_ref();
        let explicit =
            self.explicit_denies().next().map(|(policy, predicate)| predicate.explicit_denial(policy));
        if explicit.is_some() {
            return explicit;
        }
        for (policy, predicate) in self.requirements() {
            if let Some(denial) = predicate.require_denial(policy, input, names) {
                return Some(denial);
            }
        }
        self.conditional_denies()
            .find_map(|(policy, predicate)| predicate.deny_if_denial(policy, input, names))
    }

    pub(crate) fn explicit_denies(&self) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.deny_if).filter(|(_, predicate)| predicate.is_unconditional())
    }

    pub(crate) fn requirements(&self) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.require)
    }

    pub(crate) fn conditional_denies(&self) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.deny_if).filter(|(_, predicate)| !predicate.is_unconditional())
    }

    fn predicates(
        &self,
        list: fn(&Rules) -> &Vec<Predicate>,
    ) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.parts
            .iter()
            .flat_map(move |part| list(&part.rules).iter().map(move |predicate| (&part.policy, predicate)))
    }

    pub(crate) fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.parts.iter().flat_map(|part| &part.rules.limits)
    }

    fn approval_denial(&self, input: Input<'_>) -> Option<Denial> {
        self.approvals().find_map(|(policy, approval)| approval.denial(policy, input))
    }

    pub(crate) fn approvals(&self) -> impl Iterator<Item = (&Arc<str>, &Approval)> {
        self.parts
            .iter()
            .flat_map(|part| part.rules.approval.iter().map(move |approval| (&part.policy, approval)))
    }

    /// What the call adds to each limit.
    fn demands(&self, input: Input<'_>) -> Result<Arc<[LimitDemand]>, Box<Denial>> {
        if let Some(fixed) = &self.fixed_demands {
            return Ok(Arc::clone(fixed));
        }
        let names = self.schema.as_ref();
        self.limits()
            .map(|limit| {
                let amount = limit.amount(input, names)?;
                let values = limit.values(input, names)?;
                Ok(LimitDemand { spec: Arc::clone(&limit.spec), amount, values })
            })
            .collect()
    }
}

/// The denial of a tool whose definition is not usable.
pub(crate) fn quarantine_denial() -> Denial {
    Denial::fixed(RuleId::QUARANTINED, DenialKind::Quarantined)
}

/// The parts that apply to a tool: of each policy what is said of this tool, then what is said of all.
fn parts(policies: &[Arc<Policy>], tool: &Tool) -> Vec<Part> {
    let mut parts = Vec::new();
    for policy in policies {
        for part in policy.matched(tool) {
            parts.push(Part { policy: Arc::clone(policy.name()), rules: Arc::clone(part.rules) });
        }
    }
    parts
}
