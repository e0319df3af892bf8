//! A gateway that shuts down lets nothing new in, and ends what has no end of its own.

use crate::support::{ALLOW, Running, Test, ends_cleanly, text};
use serde_json::json;
use testkit::{Answer, Gate, Message, RawClient, Request, Tool};

async fn start(gate: &Gate) -> Running {
    let held = Tool::new("hold").answer(Answer::text("late").held(gate));
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy")).tool(held).start().await;
    test.listed().await;
    test
}

#[tokio::test]
async fn nothing_new_is_let_in_while_what_is_under_way_finishes() {
    let gate = Gate::closed();
    let test = start(&gate).await;
    let session = test.legacy().await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "hold", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.gateway.drain();
    for request in [
        test.request(Message::call(8, "copy", json!({}))),
        test.request(Message::request(8, "tools/list")),
        Request::legacy(Running::PATH, &Message::initialize(1), None).bearer(&test.token),
        session.request(Message::request(8, "ping")),
        session.bare("GET"),
    ] {
        let reply = test.untouched(&request).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
    }
    let ready = test.send(&Request::new("GET", "/readyz")).await;
    assert_eq!((ready.status, test.send(&Request::new("GET", "/healthz")).await.status), (503, 200));
    gate.open();
    assert_eq!(text(&client.reply().await.answer()), "late");
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn streams_without_an_end_end() {
    let test = start(&Gate::closed()).await;
    let session = test.legacy().await;
    let listen = Message::request("sub", "subscriptions/listen").param("notifications", json!({}));
    let (mut a, mut b): (RawClient, RawClient) = (test.client().await, test.client().await);
    let mut subscription = a.open(&test.request(listen)).await;
    subscription.message().await;
    let mut stream = b.open(&session.bare("GET")).await;
    test.upstream.listened(2).await;
    test.gateway.drain();
    test.stop.send_replace(true);
    assert!(ends_cleanly(&mut subscription).await && ends_cleanly(&mut stream).await);
    // Nothing is left for which the listener would wait.
    a.closed().await;
    b.closed().await;
}

#[tokio::test]
async fn a_client_in_lines_is_told() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("hold")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    client.send(Message::call("h", "hold", json!({}))).await;
    let call = test.puppets.received("tools/call", 1).await;
    test.gateway.drain();
    let refused = client.ask(Message::call(2, "hold", json!({}))).await;
    assert_eq!(refused["error"]["message"], "the gateway is shutting down; retry later");
    let result = json!({"content": [{"type": "text", "text": "late"}]});
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": result}));
    assert_eq!(text(&client.next().await.unwrap()), "late");
    test.gateway.stop_servers().await;
    assert_eq!(test.puppets.of("tools/call").len(), 1);
}
