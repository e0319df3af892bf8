//! Servers that speak the first HTTP transport (2024-11-05): one connection for each session, replies on its stream.

use crate::support::{ALLOW, Test, text};
use gateway::declared::{Setting, Transport};
use serde_json::json;
use testkit::upstream::Step;
use testkit::{Answer, Gate, Message, Tool};

const HIDING: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;

fn test(policy: &str) -> Test {
    Test::new().policy(policy).tool(Tool::new("copy")).tool(Tool::new("unnamed")).sse()
}

#[tokio::test]
async fn a_session_lists_and_calls() {
    let test = test(HIDING).start().await;
    let session = test.legacy().await;
    assert_eq!(session.greeting["result"]["protocolVersion"], "2025-11-25");
    let listed = session.ask(Message::request(1, "tools/list")).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 1);
    assert_eq!(text(&session.call("copy", json!({"a": 1})).await), "ok");
    let before = test.upstream.calls().len();
    assert_eq!(session.call("unnamed", json!({})).await["error"]["code"], -32602);
    assert_eq!(test.upstream.calls().len(), before);
    let messages = test.upstream.messages();
    assert_eq!((&*messages[0].http_method, &*messages[0].target), ("GET", "/sse"));
    assert!(messages[1..].iter().all(|message| message.target == "/messages?session=0"));
    let books = test.books();
    assert_eq!(books.outcomes(), ["answered"]);
    let (sent, body) =
        (books.of("outcome")[0]["sent"].as_u64().unwrap(), test.upstream.calls()[0].body.len());
    assert!(sent as usize > body, "{sent} bytes written of a body of {body}");
}

#[tokio::test]
async fn each_session_has_a_connection_of_its_own() {
    let test = test(ALLOW).start().await;
    let (first, second) = (test.legacy().await, test.legacy().await);
    first.call("copy", json!({})).await;
    second.call("copy", json!({})).await;
    let targets: Vec<String> = test.upstream.calls().into_iter().map(|call| call.target).collect();
    assert_eq!(targets, ["/messages?session=0", "/messages?session=1"]);
    assert_eq!(test.send(&first.bare("DELETE")).await.status, 200);
    assert_eq!(test.untouched(&first.request(Message::call(7, "copy", json!({})))).await.status, 404);
    assert_eq!(text(&second.call("copy", json!({})).await), "ok");
}

#[tokio::test]
async fn progress_comes_before_the_reply_and_notices_on_the_sessions_stream() {
    let gate = Gate::closed();
    let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
        "params": {"progressToken": "{id}", "progress": 1}});
    let answer = Answer::empty(200)
        .then(Step::Raw(format!("data: {}\n\n", progress.to_string().replace("\"{id}\"", "{id}"))))
        .then(Step::Hold(gate.clone()))
        .then(Step::Result(json!({"content": []})));
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).sse().start().await;
    let session = test.legacy().await;
    let mut listening = session.connect().await;
    let mut notices = listening.open(&session.bare("GET")).await;
    let mut client = session.connect().await;
    let call = Message::call(7, "copy", json!({})).meta("progressToken", "mine");
    let mut stream = client.open(&session.request(call)).await;
    assert_eq!(stream.message().await["params"], json!({"progressToken": "mine", "progress": 1}));
    test.upstream.say("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n");
    assert_eq!(notices.message().await["method"], "notifications/tools/list_changed");
    gate.open();
    assert_eq!(stream.message().await["id"], 7);
}

#[tokio::test]
async fn a_stream_that_ends_ends_the_session() {
    let gate = Gate::closed();
    let held = Tool::new("copy").answer(Answer::text("ok").held(&gate));
    let test = Test::new().policy(ALLOW).tool(held).sse().start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(Message::call(7, "copy", json!({}))).bytes()).await;
    test.upstream.called(1).await;
    test.upstream.cut_first_streams();
    let answer = client.reply().await.answer();
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(7), &json!(-32603)));
    assert_eq!(test.untouched(&session.request(Message::request(8, "ping"))).await.status, 404);
    // Whoever initializes anew goes on, on a new connection.
    gate.open();
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(test.books().outcomes(), ["unknown", "answered"]);
}

#[tokio::test]
async fn a_server_that_forgot_the_connection_ends_the_session() {
    let test = test(ALLOW).start().await;
    let session = test.legacy().await;
    session.call("copy", json!({})).await;
    test.upstream.change(|script| *script = testkit::Script::new().on("tools/call", Answer::empty(404)));
    assert_eq!(session.call("copy", json!({})).await["error"]["code"], -32603);
    assert_eq!(test.untouched(&session.request(Message::request(8, "ping"))).await.status, 404);
}

#[tokio::test]
async fn an_endpoint_elsewhere_is_never_used() {
    for endpoint in ["http://127.0.0.1:1/messages", "https://evil.example/m", "//evil.example/m", "/m#x", ""]
    {
        let test = test(ALLOW).script(|script| script.endpoint(endpoint)).start().await;
        let request = testkit::Request::legacy("/mcp/imaging", &Message::initialize(0), None);
        let answer = test.send(&request.bearer(&test.token)).await;
        assert_eq!(answer.answer()["error"]["code"], -32603, "{endpoint}");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
        assert_eq!(test.upstream.messages().len(), 1, "{endpoint}: only the stream was asked for");
    }
}

#[tokio::test]
async fn credentials_go_with_the_stream_and_with_each_message() {
    let mut test = test(ALLOW).start().await;
    test.change(|declared| {
        let Transport::Sse { headers, .. } = &mut declared.servers[0].transport else { panic!() };
        headers.insert("authorization".into(), Setting::Literal("Bearer upstream".into()));
    });
    test.legacy().await.call("copy", json!({})).await;
    let messages = test.upstream.messages();
    assert!(messages.len() >= 4);
    assert!(messages.iter().all(|message| message.header("authorization") == Some("Bearer upstream")));
}

#[tokio::test]
async fn a_message_beyond_the_cap_closes_the_stream_and_what_is_no_message_is_dropped() {
    let test = test(ALLOW).start().await;
    let session = test.legacy().await;
    for noise in [
        "data: nonsense\n\n",
        "event: other\ndata: {}\n\n",
        ": comment\n\n",
        "data:\n\n",
        "event: endpoint\ndata: http://evil.example/\n\n",
    ] {
        test.upstream.say(noise);
    }
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    test.upstream.say(&format!("data: {}", "x".repeat(17 << 20)));
    let mut n_tries = 0;
    while session.send(Message::request(8, "ping")).await.status != 404 {
        n_tries += 1;
        assert!(n_tries < 10_000, "the session outlives its stream");
    }
}

#[tokio::test]
async fn what_the_server_asks_is_answered_on_the_connection_that_asked() {
    const OPEN: &str = r#"{"version": "1", "default": "allow", "roots": {"action": "allow"}}"#;
    let test = test(OPEN).start().await;
    let (session, other) = (test.legacy().await, test.legacy().await);
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    test.upstream.say("data: {\"jsonrpc\":\"2.0\",\"id\":\"r\",\"method\":\"roots/list\"}\n\n");
    let asked = stream.message().await;
    assert_eq!((&asked["id"], &asked["method"]), (&json!(1), &json!("roots/list")));
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#;
    let post = |session: &crate::support::Legacy<'_>| session.request(Message::request(1, "x")).body(answer);
    assert_eq!(test.send(&post(&session)).await.status, 202);
    test.upstream.received_method("", 1).await;
    let answered = |received: &testkit::Received| {
        received.message == json!({"jsonrpc": "2.0", "id": "r", "result": {"roots": []}})
    };
    let all = test.upstream.messages();
    let answers: Vec<&str> =
        all.iter().filter(|received| answered(received)).map(|received| received.target.as_str()).collect();
    assert_eq!(answers, ["/messages?session=0"]);
    assert_eq!(test.untouched(&post(&session)).await.status, 400);
    drop(other);
}
