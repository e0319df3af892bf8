//! Shadow, ends and what a denial tells, as client, server and audit see them.

use crate::support::{ALLOW, NOW_MS, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Answer, Message, Script, Tool};

/// Ten seconds after the tests begin.
const SOON: &str = "2026-11-20T00:00:10Z";

async fn start(policies: &[Value]) -> Running {
    let test = policies.iter().fold(Test::new(), |test, policy| test.policy(policy.to_string()));
    let copy = Tool::new("copy").property("n", json!({"type": "integer"}));
    let script = |script: Script| {
        script
            .capabilities(json!({"tools": {}, "resources": {}}))
            .on("resources/list", Answer::result(json!({"resources": [{"uri": "file:///a", "name": "a"}]})))
            .on("resources/read", Answer::result(json!({"contents": []})))
            .on("acme/do", Answer::result(json!({})))
    };
    let test = test.script(script).tool(copy).tool(Tool::new("other")).start().await;
    test.listed().await;
    test
}

fn document(default: &str, rest: Value) -> Value {
    let mut document = json!({"version": "1", "default": default});
    document.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    document
}

/// What shadow would have denied, call by call: the rule and the step.
fn shadows(test: &Running) -> Vec<(String, String)> {
    let books = test.books();
    let shadow = |record: &&Value| record.get("shadow").cloned();
    let field = |shadow: &Value, key: &str| shadow[key].as_str().unwrap_or_default().to_owned();
    let shadows = books.of("intent").iter().filter_map(shadow).collect::<Vec<_>>();
    shadows.iter().map(|shadow| (field(shadow, "rule"), field(shadow, "cause"))).collect()
}

fn n_shadow_denied(test: &Running) -> u64 {
    let text = test.gateway.metrics.render().unwrap();
    let line = text.lines().find(|line| line.starts_with("toolgate_shadow_denied_total{server=\"imaging\"}"));
    line.and_then(|line| line.rsplit(' ').next()).and_then(|count| count.parse().ok()).unwrap()
}

#[tokio::test]
async fn a_deny_in_shadow_lets_the_call_through_and_is_recorded() {
    let deny = json!({"conditions": [{"path": "args.n", "op": "gt", "value": 5}], "mode": "shadow"});
    let test = start(&[document(
        "deny",
        json!({"tools": {"copy": {"deny_if": [deny]}, "other": {}},
               "all_tools": {"mode": "shadow", "action": "deny", "reason": "Not yet."}}),
    )])
    .await;
    assert_eq!(test.listed().await, ["copy", "other"]);
    assert_eq!(text(&test.call("copy", json!({"n": 6})).await), "ok");
    assert_eq!(text(&test.call("other", json!({})).await), "ok");
    assert_eq!((test.upstream.calls().len(), n_shadow_denied(&test)), (2, 2));
    // An explicit deny comes before what a call says.
    let all = ("/all_tools/action".to_owned(), "action".to_owned());
    assert_eq!(shadows(&test), [all.clone(), all]);
}

#[tokio::test]
async fn a_call_that_shadow_allows_leaves_no_trace_of_it() {
    let deny = json!({"conditions": [{"path": "args.n", "op": "gt", "value": 5}], "mode": "shadow"});
    let test = start(&[document("deny", json!({"tools": {"copy": {"deny_if": [deny]}}}))]).await;
    assert_eq!(text(&test.call("copy", json!({"n": 5})).await), "ok");
    assert_eq!(text(&test.call("copy", json!({"n": 6})).await), "ok");
    assert_eq!(n_shadow_denied(&test), 1);
    let books = test.books();
    let shadow = &books.of("intent")[1]["shadow"];
    assert_eq!(books.of("intent")[0].get("shadow"), None);
    assert_eq!(
        *shadow,
        json!({"policy": "policy1", "rule": "/tools/copy/deny_if/args.n-gt", "pointer": "/tools/copy/deny_if/0", "cause": "deny_if"})
    );
}

#[tokio::test]
async fn a_limit_in_shadow_counts_for_itself_and_refuses_nothing() {
    let limit = |max: u32| json!({"counter": "c", "window": "minute", "max": max, "scope": "grant"});
    let mut shadow = limit(2);
    shadow["mode"] = json!("shadow");
    let policy = |limits: Value| document("deny", json!({"tools": {"copy": {"limits": limits}}}));
    let mut test = start(&[policy(json!([limit(5), shadow]))]).await;
    for _ in 0..4 {
        assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    }
    assert_eq!(n_shadow_denied(&test), 2, "two had room");
    test.clock.advance_ms(60_001);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(n_shadow_denied(&test), 2, "and after a minute there is room again");
    // What was counted in shadow is no history of the enforced limit, nor the other way round.
    test.reload(&policy(json!([limit(2)])).to_string());
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert!(text(&test.denied("copy", json!({})).await).starts_with("[POLICY DENIED] at most 2 calls"));
    let rule = ("/tools/copy/limits/c#2".to_owned(), "limit".to_owned());
    assert_eq!(shadows(&test), [rule.clone(), rule]);
}

#[tokio::test]
async fn calls_that_shadow_would_deny_use_up_nothing_of_its_limits() {
    let rules = json!({"mode": "shadow",
        "require": [{"conditions": [{"path": "args.n", "op": "lt", "value": 5}]}],
        "limits": [{"counter": "c", "window": "minute", "max": 1, "scope": "grant"}]});
    let test = start(&[document("allow", json!({"tools": {"copy": rules}}))]).await;
    for n in [9, 9, 1, 1] {
        assert_eq!(text(&test.call("copy", json!({"n": n})).await), "ok");
    }
    let require = ("/tools/copy/require/args.n-lt".to_owned(), "require".to_owned());
    assert_eq!(shadows(&test), [require.clone(), require, ("/tools/copy/limits/c".into(), "limit".into())]);
}

#[tokio::test]
async fn a_whole_policy_in_shadow_runs_beside_the_enforced_one() {
    let draft = document(
        "deny",
        json!({"mode": "shadow", "reveal": "none", "hide": ["other"],
               "tools": {"copy": {"arguments": {"unknown": "deny", "check": "schema"}, "repair": false}}}),
    );
    let test = start(&[draft, serde_json::from_str(ALLOW).unwrap()]).await;
    assert_eq!(test.listed().await, ["copy", "other"], "a list shows what is enforced");
    assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "ok");
    assert_eq!(text(&test.call("other", json!({})).await), "ok");
    assert_eq!(text(&test.call("copy", json!({"n": "1"})).await), "ok", "mending is not for it to forbid");
    assert_eq!(test.upstream.calls()[2].params()["arguments"], json!({"n": 1}));
    let expected = [("(hidden)", "hidden"), ("(arguments)", "arguments")];
    assert_eq!(shadows(&test), expected.map(|(rule, cause)| (rule.to_owned(), cause.to_owned())));
}

#[tokio::test]
async fn a_grant_with_nothing_but_shadow_is_denied_everything() {
    let mut test = start(&[document("allow", json!({"mode": "shadow"}))]).await;
    assert!(test.listed().await.is_empty());
    test.denied("copy", json!({})).await;
    // A baseline does not make up for it.
    test.change(|declared| {
        declared.policies.insert("base".into(), ALLOW.into());
        declared.baseline.push("base".into());
    });
    test.denied("copy", json!({})).await;
    let read = Message::request(1, "resources/read").param("uri", "file:///a");
    assert_eq!(test.untouched(&test.request(read)).await.json()["error"]["code"], -31403);
    let books = test.books();
    assert!(
        books.denials().iter().all(|denial| *denial == ("(no policy)", "no_policy")),
        "{:?}",
        books.denials()
    );
}

#[tokio::test]
async fn channels_have_a_shadow_too() {
    let test = start(&[
        document(
            "allow",
            json!({"resources": {"file:///a": {"action": "deny", "mode": "shadow"}},
                   "methods": {"acme/do": {"action": "allow"}}}),
        ),
        document("allow", json!({"mode": "shadow"})),
    ])
    .await;
    let listed = test.modern(Message::request(1, "resources/list")).await.answer();
    assert_eq!(listed["result"]["resources"].as_array().unwrap().len(), 1);
    for uri in ["file:///a", "file:///b"] {
        let read = Message::request(1, "resources/read").param("uri", uri);
        assert!(test.modern(read).await.answer()["result"].is_object());
    }
    assert!(test.modern(Message::request(1, "acme/do")).await.answer()["result"].is_object());
    let expected = [("/resources/file:~1~1~1a/action", "action"), ("(closed)", "closed")];
    assert_eq!(shadows(&test), expected.map(|(rule, cause)| (rule.to_owned(), cause.to_owned())));
}

#[tokio::test]
async fn what_opens_ends_and_what_it_restricts_stays() {
    let copy =
        json!({"expires": SOON, "deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 5}]}]});
    let other = json!({"action": "allow", "expires": SOON});
    let test = start(&[document(
        "deny",
        json!({"tools": {"copy": copy, "oth*": other}, "resources": {"file:///**": {"action": "allow", "expires": SOON}}}),
    )])
    .await;
    let read = || Message::request(1, "resources/read").param("uri", "file:///a");
    assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "ok");
    assert!(text(&test.denied("copy", json!({"n": 6})).await).starts_with("[POLICY DENIED]"));
    assert_eq!(text(&test.call("other", json!({})).await), "ok");
    assert!(test.modern(read()).await.answer()["result"].is_object());
    assert_eq!(test.listed().await, ["copy", "other"]);
    test.clock.advance_ms(9_999);
    assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "ok");
    test.clock.advance_ms(1);
    let unknown = test.denied("no_such_tool", json!({})).await;
    assert_eq!(test.denied("copy", json!({"n": 1})).await, unknown);
    assert_eq!(test.denied("other", json!({})).await, unknown);
    assert_eq!(test.untouched(&test.request(read())).await.json()["error"]["code"], -31403);
    assert!(test.listed().await.is_empty(), "what has ended is not listed");
    let books = test.books();
    let ended = books
        .of("denied")
        .into_iter()
        .find(|record| record["tool"] == "copy" && record["rule"] == "(default deny)");
    assert_eq!(ended.unwrap()["pointer"], "/tools/copy/expires");
}

#[tokio::test]
async fn what_restricts_ends_only_where_it_says_so() {
    let relax = |mut part: Value| {
        part["expires"] = json!(SOON);
        part["on_expiry"] = json!("relax");
        part
    };
    let limit = json!({"counter": "c", "window": "day", "max": 1, "scope": "grant"});
    let test = start(&[document(
        "deny",
        json!({"tools": {"copy": {"limits": [relax(limit)],
                 "deny_if": [relax(json!({"conditions": [{"path": "args.n", "op": "gt", "value": 5}]}))]},
               "other": {}, "oth*": relax(json!({"action": "deny"}))}}),
    )])
    .await;
    assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "ok");
    for arguments in [json!({"n": 1}), json!({"n": 6})] {
        assert!(text(&test.denied("copy", arguments).await).starts_with("[POLICY DENIED]"));
    }
    test.denied("other", json!({})).await;
    test.clock.advance_ms(10_000);
    for n in [1, 6] {
        assert_eq!(text(&test.call("copy", json!({"n": n})).await), "ok");
    }
    assert_eq!(text(&test.call("other", json!({})).await), "ok");
    assert!(NOW_MS.is_multiple_of(86_400_000), "the tests begin at midnight");
}

/// The denial of a call by a rule, by a limit and by the schema, and of a read, under a policy that reveals so much.
async fn told(reveal: Option<&str>, scope: &str) -> Vec<Value> {
    let mut policy = document(
        "allow",
        json!({"tools": {"copy": {"deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 5}], "on_deny": "Five at most."}]},
                         "other": {"limits": [{"counter": "c", "window": "day", "max": 0, "scope": scope}]}},
               "resources": {"action": "deny", "reason": "Closed."}}),
    );
    if let Some(reveal) = reveal {
        policy["reveal"] = json!(reveal);
    }
    let test = start(&[policy, serde_json::from_str(ALLOW).unwrap()]).await;
    let read = Message::request(1, "resources/read").param("uri", "file:///a");
    let read = test.untouched(&test.request(read)).await.json();
    let copy = test.denied("copy", json!({"n": 6})).await;
    let other = test.denied("other", json!({})).await;
    let wrong = test.denied("copy", json!({"n": []})).await;
    vec![copy, other, wrong, read]
}

fn meta(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["toolgate/decision"]
}

#[tokio::test]
async fn a_reason_is_told_and_nothing_else_by_default() {
    for reveal in [None, Some("reason")] {
        let told = told(reveal, "grant").await;
        assert_eq!(text(&told[0]), "[POLICY DENIED] Five at most. Do not retry with these arguments.");
        assert!(text(&told[1]).starts_with("[POLICY DENIED] at most 0 calls per day are allowed"));
        assert!(text(&told[2]).starts_with("[INVALID ARGUMENTS]"), "{}", told[2]);
        assert_eq!(told[3]["error"]["message"], "Closed. Do not retry.");
        let all = json!(told).to_string();
        assert!(!all.contains("/tools/") && !all.contains("policy1"), "{all}");
    }
}

#[tokio::test]
async fn all_is_told_but_of_limits_that_others_share() {
    let answers = told(Some("full"), "grant").await;
    assert_eq!(
        text(&answers[0]),
        "[POLICY DENIED] Five at most. Do not retry with these arguments. (rule /tools/copy/deny_if/args.n-gt of policy policy1)"
    );
    assert_eq!(meta(&answers[0])["rule"], "/tools/copy/deny_if/args.n-gt");
    assert_eq!(meta(&answers[0])["policy"], "policy1");
    assert_eq!(meta(&answers[1])["rule"], "/tools/other/limits/c");
    assert_eq!(meta(&answers[2])["rule"], "(arguments)");
    assert_eq!(
        answers[3]["error"]["message"],
        "Closed. Do not retry. (rule /resources/action of policy policy1)"
    );
    for scope in ["tool", "server", "all"] {
        let shared = &told(Some("full"), scope).await[1];
        assert!(
            !shared.to_string().contains("/limits/") && !shared.to_string().contains("policy1"),
            "{shared}"
        );
    }
}

#[tokio::test]
async fn nothing_is_told_where_the_policies_say_so() {
    let told = told(Some("none"), "grant").await;
    assert_eq!(text(&told[0]), "[POLICY DENIED] this is not allowed; do not retry");
    assert_eq!(*meta(&told[0]), json!({"effect": "deny", "reason": "this is not allowed; do not retry"}));
    assert_eq!((&told[0], &told[0]), (&told[1], &told[2]), "every denial is the same");
    assert_eq!(told[3]["error"]["message"], "this is not allowed; do not retry");
}

#[tokio::test]
async fn of_a_stack_the_strictest_holds() {
    let deny = json!({"deny_if": [{"conditions": [], "on_deny": "No."}]});
    let quiet = json!({"tools": {"copy": {"reveal": "none"}}});
    let test = start(&[
        document("allow", json!({"reveal": "full", "tools": {"copy": deny, "other": deny}})),
        document("allow", quiet),
        document("allow", json!({"mode": "shadow", "reveal": "none"})),
    ])
    .await;
    assert_eq!(
        text(&test.denied("copy", json!({})).await),
        "[POLICY DENIED] this is not allowed; do not retry"
    );
    let other = test.denied("other", json!({})).await;
    assert_eq!(
        text(&other),
        "[POLICY DENIED] No. Do not retry. (rule /tools/other/deny_if/always of policy policy1)"
    );
}
