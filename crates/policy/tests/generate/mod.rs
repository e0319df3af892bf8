//! Documents of every word of the language, calls of one tool, and times around the ends that documents state.
//! Shared by the files of properties.

use std::sync::Arc;

use policy::{LabelSet, SetLabel};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The ends that documents state, in milliseconds of Unix time and as they are written.
const ENDS: [(u64, &str); 2] =
    [(1_796_083_200_000, "2026-12-01T00:00:00Z"), (1_798_758_000_000, "2027-01-01T00:00:00+01:00")];

/// Times before, at, between and after the ends, and none.
pub fn moment() -> impl Strategy<Value = Option<u64>> {
    let [(first, _), (last, _)] = ENDS;
    prop::sample::select(vec![None, Some(first - 1), Some(first), Some(last - 1), Some(last)])
}

/// An end of a document, in milliseconds of Unix time and as it is written.
pub fn end() -> impl Strategy<Value = (u64, &'static str)> {
    prop::sample::select(ENDS.to_vec())
}

/// Puts a part in shadow, has it relax, or leaves it as it is. How arguments are checked does not relax.
fn with_terms(part: impl Strategy<Value = Value>, weight: f64) -> impl Strategy<Value = Value> {
    let terms = (prop::bool::weighted(weight), prop::option::weighted(weight, end()));
    (part, terms).prop_map(|(mut part, (is_shadow, end))| {
        if is_shadow && part.get("action") != Some(&json!("allow")) {
            part["mode"] = json!("shadow");
        }
        if let Some((_, end)) = end {
            relax(&mut part, end);
        }
        part
    })
}

/// Has the restrictions of a part end.
pub fn relax(part: &mut Value, end: &str) {
    let members = part.as_object_mut().unwrap();
    members.retain(|key, _| !["arguments", "repair", "reveal"].contains(&key.as_str()));
    part["expires"] = json!(end);
    part["on_expiry"] = json!("relax");
}

/// The time of calls by the clock of what was done before.
pub const HISTORY_MS: u64 = 1_800_000_000_000;
pub const TOOLS: [&str; 3] = ["x", "y", "z"];
pub const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// A plain value, of every type and of every kind of number.
pub fn scalar() -> impl Strategy<Value = Value> {
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

pub fn argument() -> impl Strategy<Value = Value> {
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

pub fn arguments() -> impl Strategy<Value = Value> {
    prop::collection::hash_map(prop::sample::select(NAMES.to_vec()), argument(), 0..4)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A scalar that a document may compare with.
pub fn operand() -> impl Strategy<Value = Value> {
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

pub fn check() -> impl Strategy<Value = (&'static str, Value)> {
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

pub fn comparison() -> impl Strategy<Value = Value> {
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

pub fn condition() -> impl Strategy<Value = Value> {
    comparison().prop_recursive(3, 8, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list().prop_map(|list| json!({"all": list})),
            list().prop_map(|list| json!({"any": list})),
            inner.clone().prop_map(|one| json!({"not": one})),
        ]
    })
}

pub fn predicate() -> impl Strategy<Value = Value> {
    let predicate =
        (prop::collection::vec(condition(), 0..3), any::<bool>()).prop_map(|(conditions, speaks)| {
            let mut predicate = json!({"conditions": conditions});
            if speaks {
                predicate["on_deny"] = json!("no");
            }
            predicate
        });
    with_terms(predicate, 0.15)
}

pub fn approval() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        json!({}),
        json!({"quorum": 2, "timeout": "5m"}),
        json!({"from": ["role:lead"], "reason": "required"}),
    ]);
    let when = prop::option::of(prop::collection::vec(condition(), 1..3));
    let approval = (words, when).prop_map(|(mut approval, when)| {
        if let Some(when) = when {
            approval["when"] = json!(when);
        }
        approval
    });
    with_terms(approval, 0.2)
}

pub fn limit() -> impl Strategy<Value = Value> {
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
    let limit = (0_usize..5, scope, 0_u32..50, more).prop_map(|(kind, scope, max, more)| {
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
    });
    with_terms(limit, 0.15)
}

pub fn rules() -> impl Strategy<Value = Value> {
    let lists = (
        prop::option::weighted(0.4, prop::collection::vec(predicate(), 0..3)),
        prop::option::weighted(0.4, prop::collection::vec(predicate(), 0..3)),
        prop::option::weighted(0.4, prop::collection::vec(limit(), 0..2)),
    );
    let words = (
        prop::option::weighted(0.2, prop::sample::select(vec!["allow", "allow", "deny", "require_approval"])),
        prop::option::weighted(0.1, approval()),
        prop::option::weighted(0.2, Just("10/minute")),
        prop::option::weighted(0.2, any::<bool>()),
        prop::option::weighted(0.2, prop::sample::select(vec!["off", "schema"])),
        prop::option::weighted(0.2, prop::sample::select(vec!["allow", "deny"])),
        prop::option::weighted(0.1, prop::sample::select(vec!["full", "reason", "none"])),
    );
    let rules = (lists, words).prop_map(|((require, deny_if, limits), words)| {
        let (action, approval, rate, repair, check, unknown, reveal) = words;
        let mut rules = serde_json::Map::new();
        let mut put =
            |key: &str, value: Option<Value>| value.and_then(|value| rules.insert(key.to_owned(), value));
        put("require", require.map(Value::from));
        put("deny_if", deny_if.map(Value::from));
        put("limits", limits.map(Value::from));
        let approval = approval.filter(|_| action.is_none());
        put("action", action.map(Value::from));
        put("approval", approval);
        put("reveal", reveal.map(Value::from));
        put("rate_limit", rate.map(Value::from));
        put("repair", repair.map(Value::from));
        let mut arguments = serde_json::Map::new();
        arguments.extend(check.map(|word| ("check".to_owned(), json!(word))));
        arguments.extend(unknown.map(|word| ("unknown".to_owned(), json!(word))));
        rules.insert("arguments".to_owned(), Value::Object(arguments));
        Value::Object(rules)
    });
    with_terms(rules, 0.1)
}

/// The same without an allow, which names nothing among all tools and in shadow.
pub fn restricting(mut rules: Value) -> Value {
    let members = rules.as_object_mut().unwrap();
    members.retain(|key, value| key != "action" || *value != json!("allow"));
    rules
}

/// The keys on the way to the rules of a selector.
pub fn selector() -> impl Strategy<Value = &'static [&'static str]> {
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
pub fn select(document: &mut Value, selector: &[&str], mut rules: Value) {
    if selector.contains(&"categories") || selector.contains(&"risk") {
        let members = rules.as_object_mut().unwrap();
        members.retain(|key, _| key != "arguments" && key != "repair");
    }
    if selector.contains(&"all_tools") {
        rules = restricting(rules);
    }
    let mut place = document;
    for key in selector {
        place = &mut place[*key];
    }
    *place = rules;
}

/// Has what a selector opens end, unless it opens nothing or ends anyway.
pub fn expire(document: &mut Value, selector: &[&str], end: &str) -> bool {
    let is_open = document["default"] == json!("allow");
    let found = selector.iter().try_fold(&mut *document, |place, key| place.get_mut(*key));
    let Some(rules) = found.filter(|_| !is_open) else { return false };
    let action = rules.get("action").and_then(Value::as_str);
    let is_exact = matches!(selector, [.., "tools", name] if !name.contains('*'));
    let opens = action == Some("allow") || (is_exact && action != Some("deny"));
    let is_new = opens && rules.get("mode").is_none() && rules.get("expires").is_none();
    if is_new {
        rules["expires"] = json!(end);
    }
    is_new
}

/// A flow without its id.
pub fn flow() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"after": "phi", "deny": "egress"}),
        json!({"after": ["phi", "big"], "deny": "big", "within": "90s", "unless": "approved"}),
        json!({"tool": "y", "needs": {"tool": "x", "same": ["args.a", "args.b.c"]}}),
        json!({"tool": "z*", "needs": {"tool": "y", "within": "1h"}, "on_deny": "no"}),
    ])
}

pub fn add_flows(document: &mut Value, mut flows: Vec<Value>) {
    document["labels"] = json!({"x": ["phi"], "category:read": ["big"], "z*": ["egress", "big"]});
    for (index, flow) in flows.iter_mut().enumerate() {
        flow["id"] = json!(format!("f{index}"));
    }
    document["flows"] = json!(flows);
}

/// Labels that were set before a call, at its very time.
pub fn labels() -> impl Strategy<Value = Vec<LabelSet>> {
    let set = |label: &str| LabelSet {
        label: SetLabel { policy: Arc::from("p"), label: Arc::from(label) },
        at_ms: HISTORY_MS,
    };
    prop::sample::subsequence(vec!["phi", "big", "egress"], 0..=3)
        .prop_map(move |labels| labels.into_iter().map(set).collect())
}

pub fn policy_document() -> impl Strategy<Value = Value> {
    let tools = prop::collection::hash_map(prop::sample::select(TOOLS.to_vec()), rules(), 0..3);
    let default = prop::sample::select(vec!["allow", "deny"]);
    let hide =
        prop::option::weighted(0.2, prop::collection::vec(prop::sample::select(vec!["x", "y", "q"]), 0..2));
    let ends = prop::option::weighted(0.3, end());
    let reveal = prop::option::weighted(0.1, prop::sample::select(vec!["full", "none"]));
    let selected = prop::collection::vec((selector(), rules()), 0..3);
    let flows = prop::option::weighted(0.2, prop::collection::vec(flow(), 0..3));
    (default, hide, prop::option::weighted(0.3, rules()), tools, selected, flows, ends, reveal).prop_map(
        |(default, hide, all_tools, tools, selected, flows, ends, reveal)| {
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
                document["all_tools"] = restricting(rules);
            }
            if let Some(reveal) = reveal {
                document["reveal"] = json!(reveal);
            }
            if let Some((_, end)) = ends {
                TOOLS.iter().for_each(|tool| {
                    expire(&mut document, &["tools", tool], end);
                });
            }
            document
        },
    )
}

/// A document about how one argument is checked and what it may be.
pub fn mending_document() -> impl Strategy<Value = Value> {
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
pub fn mendable() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![json!("5"), json!(5), json!("6"), json!("{\"b\": 1}"), json!({"b": 1})])
}

pub fn schema() -> impl Strategy<Value = Value> {
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
