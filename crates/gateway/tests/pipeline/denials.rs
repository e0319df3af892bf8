//! What the policy denies: not one byte of it reaches the server, and the audit names the rule.

use crate::support::{ALLOW, Books, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Message, Tool};

/// Every way of saying no, and a tool for each.
const POLICY: &str = r#"{
  "version": "1", "default": "deny", "hide": ["secret"],
  "tools": {
    "closed": { "action": "deny", "reason": "Exports are closed." },
    "checked": {}, "gone": {}, "broken": {}, "secret": {},
    "inbox": { "require": [ { "conditions": [ { "path": "args.uri", "op": "regex", "value": "^s3://inbox/" } ], "on_deny": "Only the inbox." } ] },
    "charge": { "deny_if": [ { "conditions": [ { "path": "args.amount", "op": "gt", "value": 100 } ] } ] },
    "compare": { "deny_if": [ { "conditions": [ { "path": "args.amount", "op": "gt", "value": 100 } ] } ] },
    "once": { "limits": [ { "counter": "c", "window": "minute", "max": 1, "scope": "grant" } ] },
    "spend": { "limits": [ { "counter": "s", "window": "day", "max": 100, "scope": "grant", "increment_from": "args.amount" } ] }
  } }"#;

fn tools() -> Vec<Tool> {
    let amount = |name: &str| Tool::new(name).property("amount", json!({"type": "number"}));
    vec![
        Tool::new("secret"),
        Tool::new("unnamed"),
        Tool::new("closed"),
        Tool::new("checked").required("limit", json!({"type": "integer"})),
        Tool::new("broken")
            .schema(json!({"type": "object", "properties": {"a": {"$ref": "http://elsewhere/x"}}})),
        Tool::new("inbox").property("uri", json!({"type": "string"})),
        amount("charge"),
        Tool::new("compare").property("amount", json!({})),
        Tool::new("once"),
        amount("spend"),
    ]
}

async fn start(policy: &str) -> Running {
    let test = tools().into_iter().fold(Test::new().policy(policy), Test::tool).start().await;
    // The list is known from now on, so that a denial has no reason to ask for it.
    test.listed().await;
    test
}

/// Checks that the call is denied without a byte, by this rule, with this text; none for a name that looks unknown.
async fn check(policy: &str, tool: &str, arguments: Value, rule: &str, cause: &str, told: Option<&str>) {
    let test = start(policy).await;
    let answer = test.denied(tool, arguments).await;
    match told {
        Some(told) => {
            assert_eq!(text(&answer), told);
            assert_eq!(answer["result"]["isError"], true);
            assert_eq!(answer["result"]["resultType"], "complete");
            assert_eq!(answer["result"].get("structuredContent"), None);
            assert_eq!(answer["result"]["_meta"]["toolgate/decision"]["effect"], "deny");
        }
        None => assert_eq!(
            answer,
            test.denied("no_such_tool_at_all", json!({})).await,
            "all unknown names look alike"
        ),
    }
    let books = test.books();
    assert_eq!(books.denials()[0], (rule, cause), "{tool}");
    let record = books.of("denied")[0];
    let named = ["grant", "server", "method", "tool", "effect"].map(|key| record[key].as_str().unwrap());
    assert_eq!(named, [Running::GRANT, Running::SERVER, "tools/call", tool, "deny"]);
    assert_eq!(books.count("intent"), 0);
}

#[tokio::test]
async fn names_that_the_agent_may_not_know() {
    for (tool, rule, cause) in [
        ("secret", "(hidden)", "hidden"),
        ("unnamed", "(default deny)", "default_deny"),
        ("not_listed_unnamed", "(default deny)", "default_deny"),
        ("gone", "(unknown tool)", "unknown_tool"),
        ("broken", "(quarantined)", "quarantined"),
    ] {
        check(POLICY, tool, json!({}), rule, cause, None).await;
    }
    check(ALLOW, "no_such_tool", json!({}), "(unknown tool)", "unknown_tool", None).await;
}

#[tokio::test]
async fn rules_that_tell_their_reason() {
    let denied = |text: &str| format!("[POLICY DENIED] {text}");
    for (tool, arguments, rule, cause, told) in [
        ("closed", json!({}), "/tools/closed/action", "action", denied("Exports are closed. Do not retry.")),
        (
            "checked",
            json!({"limit": {}}),
            "(arguments)",
            "arguments",
            "[INVALID ARGUMENTS] limit must be an integer, not an object; correct it and call again".into(),
        ),
        (
            "inbox",
            json!({"uri": "s3://elsewhere/"}),
            "/tools/inbox/require/args.uri-regex",
            "require",
            denied("Only the inbox. Do not retry with these arguments."),
        ),
        (
            "inbox",
            json!({}),
            "/tools/inbox/require/args.uri-regex",
            "require",
            denied("Only the inbox. Do not retry with these arguments."),
        ),
    ] {
        check(POLICY, tool, arguments, rule, cause, Some(&told)).await;
    }
}

#[tokio::test]
async fn conditions_and_their_errors() {
    for (tool, arguments, rule, cause) in [
        ("charge", json!({"amount": 101}), "/tools/charge/deny_if/args.amount-gt", "deny_if"),
        ("compare", json!({"amount": "12"}), "/tools/compare/deny_if/args.amount-gt", "error"),
        ("spend", json!({}), "/tools/spend/limits/s", "limit"),
        ("spend", json!({"amount": -1}), "/tools/spend/limits/s", "limit"),
        ("spend", json!({"amount": 101}), "/tools/spend/limits/s", "limit"),
    ] {
        let test = start(POLICY).await;
        let answer = test.denied(tool, arguments).await;
        assert!(text(&answer).starts_with("[POLICY DENIED] "), "{answer}");
        assert_eq!(test.books().denials(), [(rule, cause)]);
    }
}

#[tokio::test]
async fn a_full_limit_tells_when_and_touches_nothing_even_if_the_list_is_stale() {
    let test = start(POLICY).await;
    assert_eq!(text(&test.call("once", json!({})).await), "ok");
    // Much later than the server's list is good for, but within the window.
    test.clock.advance_ms(59_000);
    let answer = test.denied("once", json!({})).await;
    assert!(text(&answer).ends_with("retry after 2 seconds"), "{answer}");
    test.clock.advance_ms(2_000);
    assert_eq!(text(&test.call("once", json!({})).await), "ok");
    let books = test.books();
    assert_eq!(books.denials(), [("/tools/once/limits/c", "limit")]);
    assert_eq!(books.outcomes(), ["answered", "answered"]);
}

#[tokio::test]
async fn a_grant_without_a_policy_sees_and_reaches_nothing() {
    let test = tools().into_iter().fold(Test::new(), Test::tool).start().await;
    assert_eq!(test.listed().await, Vec::<String>::new());
    let answer = test.denied("checked", json!({"limit": 1})).await;
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(test.books().denials(), [("(no policy)", "no_policy")]);
}

#[tokio::test]
async fn all_stacked_policies_and_the_baseline_must_allow() {
    let open = r#"{"version": "1", "default": "allow"}"#;
    let second = r#"{"version": "1", "default": "allow", "tools": {"closed": {"action": "deny", "reason": "second"}}}"#;
    let baseline = r#"{"version": "1", "default": "allow", "hide": ["once"]}"#;
    let mut test =
        tools().into_iter().fold(Test::new().policy(open).policy(second), Test::tool).start().await;
    test.change(|declared| {
        declared.policies.insert("floor".into(), baseline.into());
        declared.baseline = vec!["floor".into()];
    });
    assert!(!test.listed().await.contains(&"once".to_owned()));
    assert!(text(&test.denied("closed", json!({})).await).contains("second"));
    test.denied("once", json!({})).await;
    assert_eq!(text(&test.call("unnamed", json!({})).await), "ok");
    assert_eq!(test.books().denials(), [("/tools/closed/action", "action"), ("(hidden)", "hidden")]);
}

#[tokio::test]
async fn no_value_of_an_argument_reaches_the_audit() {
    let test = start(POLICY).await;
    for (tool, arguments) in [
        ("inbox", json!({"uri": "s3://inbox/CANARY"})),
        ("inbox", json!({"uri": "CANARY"})),
        ("checked", json!({"limit": "CANARY"})),
        ("checked", json!({"limit": 1, "CANARY": 1})),
        ("once", json!({"CANARY": "CANARY"})),
    ] {
        test.modern(Message::call("CANARY", tool, arguments)).await;
    }
    let Books { records, tally } = test.books();
    assert_eq!((tally.intents, tally.denied), (2, 3));
    let all: Vec<String> = records.iter().map(Value::to_string).collect();
    assert!(!all.concat().contains("CANARY"), "{all:?}");
}

#[tokio::test]
async fn no_store_no_call() {
    let test = start(ALLOW).await;
    test.gateway.store.close();
    let answer = test.denied("once", json!({})).await;
    assert!(text(&answer).starts_with("[POLICY DENIED] the gateway cannot record calls"), "{answer}");
    let channel = test.untouched(&test.request(Message::request(1, "prompts/list"))).await;
    assert_eq!(channel.json()["error"]["code"], -31403);
    // What needs no record goes on.
    assert!(!test.listed().await.is_empty());
}

#[tokio::test]
async fn a_disk_without_its_reserve_denies_and_says_so() {
    let full = |test: Test| test.store(|options| options.free_space_reserve_bytes = u64::MAX);
    let test = tools().into_iter().fold(full(Test::new().policy(ALLOW)), Test::tool).start().await;
    test.listed().await;
    for _ in 0..3 {
        let answer = test.denied("once", json!({})).await;
        assert!(text(&answer).contains("free"), "{answer}");
    }
    let session = test.legacy().await;
    test.untouched(&session.request(Message::call(8, "once", json!({})))).await;
    let line = &mut test.lines();
    line.initialize().await;
    let before = test.n_bytes().await;
    assert!(text(&line.ask(Message::call(9, "once", json!({}))).await).contains("free"));
    assert_eq!(test.n_bytes().await, before);
    assert_eq!(test.books().tally.intents, 0);
}
