//! The decision on a call of which not everything is known: allowed, denied, or unknown.
//! It is decided only where all possibilities agree. What is not known never allows anything.

use std::sync::Arc;

use json::Value;

use super::Bound;
use crate::condition;
use crate::decision::{Arguments, Decision, Denial, Facts};
use crate::gap;
use crate::input::{Given, Input, Known, Names};
use crate::limit::LimitDemand;
use crate::operator::Sense;
use crate::path::Found;
use crate::rule::RuleId;
use crate::schema::{Declared, Schema};
use crate::terms::Moment;
use crate::truth::{Possible, Truth};

/// What is known of the arguments of a call.
#[derive(Debug, Clone, Copy)]
pub enum Foreseen<'a> {
    /// Everything.
    Known(Arguments<'a>),
    /// All but what is at some places.
    Partly {
        /// The arguments, an object. What stands at the places is not read.
        arguments: Value<'a>,
        /// JSON Pointers to what is not known; a step `*` stands for any.
        gaps: &'a [String],
        /// Whether the whole arguments are known to fit the schema of this definition as they are.
        fits: bool,
    },
    /// The names of the top-level arguments. Of their values nothing; any may be null.
    Keys {
        /// The names.
        present: &'a [&'a str],
        /// Whether there are further ones, of which nothing is known.
        has_others: bool,
        /// Whether the whole arguments are known to fit the schema of this definition as they are.
        fits: bool,
    },
    /// Nothing.
    Unknown,
}

/// What becomes of a call of which not everything is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foresight {
    /// It is allowed, whatever is not known. What has to be reserved for it.
    Allowed(Arc<[LimitDemand]>),
    /// It is denied, whatever is not known. This rule denies it, even if an earlier one may deny it first.
    Denied(Denial),
    /// It depends on what is not known. The first rule that does.
    Unknown(RuleId),
}

/// What one rule answers, whatever is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Passes,
    Refuses,
    Doubt,
}

impl Sight {
    /// Of a rule that passes with this one answer.
    pub(crate) fn of(possible: Possible, passing: Truth) -> Self {
        match (possible.is_only(passing), possible.has(passing)) {
            (true, _) => Self::Passes,
            (false, true) => Self::Doubt,
            (false, false) => Self::Refuses,
        }
    }

    /// The same of a rule that may have ended, where the time is not known.
    fn unless_ended(self, ends_ms: Option<u64>, input: Input<'_>) -> Self {
        let is_time_known = input.facts.is_some_and(|facts| facts.now_ms.is_some());
        match (self, ends_ms) {
            (Self::Refuses, Some(_)) if !is_time_known => Self::Doubt,
            (sight, _) => sight,
        }
    }
}

/// The first rule that is in doubt.
#[derive(Default)]
struct Doubt(Option<RuleId>);

impl Doubt {
    fn note(&mut self, rule: &RuleId) {
        self.0.get_or_insert_with(|| rule.clone());
    }

    /// Asks the rule about whose answer there may be a doubt.
    fn ask(
        &mut self,
        sight: Sight,
        rule: &RuleId,
        denial: impl FnOnce() -> Denial,
    ) -> Result<(), Box<Denial>> {
        match sight {
            Sight::Passes => {}
            Sight::Refuses => return Err(Box::new(denial())),
            Sight::Doubt => self.note(rule),
        }
        Ok(())
    }
}

impl Bound {
    /// Whether arguments are checked against the schema, so that what was allowed fitted it.
    #[must_use]
    pub const fn checks_schema(&self) -> bool {
        self.checks.schema
    }

    /// Decides a call of which not everything is known. Facts that are not there are not known; but where arguments
    /// are, a call without answers of the client is one of a first round.
    #[must_use]
    pub fn foresee(&self, facts: &Facts<'_>, given: Foreseen<'_>) -> Foresight {
        // What is known to be closed, whatever the time where that is not known.
        let moment = facts.now_ms.map_or(Moment::List(None), |now_ms| Moment::Call(Some(now_ms)));
        if let Some(denial) = self.gate.denial(moment) {
            return Foresight::Denied(denial.clone());
        }
        if let Foreseen::Known(arguments) = given
            && facts.labels.is_some()
            && facts.now_ms.is_some()
            && (facts.history.is_some() || !self.flows.ask())
        {
            return match self.decide(facts, arguments) {
                Decision::Allow(allowed) => Foresight::Allowed(allowed.limits),
                Decision::Deny(denial) => Foresight::Denied(denial),
            };
        }
        let mut doubt = Doubt::default();
        if let Some(denial) = self.gate.denial(Moment::Call(facts.now_ms)) {
            doubt.note(&denial.rule);
        }
        match (self.foresee_call(facts, given, &mut doubt), doubt.0) {
            (Err(denial), _) => Foresight::Denied(*denial),
            (Ok(_), Some(rule)) => Foresight::Unknown(rule),
            (Ok(limits), None) => Foresight::Allowed(limits.into()),
        }
    }

    fn foresee_call(
        &self,
        facts: &Facts<'_>,
        given: Foreseen<'_>,
        doubt: &mut Doubt,
    ) -> Result<Vec<LimitDemand>, Box<Denial>> {
        match given {
            Foreseen::Known(arguments) => {
                let repaired = self.check_arguments(arguments)?;
                self.foresee_rules(self.input(facts, arguments, repaired.as_ref()), doubt)
            }
            Foreseen::Partly { arguments, gaps, fits: true } => {
                self.foresee_gaps(arguments, gaps, doubt)?;
                let declared = self.declared();
                let known = Known { arguments, declared, are_declared: declared.is_some() };
                self.foresee_rules(self.input_of(Given::Partly(known, gaps), Some(facts)), doubt)
            }
            // Strings of what is not known to fit may be mended, so that no value is what will be judged.
            Foreseen::Partly { fits: false, .. } | Foreseen::Unknown => {
                doubt.note(&RuleId::new(RuleId::ARGUMENTS));
                self.foresee_rules(self.unknown_input(Some(facts)), doubt)
            }
            Foreseen::Keys { present, has_others, fits } => {
                self.foresee_names(present, has_others, fits, doubt)?;
                let names = Names { present, has_others };
                self.foresee_rules(self.input_of(Given::Named(names), Some(facts)), doubt)
            }
        }
    }

    /// The check of arguments, as far as their names decide it.
    fn foresee_names(
        &self,
        present: &[&str],
        has_others: bool,
        fits: bool,
        doubt: &mut Doubt,
    ) -> Result<(), Box<Denial>> {
        let declared = self.declared();
        if declared.is_some_and(|declared| present.iter().any(|name| !declared.contains(name))) {
            return Err(undeclared());
        }
        if (self.checks.schema && !fits) || (declared.is_some() && has_others) {
            doubt.note(&RuleId::new(RuleId::ARGUMENTS));
        }
        Ok(())
    }

    /// The names of arguments that are known but for some places.
    fn foresee_gaps(
        &self,
        arguments: Value<'_>,
        gaps: &[String],
        doubt: &mut Doubt,
    ) -> Result<(), Box<Denial>> {
        let Some(declared) = self.declared() else { return Ok(()) };
        if declared.refusal(arguments).is_some() {
            return Err(undeclared());
        }
        let is_declared = |name: &str| name != "*" && declared.contains(name);
        if gaps.iter().any(|gap| gap::steps(gap).next().is_none_or(|name| !is_declared(&name))) {
            doubt.note(&RuleId::new(RuleId::ARGUMENTS));
        }
        Ok(())
    }

    /// The declared names, where no others are let through.
    fn declared(&self) -> Option<&Declared> {
        let declared = self.schema.as_ref().map(Schema::declared).filter(|declared| declared.is_any());
        declared.filter(|_| self.checks.deny_unknown)
    }

    /// The rules in their order, up to the first that certainly denies.
    fn foresee_rules(&self, input: Input<'_>, doubt: &mut Doubt) -> Result<Vec<LimitDemand>, Box<Denial>> {
        let moment = input.moment();
        for (policy, predicate) in self.explicit_denies(moment) {
            let sight = Sight::Refuses.unless_ended(predicate.ends_ms, input);
            doubt.ask(sight, &predicate.rule, || predicate.explicit_denial(policy))?;
        }
        let requirements = self.requirements(moment).map(|each| (each, Sense::Require));
        let denies = self.conditional_denies(moment).map(|each| (each, Sense::DenyIf));
        for ((policy, predicate), sense) in requirements.chain(denies) {
            let sight = predicate.foresee(input, sense).unless_ended(predicate.ends_ms, input);
            doubt.ask(sight, &predicate.rule, || predicate.foreseen_denial(policy, sense))?;
        }
        self.foresee_flows(input, doubt)?;
        let demands = self.foresee_limits(input, doubt)?;
        for (policy, approval) in self.approvals(moment) {
            let sight = Sight::of(condition::possible(&approval.when, input, Sense::DenyIf), Truth::False);
            let sight = sight.unless_ended(approval.ends_ms, input);
            // What is in doubt here denies as long as there is one, so a denial is at hand.
            if let Some(denial) = approval.denial(policy, input) {
                let rule = denial.rule.clone();
                doubt.ask(sight, &rule, || denial)?;
            }
        }
        Ok(demands)
    }

    /// Flows are in doubt without a history, and where arguments that they compare are not known.
    fn foresee_flows(&self, input: Input<'_>, doubt: &mut Doubt) -> Result<(), Box<Denial>> {
        for (policy, flow) in self.flows.asked() {
            let mut is_known = input.facts.is_some_and(|facts| facts.history.is_some());
            for path in flow.same() {
                is_known &= !matches!(path.find(input), Found::Unknown);
            }
            let denial = flow.denial(policy, flow.verdict(policy, input), self.schema.as_ref());
            match denial {
                _ if !is_known => doubt.note(&flow.rule),
                Some(denial) => return Err(Box::new(denial)),
                None => {}
            }
        }
        Ok(())
    }

    fn foresee_limits(&self, input: Input<'_>, doubt: &mut Doubt) -> Result<Vec<LimitDemand>, Box<Denial>> {
        let mut demands = Vec::new();
        for limit in self.limits(input.moment()) {
            let mut is_known = Sight::Refuses.unless_ended(limit.ends_ms, input) == Sight::Refuses;
            for path in limit.cost.path().into_iter().chain(&limit.keyed_by) {
                path.visit(input, &mut |found| is_known &= !matches!(found, Found::Unknown));
            }
            if !is_known {
                doubt.note(&limit.spec.rule);
                continue;
            }
            let names = self.schema.as_ref();
            let (amount, values) = (limit.amount(input, names)?, limit.values(input, names)?);
            demands.push(LimitDemand { spec: Arc::clone(&limit.spec), amount, values });
        }
        Ok(demands)
    }

    /// The arguments of a call that nobody has made yet, or of which nothing is known.
    pub(super) fn unknown_input<'a>(&'a self, facts: Option<&'a Facts<'a>>) -> Input<'a> {
        self.input_of(Given::Unknown { possible: self.declared() }, facts)
    }
}

fn undeclared() -> Box<Denial> {
    super::checks::arguments_denial("an argument is not declared")
}
