//! What holds for every document and every call.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::{FACTS, definition, document};
use policy::{
    Arguments, Bound, Category, Classes, Decision, Foreseen, Foresight, Policy, Risk, Schema, Stack,
    normalise,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const TOOLS: [&str; 3] = ["x", "y", "z"];
const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A plain value, of every type and of every kind of number.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(vec![
            json!("s3://in/"),
            json!("5"),
            json!(""),
            json!("true"),
            json!("{\"a\": 1}"),
            json!(5),
            json!(5.0),
            json!(-1),
            json!(0.1),
            json!(1e300),
            json!(9_007_199_254_740_993_u64),
            json!(true),
            json!(false),
        ]),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |double| double.is_finite()).prop_map(Value::from),
        "[a-z0-9/.\\-]{0,6}".prop_map(Value::from),
    ]
}

fn argument() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![4 => scalar(), 1 => Just(Value::Null)];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(NAMES.to_vec()), inner, 0..3).prop_map(
                |members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            ),
        ]
    })
}

fn arguments() -> impl Strategy<Value = Value> {
    prop::collection::hash_map(prop::sample::select(NAMES.to_vec()), argument(), 0..4)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A scalar that a document may compare with.
fn operand() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!("s3://in/"),
        json!("5"),
        json!(5),
        json!(-1),
        json!(0.1),
        json!(true),
        json!(1e300),
    ])
}

fn check() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        (prop::sample::select(vec!["eq", "neq", "contains"]), operand()),
        (
            prop::sample::select(vec!["lt", "lte", "gt", "gte"]),
            prop::sample::select(vec![json!(5), json!(0.1), json!(-1)])
        ),
        (
            prop::sample::select(vec!["in", "not_in"]),
            prop::collection::vec(operand(), 1..4).prop_map(Value::from)
        ),
        (Just("exists"), any::<bool>().prop_map(Value::from)),
        (Just("regex"), prop::sample::select(vec![json!("^s3://"), json!("\\d"), json!(".*")])),
        prop::sample::select(vec![
            ("prefix", json!("s3:")),
            ("suffix", json!("5")),
            ("glob", json!("s*")),
            ("glob", json!("**")),
            ("host_in", json!(["in", "*.in"])),
            ("cidr", json!("0.0.0.0/0")),
            ("path_under", json!("/a")),
            ("len_lte", json!(1)),
            ("len_gte", json!(2)),
            ("type", json!("integer")),
            ("type", json!(["string", "array"])),
            ("eq_path", json!("args.b")),
            ("within_schema", json!({"type": "object", "required": ["a"]})),
        ]),
    ]
}

fn comparison() -> impl Strategy<Value = Value> {
    let path = prop::sample::select(vec!["args.a", "args.b", "args.c", "args.a.b", "args.z"]);
    let list = prop::sample::select(vec!["args.a", "args.b[*]", "args.a[*].b", "args.c[*][*]", "args.z[*]"]);
    let of_list = (list, prop::sample::select(vec!["each", "some"]), check()).prop_map(
        |(path, quantifier, (op, value))| json!({"path": path, "op": quantifier, "value": {"op": op, "value": value}}),
    );
    let fact = prop::sample::select(vec![
        json!({"path": "time.hour", "op": "lt", "value": 12}),
        json!({"path": "time.weekday", "timezone": "Asia/Tokyo", "op": "neq", "value": "monday"}),
        json!({"path": "grant.id", "op": "eq", "value": "grant-1"}),
        json!({"path": "grant.labels", "op": "contains", "value": "a"}),
        json!({"path": "server.id", "op": "neq", "value": "imaging"}),
        json!({"path": "tool.name", "op": "eq", "value": "x"}),
        json!({"path": "input.a", "op": "eq", "value": 5}),
    ]);
    let expression = prop::sample::select(vec![
        "args.a == 5 || args.b.startsWith('s3')",
        "has(args.a) && !(args.a in ['5', 5])",
        "args.a.all(x, x == args.b) && size(args.a) < 3",
        "tool.name == 'x' && args.a.b > 0.1",
        "args.a + args.b == 10 ? time.hour < 12 : args.c.exists(x, has(x.a))",
    ])
    .prop_map(|text| json!({ "cel": text }));
    prop_oneof![
        1 => expression,
        1 => fact,
        4 => (path, check()).prop_map(|(path, (op, value))| json!({"path": path, "op": op, "value": value})),
        1 => of_list,
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    comparison().prop_recursive(3, 8, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(|list| json!({"all": list})),
            list().prop_map(|list| json!({"any": list})),
            inner.clone().prop_map(|one| json!({"not": one})),
        ]
    })
}

fn predicate() -> impl Strategy<Value = Value> {
    (prop::collection::vec(condition(), 0..3), any::<bool>()).prop_map(|(conditions, speaks)| {
        let mut predicate = json!({"conditions": conditions});
        if speaks {
            predicate["on_deny"] = json!("no");
        }
        predicate
    })
}

fn limit() -> impl Strategy<Value = Value> {
    let scope = prop::sample::select(vec![
        json!("grant"),
        json!("server"),
        json!("tool"),
        json!("all"),
        json!(["grant", "tool"]),
        json!(["all", "grant"]),
        json!(["args.a", "grant"]),
        json!(["server", "args.a.b", "args.c"]),
    ]);
    let more = prop::option::weighted(
        0.3,
        prop::sample::select(vec![
            ("release", json!("never")),
            ("release", json!("not_sent")),
            ("timezone", json!("Europe/Berlin")),
            ("kind", json!("concurrency")),
        ]),
    );
    (0_usize..5, scope, 0_u32..50, more).prop_map(|(kind, scope, max, more)| {
        let counter = ["calls", "sum", "sums", "cost", "length"][kind];
        let mut limit = json!({"counter": counter, "window": "90s", "max": max, "scope": scope});
        match counter {
            "sum" => limit["increment_from"] = json!("args.a"),
            "sums" => limit["increment_from"] = json!("args.a[*].b"),
            "cost" => limit["cost"] = json!(2.5),
            "length" => limit["cost"] = json!({"len": "args.b"}),
            _ => {}
        }
        match more {
            Some(("timezone", zone)) => {
                limit["timezone"] = zone;
                limit["align"] = json!("calendar");
                limit["window"] = json!("month");
            }
            Some(("kind", _)) => {
                limit = json!({"counter": "slots", "kind": "concurrency", "max": max, "scope": scope});
            }
            Some((key, value)) => limit[key] = value,
            None => {}
        }
        limit
    })
}

fn rules() -> impl Strategy<Value = Value> {
    let lists = (
        prop::option::weighted(0.4, prop::collection::vec(predicate(), 0..3)),
        prop::option::weighted(0.4, prop::collection::vec(predicate(), 0..3)),
        prop::option::weighted(0.4, prop::collection::vec(limit(), 0..2)),
    );
    let words = (
        prop::option::weighted(0.1, prop::sample::select(vec!["deny", "require_approval"])),
        prop::option::weighted(0.2, Just("10/minute")),
        prop::option::weighted(0.2, any::<bool>()),
        prop::option::weighted(0.2, prop::sample::select(vec!["off", "schema"])),
        prop::option::weighted(0.2, prop::sample::select(vec!["allow", "deny"])),
    );
    (lists, words).prop_map(|((require, deny_if, limits), (action, rate, repair, check, unknown))| {
        let mut rules = serde_json::Map::new();
        let mut put =
            |key: &str, value: Option<Value>| value.and_then(|value| rules.insert(key.to_owned(), value));
        put("require", require.map(Value::from));
        put("deny_if", deny_if.map(Value::from));
        put("limits", limits.map(Value::from));
        put("action", action.map(Value::from));
        put("rate_limit", rate.map(Value::from));
        put("repair", repair.map(Value::from));
        let mut arguments = serde_json::Map::new();
        arguments.extend(check.map(|word| ("check".to_owned(), json!(word))));
        arguments.extend(unknown.map(|word| ("unknown".to_owned(), json!(word))));
        rules.insert("arguments".to_owned(), Value::Object(arguments));
        Value::Object(rules)
    })
}

/// The keys on the way to the rules of a selector.
fn selector() -> impl Strategy<Value = &'static [&'static str]> {
    prop::sample::select(vec![
        &["tools", "x*"][..],
        &["tools", "*"],
        &["categories", "read"],
        &["categories", "write"],
        &["risk", "high"],
        &["servers", "imaging", "tools", "x"],
        &["servers", "imaging", "all_tools"],
        &["servers", "other", "tools", "x"],
        &["servers", "imaging", "categories", "read"],
    ])
}

/// Puts rules where a selector says. Those of classes check no arguments, because checking also mends.
fn select(document: &mut Value, selector: &[&str], mut rules: Value) {
    if selector.contains(&"categories") || selector.contains(&"risk") {
        let members = rules.as_object_mut().unwrap();
        members.retain(|key, _| key != "arguments" && key != "repair");
    }
    let mut place = document;
    for key in selector {
        place = &mut place[*key];
    }
    *place = rules;
}

/// A flow without its id.
fn flow() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"after": "phi", "deny": "egress"}),
        json!({"after": ["phi", "big"], "deny": "big", "within": "90s", "unless": "approved"}),
        json!({"tool": "y", "needs": {"tool": "x", "same": ["args.a", "args.b.c"]}}),
        json!({"tool": "z*", "needs": {"tool": "y", "within": "1h"}, "on_deny": "no"}),
    ])
}

fn add_flows(document: &mut Value, mut flows: Vec<Value>) {
    document["labels"] = json!({"x": ["phi"], "category:read": ["big"], "z*": ["egress", "big"]});
    for (index, flow) in flows.iter_mut().enumerate() {
        flow["id"] = json!(format!("f{index}"));
    }
    document["flows"] = json!(flows);
}

fn policy_document() -> impl Strategy<Value = Value> {
    let tools = prop::collection::hash_map(prop::sample::select(TOOLS.to_vec()), rules(), 0..3);
    let default = prop::sample::select(vec!["allow", "deny"]);
    let hide =
        prop::option::weighted(0.2, prop::collection::vec(prop::sample::select(vec!["x", "y", "q"]), 0..2));
    let selected = prop::collection::vec((selector(), rules()), 0..3);
    let flows = prop::option::weighted(0.2, prop::collection::vec(flow(), 0..3));
    (default, hide, prop::option::weighted(0.3, rules()), tools, selected, flows).prop_map(
        |(default, hide, all_tools, tools, selected, flows)| {
            let mut document = json!({"version": "1", "default": default, "tools": tools});
            if let Some(flows) = flows {
                add_flows(&mut document, flows);
            }
            for (selector, rules) in selected {
                select(&mut document, selector, rules);
            }
            if let Some(hide) = hide {
                document["hide"] = json!(hide);
            }
            if let Some(rules) = all_tools {
                document["all_tools"] = rules;
            }
            document
        },
    )
}

/// A document about how one argument is checked and what it may be.
fn mending_document() -> impl Strategy<Value = Value> {
    let condition = prop::sample::select(vec![
        json!({"path": "args.a", "op": "in", "value": ["5", 6]}),
        json!({"path": "args.a", "op": "gt", "value": 4}),
        json!({"path": "args.a.b", "op": "exists", "value": true}),
        json!({"path": "args.a.b", "op": "eq", "value": 2}),
        json!({"path": "args.a", "op": "regex", "value": "5"}),
    ]);
    let words = (
        prop::option::of(prop::sample::select(vec!["off", "schema"])),
        prop::option::of(any::<bool>()),
        prop::sample::select(vec!["require", "deny_if"]),
        prop::collection::vec(condition, 0..2),
    );
    words.prop_map(|(check, repair, list, conditions)| {
        let mut rules = serde_json::Map::new();
        rules.extend(check.map(|check| ("arguments".to_owned(), json!({"check": check}))));
        rules.extend(repair.map(|repair| ("repair".to_owned(), json!(repair))));
        let predicates: Vec<_> =
            conditions.into_iter().map(|condition| json!({"conditions": [condition]})).collect();
        rules.insert(list.to_owned(), json!(predicates));
        json!({"version": "1", "default": "allow", "all_tools": rules})
    })
}

/// Values that some schema has mended.
fn mendable() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![json!("5"), json!(5), json!("6"), json!("{\"b\": 1}"), json!({"b": 1})])
}

fn schema() -> impl Strategy<Value = Value> {
    let property = prop::sample::select(vec![
        json!({}),
        json!({"type": "integer"}),
        json!({"type": "string"}),
        json!({"type": "object"}),
        json!({"anyOf": [{"type": "number"}, {"type": "null"}]}),
        json!({"type": "array", "items": {"type": "string"}}),
    ]);
    prop::collection::hash_map(prop::sample::select(NAMES.to_vec()), property, 0..4)
        .prop_map(|properties| json!({"type": "object", "properties": properties}))
}

fn load(document: &Value) -> Arc<Policy> {
    Arc::new(policy::load("p", document.to_string().into_bytes()).unwrap())
}

fn bind(policies: &[Arc<Policy>], schema: &Value) -> Bound {
    Stack::new(policies.to_vec()).bind(&definition("x", Some(&schema.to_string())))
}

/// The effect, the step, the policy, the reason, the amounts: all but the ids, which point into the text.
fn outcome(bound: &Bound, arguments: &Value) -> String {
    let arguments = document(&arguments.to_string());
    match bound.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Deny(denial) => {
            format!("{:?} {:?} {:?} {:?}", denial.kind, denial.policy, denial.reason, denial.operands)
        }
        Decision::Allow(allowed) => {
            let limits: Vec<_> = allowed
                .limits
                .iter()
                .map(|demand| {
                    (demand.spec.counter.clone(), demand.spec.window, demand.spec.max, demand.amount)
                })
                .collect();
            format!(
                "allow {:?} {limits:?}",
                allowed.repaired.map(|repaired| repaired.document.text().to_owned())
            )
        }
    }
}

fn is_allowed(bound: &Bound, arguments: &Value) -> bool {
    let arguments = document(&arguments.to_string());
    bound.decide(&FACTS, Arguments::Known(arguments.root())).is_allow()
}

/// Many more where a long run is asked for.
fn n_cases() -> u32 {
    if std::env::var_os("TOOLGATE_LONG").is_some() { 100_000 } else { 400 }
}

/// What is hidden of a call: nothing but names, or some places.
fn hidden() -> impl Strategy<Value = Option<Vec<String>>> {
    let place =
        prop::sample::select(vec!["/a", "/b", "/c", "/d", "/a/b", "/b/0", "/a/0/b", "/c/0/1", "/*/b", ""]);
    prop::option::of(prop::collection::vec(place.prop_map(String::from), 1..3))
}

/// Takes out what is at some places, which may leave nothing, a null or another text there.
fn take_out(arguments: &mut Value, places: &[String], left: &Value) {
    for place in places {
        if let Some(value) = arguments.pointer_mut(place).filter(|_| !place.is_empty()) {
            *value = left.clone();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_unlisted_is_ever_allowed(policy in policy_document(), schema in schema(), calls in prop::collection::vec(arguments(), 1..6)) {
        let bound = bind(&[load(&policy)], &schema);
        for call in &calls {
            prop_assert!(bound.listed() || !is_allowed(&bound, call), "{policy} {schema} {call}");
        }
    }

    #[test]
    fn a_further_restriction_on_a_named_tool_never_allows_more(
        mut policy in policy_document(),
        own in rules(),
        restriction in prop_oneof![
            predicate().prop_map(|predicate| ("require", predicate)),
            predicate().prop_map(|predicate| ("deny_if", predicate)),
            limit().prop_map(|limit| ("limits", limit)),
        ],
        schema in schema(),
        calls in prop::collection::vec(arguments(), 1..6),
    ) {
        policy["tools"]["x"] = own;
        let mut narrow = policy.clone();
        let rules = &mut narrow["tools"]["x"];
        let (key, added) = restriction;
        match rules.get_mut(key).and_then(Value::as_array_mut) {
            Some(list) => list.push(added),
            None => rules[key] = json!([added]),
        }
        let (wide, narrow) = (bind(&[load(&policy)], &schema), bind(&[load(&narrow)], &schema));
        for call in &calls {
            prop_assert!(is_allowed(&wide, call) || !is_allowed(&narrow, call), "{policy} {call}");
        }
    }

    #[test]
    fn a_restricting_selector_never_allows_more(
        mut policy in policy_document(), selector in selector(), restriction in predicate(), at in any::<bool>(), schema in schema(), call in arguments(),
    ) {
        policy["tools"]["x"] = json!({});
        let mut narrow = policy.clone();
        let mut rules = selector.iter().fold(&policy, |place, key| &place[*key]).clone();
        let list = if at { "require" } else { "deny_if" };
        match rules.get_mut(list).and_then(Value::as_array_mut) {
            Some(list) => list.push(restriction),
            None => rules[list] = json!([restriction]),
        }
        select(&mut narrow, selector, rules);
        let (wide, narrow) = (bind(&[load(&policy)], &schema), bind(&[load(&narrow)], &schema));
        prop_assert!(is_allowed(&wide, &call) || !is_allowed(&narrow, &call), "{policy} {call}");
    }

    /// What is not known of a tool only ever denies.
    #[test]
    fn a_tool_of_unknown_class_is_allowed_no_more_than_one_of_any_class(
        policy in policy_document(), schema in schema(), call in arguments(),
        category in prop::sample::select(Category::ALL.to_vec()), risk in prop::sample::select(Risk::ALL.to_vec()),
    ) {
        let stack = Stack::new(vec![load(&policy)]);
        let definition = definition("x", Some(&schema.to_string()));
        let known = Classes::plausible(vec![category], vec![risk]).frozen(category, risk);
        let (unknown, known) = (stack.bind(&definition), stack.bind(&definition.classed(known)));
        prop_assert!(is_allowed(&known, &call) || !is_allowed(&unknown, &call), "{policy} {call}");
    }

    #[test]
    fn a_further_policy_never_allows_more(
        policy in policy_document(), further in policy_document(), schema in schema(), call in arguments(),
    ) {
        let (one, both) = (load(&policy), load(&further));
        let alone = bind(std::slice::from_ref(&one), &schema);
        for stack in [bind(&[one.clone(), both.clone()], &schema), bind(&[both, one], &schema)] {
            prop_assert!(is_allowed(&alone, &call) || !is_allowed(&stack, &call));
        }
    }

    #[test]
    fn a_further_policy_never_has_more_mended(one in mending_document(), two in mending_document(), value in mendable(), kind in prop::sample::select(vec!["integer", "object", "string"])) {
        let schema = json!({"type": "object", "properties": {"a": {"type": kind}}});
        let call = json!({"a": value});
        let (one, two) = (load(&one), load(&two));
        let alone = bind(std::slice::from_ref(&one), &schema);
        for stack in [bind(&[one.clone(), two.clone()], &schema), bind(&[two, one], &schema)] {
            prop_assert!(is_allowed(&alone, &call) || !is_allowed(&stack, &call), "{call}");
        }
    }

    #[test]
    fn normalising_never_changes_a_decision(policy in policy_document(), schema in schema(), calls in prop::collection::vec(arguments(), 1..6)) {
        let policy = load(&policy);
        let text = normalise(&policy);
        let again = Arc::new(policy::load("p", text.clone().into_bytes()).unwrap());
        prop_assert_eq!(policy.revision_hash(), again.revision_hash());
        prop_assert_eq!(&normalise(&again), &text);
        let (before, after) = (bind(&[policy], &schema), bind(&[again], &schema));
        prop_assert_eq!(before.listed(), after.listed());
        for call in &calls {
            prop_assert_eq!(outcome(&before, call), outcome(&after, call));
        }
    }

    #[test]
    fn explaining_agrees_with_deciding(policy in policy_document(), schema in schema(), call in arguments()) {
        let bound = bind(&[load(&policy)], &schema);
        let arguments = document(&call.to_string());
        let arguments = Arguments::Known(arguments.root());
        let explanation = bound.explain(&FACTS, arguments);
        let first = explanation.findings.iter().find(|finding| finding.answer == policy::Answer::Denies);
        let decided = explanation.decision.denial();
        prop_assert_eq!(first.map(|finding| &finding.rule), decided.map(|denial| &denial.rule));
        prop_assert!(!explanation.to_string().is_empty());
    }

    /// Repair only ever replaces strings, by exactly what they encode, and what comes out fits as it is.
    #[test]
    fn repair_is_exact_and_final(schema in schema(), call in arguments()) {
        let bound = bind(&[load(&json!({"version": "1", "default": "allow"}))], &schema);
        let strict = bind(&[load(&json!({"version": "1", "default": "allow", "all_tools": {"repair": false}}))], &schema);
        let received = document(&call.to_string());
        if let Decision::Allow(allowed) = bound.decide(&FACTS, Arguments::Known(received.root()))
            && let Some(repaired) = allowed.repaired
        {
            let mended: Value = serde_json::from_str(repaired.document.text()).unwrap();
            let mut expected = call.clone();
            for pointer in &repaired.pointers {
                let place = expected.pointer_mut(pointer).unwrap();
                *place = serde_json::from_str(place.as_str().unwrap()).unwrap();
            }
            prop_assert_eq!(&mended, &expected);
            prop_assert!(is_allowed(&strict, &mended));
            prop_assert!(!is_allowed(&strict, &call));
        }
    }

    #[test]
    fn loading_and_compiling_never_panic(text in ".{0,80}", json in argument()) {
        let _ = policy::load("p", text.into_bytes());
        let _ = policy::load("p", json.to_string().into_bytes());
        let _ = Schema::compile(document(&json.to_string()).root());
    }

    /// A document with one word exchanged loads or says where it is wrong; it never panics.
    #[test]
    fn damaged_documents_never_panic(policy in policy_document(), at in 0_usize..2000, with in any::<char>()) {
        let mut letters: Vec<char> = policy.to_string().chars().collect();
        let index = at % letters.len();
        letters[index] = with;
        let text: String = letters.into_iter().collect();
        if let Err(problems) = policy::load("p", text.into_bytes()) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1));
        }
    }

    /// No text of a denial holds any part of an argument's value.
    #[test]
    fn denials_hold_no_values(policy in policy_document(), schema in schema(), mut call in arguments(), at in 0_usize..4) {
        let secret = "q7SECRETq7";
        call[NAMES[at]] = json!({"deep": [secret, {"k": secret}], secret: secret});
        let bound = bind(&[load(&policy)], &schema);
        let arguments = document(&call.to_string());
        let explanation = bound.explain(&FACTS, Arguments::Known(arguments.root()));
        prop_assert!(!explanation.to_string().contains("SECRET"));
        let findings = format!("{:?}", explanation.findings);
        prop_assert!(!findings.contains("SECRET"));
    }

    /// What is foreseen of a call whose values are not all known is what is decided once they are.
    #[test]
    fn what_is_foreseen_is_decided(
        document in policy_document(), schema in schema(), arguments in arguments(), hidden in hidden(),
        left in prop::sample::select(vec![Value::Null, json!("x"), json!(5), json!({"b": 7})]),
    ) {
        let bound = bind(&[load(&document)], &schema);
        let known = common::document(&arguments.to_string());
        let facts = FACTS.labelled(&[]).at(1_795_180_251_007);
        let decision = bound.decide(&facts, Arguments::Known(known.root()));
        let fits = policy::load("open", br#"{"version": "1", "default": "allow", "all_tools": {"repair": false}}"#.to_vec());
        let fits = is_allowed(&bind(&[Arc::new(fits.unwrap())], &schema), &arguments);
        let names: Vec<&str> = arguments.as_object().unwrap().keys().map(String::as_str).collect();
        let declared = |name: &&str| schema["properties"].get(name).is_some();
        let (present, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(declared);
        let mut partly = arguments.clone();
        take_out(&mut partly, hidden.as_deref().unwrap_or_default(), &left);
        let partly = common::document(&partly.to_string());
        let given = match &hidden {
            None => Foreseen::Keys { present: &present, has_others: !others.is_empty(), fits },
            Some(gaps) => Foreseen::Partly { arguments: partly.root(), gaps, fits },
        };
        for given in [given, Foreseen::Unknown, Foreseen::Known(Arguments::Known(known.root()))] {
            for facts in [facts, FACTS] {
                match bound.foresee(&facts, given) {
                    Foresight::Allowed(limits) => {
                        let Decision::Allow(allowed) = &decision else { panic!("{given:?} was foreseen to be allowed") };
                        prop_assert_eq!(&allowed.limits, &limits);
                    }
                    Foresight::Denied(_) => prop_assert!(!decision.is_allow(), "{:?}", given),
                    Foresight::Unknown(_) => {}
                }
            }
        }
    }
}
