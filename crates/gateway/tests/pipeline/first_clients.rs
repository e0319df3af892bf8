//! Clients that speak the first HTTP transport (2024-11-05): they hear on a stream and post to the path that it names.

use crate::support::{ALLOW, Running, Test, ends_cleanly, text};
use serde_json::{Value, json};
use testkit::client::ReplyStream;
use testkit::{Gate, Message, RawClient, Request, Tool};

const HIDING: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}, "hold": {}}}"#;
const STREAM: &str = "/sse/imaging";

fn test() -> Test {
    ["copy", "hold", "unnamed"]
        .into_iter()
        .fold(Test::new().policy(HIDING), |test, name| test.tool(Tool::new(name)))
}

fn get(token: &str) -> Request {
    Request::new("GET", STREAM).header("Accept", "text/event-stream").bearer(token)
}

/// The path that a stream names first.
async fn endpoint(stream: &mut ReplyStream<'_>) -> String {
    let event = stream.raw_event().await.unwrap();
    event.strip_prefix("event: endpoint\ndata: ").unwrap_or_else(|| panic!("{event}")).to_owned()
}

fn message(path: &str, token: &str, message: &Message) -> Request {
    Request::post(path, message.bytes()).without("Accept").bearer(token)
}

async fn post(test: &Running, path: &str, posted: Message) {
    let reply = test.send(&message(path, &test.token, &posted)).await;
    assert_eq!((reply.status, reply.body.len()), (202, 0), "{}", reply.text());
}

/// Opens a stream and goes through the handshake.
async fn open<'a>(test: &Running, client: &'a mut RawClient) -> (ReplyStream<'a>, String) {
    let mut stream = client.open(&get(&test.token)).await;
    let path = endpoint(&mut stream).await;
    post(test, &path, Message::initialize(0).param("protocolVersion", "2024-11-05")).await;
    assert_eq!(stream.message().await["result"]["protocolVersion"], "2024-11-05");
    post(test, &path, Message::notification("notifications/initialized")).await;
    (stream, path)
}

async fn ask(test: &Running, stream: &mut ReplyStream<'_>, path: &str, message: Message) -> Value {
    let id = message.value()["id"].clone();
    post(test, path, message).await;
    let answer = stream.message().await;
    assert_eq!(answer["id"], id, "{answer}");
    answer
}

#[tokio::test]
async fn a_client_lists_and_calls_whatever_its_server_speaks() {
    for test in [test(), test().process(), test().sse()] {
        let test = test.start().await;
        let mut client = test.client().await;
        let (mut stream, path) = open(&test, &mut client).await;
        assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
        let listed = ask(&test, &mut stream, &path, Message::request(1, "tools/list")).await;
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 2);
        let called = ask(&test, &mut stream, &path, Message::call("2", "copy", json!({"a": 1}))).await;
        assert_eq!(text(&called), "ok");
        let before = test.n_bytes().await;
        let denied = ask(&test, &mut stream, &path, Message::call(3, "unnamed", json!({}))).await;
        assert_eq!((denied["error"]["code"].as_i64(), test.n_bytes().await), (Some(-32602), before));
        assert_eq!(test.books().outcomes(), ["answered"]);
    }
}

#[tokio::test]
async fn what_the_server_says_unasked_comes_on_the_stream() {
    for is_process in [false, true] {
        let test = if is_process { test().process() } else { test() };
        let test = test.start().await;
        let mut client = test.client().await;
        let (mut stream, _) = open(&test, &mut client).await;
        let notice = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
        if is_process {
            test.puppets.received("notifications/initialized", 1).await;
            test.puppets.say(0, &notice);
        } else {
            test.upstream.listened(1).await;
            test.upstream.push(&notice);
        }
        assert_eq!(stream.message().await, notice);
    }
}

#[tokio::test]
async fn requests_do_not_wait_for_one_another() {
    let gate = Gate::closed();
    let held = Tool::new("hold").answer(testkit::Answer::text("late").held(&gate));
    let test = Test::new().policy(ALLOW).tool(held).tool(Tool::new("copy")).start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    post(&test, &path, Message::call(1, "hold", json!({}))).await;
    test.upstream.called(1).await;
    assert_eq!(text(&ask(&test, &mut stream, &path, Message::call(2, "copy", json!({}))).await), "ok");
    gate.open();
    assert_eq!(stream.message().await["id"], 1);
}

#[tokio::test]
async fn the_end_of_the_stream_ends_the_session_and_what_it_has() {
    let test = test().process().start().await;
    let mut client = test.client().await;
    let (_, path) = open(&test, &mut client).await;
    assert_eq!(test.gateway.sessions.len(), 1);
    drop(client);
    test.puppets.ended(1).await;
    let ping = message(&path, &test.token, &Message::request(1, "ping"));
    while test.send(&ping).await.status != 404 {}
    assert_eq!(test.gateway.sessions.len(), 0);
}

#[tokio::test]
async fn only_the_client_of_a_stream_may_post_to_it() {
    let test = test().start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    let session = test.legacy().await;
    let call = Message::call(7, "copy", json!({}));
    let id = path.rsplit_once('=').unwrap().1;
    for (request, status) in [
        (message(&path, &test.other_token, &call), 404),
        (message(&path, &test.token, &call).without("Authorization"), 401),
        (message(&format!("/messages/imaging?session={}", session.id), &test.token, &call), 404),
        (message("/messages/imaging", &test.token, &call), 404),
        (message("/messages/imaging?session=", &test.token, &call), 404),
        (message(&format!("{path}&session=x"), &test.token, &call), 404),
        (message(&format!("/messages/unreached?session={id}"), &test.token, &call), 404),
        (session.request(Message::call(7, "copy", json!({}))).with("Mcp-Session-Id", id), 404),
        (session.bare("GET").with("Mcp-Session-Id", id), 404),
        (session.bare("DELETE").with("Mcp-Session-Id", id), 404),
        (get(&test.token).without("Authorization"), 401),
        (
            Request::new("GET", "/sse/unreached").header("Accept", "text/event-stream").bearer(&test.token),
            404,
        ),
    ] {
        assert_eq!(
            test.untouched(&request).await.status,
            status,
            "{}",
            String::from_utf8_lossy(&request.bytes())
        );
    }
    assert_eq!(text(&ask(&test, &mut stream, &path, call).await), "ok");
}

#[tokio::test]
async fn what_is_no_message_of_the_era_is_refused_at_once() {
    let test = test().start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    let call = || message(&path, &test.token, &Message::call(7, "copy", json!({})));
    let modern = Message::call(7, "copy", json!({})).modern();
    for (request, status) in [
        (call().body("{}"), 400),
        (call().body("[]"), 400),
        (call().body(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","method":"ping"}"#), 400),
        (call().with("Content-Length", "5242880"), 413),
        (call().with("Content-Type", "text/plain"), 415),
        (call().header("Content-Encoding", "gzip"), 415),
        (call().header("Host", "127.0.0.1"), 421),
        (call().with("Host", "evil.example"), 421),
        (call().header("Origin", "https://evil.example"), 403),
        (call().header("Authorization", "Bearer x"), 400),
        (message(&path, &test.token, &modern), 400),
        (get(&test.token).with("Accept", "application/json"), 406),
        (get(&test.token).header("Origin", "null"), 403),
        (Request::post(STREAM, "{}").bearer(&test.token), 405),
        (Request::new("GET", &path).bearer(&test.token), 405),
        (Request::new("DELETE", STREAM).bearer(&test.token), 405),
    ] {
        assert_eq!(
            test.untouched(&request).await.status,
            status,
            "{}",
            String::from_utf8_lossy(&request.bytes())
        );
    }
    assert_eq!(text(&ask(&test, &mut stream, &path, Message::call(7, "copy", json!({}))).await), "ok");
}

#[tokio::test]
async fn a_revocation_ends_the_stream() {
    let mut test = test().start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    test.revoke();
    assert!(ends_cleanly(&mut stream).await);
    assert_eq!(test.untouched(&message(&path, &test.token, &Message::request(1, "ping"))).await.status, 401);
    assert_eq!(test.gateway.sessions.len(), 0);
}

#[tokio::test]
async fn a_grant_opens_so_many_and_the_end_of_one_makes_room() {
    let test = test().bounds(|bounds| bounds.max_sessions = 1).start().await;
    let mut client = test.client().await;
    let (_, path) = open(&test, &mut client).await;
    assert_eq!(test.untouched(&get(&test.token)).await.status, 429);
    drop(client);
    while test.send(&message(&path, &test.token, &Message::request(1, "ping"))).await.status != 404 {}
    let mut client = test.client().await;
    open(&test, &mut client).await;
}

#[tokio::test]
async fn the_end_of_the_gateway_ends_the_stream_after_what_is_under_way() {
    let gate = Gate::closed();
    let held = Tool::new("hold").answer(testkit::Answer::text("late").held(&gate));
    let test = Test::new().policy(ALLOW).tool(held).start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    post(&test, &path, Message::call(1, "hold", json!({}))).await;
    test.upstream.called(1).await;
    test.gateway.drain();
    gate.open();
    assert_eq!(stream.message().await["id"], 1);
    assert!(ends_cleanly(&mut stream).await);
}

#[tokio::test]
async fn a_client_is_asked_on_its_stream_and_answers_by_its_path() {
    const OPEN: &str = r#"{"version": "1", "default": "allow", "roots": {"action": "allow"}}"#;
    let test = Test::new().policy(OPEN).process().tool(Tool::new("copy")).start().await;
    let mut client = test.client().await;
    let (mut stream, path) = open(&test, &mut client).await;
    test.puppets.received("notifications/initialized", 1).await;
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": "r", "method": "roots/list"}));
    assert_eq!(stream.message().await["id"], 1);
    for (id, kept) in [(json!("r"), 1), (json!(2), 2), (json!(1), 3)] {
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": {"kept": kept}});
        let request = message(&path, &test.token, &Message::request(0, "x")).body(answer.to_string());
        assert_eq!(test.send(&request).await.status, 202);
    }
    test.puppets.heard("the answer", |message| message["result"] == json!({"kept": 3})).await;
    assert!(
        !test
            .puppets
            .messages()
            .iter()
            .any(|message| message["result"]["kept"].as_u64().is_some_and(|n| n < 3))
    );
    assert_eq!(test.books().outcomes(), ["answered"]);
}
