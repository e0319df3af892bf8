//! Limits that count values of arguments apart, days of a zone, and units that come back; and those that nothing can
//! count yet, which deny.

use crate::support::{Books, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Message, RawClient, Tool};

fn policy(limits: Value) -> String {
    json!({"version": "1", "default": "deny", "tools": {"copy": {"limits": limits}}}).to_string()
}

async fn start(limits: Value) -> Running {
    let tool = Tool::new("copy").property("account", json!({}));
    let test = Test::new().policy(policy(limits)).tool(tool).start().await;
    test.listed().await;
    test
}

#[tokio::test]
async fn what_nothing_can_count_is_denied_by_its_limit() {
    let slots = json!({"counter": "slots", "kind": "concurrency", "max": 9, "scope": "grant"});
    let session = json!({"counter": "s", "window": "day", "max": 9, "scope": "session"});
    let plain = json!({"counter": "c", "window": "day", "max": 9, "scope": "grant"});
    let cases = [
        (json!([slots]), "/tools/copy/limits/slots", "calls at the same time"),
        (json!([plain, slots]), "/tools/copy/limits/slots", "calls at the same time"),
        (json!([plain, session]), "/tools/copy/limits/s", "the calls of a session"),
    ];
    for (limits, rule, what) in cases {
        let test = start(limits).await;
        let legacy = test.legacy().await;
        let told = test.denied("copy", json!({})).await;
        let expected =
            format!("[POLICY DENIED] a limit on {what} holds here, and cannot be counted yet; do not retry");
        assert_eq!(text(&told), expected);
        let request = legacy.request(Message::call(8, "copy", json!({})));
        assert_eq!(test.untouched(&request).await.answer()["result"]["isError"], true);
        let books = test.books();
        assert_eq!(books.denials(), [(rule, "limit"), (rule, "limit")]);
        assert_eq!((books.tally.intents, test.upstream.calls().len()), (0, 0));
    }
}

#[tokio::test]
async fn each_value_counts_apart_and_stays_out_of_the_books() {
    let test = start(json!([
        {"counter": "c", "window": "day", "max": 1, "scope": ["grant", "args.account"], "max_keys": 3},
        {"counter": "all", "window": "day", "max": 100, "scope": "grant"}]))
    .await;
    let call = |account: Value| test.call("copy", json!({"account": account}));
    for account in [json!("secret-5"), json!("5"), json!(5)] {
        assert_eq!(text(&call(account).await), "ok");
    }
    for account in [json!("5"), json!(5.0)] {
        let told = test.denied("copy", json!({"account": account})).await;
        let expected = "[POLICY DENIED] at most 1 call with these arguments per day is allowed; retry after 86401 seconds";
        assert_eq!(text(&told), expected);
    }
    let told = test.denied("copy", json!({"account": "another"})).await;
    assert_eq!(
        text(&told),
        "[POLICY DENIED] too many different values are in use for a limit of this call; retry later"
    );
    assert!(text(&test.denied("copy", json!({})).await).contains("account is required"));
    // Another access key has values of its own.
    let other =
        test.request(Message::call(7, "copy", json!({"account": "another"}))).bearer(&test.other_token);
    assert_eq!(text(&test.send(&other).await.answer()), "ok");
    let books = test.books();
    assert!(books.denials().iter().all(|denial| *denial == ("/tools/copy/limits/c", "limit")));
    let written = Value::from(books.records.clone()).to_string();
    assert!(!written.contains("secret-5") && !written.contains("another"), "{written}");
    let counter = &books.of("intent")[0]["reservations"][0]["counter"];
    assert_eq!(counter[4], "grant+args.account", "{counter}");
    assert_eq!(counter[6][0].as_str().map(str::len), Some(64), "{counter}");
}

#[tokio::test]
async fn a_day_is_a_day_of_the_zone() {
    let test =
        start(json!([{"counter": "c", "window": "day", "align": "calendar", "timezone": "Europe/Berlin",
        "max": 1, "scope": "grant"}]))
        .await;
    // It is midnight in UTC, and one in Berlin: 23 hours to go.
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.clock.advance_ms(23 * 3_600_000 - 1);
    let told = test.denied("copy", json!({})).await;
    assert!(text(&told).ends_with("per calendar day is allowed; retry after 1 second"), "{told}");
    test.clock.advance_ms(1);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
}

#[tokio::test]
async fn values_in_shadow_count_apart_and_for_themselves() {
    let limit = |mode: &str, max: u32| {
        let mut limit = json!({"counter": "c", "window": "day", "max": max, "scope": ["grant", "args.account"], "max_keys": 2});
        if mode == "shadow" {
            limit["mode"] = json!(mode);
        }
        limit
    };
    let test = start(json!([limit("enforce", 9), limit("shadow", 1)])).await;
    for account in ["a", "b", "a"] {
        assert_eq!(text(&test.call("copy", json!({"account": account})).await), "ok");
    }
    // The enforced limit has its own cap, which what was only judged in shadow does not fill.
    let told = test.denied("copy", json!({"account": "secret-5"})).await;
    assert!(text(&told).contains("too many different values"), "{told}");
    let books = test.books();
    let shadows: Vec<_> = books.of("intent").iter().map(|intent| intent["shadow"]["rule"].clone()).collect();
    assert_eq!(shadows, [Value::Null, Value::Null, json!("/tools/copy/limits/c#2")]);
    assert!(!Value::from(books.records.clone()).to_string().contains("secret-5"));
}

#[tokio::test]
async fn equal_names_in_two_policies_are_two_counters() {
    let limit = |max: u32| json!([{"counter": "c", "window": "day", "max": max, "scope": "grant"}]);
    let test = Test::new().policy(policy(limit(3))).policy(policy(limit(2))).tool(Tool::new("copy"));
    let test = test.start().await;
    test.listed().await;
    for _ in 0..2 {
        assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    }
    assert!(text(&test.denied("copy", json!({})).await).contains("at most 2 calls"));
    let books = test.books();
    let reserved = books.of("intent")[1]["reservations"].as_array().unwrap().clone();
    let policies: Vec<_> = reserved.iter().map(|one| one["counter"][0].clone()).collect();
    assert_eq!(policies, ["policy1", "policy2"]);
    assert_eq!(books.of("denied")[0]["pointer"], "/tools/copy/limits/0");
}

/// Calls a server that is gone, until a limit of one a day denies; how each call ended.
async fn calls_of_a_dead_server(release: &str, n_calls: usize) -> (Vec<Value>, Vec<String>) {
    let test =
        start(json!([{"counter": "c", "window": "day", "max": 1, "scope": "grant", "release": release}]))
            .await;
    let request = test.request(Message::call(7, "copy", json!({})));
    let Running { gateway, upstream, address, folder, .. } = test;
    upstream.stop().await;
    let mut answers = Vec::new();
    for _ in 0..n_calls {
        answers.push(RawClient::connect(address).await.exchange(&request).await.answer());
    }
    gateway.store.close();
    let books = Books::read(&folder.path().join("data"));
    (answers, books.outcomes().into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn what_was_never_sent_comes_back_where_the_limit_says_so() {
    let (answers, outcomes) = calls_of_a_dead_server("not_sent", 3).await;
    assert!(answers.iter().all(|answer| answer["error"]["code"] == -32603), "{answers:?}");
    assert_eq!(outcomes, ["not_sent"; 3]);
    let (answers, outcomes) = calls_of_a_dead_server("never", 2).await;
    assert_eq!(answers[0]["error"]["code"], -32603);
    assert!(text(&answers[1]).starts_with("[POLICY DENIED] at most 1 call"), "{answers:?}");
    assert_eq!(outcomes, ["not_sent"]);
}

#[tokio::test]
async fn what_was_sent_never_comes_back() {
    let tool = Tool::new("copy").answer(testkit::Answer::hang_up());
    let limit = json!([{"counter": "c", "window": "day", "max": 1, "scope": "grant", "release": "not_sent"}]);
    let test = Test::new().policy(policy(limit)).tool(tool).start().await;
    test.listed().await;
    assert_eq!(test.call("copy", json!({})).await["error"]["code"], -32603);
    assert!(text(&test.denied("copy", json!({})).await).starts_with("[POLICY DENIED]"));
    assert_eq!(test.books().outcomes(), ["unknown"]);
}
