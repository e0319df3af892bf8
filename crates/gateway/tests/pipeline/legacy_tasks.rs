//! Tasks of 2025-11-25: a call that wishes to be one, what is asked and told about it, and whose it is.

use crate::support::{ALLOW, Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Message, Tool};

const CLOSED: &str = r#"{"version": "1", "default": "allow", "tasks": {"action": "deny"}}"#;
const RELATED: &str = "io.modelcontextprotocol/related-task";

fn task(id: &str) -> Value {
    json!({"taskId": id, "status": "working", "createdAt": "2026-11-20T00:00:00Z",
        "lastUpdatedAt": "2026-11-20T00:00:00Z", "ttl": 60_000, "kept": 1.50})
}

fn call() -> Message {
    Message::call(7, "slow", json!({"n": 1})).param("task", json!({"ttl": 60_000}))
}

fn about(method: &str, id: &Value) -> Message {
    Message::request("about", method).param("taskId", id.clone())
}

fn done(text: &str) -> Answer {
    Answer::result(
        json!({"content": [{"type": "text", "text": text}], "_meta": {RELATED: {"taskId": "up-1"}}}),
    )
}

async fn start(policy: &str) -> Running {
    start_with(policy, done("done")).await
}

async fn start_with(policy: &str, result: Answer) -> Running {
    let test = Test::new()
        .policy(policy)
        .tool(Tool::new("slow").answer(Answer::result(json!({"task": task("up-1")}))))
        .script(|script| {
            script
                .on("tasks/get", Answer::result(task("up-1")))
                .on("tasks/cancel", Answer::result(task("up-1")))
                .on("tasks/result", result)
                .on("tasks/list", Answer::result(json!({"tasks": [task("up-2"), task("up-1"), {"taskId": 3}, "up-1"], "nextCursor": "up-next"})))
        })
        .start()
        .await;
    test.legacy().await.ask(Message::request(1, "tools/list")).await;
    test
}

async fn begin(session: &Legacy<'_>) -> Value {
    let begun = session.ask(call()).await;
    let id = begun["result"]["task"]["taskId"].clone();
    assert!(id.as_str().is_some_and(|id| id.len() == 32), "{begun}");
    assert!(!begun.to_string().contains("up-1"));
    id
}

#[tokio::test]
async fn a_task_is_asked_about_by_an_id_of_ours() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    assert_eq!(test.upstream.calls().pop().unwrap().params()["task"], json!({"ttl": 60_000}));
    for method in ["tasks/get", "tasks/cancel", "tasks/result"] {
        let told = session.ask(about(method, &id)).await;
        assert_eq!(test.upstream.messages().pop().unwrap().params()["taskId"], "up-1");
        assert!(!told.to_string().contains("up-1"), "{told}");
        let shown = if method == "tasks/result" {
            &told["result"]["_meta"][RELATED]["taskId"]
        } else {
            &told["result"]["taskId"]
        };
        assert_eq!(shown, &id);
    }
    let books = test.books();
    let seen: Vec<_> =
        books.of("intent").iter().map(|one| (one["method"].clone(), one["tool"].clone())).collect();
    let methods = ["tools/call", "tasks/get", "tasks/cancel", "tasks/result"];
    assert_eq!(seen, methods.map(|method| (json!(method), json!("slow"))));
}

#[tokio::test]
async fn a_list_shows_ones_own_tasks_and_its_cursor_is_ours() {
    let test = start(ALLOW).await;
    let (session, other) = (test.legacy().await, Legacy::open(&test, &test.other_token).await);
    let id = begin(&session).await;
    let listed = session.ask(Message::request(1, "tasks/list")).await;
    let mut own = task("up-1");
    own["taskId"] = id;
    assert_eq!(listed["result"]["tasks"], json!([own]));
    let cursor = listed["result"]["nextCursor"].clone();
    session.ask(Message::request(1, "tasks/list").param("cursor", cursor.clone())).await;
    assert_eq!(test.upstream.messages().pop().unwrap().params()["cursor"], "up-next");
    let foreign = other.request(Message::request(1, "tasks/list").param("cursor", cursor));
    assert_eq!(test.untouched(&foreign).await.json()["error"]["code"], -32602);
    assert_eq!(other.ask(Message::request(1, "tasks/list")).await["result"]["tasks"], json!([]));
}

#[tokio::test]
async fn another_sessions_task_is_unknown() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    let (same_grant, other_grant) = (test.legacy().await, Legacy::open(&test, &test.other_token).await);
    for method in ["tasks/get", "tasks/cancel", "tasks/result"] {
        for request in [
            same_grant.request(about(method, &id)),
            other_grant.request(about(method, &id)),
            session.request(about(method, &json!("up-1"))),
            session.request(about(method, &json!("x"))),
        ] {
            let reply = test.untouched(&request).await;
            assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32602)), "{method}");
        }
    }
    assert_eq!(same_grant.ask(Message::request(1, "tasks/list")).await["result"]["tasks"], json!([]));
}

#[tokio::test]
async fn where_tasks_are_closed_a_call_cannot_wish_to_be_one() {
    let mut test = start(ALLOW).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    let call = session.request(call());
    let others =
        ["tasks/get", "tasks/cancel", "tasks/result"].map(|method| session.request(about(method, &id)));
    let list = session.request(Message::request(1, "tasks/list"));
    test.reload(CLOSED);
    let denied = test.untouched(&call).await.answer();
    assert!(text(&denied).starts_with("[POLICY DENIED]"), "{denied}");
    for request in others.iter().chain([&list]) {
        assert_eq!(test.untouched(request).await.answer()["error"]["code"], -31403);
    }
    assert!(test.books().denials().iter().any(|(_, cause)| *cause == "action"));
}

#[tokio::test]
async fn a_revision_without_tasks_has_none() {
    let test = start(ALLOW).await;
    for (version, expected) in [("2025-06-18", -32602), ("2025-03-26", -32602), ("2024-11-05", -32602)] {
        let initialize = Message::initialize(0).param("protocolVersion", version);
        let session = Legacy::open_with(&test, &test.token, initialize).await;
        let request = session.request(call()).with("MCP-Protocol-Version", version);
        let reply = test.untouched(&request).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(expected)), "{version}");
    }
}

#[tokio::test]
async fn a_server_that_answers_at_once_is_passed_on() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    test.upstream.set_tools(vec![Tool::new("slow").answer(Answer::text(&"x".repeat(200_000)))]);
    assert_eq!(text(&session.ask(call()).await).len(), 200_000);
}

#[tokio::test]
async fn a_long_result_of_a_task_passes_in_the_clients_terms() {
    for as_events in [false, true] {
        let long = done(&"x".repeat(200_000));
        let test = start_with(ALLOW, if as_events { long.sse() } else { long }).await;
        let session = test.legacy().await;
        let id = begin(&session).await;
        let told = session.ask(about("tasks/result", &id)).await;
        assert_eq!((text(&told).len(), &told["result"]["_meta"][RELATED]["taskId"]), (200_000, &id));
    }
}

#[tokio::test]
async fn notices_tell_of_ones_own_tasks_only() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    test.upstream.listened(1).await;
    let say = |method: &str, params: Value| {
        test.upstream.push(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    };
    say("notifications/tasks/status", task("up-2"));
    say(
        "notifications/message",
        json!({"level": "info", "data": "a", "_meta": {RELATED: {"taskId": "up-2"}, "x": 1}}),
    );
    say(
        "notifications/message",
        json!({"level": "info", "data": "b", "_meta": {RELATED: {"taskId": "up-1"}}}),
    );
    say("notifications/tasks/status", task("up-1"));
    let (of_other, of_own, told) = (stream.message().await, stream.message().await, stream.message().await);
    assert_eq!(of_other["params"]["_meta"], json!({"x": 1}), "what another's task says is not tied to it");
    assert_eq!(of_own["params"]["_meta"], json!({RELATED: {"taskId": id}}));
    assert_eq!((&told["method"], &told["params"]["taskId"]), (&json!("notifications/tasks/status"), &id));
    assert_eq!(told["params"]["kept"], json!(1.50));
}

#[tokio::test]
async fn progress_goes_on_after_the_call_was_answered() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    session.ask(call().meta("progressToken", "mine")).await;
    let token = test.upstream.calls().pop().unwrap().params()["_meta"]["progressToken"].clone();
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    test.upstream.listened(1).await;
    let progress = |token: Value, n: u64| {
        let params = json!({"progressToken": token, "progress": n, "_meta": {RELATED: {"taskId": "up-1"}}});
        test.upstream.push(&json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params}));
    };
    progress(json!(999_999), 1);
    progress(token, 2);
    let told = stream.message().await;
    assert_eq!((&told["params"]["progressToken"], &told["params"]["progress"]), (&json!("mine"), &json!(2)));
    assert_eq!(told["params"]["_meta"][RELATED]["taskId"].as_str().unwrap().len(), 32);
}

#[tokio::test]
async fn a_request_belongs_to_ones_own_task_or_to_none() {
    let test = start(ALLOW).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    let ping = |id: &Value| Message::request(1, "ping").meta(RELATED, json!({"taskId": id}));
    session.ask(ping(&id)).await;
    assert_eq!(test.upstream.messages().pop().unwrap().params()["_meta"][RELATED]["taskId"], "up-1");
    for unknown in [json!("up-1"), json!(1), Value::Null] {
        let reply = test.untouched(&session.request(ping(&unknown))).await;
        assert_eq!(reply.json()["error"]["code"], -32602);
    }
    let alike = Message::request(1, "ping").meta(RELATED, json!({"taskid": "up-1"}));
    assert_eq!(test.untouched(&session.request(alike)).await.json()["error"]["code"], -32602);
}

#[tokio::test]
async fn what_a_task_asks_is_tied_to_it_in_both_directions() {
    const OPEN: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"}}"#;
    let asked = json!({"jsonrpc": "2.0", "id": "q-1", "method": "elicitation/create",
        "params": {"message": "who?", "_meta": {RELATED: {"taskId": "up-1"}}}});
    let test = start_with(OPEN, done("done").sse().after(Step::Message(asked))).await;
    let session = test.legacy().await;
    let id = begin(&session).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(about("tasks/result", &id))).await;
    let question = stream.message().await;
    assert_eq!(question["params"]["_meta"][RELATED]["taskId"], id);
    let answer = |related: &Value| {
        let body = json!({"jsonrpc": "2.0", "id": question["id"],
            "result": {"action": "accept", "content": {}, "_meta": {RELATED: {"taskId": related}}}});
        session.request(Message::request(1, "ping")).body(body.to_string())
    };
    // The server's own id is not the client's to name, and such an answer is none.
    assert_eq!(test.untouched(&answer(&json!("up-1"))).await.status, 202);
    assert_eq!(test.send(&answer(&id)).await.status, 202);
    let messages = test.upstream.messages();
    let answered = messages.iter().find(|received| received.message["id"] == "q-1").unwrap();
    assert_eq!(answered.message["result"]["_meta"][RELATED]["taskId"], "up-1");
    assert_eq!(text(&stream.message().await), "done");
}
