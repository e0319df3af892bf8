//! Limits as the server sees them: under concurrency, across eras and transports, and whatever the clock does.

use crate::support::{NOW_MS, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Answer, Gate, Message, RawClient, Reply, Request, Tool};
use tokio::task::JoinSet;

fn limited(max: u32, window: &str) -> String {
    json!({"version": "1", "default": "deny", "tools": {"copy": {
        "limits": [{"counter": "c", "window": window, "max": max, "scope": "grant"}]}}})
    .to_string()
}

async fn start(max: u32, window: &str, answer: Answer) -> Running {
    let test = Test::new().policy(limited(max, window)).tool(Tool::new("copy").answer(answer)).start().await;
    test.listed().await;
    test
}

fn is_allowed(reply: &Reply) -> bool {
    assert_eq!(reply.status, 200, "{}", reply.text());
    match text(&reply.answer()) {
        "ok" => true,
        denied => {
            assert!(denied.starts_with("[POLICY DENIED] at most"), "{denied}");
            false
        }
    }
}

/// One client's calls, one after the other; how many were allowed.
async fn calls(mut client: RawClient, request: Request, n_calls: usize) -> usize {
    let mut n_allowed = 0;
    for _ in 0..n_calls {
        n_allowed += usize::from(is_allowed(&client.exchange(&request).await));
    }
    n_allowed
}

const N_CLIENTS: usize = 200;
const N_CALLS: usize = 50;

/// Ten thousand calls, of which a hundred are allowed.
async fn storm(test: &Running) -> usize {
    let mut storm = JoinSet::new();
    for _ in 0..N_CLIENTS {
        storm.spawn(calls(test.client().await, test.request(Message::call(7, "copy", json!({}))), N_CALLS));
    }
    storm.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_thousand_calls_exactly_a_hundred_reach_the_server() {
    let test = start(100, "day", Answer::text("ok")).await;
    assert_eq!(storm(&test).await, 100);
    assert_eq!(test.upstream.calls().len(), 100);
    let tally = test.books().tally;
    assert_eq!((tally.intents, tally.answered, tally.unresolved()), (100, 100, 0));
    assert_eq!(tally.denied as usize, N_CLIENTS * N_CALLS - 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_under_way_count_however_long_they_take() {
    let gate = Gate::closed();
    let test = start(100, "minute", Answer::text("ok").held(&gate)).await;
    let request = test.request(Message::call(7, "copy", json!({})));
    let mut held = JoinSet::new();
    for _ in 0..100 {
        held.spawn(calls(test.client().await, request.clone(), 1));
    }
    gate.arrived(100).await;
    // A unit in flight does not age.
    test.clock.advance_ms(3_600_000);
    assert_eq!(calls(test.client().await, request.clone(), 20).await, 0);
    gate.open();
    assert_eq!(held.join_all().await.into_iter().sum::<usize>(), 100);
    assert_eq!(test.upstream.calls().len(), 100);
    // Each ages from when its last byte was written, an hour ago.
    assert!(is_allowed(&test.send(&request).await));
    let books = test.books();
    assert_eq!((books.tally.intents, books.tally.answered), (101, 101));
}

#[tokio::test]
async fn eras_and_connections_of_a_grant_share_its_limit() {
    let test = start(3, "minute", Answer::text("ok")).await;
    let session = test.legacy().await;
    let mut line = test.lines();
    line.initialize().await;
    let call = || Message::call(7, "copy", json!({}));
    assert_eq!(text(&session.ask(call()).await), "ok");
    assert_eq!(text(&line.ask(call()).await), "ok");
    assert_eq!(text(&test.modern(call()).await.answer()), "ok");
    let denied = [test.modern(call()).await.answer(), session.ask(call()).await, line.ask(call()).await];
    assert!(denied.iter().all(|answer| answer["result"]["isError"] == true), "{denied:?}");
    // Another grant has its own count.
    let other = test.request(call()).bearer(&test.other_token);
    assert!(is_allowed(&test.send(&other).await));
    assert_eq!(test.upstream.calls().len(), 4);
}

#[tokio::test]
async fn the_wall_clock_frees_nothing_and_holds_nothing() {
    for wall_ms in [0, NOW_MS - 86_400_000, NOW_MS + 86_400_000, NOW_MS * 2] {
        let test = start(2, "minute", Answer::text("ok")).await;
        let call = || test.call("copy", json!({}));
        for _ in 0..2 {
            assert_eq!(text(&call().await), "ok");
        }
        test.clock.set_wall_ms(wall_ms);
        assert!(text(&test.denied("copy", json!({})).await).starts_with("[POLICY DENIED]"));
        test.clock.advance_ms(59_999);
        test.clock.set_wall_ms(NOW_MS);
        let denied = test.denied("copy", json!({})).await;
        assert!(text(&denied).starts_with("[POLICY DENIED]"), "a minute has not passed: {denied}");
        test.clock.advance_ms(2);
        assert_eq!(text(&call().await), "ok", "a minute has passed");
        assert_eq!(test.upstream.calls().len(), 3);
        test.books();
    }
}

#[tokio::test]
async fn the_told_time_is_true() {
    let test = start(1, "minute", Answer::text("ok")).await;
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    test.clock.advance_ms(12_345);
    let denied = test.denied("copy", json!({})).await;
    let told = text(&denied).split_whitespace().find_map(|word| word.parse::<u64>().ok().filter(|n| *n > 1));
    test.clock.advance_ms(told.unwrap() * 1_000);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok", "{denied}");
}

#[tokio::test]
async fn all_limits_of_a_call_are_reserved_or_none() {
    let policy = json!({"version": "1", "default": "deny",
        "all_tools": {"limits": [{"counter": "all", "window": "day", "max": 3, "scope": "grant"}]},
        "tools": {"copy": {"limits": [{"counter": "spend", "window": "day", "max": 100, "scope": "grant", "increment_from": "args.amount"}]}, "other": {}}});
    let copy = Tool::new("copy").property("amount", json!({"type": "number"}));
    let test = Test::new().policy(policy.to_string()).tool(copy).tool(Tool::new("other")).start().await;
    test.listed().await;
    let spend = |amount: Value| test.call("copy", json!({"amount": amount}));
    assert_eq!(text(&spend(json!(60)).await), "ok");
    // Full by the sum; the count must not have moved.
    for _ in 0..5 {
        assert!(text(&test.denied("copy", json!({"amount": 60})).await).starts_with("[POLICY DENIED]"));
    }
    assert_eq!(text(&spend(json!(40)).await), "ok");
    assert_eq!(text(&test.call("other", json!({})).await), "ok");
    // Full by the count.
    assert!(text(&test.denied("other", json!({})).await).starts_with("[POLICY DENIED]"));
    let books = test.books();
    assert_eq!(books.denials()[0].0, "/tools/copy/limits/spend");
    assert_eq!(books.denials()[5].0, "/all_tools/limits/all");
    assert_eq!(books.of("intent")[0]["reservations"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_without_an_answer_still_counts() {
    let test = start(1, "day", Answer::hang_up()).await;
    assert_eq!(test.call("copy", json!({})).await["error"]["code"], -32603);
    assert!(text(&test.denied("copy", json!({})).await).starts_with("[POLICY DENIED]"));
    assert_eq!(test.books().outcomes(), ["unknown"]);
}
