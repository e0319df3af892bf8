//! Small documents, and all calls that tell them apart.

use json::Document;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::document;

pub const TOOLS: [&str; 3] = ["x", "xy", "other_tool"];

fn check() -> impl Strategy<Value = (&'static str, Value)> {
    let text = || prop::sample::select(vec![json!("p"), json!("q"), json!(1), json!(2), json!(true)]);
    let number = prop::sample::select(vec![json!(1), json!(1.5), json!(2)]);
    prop_oneof![
        (prop::sample::select(vec!["eq", "neq", "contains"]), text()),
        (prop::sample::select(vec!["lt", "lte", "gt", "gte"]), number),
        (
            prop::sample::select(vec!["in", "not_in"]),
            prop::collection::vec(text(), 1..3).prop_map(Value::from)
        ),
        (Just("exists"), any::<bool>().prop_map(Value::from)),
        prop::sample::select(vec![
            ("prefix", json!("p")),
            ("suffix", json!("q")),
            ("regex", json!("^p")),
            ("glob", json!("p*")),
            ("len_lte", json!(1)),
            ("len_gte", json!(1)),
            ("len_gte", json!(2)),
            ("type", json!("integer")),
            ("type", json!("number")),
            ("type", json!(["string", "array"])),
            ("type", json!("object")),
        ]),
    ]
}

/// A comparison of a condition.
pub fn comparison() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec!["args.a", "args.a", "args.b", "args.a.b"]);
    let list = prop::sample::select(vec!["args.a", "args.b[*]", "args.a[*].b"]);
    let of_list = (list, prop::sample::select(vec!["each", "some"]), check()).prop_map(
        |(path, quantifier, (op, value))| json!({"path": path, "op": quantifier, "value": {"op": op, "value": value}}),
    );
    let other = prop::sample::select(vec![
        json!({"path": "args.a", "op": "eq_path", "value": "args.b"}),
        json!({"path": "args.b", "op": "eq_path", "value": "args.a"}),
        json!({"path": "grant.id", "op": "eq", "value": "g"}),
        json!({"path": "grant.labels", "op": "contains", "value": "l"}),
        json!({"path": "time.hour", "op": "lt", "value": 12}),
        json!({"path": "tool.name", "op": "prefix", "value": "x"}),
        json!({"path": "input.a", "op": "eq", "value": 1}),
    ]);
    prop_oneof![
        6 => (path, check()).prop_map(|(path, (op, value))| json!({"path": path, "op": op, "value": value})),
        2 => of_list,
        1 => other,
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    comparison().prop_recursive(2, 5, 2, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..3);
        prop_oneof![
            list().prop_map(|list| json!({"all": list})),
            list().prop_map(|list| json!({"any": list})),
            inner.clone().prop_map(|one| json!({"not": one})),
        ]
    })
}

fn predicates() -> impl Strategy<Value = Value> {
    let predicate = prop::collection::vec(condition(), 0..3).prop_map(|all| json!({"conditions": all}));
    prop::collection::vec(predicate, 0..3).prop_map(Value::from)
}

fn rules() -> impl Strategy<Value = Value> {
    let sums = prop::option::weighted(0.1, Just("args.a"));
    let asks = prop::option::weighted(0.1, condition());
    let numbers = prop::option::weighted(0.1, Just("arbitrary"));
    (predicates(), predicates(), sums, asks, numbers).prop_map(|(require, deny_if, sums, asks, numbers)| {
        let mut rules = json!({"require": require, "deny_if": deny_if});
        if let Some(path) = sums {
            rules["limits"] = json!([{"counter": "c", "window": "day", "max": 5, "scope": "grant", "increment_from": path}]);
        }
        if let Some(when) = asks {
            rules["approval"] = json!({"when": [when]});
        }
        if let Some(numbers) = numbers {
            rules["numbers"] = json!(numbers);
        }
        rules
    })
}

/// A small document.
pub fn policy() -> impl Strategy<Value = Value> {
    let default = prop::sample::select(vec!["allow", "deny"]);
    let hide = prop::option::weighted(0.1, prop::sample::select(vec![json!(["x"]), json!(["xy*"])]));
    let pattern = prop::option::weighted(0.3, rules());
    let all = prop::option::weighted(0.3, rules());
    (default, hide, rules(), pattern, all).prop_map(|(default, hide, own, pattern, all)| {
        let mut document = json!({"version": "1", "default": default, "tools": {"x": own}});
        if let Some(hide) = hide {
            document["hide"] = hide;
        }
        if let Some(rules) = pattern {
            document["tools"]["x*"] = rules;
        }
        if let Some(rules) = all {
            document["all_tools"] = rules;
        }
        document
    })
}

/// A document and the same with a change.
pub fn pair() -> impl Strategy<Value = (Value, Value)> {
    (policy(), policy(), 0_usize..4).prop_map(|(old, other, kind)| {
        let mut new = old.clone();
        match kind {
            0 => new = other,
            1 => new["tools"]["x"]["deny_if"] = other["tools"]["x"]["deny_if"].clone(),
            2 => new["tools"]["x"]["require"] = other["tools"]["x"]["require"].clone(),
            _ => new["default"] = other["default"].clone(),
        }
        (old, new)
    })
}

/// All arguments of a small space.
pub fn arguments() -> Vec<Document> {
    let values = [
        "null",
        "\"p\"",
        "\"q\"",
        "\"pq\"",
        "\"\"",
        "1",
        "1.5",
        "2",
        "3",
        "9007199254740993",
        "true",
        "false",
        "[]",
        "[\"p\"]",
        "[1]",
        "[2,\"q\"]",
        "[null]",
        "[{\"b\":\"p\"}]",
        "[{\"b\":1},{}]",
        "{}",
        "{\"b\":\"p\"}",
        "{\"b\":1}",
        "{\"b\":[1]}",
    ];
    let mut texts = Vec::new();
    for a in values {
        for b in ["null", "\"p\"", "\"q\"", "1", "2", "true", "[]", "[\"p\"]", "[1,2]", "{}"] {
            let member = |name: &str, value: &str| (value != "null").then(|| format!("\"{name}\":{value}"));
            let members: Vec<_> = [member("a", a), member("b", b)].into_iter().flatten().collect();
            texts.push(format!("{{{}}}", members.join(",")));
        }
    }
    texts.push("{\"a\":1,\"A\":1}".to_owned());
    texts.push("{\"a.b\":1}".to_owned());
    texts.into_iter().map(|text| document(&text)).collect()
}
