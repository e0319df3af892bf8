//! Policies bound to one tool definition, and the decision on its calls.
//! The order of the steps is the language's: the first that denies decides, and each step asks all policies
//! before the next one begins. Nothing here looks anything up by name.

mod checks;
mod foresee;
mod list;
mod shadow;

use std::sync::Arc;

use checks::Checks;
pub(crate) use foresee::Sight;
pub use foresee::{Foreseen, Foresight};

use crate::approval::Approval;
use crate::decision::{Allowed, Arguments, Decision, Denial, DenialKind, Facts, Repaired};
use crate::flow::BoundFlows;
use crate::gate::Gate;
use crate::hash::Hash;
use crate::input::{Given, Input, Known, Tool};
use crate::limit::{LimitDemand, LimitSpec, Release};
use crate::policy::{Limit, Policy, Predicate, Rules};
use crate::rule::RuleId;
use crate::schema::{Declared, Schema};
use crate::stack::{Definition, Stack};
use crate::terms::{Moment, Reveal};

/// Everything that judging calls of one tool needs, prepared once.
#[derive(Debug)]
pub struct Bound {
    /// The denials that no arguments can change.
    pub(crate) gate: Gate,
    /// The policies that decide.
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
    reveal: Reveal,
    /// The same of the parts in shadow alone, where there are any.
    pub(crate) shadow: Option<Box<Bound>>,
}

/// Who decides on a tool.
struct Judges {
    gate: Gate,
    policies: Vec<Arc<Policy>>,
    parts: Vec<Part>,
    checks: Checks,
}

/// The rules of one policy that apply to the tool.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) policy: Arc<str>,
    pub(crate) rules: Arc<Rules>,
}

impl Bound {
    pub(crate) fn new(stack: &Stack, definition: &Definition) -> Self {
        let tool = Tool::of(definition);
        let gate = Gate::new(stack.enforced(), &tool);
        let judges = Judges {
            gate: if definition.input_schema.is_none() { gate.and(quarantine_denial()) } else { gate },
            policies: stack.enforced().to_vec(),
            parts: parts(stack.enforced(), &tool),
            checks: Checks::of(stack.enforced(), &tool),
        };
        let shadow = shadow::judges(stack, &tool).map(|shadow| Self::of(shadow, &tool, definition));
        Self {
            reveal: reveal(stack.enforced(), &tool),
            shadow: shadow.map(Box::new),
            ..Self::of(judges, &tool, definition)
        }
    }

    fn of(judges: Judges, tool: &Tool, definition: &Definition) -> Self {
        let Judges { gate, policies, parts, checks } = judges;
        let flows = BoundFlows::new(&policies, tool);
        let mut limits = parts.iter().flat_map(|part| &part.rules.limits);
        let is_fixed = limits.all(|limit| limit.is_fixed() && limit.ends_ms.is_none());
        let limits = parts
            .iter()
            .flat_map(|part| part.rules.limits.iter().map(|limit| limit.spec.release.or(part.rules.release)));
        let release = Release::of_call(limits, parts.iter().map(|part| part.rules.release));
        let mut bound = Self {
            gate,
            policies,
            parts,
            definition: definition.hash,
            schema: definition.input_schema.clone(),
            checks,
            flows,
            tool: tool.clone(),
            fixed_demands: None,
            release,
            reveal: Reveal::default(),
            shadow: None,
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

    /// What a denial of a call tells the agent at most.
    #[must_use]
    pub const fn reveal(&self) -> Reveal {
        self.reveal
    }

    /// Decides one call.
    #[must_use]
    pub fn decide(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Decision {
        match self.judge(facts, arguments) {
            Ok(mut allowed) => {
                allowed.shadowed = self.shadow.as_ref().map(|shadow| shadow.shadowed(facts, arguments));
                Decision::Allow(allowed)
            }
            Err(denial) => Decision::Deny(*denial),
        }
    }

    fn judge(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Result<Allowed, Box<Denial>> {
        if let Some(denial) = self.gate.denial(Moment::Call(facts.now_ms)) {
            return Err(Box::new(denial.clone()));
        }
        let repaired = self.check_arguments(arguments).map_err(|denial| self.revealed(*denial))?;
        let input = self.input(facts, arguments, repaired.as_ref());
        let denial = self.first_denial(input).or_else(|| self.flows.denial(input, self.schema.as_ref()));
        denial.map_or(Ok(()), |denial| Err(self.revealed(denial)))?;
        let limits = self.demands(input)?;
        self.approval_denial(input).map_or(Ok(()), |denial| Err(self.revealed(denial)))?;
        let (labels, steps) = (Arc::clone(&self.flows.labels), self.flows.steps(input));
        Ok(Allowed { repaired, limits, release: self.release, labels, steps, shadowed: None })
    }

    /// A denial with what the policies let it tell.
    fn revealed(&self, denial: Denial) -> Box<Denial> {
        Box::new(Denial { reveal: self.reveal, ..denial })
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
        let (names, moment) = (self.schema.as_ref(), input.moment());
        let explicit =
            self.explicit_denies(moment).next().map(|(policy, predicate)| predicate.explicit_denial(policy));
        if explicit.is_some() {
            return explicit;
        }
        for (policy, predicate) in self.requirements(moment) {
            if let Some(denial) = predicate.require_denial(policy, input, names) {
                return Some(denial);
            }
        }
        self.conditional_denies(moment)
            .find_map(|(policy, predicate)| predicate.deny_if_denial(policy, input, names))
    }

    /// The denies of every call that hold then.
    pub(crate) fn explicit_denies(&self, moment: Moment) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.deny_if, moment).filter(|(_, predicate)| predicate.is_unconditional())
    }

    /// The requirements that hold then.
    pub(crate) fn requirements(&self, moment: Moment) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.require, moment)
    }

    /// The `deny_if`s with conditions that hold then.
    pub(crate) fn conditional_denies(&self, moment: Moment) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        self.predicates(|rules| &rules.deny_if, moment).filter(|(_, predicate)| !predicate.is_unconditional())
    }

    fn predicates(
        &self,
        list: fn(&Rules) -> &Vec<Predicate>,
        moment: Moment,
    ) -> impl Iterator<Item = (&Arc<str>, &Predicate)> {
        let all = self
            .parts
            .iter()
            .flat_map(move |part| list(&part.rules).iter().map(move |predicate| (&part.policy, predicate)));
        all.filter(move |(_, predicate)| moment.restricts(predicate.ends_ms))
    }

    /// The limits that hold then.
    pub(crate) fn limits(&self, moment: Moment) -> impl Iterator<Item = &Limit> {
        let all = self.parts.iter().flat_map(|part| &part.rules.limits);
        all.filter(move |limit| moment.restricts(limit.ends_ms))
    }

    /// The limits that apply to calls of the tool at a time, in milliseconds of Unix time, where it is known.
    pub fn limit_specs(&self, now_ms: Option<u64>) -> impl Iterator<Item = &Arc<LimitSpec>> {
        self.limits(Moment::Call(now_ms)).map(|limit| &limit.spec)
    }

    fn approval_denial(&self, input: Input<'_>) -> Option<Denial> {
        self.approvals(input.moment()).find_map(|(policy, approval)| approval.denial(policy, input))
    }

    /// The approvals that hold then.
    pub(crate) fn approvals(&self, moment: Moment) -> impl Iterator<Item = (&Arc<str>, &Approval)> {
        let all = self
            .parts
            .iter()
            .flat_map(|part| part.rules.approval.iter().map(move |approval| (&part.policy, approval)));
        all.filter(move |(_, approval)| moment.restricts(approval.ends_ms))
    }

    /// What the call adds to each limit.
    fn demands(&self, input: Input<'_>) -> Result<Arc<[LimitDemand]>, Box<Denial>> {
        if let Some(fixed) = &self.fixed_demands {
            return Ok(Arc::clone(fixed));
        }
        let names = self.schema.as_ref();
        let demand = |limit: &Limit| {
            let counted =
                limit.amount(input, names).and_then(|amount| Ok((amount, limit.values(input, names)?)));
            match counted {
                Ok((amount, values)) => Ok(LimitDemand { spec: Arc::clone(&limit.spec), amount, values }),
                Err(denial) => Err(Box::new(Denial { reveal: limit.spec.reveals(self.reveal), ..*denial })),
            }
        };
        self.limits(input.moment()).map(demand).collect()
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

/// What denials tell at most: the strictest that the documents state of all their denials or of the tool's.
fn reveal(policies: &[Arc<Policy>], tool: &Tool) -> Reveal {
    let of_tool = policies.iter().flat_map(|policy| policy.matched(tool)).filter_map(|part| {
        let stated = part.rules.reveal?;
        if part.is_certain { Some(stated) } else { stated.restricting() }
    });
    policies.iter().filter_map(|policy| policy.reveal).chain(of_tool).max().unwrap_or_default()
}
