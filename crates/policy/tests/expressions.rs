//! What holds for every expression and every call: it never panics, answers alike as a requirement and as a denial, and
//! says the same as the comparison that it spells.

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::{FACTS, definition, document};
use policy::{Arguments, Bound, Stack};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(5),
        json!(5.0),
        json!(-0.5),
        json!(1e300),
        json!(9_007_199_254_740_993_u64),
        json!("5"),
        json!("acc-1"),
        json!("é\n"),
    ]);
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(vec!["a", "b", "A"]), inner, 0..3).prop_map(
                |members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            ),
        ]
    })
}

fn arguments() -> impl Strategy<Value = Value> {
    prop::collection::hash_map(prop::sample::select(vec!["a", "b", "c", "B", "a.b"]), value(), 0..4)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What reads a call; `x` is the variable of a macro around.
fn read() -> impl Strategy<Value = String> {
    let names =
        vec!["args.a", "args.b", "args.a.b", "args.c[0]", "args['a.b']", "args.b.a.b", "input.a", "x", "x.a"];
    prop::sample::select(names).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = String> {
    let written =
        prop::sample::select(vec!["5", "0.5", "-1", "1e300", "time.hour", "size(args.c)", "int(args.a)"]);
    prop_oneof![read(), written.prop_map(str::to_owned)].prop_recursive(2, 6, 2, |inner| {
        let sign = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        (inner.clone(), sign, inner).prop_map(|(left, sign, right)| format!("({left} {sign} {right})"))
    })
}

fn text() -> impl Strategy<Value = String> {
    let written = vec!["'acc-1'", "'5'", "tool.name", "string(args.a)", "(args.a + 'x')", "grant.labels[0]"];
    prop_oneof![read(), prop::sample::select(written).prop_map(str::to_owned)]
}

fn list() -> impl Strategy<Value = String> {
    let written = vec!["[5, 'acc-1', args.b]", "['a', x]", "grant.labels", "args.c", "args.a.b"];
    prop::sample::select(written).prop_map(str::to_owned)
}

/// Any expression; `x` is what a macro around the whole stands on.
fn expression() -> impl Strategy<Value = String> {
    let compared = prop::sample::select(vec!["==", "!=", "<", ">="]);
    let asked = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
    let leaf = prop_oneof![
        (number(), compared.clone(), number())
            .prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (text(), compared, text()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (text(), asked, text()).prop_map(|(of, name, other)| format!("{of}.{name}({other})")),
        (read(), list()).prop_map(|(wanted, list)| format!("{wanted} in {list}")),
        text().prop_map(|of| format!("{of}.matches('^acc')")),
        prop::sample::select(vec!["has(args.a)", "has(args.a.b)", "has(x.b)", "'b' in args.a", "true"])
            .prop_map(str::to_owned),
        read(),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let joined = prop::sample::select(vec!["&&", "||", "=="]);
        let by = prop::sample::select(vec!["all", "exists", "exists_one"]);
        prop_oneof![
            3 => (inner.clone(), joined, inner.clone()).prop_map(|(left, sign, right)| format!("({left}) {sign} ({right})")),
            1 => inner.clone().prop_map(|of| format!("!({of})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(one, two, three)| format!("({one} ? {two} : {three})")),
            2 => (list(), by, inner).prop_map(|(list, by, body)| format!("{list}.{by}(x, {})", body.replace("(x,", "(y,"))),
        ]
    })
    .prop_map(|body| format!("args.c.exists(x, {})", body.replace("(x,", "(z,")))
}

fn bind(list: &str, conditions: &Value) -> Option<Bound> {
    let rules = json!({"arguments": {"check": "off"}, list: [{"conditions": [conditions]}]});
    let text = json!({"version": "1", "default": "allow", "tools": {"x": rules}}).to_string();
    let policy = policy::load("p", text.into_bytes()).ok()?;
    Some(Stack::new(vec![Arc::new(policy)]).bind(&definition("x", Some("{}"))))
}

fn passes(bound: &Bound, call: &Value) -> bool {
    let call = document(&call.to_string());
    bound.decide(&FACTS, Arguments::Known(call.root())).is_allow()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_expression_answers_alike(text in expression(), calls in prop::collection::vec(arguments(), 1..4)) {
        let leaf = json!({"cel": text});
        let (Some(require), Some(deny_if)) = (bind("require", &leaf), bind("deny_if", &leaf)) else { return Ok(()) };
        let (opposite, twice) = (json!({"not": leaf}), json!({"cel": format!("!!({text})")}));
        let (opposite, twice) = (bind("deny_if", &opposite).unwrap(), bind("require", &twice).unwrap());
        for call in &calls {
            let holds = passes(&require, call);
            prop_assert!(!(holds && passes(&deny_if, call)), "{text} {call}");
            prop_assert!(require.listed() || !holds, "{text} {call}");
            prop_assert_eq!(holds, passes(&opposite, call), "not of {}", text);
            // Two more parts may be too much for the bound, and never make more of it hold.
            prop_assert!(holds || !passes(&twice, call), "!! of {text} {call}");
        }
    }

    #[test]
    fn a_comparison_says_the_same(
        name in prop::sample::select(vec!["a", "b", "a.b"]),
        (sign, op) in prop::sample::select(vec![("==", "eq"), ("!=", "neq"), ("<", "lt"), ("<=", "lte"), (">", "gt"), (">=", "gte")]),
        wanted in prop::sample::select(vec![json!(5), json!(-0.5), json!("5"), json!("acc-1"), json!(true)]),
        call in arguments(),
    ) {
        let comparison = json!({"path": format!("args.{name}"), "op": op, "value": wanted});
        let expression = json!({"cel": format!("args.{name} {sign} {wanted}")});
        if !matches!(op, "eq" | "neq") && !wanted.is_number() {
            return Ok(());
        }
        let native = bind("require", &comparison).unwrap();
        let spelt = bind("require", &expression).unwrap();
        prop_assert_eq!(passes(&native, &call), passes(&spelt, &call), "{}", expression);
        // In a denial what is missing is an error of the expression, and false for the comparison.
        let (native, spelt) = (bind("deny_if", &comparison).unwrap(), bind("deny_if", &expression).unwrap());
        prop_assert!(passes(&native, &call) || !passes(&spelt, &call), "{}", expression);
    }

    #[test]
    fn any_text_loads_or_says_where(text in "[ -~é\n]{0,40}") {
        let leaf = json!({"cel": text});
        let rules = json!({"deny_if": [{"conditions": [leaf]}]});
        let text = json!({"version": "1", "default": "allow", "tools": {"x": rules}}).to_string();
        if let Err(problems) = policy::load("p", text.into_bytes()) {
            prop_assert!(!problems.is_empty());
        }
    }
}

/// The generator makes enough that loads, so that the properties above are about something.
#[test]
fn enough_of_what_is_generated_loads() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let n_loaded = (0..1000)
        .filter(|_| {
            let text = expression().new_tree(&mut runner).unwrap().current();
            bind("require", &json!({"cel": text})).is_some()
        })
        .count();
    assert!(n_loaded > 400, "{n_loaded}");
}
