//! What holds for every pair of documents: no call disproves an answer, and every example is decided as it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use policy::{
    Arguments, Bound, DEFAULT_BUDGET, Decision, DenialKind, Diff, Direction, Facts, Policy, Stack, Subject,
    diff,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::generate::{TOOLS, arguments, pair, policy};

fn load(document: &Value) -> Arc<Policy> {
    Arc::new(policy::load("p", document.to_string().into_bytes()).unwrap())
}

fn stack(document: &Value) -> Stack {
    Stack::new(vec![load(document)])
}

/// Whether a call is allowed, and whether after an approval.
fn outcome(bound: &Bound, facts: &Facts<'_>, arguments: Arguments<'_>) -> (bool, bool) {
    match bound.decide(facts, arguments) {
        Decision::Allow(_) => (true, false),
        Decision::Deny(denial) if denial.kind == DenialKind::Approval => (true, true),
        Decision::Deny(_) => (false, false),
    }
}

fn direction(old: (bool, bool), new: (bool, bool)) -> Option<Direction> {
    match (old, new) {
        ((true, _), (false, _)) => Some(Direction::Closes),
        ((false, _), (true, _)) => Some(Direction::Opens),
        ((true, false), (true, true)) => Some(Direction::AsksNow),
        ((true, true), (true, false)) => Some(Direction::AsksNoMore),
        _ => None,
    }
}

/// The differences that a walk over many calls finds.
fn walked(old: &Stack, new: &Stack) -> BTreeSet<(&'static str, Direction)> {
    let (labels, calls) = ([Vec::new(), vec!["l".to_owned()]], arguments());
    let mut found = BTreeSet::new();
    for tool in TOOLS {
        let bounds = [bind(old, tool), bind(new, tool)];
        for (grant, hour) in [("g", 6), ("h", 18)] {
            for labels in &labels {
                let facts = Facts::new(grant, "server", tool).at(hour * 3_600_000).labelled(labels);
                for call in &calls {
                    let [old, new] = [0, 1]
                        .map(|side: usize| outcome(&bounds[side], &facts, Arguments::Known(call.root())));
                    found.extend(direction(old, new).map(|direction| (tool, direction)));
                }
            }
        }
    }
    found
}

fn bind(stack: &Stack, tool: &str) -> Bound {
    stack.bind(&Subject::named("server", tool).definition())
}

/// The tools and directions that an answer says something of. A tool that no document names is one of many.
fn said(diff: &Diff) -> BTreeSet<(&str, Direction)> {
    let examples = diff.examples.iter().map(|example| (example.call.tool.as_str(), example.direction));
    let undecided = diff.undecided.iter().map(|undecided| (undecided.tool.as_str(), undecided.direction));
    examples.chain(undecided).collect()
}

fn n_cases() -> u32 {
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 300 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_call_disproves_a_diff((old, new) in pair()) {
        let (old_stack, new_stack) = (stack(&old), stack(&new));
        let diff = diff(&old_stack, &new_stack, None, DEFAULT_BUDGET);
        let said = said(&diff);
        for found in walked(&old_stack, &new_stack) {
            let (tool, direction) = found;
            let is_other = |(said, of): &(&str, Direction)| *said != "x" && *of == direction;
            prop_assert!(
                said.contains(&found) || (tool != "x" && said.iter().any(is_other)),
                "{found:?}\n{old}\n{new}"
            );
        }
    }

    #[test]
    fn every_example_is_decided_as_it_says((old, new) in pair()) {
        let (old_stack, new_stack) = (stack(&old), stack(&new));
        for example in diff(&old_stack, &new_stack, None, DEFAULT_BUDGET).examples {
            let call = &example.call;
            let decided = [&old_stack, &new_stack].map(|stack| {
                let bound = bind(stack, &call.tool);
                outcome(&bound, &call.facts(), Arguments::Known(call.arguments.root()))
            });
            prop_assert_eq!(direction(decided[0], decided[1]), Some(example.direction), "{:?}", call);
        }
    }

    #[test]
    fn a_document_does_not_differ_from_itself(document in policy()) {
        let (old, new) = (stack(&document), stack(&document));
        prop_assert!(diff(&old, &new, None, DEFAULT_BUDGET).is_none());
    }
}
