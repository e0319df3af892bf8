//! Example calls with the decision that is expected of each, inside a document or in a file of cases.
//! They are judged like real calls, against a definition of their own; they never decide anything.

use std::sync::Arc;

use json::Document;

use crate::channel::Channel;
use crate::class::Classes;
use crate::decision::{Arguments, Facts};
use crate::explain::Explanation;
use crate::hash::Hash;
use crate::past::Past;
use crate::policy::{Effect, Policy};
use crate::schema::Schema;
use crate::stack::{Definition, Stack};

/// One entry of `tests`.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) pointer: String,
    pub(crate) offset: usize,
    /// Line and column of its place.
    pub(crate) place: (u32, u32),
    pub(crate) name: Option<Box<str>>,
    /// As it was written, with numbers in their shortest form.
    pub(crate) text: Box<str>,
    pub(crate) call: ExampleCall,
    pub(crate) expects: Effect,
    /// The rule that is to deny, where one is named.
    pub(crate) rule: Option<Box<str>>,
    /// What the agent is to be told, where it is said.
    pub(crate) reason: Option<Box<str>>,
}

/// The call of an entry.
#[derive(Debug)]
pub(crate) struct ExampleCall {
    pub(crate) called: Called,
    pub(crate) server: Box<str>,
    pub(crate) grant: Box<str>,
    pub(crate) labels: Vec<String>,
    pub(crate) now_ms: Option<u64>,
    pub(crate) arguments: Option<Document>,
    pub(crate) input: Option<Document>,
    /// What was done before.
    pub(crate) past: Past,
    pub(crate) schema: Schema,
    pub(crate) classes: Classes,
}

/// What a call of a test is about.
#[derive(Debug)]
pub(crate) enum Called {
    Tool(Box<str>),
    /// A channel, and the URI, name or mode.
    Channel(Channel, Option<Box<str>>),
    Method(Box<str>),
}

/// What became of one entry of `tests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// Where the entry stands.
    pub pointer: String,
    /// The line of it, from 1.
    pub line: u32,
    /// The column of it, from 1, in characters.
    pub column: u32,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The tool that it calls, or what it uses instead.
    pub tool: String,
    /// Whether it is decided as it says.
    pub passed: bool,
    /// What was expected: `allow`, `deny`, or the rule that is to deny.
    pub expected: String,
    /// What was decided: `allow`, or the rule that denies.
    pub decided: String,
    /// What the agent is to be told, where the entry says so.
    pub expected_reason: Option<String>,
    /// What the agent is told, where it is told anything.
    pub reason: Option<String>,
}

/// One entry of `tests` that was judged.
#[derive(Debug)]
pub struct Tried {
    /// What became of it.
    pub outcome: TestOutcome,
    /// What each rule answered.
    pub explanation: Explanation,
}

/// A file of cases.
#[derive(Debug)]
pub struct Cases {
    pub(crate) policies: Vec<String>,
    pub(crate) examples: Vec<Example>,
}

impl Cases {
    /// The policies that the file names, baseline first: names, or files beside it. None where it names none.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// Judges the calls by policies.
    #[must_use]
    pub fn run(&self, stack: &Stack) -> Vec<Tried> {
        self.examples.iter().map(|example| example.run(stack)).collect()
    }
}

/// Judges the calls of a document's own `tests`, each by this document alone and as if it were not in shadow, and
/// tells why.
#[must_use]
pub fn try_tests(policy: &Arc<Policy>) -> Vec<Tried> {
    let stack = Stack::enforcing(vec![Arc::clone(policy)]);
    policy.examples.iter().map(|example| example.run(&stack)).collect()
}

/// Judges the calls of a document's own `tests`, each by this document alone and as if it were not in shadow.
#[must_use]
pub fn run_tests(policy: &Arc<Policy>) -> Vec<TestOutcome> {
    try_tests(policy).into_iter().map(|tried| tried.outcome).collect()
}

impl Example {
    fn run(&self, stack: &Stack) -> Tried {
        let explanation = self.call.explain(stack);
        let denial = explanation.decision.denial();
        let rule = denial.map(|denial| denial.rule.as_str());
        let is_expected = match (rule, self.expects, &self.rule) {
            (None, Effect::Allow, _) | (Some(_), Effect::Deny, None) => true,
            (Some(rule), Effect::Deny, Some(wanted)) => *rule == **wanted,
            (None, Effect::Deny, _) | (Some(_), Effect::Allow, _) => false,
        };
        let reason = denial.and_then(|denial| denial.reason.as_deref());
        let is_told = self.reason.as_deref().is_none_or(|wanted| reason == Some(wanted));
        let expected = match (self.expects, &self.rule) {
            (Effect::Allow, _) => "allow".to_owned(),
            (Effect::Deny, None) => "deny".to_owned(),
            (Effect::Deny, Some(rule)) => rule.to_string(),
        };
        let outcome = TestOutcome {
            pointer: self.pointer.clone(),
            line: self.place.0,
            column: self.place.1,
            name: self.name.as_deref().map(str::to_owned),
            tool: explanation.tool.clone(),
            passed: is_expected && is_told,
            expected,
            decided: rule.unwrap_or("allow").to_owned(),
            expected_reason: self.reason.as_deref().map(str::to_owned),
            reason: reason.map(str::to_owned),
        };
        Tried { outcome, explanation }
    }
}

impl ExampleCall {
    fn explain(&self, stack: &Stack) -> Explanation {
        let input = self.input.as_ref().map(Document::root);
        let history = self.past.seen_by(stack.policies(), &self.server, self.now_ms);
        let history = history.history();
        let facts = |tool| {
            let facts = Facts { now_ms: self.now_ms, ..Facts::new(&self.grant, &self.server, tool) };
            facts.labelled(&self.labels).answered(input).after(Some(&history))
        };
        let tool = match &self.called {
            Called::Tool(tool) => tool,
            Called::Channel(channel, subject) => {
                return stack.explain_channel(*channel, &facts(""), subject.as_deref());
            }
            Called::Method(method) => return stack.explain_method(&facts(""), method),
        };
        let (server, name) = (self.server.to_string(), tool.to_string());
        let definition = Definition::new(server, name, Hash::of(b"tests"), Some(self.schema.clone()));
        let bound = stack.bind(&definition.classed(self.classes.clone()));
        let arguments = self.arguments.as_ref().map(Document::root);
        bound.explain(&facts(tool), arguments.map_or(Arguments::Absent, Arguments::Known))
    }
}
