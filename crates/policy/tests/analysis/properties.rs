//! What holds for every pair of documents: no call disproves an answer, and every example is decided as it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use policy::{
    Arguments, Bound, DEFAULT_BUDGET, Decision, DenialKind, Diff, Direction, Facts, Policy, Stack, Statement,
    Subject, diff, prove,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{TOOLS, arguments, comparison, pair, policy};

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

/// Documents by which the parts of a statement are judged: they allow where each comparison is true.
fn judge(comparisons: &[Value]) -> Stack {
    stack(
        &json!({"version": "1", "default": "allow", "all_tools": {"require": [{"conditions": comparisons}]}}),
    )
}

/// `never: A and not (B) and tool = "x"`, as text.
fn statement(all: &[Value], not_all: &[Value], tool: Option<&str>) -> String {
    let said = |comparisons: &[Value]| {
        let each: Vec<_> = comparisons.iter().map(said).collect();
        if each.is_empty() { "true".to_owned() } else { each.join(" and ") }
    };
    let tool = tool.map(|tool| format!(" and tool = {tool}")).unwrap_or_default();
    format!("never: {} and not ({}){tool}", said(all), said(not_all))
}

fn said(comparison: &Value) -> String {
    let (path, op, value) = (&comparison["path"], &comparison["op"], &comparison["value"]);
    let (path, op) = (path.as_str().unwrap(), op.as_str().unwrap());
    match value.get("op") {
        Some(inner) => format!("{path} {op} {} {}", inner.as_str().unwrap(), value["value"]),
        None => format!("{path} {op} {value}"),
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
fn told(diff: &Diff) -> BTreeSet<(&str, Direction)> {
    let examples = diff.examples.iter().map(|example| (example.call.tool.as_str(), example.direction));
    let undecided = diff.undecided.iter().map(|undecided| (undecided.tool.as_str(), undecided.direction));
    examples.chain(undecided).collect()
}

/// Many more where a long run is asked for. Each walks over some thousand calls.
fn n_cases() -> u32 {
    let asked = || std::env::var("PROPTEST_CASES").ok().and_then(|number| number.parse().ok());
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { asked().unwrap_or(100) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_call_disproves_a_diff((old, new) in pair()) {
        let (old_stack, new_stack) = (stack(&old), stack(&new));
        let diff = diff(&old_stack, &new_stack, None, DEFAULT_BUDGET);
        let said = told(&diff);
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
    fn no_call_disproves_a_proof(
        document in policy(),
        all in prop::collection::vec(comparison(), 0..3),
        not_all in prop::collection::vec(comparison(), 1..3),
        tool in prop::option::of(prop::sample::select(TOOLS.to_vec())),
    ) {
        let (stack, judges) = (stack(&document), [judge(&all), judge(&not_all)]);
        let text = statement(&all, &not_all, tool);
        let proof = prove(&stack, &Statement::parse(&text).unwrap(), None, DEFAULT_BUDGET);
        let disproves = |name: &str, facts: &Facts<'_>, arguments: Arguments<'_>| {
            let is_allowed = |stack: &Stack| outcome(&bind(stack, name), facts, arguments).0;
            let is_meant = tool.is_none_or(|tool| tool == name);
            is_meant && is_allowed(&stack) && is_allowed(&judges[0]) && !is_allowed(&judges[1])
        };
        for example in &proof.counterexamples {
            let call = &example.call;
            let arguments = Arguments::Known(call.arguments.root());
            prop_assert!(disproves(&call.tool, &call.facts(), arguments), "{text}\n{document}\n{call:?}");
        }
        if proof.is_proved() {
            for call in arguments().iter().step_by(3) {
                for name in TOOLS {
                    let facts = Facts::new("g", "server", name).at(6 * 3_600_000).labelled(&[]);
                    let is_disproved = disproves(name, &facts, Arguments::Known(call.root()));
                    prop_assert!(!is_disproved, "{text}\n{document}\n{}", call.text());
                }
            }
        }
    }

    #[test]
    fn a_document_does_not_differ_from_itself(document in policy()) {
        let (old, new) = (stack(&document), stack(&document));
        prop_assert!(diff(&old, &new, None, DEFAULT_BUDGET).is_none());
    }
}
