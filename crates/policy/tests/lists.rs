//! What lists leave out: nothing that a call can have, and, where each comparison has an argument of its own, all of
//! the rest. Asked of every call over a few values.
#![expect(clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use common::{FACTS, definition, document, stack};
use policy::{Arguments, Bound};
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const SCHEMA: &str = r#"{"type": "object", "properties": {"a": {}, "b": {}, "c": {}, "d": {}}}"#;

/// Every value that an argument has in turn, nothing for one that is left out.
fn values() -> [Option<Value>; 6] {
    [None, Some(json!(1)), Some(json!(9)), Some(json!("x1")), Some(json!("y")), Some(json!(["x1"]))]
}

/// A comparison that some of the values pass and others do not.
fn open_check() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"op": "eq", "value": 1}),
        json!({"op": "neq", "value": "y"}),
        json!({"op": "lt", "value": 5}),
        json!({"op": "in", "value": [9, "y"]}),
        json!({"op": "not_in", "value": [1, "x1"]}),
        json!({"op": "exists", "value": true}),
        json!({"op": "exists", "value": false}),
        json!({"op": "prefix", "value": "x"}),
        json!({"op": "regex", "value": "[0-9]$"}),
        json!({"op": "len_gte", "value": 2}),
        json!({"op": "type", "value": "string"}),
    ])
}

/// A comparison with what is known before any call.
fn known() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"path": "server.id", "op": "eq", "value": "imaging"}),
        json!({"path": "server.id", "op": "prefix", "value": "other"}),
        json!({"path": "tool.name", "op": "in", "value": ["x", "y"]}),
        json!({"path": "args.undeclared", "op": "exists", "value": true}),
        json!({"path": "args.undeclared", "op": "eq", "value": 1}),
    ])
}

/// The shape of a condition; the arguments that it reads are dealt out later, each once.
#[derive(Debug, Clone)]
enum Shape {
    Open(Value),
    Known(Value),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Not(Box<Shape>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![3 => open_check().prop_map(Shape::Open), 1 => known().prop_map(Shape::Known)];
    leaf.prop_recursive(3, 4, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(Shape::All),
            prop::collection::vec(inner.clone(), 1..3).prop_map(Shape::Any),
            inner.prop_map(|inner| Shape::Not(Box::new(inner))),
        ]
    })
}

impl Shape {
    /// The condition, reading the next arguments; nothing when there are no more.
    fn condition(&self, names: &mut impl Iterator<Item = &'static str>) -> Option<Value> {
        let mut list =
            |shapes: &[Self]| shapes.iter().map(|shape| shape.condition(names)).collect::<Option<Vec<_>>>();
        Some(match self {
            Self::Open(check) => {
                let mut comparison = check.clone();
                comparison["path"] = json!(format!("args.{}", names.next()?));
                comparison
            }
            Self::Known(comparison) => comparison.clone(),
            Self::All(shapes) => json!({"all": list(shapes)?}),
            Self::Any(shapes) => json!({"any": list(shapes)?}),
            Self::Not(shape) => json!({"not": shape.condition(names)?}),
        })
    }
}

fn is_allowed(bound: &Bound, call: &Value) -> bool {
    let call = document(&call.to_string());
    bound.decide(&FACTS, Arguments::Known(call.root())).is_allow()
}

/// Whether any call over the values is allowed; of arguments that nothing reads there is one value.
fn any_is_allowed(bound: &Bound, call: &mut Value, names: &[&str]) -> bool {
    let Some((name, rest)) = names.split_first() else { return is_allowed(bound, call) };
    values().into_iter().any(|value| {
        match (value, call.as_object_mut()) {
            (Some(value), Some(members)) => members.insert((*name).to_owned(), value),
            (None, Some(members)) => members.remove(*name),
            (_, None) => None,
        };
        any_is_allowed(bound, call, rest)
    })
}

fn n_cases() -> u32 {
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 400 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn where_each_argument_is_read_once_lists_hold_exactly_what_a_call_can_have(
        predicates in prop::collection::vec((any::<bool>(), shape()), 1..4),
    ) {
        let mut unread = NAMES.into_iter();
        let (mut require, mut deny_if) = (Vec::new(), Vec::new());
        for (is_required, shape) in &predicates {
            let Some(condition) = shape.condition(&mut unread) else { return Err(TestCaseError::reject("too long")) };
            let list = if *is_required { &mut require } else { &mut deny_if };
            list.push(json!({"conditions": [condition]}));
        }
        let read: Vec<_> = NAMES.into_iter().filter(|name| !unread.as_slice().contains(name)).collect();
        let policy = json!({"version": "1", "default": "deny", "tools": {"x": {"require": require, "deny_if": deny_if}}});
        let bound = stack(&[&policy.to_string()]).bind(&definition("x", Some(SCHEMA)));
        prop_assert_eq!(bound.listed(), any_is_allowed(&bound, &mut json!({}), &read), "{}", policy);
    }
}

/// What the fragment leaves out: comparisons that exclude each other.
#[test]
fn what_two_comparisons_decide_together_stays_listed() {
    let policy = r#"{"version": "1", "default": "deny", "tools": {"x": {"require": [{"conditions": [
        {"path": "args.a", "op": "eq", "value": 1}, {"path": "args.a", "op": "eq", "value": 2}]}]}}}"#;
    assert!(stack(&[policy]).bind(&definition("x", Some(SCHEMA))).listed());
}
