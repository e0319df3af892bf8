//! Replies that come in pieces: large bodies and event streams pass while they come, in the client's own terms.

use crate::support::{ALLOW, Running, Test, ends_cleanly, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::wait::within;
use testkit::{Answer, Gate, Message, RawClient, Tool};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More than the gateway reads of a reply before it passes it on.
const LARGE: usize = 100_000;

async fn start(answer: Answer) -> Running {
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).start().await;
    test.listed().await;
    test
}

fn call() -> Message {
    Message::call("mine", "copy", json!({})).meta("progressToken", "token")
}

fn note(method: &str, params: Value) -> Step {
    Step::Message(json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

fn done() -> Step {
    Step::Result(json!({"content": [{"type": "text", "text": "done"}]}))
}

/// The gateway's id of the call, once it has arrived.
async fn id_upstream(test: &Running) -> Value {
    test.upstream.called(1).await;
    test.upstream.calls()[0].id().clone()
}

#[tokio::test]
async fn a_large_body_passes_while_it_comes() {
    let gate = Gate::closed();
    let text = "x".repeat(8 << 20);
    let answer = Answer::empty(200)
        .then(Step::Raw(format!(r#"{{"result":{{"content":[{{"type":"text","text":"{text}"#)))
        .then(Step::Hold(gate.clone()))
        .then(Step::Raw(r#""}]},"id":{id},"jsonrpc":"2.0"}"#.into()));
    let test = start(answer).await;
    let mut socket = TcpStream::connect(test.address).await.unwrap();
    socket.write_all(&test.request(call()).bytes()).await.unwrap();
    let mut received = Vec::new();
    // All of the first part comes although the reply is not complete, and its id not known.
    while received.len() < text.len() {
        assert!(within("a part of the reply", socket.read_buf(&mut received)).await.unwrap() > 0);
    }
    gate.open();
    while !received.ends_with(b"0\r\n\r\n") {
        assert!(within("the rest of the reply", socket.read_buf(&mut received)).await.unwrap() > 0);
    }
    let reply = String::from_utf8_lossy(&received);
    assert!(reply.contains(r#""}]},"id":"mine","jsonrpc":"2.0"}"#), "{} bytes", reply.len());
    let books = test.books();
    assert_eq!(books.outcomes(), ["answered"]);
    assert!(books.of("outcome")[0]["received"].as_u64().unwrap() as usize > text.len());
}

/// A large reply with this beginning and end around its bulk.
fn large(beginning: &str, end: &str) -> String {
    format!(r#"{beginning}{}{end}"#, "x".repeat(LARGE))
}

/// Large replies that only show late that they must not be passed on.
fn late_violations() -> Vec<(&'static str, String)> {
    let begin = r#"{"jsonrpc":"2.0","result":{"x":""#;
    vec![
        ("another id", large(begin, r#""},"id":99999}"#)),
        ("an id of another type", large(begin, r#""},"id":"{id}"}"#)),
        ("no id", large(begin, r#""}}"#)),
        ("a second result", large(begin, r#""},"id":{id},"result":{}}"#)),
        ("an error too", large(begin, r#""},"id":{id},"error":{"code":1,"message":"x"}}"#)),
        ("an unknown member", large(begin, r#""},"id":{id},"more":1}"#)),
        ("something behind it", large(begin, r#""},"id":{id}} {}"#)),
        ("no end", large(begin, r#""},"id":{id}"#)),
        ("asks for input", large(begin, r#"","resultType":"input_required"},"id":{id}}"#)),
        ("asks in disguise", large(begin, r#"","resultType":"complete","inputRequests":{}},"id":{id}}"#)),
        ("speaks in our name", large(begin, r#"","_meta":{"toolgate/decision":{}}},"id":{id}}"#)),
    ]
}

#[tokio::test]
async fn a_large_body_that_breaks_the_protocol_is_never_complete() {
    for (what, body) in late_violations() {
        let test = start(Answer::raw(&body)).await;
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(call())).await;
        assert!(!ends_cleanly(&mut stream).await, "{what}");
        assert_eq!(test.books().outcomes(), ["unknown"], "{what}");
    }
}

#[tokio::test]
async fn a_large_event_that_breaks_the_protocol_is_never_complete() {
    for (what, body) in late_violations() {
        let test = start(Answer::raw(&format!("data: {body}\n\n")).sse()).await;
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(call())).await;
        let rest = stream.rest().await;
        // Without its end a client does not take an event.
        assert!(!rest.contains("\n\n"), "{what}");
        assert!(!ends_cleanly(&mut stream).await, "{what}");
        assert_eq!(test.books().outcomes(), ["unknown"], "{what}");
    }
}

#[tokio::test]
async fn a_body_or_stream_that_is_cut_off_is_never_complete() {
    let body = large(r#"{"jsonrpc":"2.0","id":{id},"result":{"x":""#, "");
    let cut = |answer: Answer| answer.then(Step::Cut);
    for answer in [
        cut(Answer::raw(&body)),
        cut(Answer::raw(&format!("data: {body}")).sse()),
        cut(Answer::empty(200)
            .sse()
            .then(note("notifications/message", json!({"level": "info", "data": 1})))),
        Answer::empty(200).sse().then(note("notifications/message", json!({"level": "info", "data": 1}))),
    ] {
        let test = start(answer).await;
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(call())).await;
        assert!(!ends_cleanly(&mut stream).await);
        assert_eq!(test.books().outcomes(), ["unknown"]);
    }
}

#[tokio::test]
async fn a_large_event_passes_in_the_clients_terms() {
    let bulk = "y".repeat(3 << 20);
    let body = format!(
        ": hello\nevent: message\ndata: {{\"jsonrpc\":\"2.0\",\ndata: \"id\":{{id}},\"result\":{{\"x\":\"{bulk}\"}}}}\n\n"
    );
    let test = start(Answer::raw(&body).sse()).await;
    let reply = test.modern(call()).await;
    assert_eq!(reply.answer(), json!({"jsonrpc": "2.0", "id": "mine", "result": {"x": bulk}}));
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn events_come_one_by_one_with_the_clients_token_and_id() {
    let gate = Gate::closed();
    let answer = Answer::empty(200)
        .sse()
        .then(Step::Raw(": a comment\n\nid: 1\ndata:\n\n".into()))
        .then(Step::Raw(
            "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":{id},\"progress\":0.50,\"_meta\":{\"toolgate/x\":1,\"kept\":2}}}\r\n\r\n"
                .into(),
        ))
        .then(Step::Hold(gate.clone()))
        .then(Step::Raw("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":{id}}}\n\n".into()))
        .then(done());
    let test = start(answer).await;
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(call())).await;
    assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
    let progress = stream.event().await.unwrap();
    assert_eq!(
        progress,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"token","progress":0.50,"_meta":{"kept":2}}}"#
    );
    gate.open();
    assert_eq!(stream.message().await["params"]["requestId"], "mine");
    let last = stream.message().await;
    assert_eq!((&last["id"], text(&last)), (&json!("mine"), "done"));
    assert!(ends_cleanly(&mut stream).await);
    assert_eq!(test.books().outcomes(), ["answered"]);
}

/// Messages that do not belong to this client, or whose channel is closed.
#[tokio::test]
async fn what_is_not_the_clients_is_dropped() {
    const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;
    let answer = Answer::empty(200)
        .sse()
        .then(note("notifications/progress", json!({"progressToken": 99999, "progress": 1})))
        .then(note("notifications/progress", json!({"progressToken": "token", "progress": 1})))
        .then(note("notifications/cancelled", json!({"requestId": 99999})))
        .then(note("notifications/cancelled", json!({"requestId": "mine"})))
        .then(note("notifications/resources/updated", json!({"uri": "file:///x"})))
        .then(note("notifications/tasks", json!({"taskId": "x", "status": "working"})))
        .then(note("notifications/elicitation/complete", json!({"elicitationId": "x"})))
        .then(note("notifications/made/up", json!({})))
        .then(Step::Message(
            json!({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": {}}),
        ))
        .then(note("notifications/message", json!({"level": "info", "data": "kept"})))
        .then(done());
    let test = Test::new().policy(DENY).tool(Tool::new("copy").answer(answer)).start().await;
    let messages = test.modern(call()).await.messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!((&messages[0]["params"]["data"], text(&messages[1])), (&json!("kept"), "done"));
    // In this era a server's request is dropped without an answer.
    assert!(test.upstream.messages().iter().all(|message| message.message.get("error").is_none()));
}

#[tokio::test]
async fn requests_of_a_server_are_refused_and_pings_answered() {
    let gate = Gate::closed();
    let ask = |id: Value, method: &str| {
        Step::Message(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": {}}))
    };
    let answer = Answer::empty(200)
        .sse()
        .then(ask(json!(1), "sampling/createMessage"))
        .then(ask(json!("two"), "elicitation/create"))
        .then(ask(json!(3), "roots/list"))
        .then(ask(json!(4), "ping"))
        .then(Step::Hold(gate.clone()))
        .then(done());
    let test = start(answer).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(call()).bytes()).await;
    // Four answers besides the list, the handshake with its notification, and the call.
    test.upstream.received(8).await;
    gate.open();
    assert_eq!(client.reply().await.messages().len(), 1, "the client sees its own answer only");
    let mut answers: Vec<Value> =
        test.upstream.messages().iter().map(|received| received.message.clone()).collect();
    answers.retain(|message| message.get("error").is_some() || message.get("result").is_some());
    answers.sort_by_key(|message| message["id"].to_string());
    let ids: Vec<&Value> = answers.iter().map(|message| &message["id"]).collect();
    assert_eq!(ids, [&json!("two"), &json!(1), &json!(3), &json!(4)]);
    assert!(answers[..3].iter().all(|message| message["error"]["code"] == -32601));
    assert_eq!(answers[3]["result"], json!({}));
    let in_session =
        |received: &testkit::Received| received.header("mcp-session-id") == Some("upstream-session-1");
    assert_eq!(test.upstream.messages().iter().filter(|received| in_session(received)).count(), 6);
}

#[tokio::test]
async fn a_server_that_asks_without_end_does_not_make_the_gateway_answer_without_end() {
    let mut answer = Answer::empty(200).sse();
    for id in 0..500 {
        answer = answer.then(Step::Message(json!({"jsonrpc": "2.0", "id": id, "method": "roots/list"})));
    }
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer.then(done()))).start().await;
    let session = test.legacy().await;
    session.ask(Message::request(1, "tools/list")).await;
    let before = test.upstream.n_connections();
    assert_eq!(text(&session.ask(call()).await), "done");
    let n_answers = test.upstream.n_connections() - before;
    assert!(n_answers <= 20, "{n_answers} connections at once");
}

#[tokio::test]
async fn a_reply_that_asks_for_input_ends_the_call() {
    let asks = json!({"resultType": "input_required", "inputRequests": {"a": {"method": "elicitation/create"}}, "requestState": "s"});
    let hidden = json!({"resultType": "complete", "inputRequests": {}, "requestState": "s"});
    let results = [asks, hidden].map(|result| [Answer::result(result.clone()), Answer::result(result).sse()]);
    for answer in results.into_iter().flatten() {
        let test = start(answer).await;
        let answer = test.modern(call()).await.answer();
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!("mine"), &json!(-31403)));
        assert!(!answer.to_string().contains("requestState"));
        assert_eq!(test.books().outcomes(), ["answered"]);
    }
}

#[tokio::test]
async fn a_cancellation_names_the_upstreams_id() {
    let gate = Gate::closed();
    let test = start(Answer::text("ok").held(&gate)).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(Message::call("mine", "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    let before = test.n_bytes().await;
    let cancel = |id: Value| Message::notification("notifications/cancelled").param("requestId", id);
    // Nobody's id, and the server's own, which is none of the client's.
    for id in [json!("other"), json!(7), id_upstream(&test).await] {
        assert_eq!(session.send(cancel(id)).await.status, 202);
        assert_eq!(test.n_bytes().await, before);
    }
    let other = crate::support::Legacy::open(&test, &test.other_token).await;
    let before = test.n_bytes().await;
    assert_eq!(other.send(cancel(json!("mine"))).await.status, 202);
    assert_eq!(test.n_bytes().await, before);
    assert_eq!(session.send(cancel(json!("mine"))).await.status, 202);
    test.upstream.received_method("notifications/cancelled", 1).await;
    let cancelled = test.upstream.messages().pop().unwrap();
    assert_eq!(cancelled.params()["requestId"], id_upstream(&test).await);
    gate.open();
    client.reply().await;
}

#[tokio::test]
async fn a_subscription_passes_in_the_clients_terms() {
    let test = start(Answer::text("ok")).await;
    let listen = Message::request("sub", "subscriptions/listen")
        .param("notifications", json!({"toolsListChanged": true}));
    let mut client: RawClient = test.client().await;
    let mut stream = client.open(&test.request(listen)).await;
    let key = "io.modelcontextprotocol/subscriptionId";
    let acknowledged = stream.message().await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["_meta"][key], "sub");
    test.upstream.listened(1).await;
    test.upstream.push(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    let changed = stream.message().await;
    assert_eq!(
        (&changed["method"], &changed["params"]["_meta"][key]),
        (&json!("notifications/tools/list_changed"), &json!("sub"))
    );
    // The stored list is old from then on: the next call asks for it.
    let n_lists =
        || test.upstream.messages().iter().filter(|received| received.method() == "tools/list").count();
    let before = n_lists();
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(n_lists(), before + 1);
    assert_eq!(test.books().tally.intents, 1);
}

#[tokio::test]
async fn a_large_error_keeps_its_status_in_the_modern_era_alone() {
    let body = large(r#"{"jsonrpc":"2.0","id":{id},"error":{"code":-32001,"message":""#, r#""}}"#);
    let test = start(Answer { status: 400, ..Answer::raw(&body) }).await;
    let reply = test.modern(call()).await;
    assert_eq!((reply.status, &reply.answer()["error"]["code"]), (400, &json!(-32001)));
    let session = test.legacy().await;
    let reply = session.send(call()).await;
    assert_eq!((reply.status, &reply.answer()["error"]["code"]), (200, &json!(-32001)));
}

#[tokio::test]
async fn a_server_that_falls_silent_in_the_middle_of_its_reply_is_given_up() {
    let never = Gate::closed();
    let begun = large(r#"{"jsonrpc":"2.0","id":{id},"result":{"x":""#, "");
    for answer in [
        Answer::raw(&begun).then(Step::Hold(never.clone())),
        Answer::raw(r#"{"jsonrpc":"#).then(Step::Hold(never.clone())).then(Step::Cut),
        Answer::empty(200)
            .sse()
            .then(note("notifications/message", json!({"level": "info", "data": 1})))
            .then(Step::Hold(never.clone())),
    ] {
        let copy = Tool::new("copy").answer(answer);
        let test = Test::new().policy(ALLOW).tool(copy).timeout_s(1).start().await;
        test.listed().await;
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(call())).await;
        let text = stream.rest().await;
        assert!(
            text.contains("silent")
                || !text.contains("\"result\":{\"x\"")
                || !ends_cleanly(&mut stream).await,
            "{text}"
        );
        test.upstream.abandoned(1).await;
        assert_eq!(test.books().outcomes(), ["unknown"]);
    }
}

#[tokio::test]
async fn a_subscription_in_lines_of_json_passes_while_it_comes() {
    let gate = Gate::closed();
    let line = |method: &str| {
        format!(
            "{}\n",
            json!({"jsonrpc": "2.0", "method": method, "params": {"_meta": {"io.modelcontextprotocol/subscriptionId": "ID"}}})
        )
        .replace("\"ID\"", "{id}")
    };
    let answer = Answer::raw(&line("notifications/subscriptions/acknowledged"))
        .then(Step::Raw(line("notifications/tools/list_changed")))
        .then(Step::Hold(gate.clone()))
        .then(Step::Raw("{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{\"resultType\":\"complete\"}}".into()));
    let test =
        Test::new().policy(ALLOW).script(|script| script.on("subscriptions/listen", answer)).start().await;
    let mut client = test.client().await;
    let listen = Message::request("mine", "subscriptions/listen")
        .param("notifications", json!({"toolsListChanged": true}));
    let mut stream = client.open(&test.request(listen)).await;
    for method in ["subscriptions/acknowledged", "tools/list_changed"] {
        let message = stream.message().await;
        assert_eq!(message["method"], format!("notifications/{method}"), "{message}");
        assert_eq!(message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "mine");
    }
    gate.open();
    assert_eq!(stream.message().await["id"], "mine");
}
