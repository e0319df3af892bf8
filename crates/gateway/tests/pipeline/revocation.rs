//! A revoked grant gets nothing more: no answer, no further message of a stream, on no session.
//! A client that goes away leaves a call whose outcome is unknown, never one that was not sent.

use crate::support::{ALLOW, Running, Test, ends_cleanly, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Gate, Message, Tool};

fn progress(n: u64) -> Value {
    // The fake server knows no token; whatever passes has the client's.
    Message::notification("notifications/message").param("level", "info").param("data", n).value().clone()
}

async fn start(answer: Answer) -> Running {
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).start().await;
    test.listed().await;
    test
}

#[tokio::test]
async fn a_call_that_is_under_way_gets_no_answer() {
    let gate = Gate::closed();
    let mut test = start(Answer::text("ok").held(&gate)).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.revoke();
    // The gate stays closed: the refusal does not wait for the server.
    assert_eq!(client.reply().await.status, 401);
    test.upstream.abandoned(1).await;
    assert_eq!(test.send(&test.request(Message::request(8, "tools/list"))).await.status, 401);
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn a_process_that_is_asked_is_not_waited_for_and_stopped() {
    let mut test = Test::new().policy(ALLOW).process().tool(Tool::new("hold")).start().await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "hold", json!({}))).bytes()).await;
    test.puppets.received("tools/call", 1).await;
    test.revoke();
    assert_eq!(client.reply().await.status, 401);
    test.puppets.ended(1).await;
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn an_open_stream_is_cut() {
    let gate = Gate::closed();
    let answer = Answer::empty(200).sse().then(Step::Message(progress(1))).then(Step::Hold(gate.clone()));
    let mut test = start(answer.then(Step::Result(json!({"content": []})))).await;
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(Message::call(7, "copy", json!({})))).await;
    assert_eq!(stream.message().await["params"]["data"], 1);
    test.revoke();
    assert!(!ends_cleanly(&mut stream).await);
    test.upstream.abandoned(1).await;
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

/// A server that never stops talking leaves no moment at which the stream waits.
#[tokio::test]
async fn a_busy_stream_is_cut_too() {
    let gate = Gate::closed();
    let mut answer = Answer::empty(200).sse().then(Step::Message(progress(0))).then(Step::Hold(gate.clone()));
    for n in 1..20_000 {
        answer = answer.then(Step::Message(progress(n)));
    }
    let mut test = start(answer.then(Step::Result(json!({"content": []})))).await;
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(Message::call(7, "copy", json!({})))).await;
    stream.message().await;
    gate.open();
    stream.message().await;
    // The client does not read on, so the gateway waits for it, not for the server.
    test.revoke();
    assert!(!ends_cleanly(&mut stream).await);
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn the_stream_of_a_session_and_the_session_end() {
    let mut test = start(Answer::text("ok")).await;
    let (request, get) = {
        let session = test.legacy().await;
        (session.request(Message::request(1, "tools/list")), session.bare("GET"))
    };
    let mut client = test.client().await;
    let mut stream = client.open(&get).await;
    test.upstream.listened(1).await;
    test.upstream.push(&progress(1));
    assert_eq!(stream.message().await["params"]["data"], 1);
    test.revoke();
    assert!(ends_cleanly(&mut stream).await);
    assert_eq!(test.gateway.sessions.len(), 0);
    for request in [request, get] {
        assert_eq!(test.untouched(&request).await.status, 401);
    }
}

#[tokio::test]
async fn a_client_in_lines_is_told_and_ended() {
    let mut test = Test::new().policy(ALLOW).process().tool(Tool::new("hold")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send(Message::call(7, "hold", json!({}))).await;
    test.puppets.received("tools/call", 1).await;
    test.revoke();
    let last = client.ended().await;
    assert!(last.iter().all(|message| message["error"].is_object()), "{last:?}");
    test.puppets.ended(1).await;
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn declaring_a_server_anew_ends_nothing_that_is_under_way() {
    let gate = Gate::closed();
    let mut test = start(Answer::text("late").held(&gate)).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.change(|declared| declared.servers[0].timeout_s += 1);
    gate.open();
    assert_eq!(text(&client.reply().await.answer()), "late");
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn taking_a_server_from_a_grant_ends_it() {
    let gate = Gate::closed();
    let mut test = start(Answer::text("late").held(&gate)).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.change(|declared| declared.grants[0].servers.clear());
    assert_eq!(client.reply().await.status, 401);
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn an_expired_grant_is_refused_and_gets_no_answer_that_came_late() {
    let gate = Gate::closed();
    let mut test = start(Answer::text("ok").held(&gate)).await;
    let end = crate::support::NOW_MS + 60_000;
    test.change(|declared| declared.grants[0].expires_ms = Some(end));
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.clock.advance_ms(60_000);
    gate.open();
    assert_eq!(client.reply().await.status, 401);
    assert_eq!(test.untouched(&test.request(Message::call(8, "copy", json!({})))).await.status, 401);
    let books = test.books();
    assert_eq!(books.count("intent"), 1);
    assert_eq!(books.of("denied")[0]["reason"], "grant revoked or expired");
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_an_unknown_outcome() {
    let gate = Gate::closed();
    let test = start(Answer::text("ok").held(&gate)).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    drop(client);
    test.upstream.abandoned(1).await;
    let books = test.books();
    assert_eq!(books.outcomes(), ["unknown"]);
    assert!(books.of("outcome")[0]["sent"].as_u64().unwrap() > 100);
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_ends_it() {
    let gate = Gate::closed();
    let answer = Answer::empty(200).sse().then(Step::Message(progress(1))).then(Step::Hold(gate.clone()));
    let test = start(answer.then(Step::Result(json!({"content": []})))).await;
    let mut client = test.client().await;
    client.open(&test.request(Message::call(7, "copy", json!({})))).await.message().await;
    drop(client);
    test.upstream.abandoned(1).await;
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn a_modern_client_that_goes_away_cancels_at_a_process() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("hold")).start().await;
    let mut client = test.client().await;
    client.send(test.request(Message::call("mine", "hold", json!({}))).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    drop(client);
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    assert_eq!(cancelled["params"]["requestId"], call["id"]);
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn a_legacy_client_that_goes_away_cancels_nothing() {
    let test =
        Test::new().policy(ALLOW).process().tool(Tool::new("hold")).tool(Tool::new("copy")).start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(Message::call(7, "hold", json!({}))).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    drop(client);
    // The session is as good as before, and the call goes on.
    let other = session.ask(Message::call(8, "copy", json!({}))).await;
    assert_eq!(text(&other), "ok");
    assert!(test.puppets.of("notifications/cancelled").is_empty());
    let same_id = session.call("copy", json!({})).await;
    assert_eq!(same_id["error"]["code"], -32600, "its id is taken as long as it is unanswered");
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": {"content": []}}));
    while session.call("copy", json!({})).await["error"].is_object() {}
    assert_eq!(test.books().outcomes(), ["answered", "answered", "answered"]);
}
