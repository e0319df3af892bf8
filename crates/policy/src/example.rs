//! Example calls inside a document with the decision that is expected of each.
//! They are judged like real calls, against a definition of their own; they never decide anything.

use std::sync::Arc;

use json::Document;

use crate::class::Classes;
use crate::decision::{Arguments, Decision, Facts};
use crate::hash::Hash;
use crate::policy::{Effect, Policy};
use crate::schema::Schema;
use crate::stack::{Definition, Stack};

/// One entry of `tests`.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) pointer: String,
    /// As it was written, with numbers in their shortest form.
    pub(crate) text: Box<str>,
    pub(crate) call: ExampleCall,
    pub(crate) expects: Effect,
    /// The rule that is to deny, where one is named.
    pub(crate) rule: Option<Box<str>>,
}

/// The call of an entry.
#[derive(Debug)]
pub(crate) struct ExampleCall {
    pub(crate) tool: Box<str>,
    pub(crate) server: Box<str>,
    pub(crate) grant: Box<str>,
    pub(crate) labels: Vec<String>,
    pub(crate) now_ms: Option<u64>,
    pub(crate) arguments: Option<Document>,
    pub(crate) input: Option<Document>,
    pub(crate) schema: Schema,
    pub(crate) classes: Classes,
}

/// What became of one entry of `tests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Where the entry stands.
    pub pointer: String,
    /// The tool that it calls.
    pub tool: String,
    /// Whether it is decided as it says.
    pub passed: bool,
    /// What was expected: `allow`, `deny`, or the rule that is to deny.
    pub expected: String,
    /// What was decided: `allow`, or the rule that denies.
    pub decided: String,
}

/// Judges the calls of a document's own `tests`, each by this document alone.
#[must_use]
pub fn run_tests(policy: &Arc<Policy>) -> Vec<TestOutcome> {
    let stack = Stack::new(vec![Arc::clone(policy)]);
    policy.examples.iter().map(|example| example.run(&stack)).collect()
}

impl Example {
    fn run(&self, stack: &Stack) -> TestOutcome {
        let rule = self.call.denied_by(stack);
        let is_expected = match (&rule, self.expects, &self.rule) {
            (None, Effect::Allow, _) | (Some(_), Effect::Deny, None) => true,
            (Some(rule), Effect::Deny, Some(wanted)) => **rule == **wanted,
            (None, Effect::Deny, _) | (Some(_), Effect::Allow, _) => false,
        };
        let expected = match (self.expects, &self.rule) {
            (Effect::Allow, _) => "allow".to_owned(),
            (Effect::Deny, None) => "deny".to_owned(),
            (Effect::Deny, Some(rule)) => rule.to_string(),
        };
        TestOutcome {
            pointer: self.pointer.clone(),
            tool: self.call.tool.to_string(),
            passed: is_expected,
            expected,
            decided: rule.unwrap_or_else(|| "allow".to_owned()),
        }
    }
}

impl ExampleCall {
    /// The rule that denies the call, if one does.
    fn denied_by(&self, stack: &Stack) -> Option<String> {
        let (server, tool) = (self.server.to_string(), self.tool.to_string());
        let definition = Definition::new(server, tool, Hash::of(b"tests"), Some(self.schema.clone()));
        let bound = stack.bind(&definition.classed(self.classes.clone()));
        let input = self.input.as_ref().map(Document::root);
        let facts = Facts { now_ms: self.now_ms, ..Facts::new(&self.grant, &self.server, &self.tool) };
        let facts = facts.labelled(&self.labels).answered(input);
        let arguments = self.arguments.as_ref().map(Document::root);
        match bound.decide(&facts, arguments.map_or(Arguments::Absent, Arguments::Known)) {
            Decision::Allow(_) => None,
            Decision::Deny(denial) => Some(denial.rule.to_string()),
        }
    }
}
