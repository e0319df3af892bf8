//! What clients are told of changed lists, and how much a server may say beside its replies.

use crate::support::{ALLOW, Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Gate, Message, Tool};

const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;
const OTHER: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}, "hide": ["x"]}"#;

fn changed(list: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": format!("notifications/{list}/list_changed")})
}

fn note(data: impl Into<Value>) -> Value {
    let params = json!({"level": "info", "data": data.into()});
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params})
}

#[tokio::test]
async fn a_change_of_policies_is_told_once_to_each_session_that_it_concerns() {
    let mut test = Test::new().policy(DENY).policy(DENY).tool(Tool::new("copy")).start().await;
    let [get, other_get] = {
        let (own, other) = (test.legacy().await, Legacy::open(&test, &test.other_token).await);
        [own.bare("GET"), other.bare("GET")]
    };
    let (mut client, mut other) = (test.client().await, test.client().await);
    let (mut stream, mut others) = (client.open(&get).await, other.open(&other_get).await);
    test.upstream.listened(2).await;
    // Only one grant is bound otherwise than before.
    test.change(|declared| {
        declared.policies.insert("policy3".into(), OTHER.into());
        declared.grants[0].servers.insert(Running::SERVER.into(), vec!["policy3".into()]);
    });
    assert_eq!(stream.message().await, changed("tools"));
    // Nothing changes for anybody.
    test.install();
    test.upstream.push(&note("fence"));
    assert_eq!(stream.message().await, note("fence"));
    assert_eq!(others.message().await, note("fence"));
    // What opens or closes the other lists is told too.
    test.change(|declared| {
        declared.policies.insert("policy3".into(), ALLOW.into());
    });
    for list in ["tools", "resources", "prompts"] {
        assert_eq!(stream.message().await, changed(list));
    }
}

#[tokio::test]
async fn a_client_that_had_no_stream_is_told_when_it_opens_one() {
    let mut test = Test::new().policy(DENY).tool(Tool::new("copy")).process().start().await;
    let get = test.legacy().await.bare("GET");
    test.reload(OTHER);
    let mut client = test.client().await;
    assert_eq!(client.open(&get).await.message().await, changed("tools"));
}

#[tokio::test]
async fn a_client_in_lines_is_told() {
    for is_process in [true, false] {
        let test = Test::new().policy(DENY).tool(Tool::new("copy"));
        let test = if is_process { test.process() } else { test };
        let mut test = test.start().await;
        let mut client = test.lines();
        client.initialize().await;
        if !is_process {
            // The server's own stream is heard, too.
            test.upstream.listened(1).await;
            test.upstream.push(&note("own"));
            assert_eq!(client.next().await.unwrap(), note("own"));
        }
        test.reload(OTHER);
        assert_eq!(client.next().await.unwrap(), changed("tools"));
    }
}

#[tokio::test]
async fn a_listener_is_told_what_it_asked_for_in_its_own_terms() {
    let mut test = Test::new().policy(DENY).tool(Tool::new("copy")).start().await;
    let listen = |id: &str, filter: Value| {
        test.request(Message::request(id, "subscriptions/listen").param("notifications", filter))
    };
    let requests = [
        listen(
            "all",
            json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": false}),
        ),
        listen("none", json!({})),
    ];
    let (mut client, mut other) = (test.client().await, test.client().await);
    let mut stream = client.open(&requests[0]).await;
    let mut silent = other.open(&requests[1]).await;
    for stream in [&mut stream, &mut silent] {
        assert_eq!(stream.message().await["method"], "notifications/subscriptions/acknowledged");
    }
    test.upstream.listened(2).await;
    test.reload(ALLOW);
    let key = "io.modelcontextprotocol/subscriptionId";
    for list in ["tools", "prompts"] {
        let mut expected = changed(list);
        expected["params"] = json!({"_meta": {key: "all"}});
        assert_eq!(stream.message().await, expected);
    }
    test.upstream.push(&note("fence"));
    assert_eq!(silent.message().await["params"]["data"], "fence");
}

#[tokio::test]
async fn a_storm_of_changes_is_told_as_one() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    test.puppets.received("notifications/initialized", 1).await;
    for _ in 0..500 {
        test.puppets.say(0, &changed("tools"));
    }
    test.puppets.say(0, &note("last"));
    let mut n_told = 0;
    loop {
        let message = client.next().await.unwrap();
        if message == note("last") {
            break;
        }
        assert_eq!(message, changed("tools"));
        n_told += 1;
    }
    assert!((1..10).contains(&n_told), "told {n_told} times");
}

#[tokio::test]
async fn a_flood_of_notices_is_cut_and_the_reply_arrives() {
    let gate = Gate::closed();
    let mut answer = Answer::empty(200).sse().then(Step::Message(changed("tools")));
    for n in 0..10_000 {
        answer = answer.then(Step::Message(if n % 10 == 0 { changed("tools") } else { note(n) }));
    }
    let done = Step::Result(json!({"content": [{"type": "text", "text": "done"}]}));
    let answer = answer.then(Step::Hold(gate.clone())).then(done);
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).start().await;
    gate.open();
    let messages = test.modern(Message::call(7, "copy", json!({}))).await.messages();
    let told = |method: &str| messages.iter().filter(|message| message["method"] == method).count();
    assert_eq!(told("notifications/message"), 2_000);
    let n_changes = told("notifications/tools/list_changed");
    assert!((2..30).contains(&n_changes), "the last is not lost: {n_changes}");
    assert_eq!(text(messages.last().unwrap()), "done");
}

#[tokio::test]
async fn progress_of_a_sessions_request_comes_by_every_carrier_with_the_clients_token() {
    let progress = |token: &Value, n: u64| {
        let params = json!({"progressToken": token, "progress": n});
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
    };
    let gate = Gate::closed();
    let slow = Answer::text("slow").held(&gate);
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(slow)).start().await;
    let session = test.legacy().await;
    let foreign = Legacy::open(&test, &test.other_token).await;
    let (mut own, mut others) = (session.connect().await, session.connect().await);
    let (mut stream, mut foreign) =
        (own.open(&session.bare("GET")).await, others.open(&foreign.bare("GET")).await);
    test.upstream.listened(2).await;
    let mut client = session.connect().await;
    let call = Message::call("c", "copy", json!({})).meta("progressToken", "mine");
    client.send(session.request(call).bytes()).await;
    test.upstream.called(1).await;
    let ours = test.upstream.calls()[0].id().clone();
    for (token, n) in [(&json!("mine"), 1), (&json!(99_999), 2), (&ours, 3)] {
        test.upstream.push(&progress(token, n));
    }
    test.upstream.push(&note("fence"));
    assert_eq!(stream.message().await, progress(&json!("mine"), 3));
    assert_eq!(stream.message().await, note("fence"));
    assert_eq!(foreign.message().await, note("fence"), "nobody else hears of it");
    gate.open();
    assert_eq!(text(&client.reply().await.answer()), "slow");
}

#[tokio::test]
async fn a_request_in_another_revision_than_the_sessions_is_refused() {
    let test = Test::new().policy(ALLOW).tool(Tool::new("copy")).start().await;
    let session = test.legacy().await;
    let request = || session.request(Message::request(1, "ping"));
    for other in ["2025-06-18", "2024-11-05"] {
        let reply = test.untouched(&request().with("MCP-Protocol-Version", other)).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (400, &json!(-32600)), "{other}");
    }
    assert_eq!(test.send(&request().without("MCP-Protocol-Version")).await.status, 200);
}
