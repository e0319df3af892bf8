//! Tasks of 2026-07-28 (the extension): their ids are ours, known to the grant that began them only, and everything
//! about them is judged by the channel of tasks.

use crate::support::{ALLOW, Legacy, Running, Test, ends_cleanly, text};
use serde_json::{Value, json};
use testkit::message::CAPABILITIES_KEY;
use testkit::{Answer, Message, Reply, Request, Tool};

const CLOSED: &str = r#"{"version": "1", "default": "allow", "tasks": {"action": "deny"}}"#;
const ASKING: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"}}"#;
const EXTENSION: &str = "io.modelcontextprotocol/tasks";

fn able() -> Value {
    json!({"extensions": {EXTENSION: {}}, "elicitation": {}})
}

fn task(id: &str, status: &str) -> Value {
    json!({"resultType": "complete", "taskId": id, "status": status, "createdAt": "2026-11-20T00:00:00Z",
        "lastUpdatedAt": "2026-11-20T00:00:00Z", "ttlMs": 60_000})
}

fn new_task(id: &str) -> Answer {
    let mut result = task(id, "working");
    result["resultType"] = json!("task");
    Answer::result(result)
}

fn call() -> Message {
    Message::call(7, "slow", json!({"n": 1}))
}

fn about(method: &str, id: &Value) -> Message {
    let message = Message::request("about", method).param("taskId", id.clone());
    if method == "tasks/update" { message.param("inputResponses", json!({})) } else { message }
}

fn from(token: &str, message: Message, capabilities: Value) -> Request {
    Request::modern(Running::PATH, &message.modern().meta(CAPABILITIES_KEY, capabilities)).bearer(token)
}

fn request(test: &Running, message: Message) -> Request {
    from(&test.token, message, able())
}

async fn ask(test: &Running, message: Message) -> Value {
    test.send(&request(test, message)).await.answer()
}

async fn start(policy: &str, get: Answer) -> Running {
    let test = Test::new()
        .policy(policy)
        .tool(Tool::new("slow").answer(new_task("up-1")))
        .script(|script| {
            let acknowledged = || Answer::result(json!({}));
            script.on("tasks/get", get).on("tasks/cancel", acknowledged()).on("tasks/update", acknowledged())
        })
        .start()
        .await;
    test.listed().await;
    test
}

async fn begin(test: &Running) -> Value {
    let begun = ask(test, call()).await;
    let id = begun["result"]["taskId"].clone();
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    assert!(id.as_str().is_some_and(|id| id.len() == 32), "{begun}");
    id
}

fn fails(reply: &Reply, code: i64) {
    assert_eq!(reply.json()["error"]["code"], code, "{}", reply.text());
}

#[tokio::test]
async fn a_task_is_asked_about_by_an_id_of_ours() {
    for as_events in [false, true] {
        let get = Answer::result(task("up-1", "working"));
        let test = start(ALLOW, if as_events { get.sse() } else { get }).await;
        let id = begin(&test).await;
        for method in ["tasks/get", "tasks/update", "tasks/cancel", "tasks/get"] {
            let told = ask(&test, about(method, &id)).await;
            let received = test.upstream.messages().pop().unwrap();
            assert_eq!(
                (&received.params()["taskId"], received.header("mcp-name")),
                (&json!("up-1"), Some("up-1"))
            );
            let expected = if method == "tasks/get" { id.clone() } else { Value::Null };
            assert_eq!((&told["id"], &told["result"]["taskId"]), (&json!("about"), &expected), "{told}");
            assert!(!told.to_string().contains("up-1"));
        }
        let books = test.books();
        let seen: Vec<_> =
            books.of("intent").iter().map(|one| (one["method"].clone(), one["tool"].clone())).collect();
        let methods = ["tools/call", "tasks/get", "tasks/update", "tasks/cancel", "tasks/get"];
        assert_eq!(seen, methods.map(|method| (json!(method), json!("slow"))));
        assert_eq!(books.outcomes(), ["answered"; 5]);
    }
}

#[tokio::test]
async fn another_grants_task_is_unknown_and_so_is_what_nobody_gave() {
    let test = start(ALLOW, Answer::result(task("up-1", "working"))).await;
    let id = begin(&test).await;
    let session = test.legacy().await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        for made_up in [json!("up-1"), json!("x"), json!("0".repeat(32))] {
            fails(&test.untouched(&request(&test, about(method, &made_up))).await, -32602);
        }
        fails(&test.untouched(&from(&test.other_token, about(method, &id), able())).await, -32602);
        fails(&test.untouched(&from(&test.token, about(method, &id), json!({}))).await, -32021);
        if method != "tasks/update" {
            fails(&test.untouched(&session.request(about(method, &id))).await, -32602);
        }
    }
    let undeclared = test.send(&from(&test.token, about("tasks/get", &id), json!({}))).await;
    assert_eq!(undeclared.status, 400);
    assert_eq!(
        undeclared.json()["error"]["data"],
        json!({"requiredCapabilities": {"extensions": {EXTENSION: {}}}})
    );
}

#[tokio::test]
async fn a_server_declared_anew_has_none_of_the_tasks_of_before() {
    let mut test = start(ALLOW, Answer::result(task("up-1", "working"))).await;
    let id = begin(&test).await;
    test.change(|declared| declared.servers[0].timeout_s += 1);
    fails(&test.untouched(&request(&test, about("tasks/get", &id))).await, -32602);
}

#[tokio::test]
async fn closed_tasks_are_neither_offered_nor_passed_on() {
    let mut test = start(ALLOW, Answer::result(task("up-1", "working"))).await;
    let id = begin(&test).await;
    let capabilities = |test: &Running| {
        let call = test.upstream.calls().pop().unwrap();
        call.params()["_meta"][CAPABILITIES_KEY]["extensions"].clone()
    };
    assert_eq!(capabilities(&test), json!({EXTENSION: {}}));
    test.reload(CLOSED);
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        for id in [&id, &json!("x")] {
            fails(&test.untouched(&request(&test, about(method, id))).await, -31403);
        }
    }
    let listen = |ids: Value| {
        Message::request(1, "subscriptions/listen").param("notifications", json!({"taskIds": ids}))
    };
    fails(&test.untouched(&request(&test, listen(json!([id])))).await, -31403);
    fails(&test.untouched(&request(&test, listen(json!([])))).await, -31403);
    // A server that makes one all the same.
    let refused = ask(&test, call()).await;
    assert_eq!((&refused["error"]["code"], capabilities(&test)), (&json!(-31403), json!({})));
    assert!(!refused.to_string().contains("up-1"));
}

#[tokio::test]
async fn a_task_that_the_client_did_not_ask_for_is_withheld() {
    let test = start(ALLOW, Answer::result(json!({}))).await;
    let refused = test.send(&from(&test.token, call(), json!({"elicitation": {}}))).await.answer();
    assert_eq!(refused["error"]["code"], -31403);
    let other = Test::new()
        .policy(ALLOW)
        .script(|script| script.on("prompts/get", new_task("up-1")).on("resources/read", new_task("up-1")))
        .start()
        .await;
    for message in [
        Message::request(7, "prompts/get").param("name", "p"),
        Message::request(7, "resources/read").param("uri", "file:///x"),
    ] {
        let refused = ask(&other, message).await;
        assert!(refused["error"]["code"] == -31403 && !refused.to_string().contains("up-1"), "{refused}");
    }
}

#[tokio::test]
async fn what_a_task_asks_is_judged_and_only_its_answers_pass() {
    let mut asks = task("up-1", "input_required");
    asks["inputRequests"] = json!({"who": {"method": "elicitation/create", "params": {"message": "who?"}}});
    let mut test = start(ASKING, Answer::result(asks.clone())).await;
    let id = begin(&test).await;
    let update = |keys: &[&str]| {
        let answers: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).into(), json!({"action": "accept"}))).collect();
        about("tasks/update", &id).param("inputResponses", answers)
    };
    let last_answers =
        |test: &Running| test.upstream.messages().pop().unwrap().params()["inputResponses"].clone();
    // Nothing was asked yet.
    ask(&test, update(&["who"])).await;
    assert_eq!(last_answers(&test), json!({}));
    let told = ask(&test, about("tasks/get", &id)).await;
    assert_eq!(told["result"]["inputRequests"], asks["inputRequests"]);
    ask(&test, update(&["x", "who", "y"])).await;
    assert_eq!(last_answers(&test), json!({"who": {"action": "accept"}}));
    let broken = about("tasks/update", &id).param("inputResponses", json!({"who": 1}));
    fails(&test.untouched(&request(&test, broken)).await, -32602);
    let list = about("tasks/update", &id).param("inputResponses", json!([]));
    fails(&test.untouched(&request(&test, list)).await, -32602);
    // A policy that closes the channel of the question closes its answer, and the question.
    test.reload(ALLOW);
    fails(&test.untouched(&request(&test, update(&["who"]))).await, -31403);
    let told = ask(&test, about("tasks/get", &id)).await;
    assert_eq!(told["error"]["code"], -31403);
    assert!(ask(&test, about("tasks/cancel", &id)).await["result"].is_object());
    let cannot =
        test.send(&from(&test.token, about("tasks/get", &id), json!({"extensions": {EXTENSION: {}}}))).await;
    fails(&cannot, -31403);
}

#[tokio::test]
async fn a_long_result_of_a_task_passes_and_one_without_end_does_not() {
    for as_events in [false, true] {
        for (n_bytes, passes) in [(200_000, true), (2_000_000, false)] {
            let mut done = task("up-1", "completed");
            done["result"] = json!({"content": [{"type": "text", "text": "x".repeat(n_bytes)}], "n": 1.50,
                "_meta": {"toolgate/x": 1, "io.modelcontextprotocol/related-task": {"taskId": "up-1"}}});
            let get = Answer::result(done);
            let test = Test::new()
                .policy(ALLOW)
                .bounds(|bounds| bounds.max_list_bytes = 1 << 20)
                .tool(Tool::new("slow").answer(new_task("up-1")))
                .script(|script| script.on("tasks/get", if as_events { get.sse() } else { get }))
                .start()
                .await;
            let id = begin(&test).await;
            let get = request(&test, about("tasks/get", &id));
            if as_events && !passes {
                let mut client = test.client().await;
                let mut stream = client.open(&get).await;
                assert!(!ends_cleanly(&mut stream).await);
                continue;
            }
            let told = test.send(&get).await;
            let (text, told) = (told.text(), told.answer());
            assert_eq!(told["error"].is_null(), passes);
            if passes {
                let related = json!({"io.modelcontextprotocol/related-task": {"taskId": id}});
                assert_eq!((&told["result"]["taskId"], &told["result"]["result"]["_meta"]), (&id, &related));
                assert!(!text.contains("up-1") && text.contains("1.5"));
            }
        }
    }
}

#[tokio::test]
async fn a_long_new_task_is_cut_off() {
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{{id}},"result":{{"resultType":"task","taskId":"up-1","statusMessage":"{}"}}}}"#,
        "x".repeat(100_000)
    );
    let test = Test::new().policy(ALLOW).tool(Tool::new("slow").answer(Answer::raw(&body))).start().await;
    test.listed().await;
    let mut client = test.client().await;
    let mut stream = client.open(&request(&test, call())).await;
    assert!(!ends_cleanly(&mut stream).await);
}

#[tokio::test]
async fn a_reply_about_another_task_is_not_passed_on() {
    let test = start(ALLOW, Answer::result(task("up-2", "working"))).await;
    let id = begin(&test).await;
    let told = ask(&test, about("tasks/get", &id)).await;
    assert!(told["error"].is_object() && !told.to_string().contains("up-2"), "{told}");
    for broken in [
        json!({"resultType": "task"}),
        json!({"resultType": "task", "taskId": 1}),
        json!({"resultType": "task", "taskId": "x".repeat(2_000)}),
    ] {
        test.upstream.set_tools(vec![Tool::new("slow").answer(Answer::result(broken))]);
        assert!(ask(&test, call()).await["error"].is_object());
    }
}

#[tokio::test]
async fn one_task_has_one_id_for_each_grant() {
    let test = start(ALLOW, Answer::result(task("up-1", "working"))).await;
    let (first, again) = (begin(&test).await, begin(&test).await);
    assert_eq!(first, again, "the server says that it is the same");
    let other =
        test.send(&from(&test.other_token, call(), able())).await.answer()["result"]["taskId"].clone();
    assert_ne!(first, other);
    assert!(ask(&test, about("tasks/get", &first)).await["result"].is_object());
}

#[tokio::test]
async fn a_subscription_tells_of_ones_own_tasks_only() {
    let test = start(ASKING, Answer::result(task("up-1", "working"))).await;
    let id = begin(&test).await;
    let listen = |ids: Value| {
        Message::request("sub", "subscriptions/listen")
            .param("notifications", json!({"taskIds": ids, "toolsListChanged": true}))
    };
    for unknown in [json!(["up-1"]), json!([id, "x"]), json!([1]), json!("up-1"), json!({})] {
        fails(&test.untouched(&request(&test, listen(unknown))).await, -32602);
    }
    fails(&test.untouched(&from(&test.other_token, listen(json!([id])), able())).await, -32602);
    fails(&test.untouched(&from(&test.token, listen(json!([id])), json!({}))).await, -32021);
    let alike =
        Message::request("sub", "subscriptions/listen").param("notifications", json!({"taskids": ["up-1"]}));
    fails(&test.untouched(&request(&test, alike)).await, -32602);
    let mut client = test.client().await;
    let mut stream = client.open(&request(&test, listen(json!([id])))).await;
    let acknowledged = stream.message().await;
    assert_eq!(acknowledged["params"]["notifications"], json!({"taskIds": [id], "toolsListChanged": true}));
    assert_eq!(test.upstream.messages().pop().unwrap().params()["notifications"]["taskIds"], json!(["up-1"]));
    test.upstream.listened(1).await;
    let tell = |id: &str, status: &str, asks: Value| {
        let mut told = task(id, status);
        told["inputRequests"] = asks;
        test.upstream.push(&json!({"jsonrpc": "2.0", "method": "notifications/tasks", "params": told}));
    };
    tell("up-2", "working", json!({}));
    tell("up-1", "input_required", json!({"a": {"method": "sampling/createMessage", "params": {}}}));
    tell(
        "up-1",
        "input_required",
        json!({"who": {"method": "elicitation/create", "params": {"message": "?"}}}),
    );
    let told = stream.message().await;
    assert_eq!(
        (&told["params"]["taskId"], &told["params"]["inputRequests"]["who"]["method"]),
        (&id, &json!("elicitation/create"))
    );
    // What it asked there can be answered.
    let update =
        about("tasks/update", &id).param("inputResponses", json!({"who": {"action": "cancel"}, "a": {}}));
    ask(&test, update).await;
    let received = test.upstream.messages().pop().unwrap();
    assert_eq!(received.params()["inputResponses"], json!({"who": {"action": "cancel"}}));
}

#[tokio::test]
async fn a_wish_to_be_a_task_means_nothing_in_this_revision() {
    let test = start(ALLOW, Answer::result(json!({}))).await;
    let wish = json!({"ttl": 1});
    let begun = ask(&test, call().param("task", wish.clone())).await;
    assert_eq!(begun["result"]["resultType"], "task", "{begun}");
    assert_eq!(test.upstream.calls().pop().unwrap().params()["task"], wish);
    let session = Legacy::open(&test, &test.token).await;
    let prompt = Message::request(7, "prompts/get").param("name", "p").param("task", json!({}));
    fails(&test.untouched(&session.request(prompt.clone())).await, -32602);
    fails(&test.untouched(&request(&test, prompt)).await, -32602);
}

#[tokio::test]
async fn a_task_counts_as_the_call_that_began_it() {
    let limited = r#"{"version": "1", "default": "allow",
        "tools": {"slow": {"limits": [{"counter": "slow", "window": "hour", "max": 1, "scope": "grant"}]}}}"#;
    let test = start(limited, Answer::result(task("up-1", "working"))).await;
    let id = begin(&test).await;
    let full = test.untouched(&request(&test, call())).await.answer();
    assert!(text(&full).starts_with("[POLICY DENIED]"), "{full}");
    assert!(ask(&test, about("tasks/get", &id)).await["result"].is_object());
}
