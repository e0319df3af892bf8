//! What servers ask of clients in the handshake era: it reaches the client only where a policy opens its channel, under
//! an id of ours, and only what is outstanding is answered.

use crate::support::{Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Gate, Message, Tool};

const OPEN: &str = r#"{"version": "1", "default": "allow", "sampling": {"action": "allow"},
  "elicitation": {"form": {"action": "allow"}}, "roots": {"action": "allow"},
  "methods": {"acme/ask": {"action": "allow"}, "notifications/acme": {"action": "allow"}}}"#;
const CLOSED: &str = r#"{"version": "1", "default": "allow", "sampling": {"action": "deny"},
  "elicitation": {"url": {"action": "allow"}}}"#;

fn ask(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

fn note(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

fn result(id: impl Into<Value>, result: Value) -> Vec<u8> {
    json!({"jsonrpc": "2.0", "id": id.into(), "result": result}).to_string().into_bytes()
}

/// A server over HTTP whose tool asks this, waits and is done.
async fn asking(policy: &str, questions: impl IntoIterator<Item = Value>) -> (Running, Gate) {
    let gate = Gate::closed();
    let asked = questions
        .into_iter()
        .fold(Answer::empty(200).sse(), |answer, question| answer.then(Step::Message(question)));
    let done = Step::Result(json!({"content": [{"type": "text", "text": "done"}]}));
    let answer = asked.then(Step::Hold(gate.clone())).then(done);
    let test = Test::new().policy(policy).tool(Tool::new("copy").answer(answer)).start().await;
    (test, gate)
}

fn respond(session: &Legacy<'_>, body: Vec<u8>) -> testkit::Request {
    session.request(Message::request(0, "x")).body(body)
}

/// What the server got that is no request and no notification.
fn answers(test: &Running) -> Vec<Value> {
    let over_http = test.upstream.messages().into_iter().map(|received| received.message);
    over_http.chain(test.puppets.messages()).filter(is_answer).collect()
}

fn is_answer(message: &Value) -> bool {
    message.get("result").is_some() || message.get("error").is_some()
}

async fn answered(test: &Running, n: usize) -> Vec<Value> {
    // Each is a message of its own, and no other comes beside them.
    let n_others = test.upstream.messages().len() - answers(test).len();
    test.upstream.received(n_others + n).await;
    answers(test)
}

#[tokio::test]
async fn an_open_request_comes_on_the_stream_of_its_call_and_is_answered_once() {
    let meta = json!({"progressToken": "theirs", "toolgate/x": 1, "kept": 1.50});
    let params = json!({"messages": [], "maxTokens": 1, "_meta": meta});
    let (test, gate) = asking(OPEN, [ask("s", "sampling/createMessage", params)]).await;
    let (session, other) = (test.legacy().await, test.legacy().await);
    let foreign = Legacy::open(&test, &test.other_token).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    let asked = stream.message().await;
    assert_eq!(
        asked["params"],
        json!({"messages": [], "maxTokens": 1, "_meta": {"progressToken": 1, "kept": 1.5}})
    );
    assert_eq!((&asked["id"], &asked["method"]), (&json!(1), &json!("sampling/createMessage")));
    let progress = |token: Value| {
        Message::notification("notifications/progress").param("progressToken", token).param("progress", 1)
    };
    for wrong in [json!("theirs"), json!("1"), json!(2)] {
        assert_eq!(test.untouched(&session.request(progress(wrong))).await.status, 202);
    }
    assert_eq!(session.send(progress(json!(1))).await.status, 202);
    let reported = test.upstream.messages().pop().unwrap();
    assert_eq!(reported.params(), &json!({"progressToken": "theirs", "progress": 1}));
    // Of another session, of another grant, with the server's own id, or of another type.
    for (who, id) in [
        (&other, json!(1)),
        (&foreign, json!(1)),
        (&session, json!("s")),
        (&session, json!("1")),
        (&session, json!(2)),
    ] {
        assert_eq!(test.untouched(&respond(who, result(id, json!({})))).await.status, 400);
    }
    for malformed in [
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":7}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"Result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
    ] {
        assert_eq!(test.untouched(&respond(&session, malformed.into())).await.status, 400, "{malformed}");
    }
    let said = json!({"role": "assistant", "n": 1.50});
    assert_eq!(test.send(&respond(&session, result(1, said.clone()))).await.status, 202);
    let answer = test.upstream.messages().pop().unwrap();
    assert_eq!(answer.message, json!({"jsonrpc": "2.0", "id": "s", "result": said}));
    assert_eq!(answer.header("mcp-session-id"), Some("upstream-session-1"));
    assert_eq!(test.untouched(&respond(&session, result(1, json!({})))).await.status, 400, "a second time");
    assert_eq!(test.untouched(&session.request(progress(json!(1)))).await.status, 202, "too late");
    gate.open();
    assert_eq!(text(&stream.message().await), "done");
    let books = test.books();
    let methods: Vec<&Value> = books.of("intent").iter().map(|record| &record["method"]).collect();
    assert_eq!(methods, ["tools/call", "sampling/createMessage"]);
    assert_eq!(books.outcomes(), ["answered", "answered"]);
}

#[tokio::test]
async fn what_no_policy_opens_reaches_no_client() {
    let questions = || {
        [
            ask(1, "sampling/createMessage", json!({})),
            ask(2, "elicitation/create", json!({"message": "?"})),
            ask(3, "elicitation/create", json!({"mode": 7})),
            ask(4, "roots/list", json!({})),
            ask(5, "acme/ask", json!({})),
            ask(6, "tasks/get", json!({"taskId": "t"})),
            ask(7, "tools/call", json!({"name": "copy"})),
        ]
    };
    for policies in [&[CLOSED][..], &[OPEN, CLOSED], &[r#"{"version":"1","default":"allow"}"#]] {
        let (gate, mut answer) = (Gate::closed(), Answer::empty(200).sse());
        for question in questions() {
            answer = answer.then(Step::Message(question));
        }
        let answer = answer.then(Step::Hold(gate.clone())).then(Step::Result(json!({"content": []})));
        let test = policies.iter().fold(Test::new(), |test, policy| test.policy(*policy));
        let test = test.tool(Tool::new("copy").answer(answer)).start().await;
        let session = test.legacy().await;
        let mut client = session.connect().await;
        client.send(session.request(Message::call("c", "copy", json!({}))).bytes()).await;
        test.upstream.called(1).await;
        let answers = answered(&test, 7).await;
        assert!(answers.iter().all(|answer| answer["error"]["code"] == -32601), "{answers:?}");
        gate.open();
        assert_eq!(client.reply().await.messages().len(), 1, "the client sees its own answer only");
        let books = test.books();
        assert_eq!((books.tally.intents, books.count("denied")), (1, 7));
        let methods: Vec<&Value> = books.of("denied").iter().map(|record| &record["method"]).collect();
        assert_eq!(methods[..2], ["sampling/createMessage", "elicitation/create"]);
    }
}

#[tokio::test]
async fn each_channel_and_extension_is_opened_by_its_own_key() {
    let questions = [
        ask(1, "elicitation/create", json!({"message": "?"})),
        ask(2, "elicitation/create", json!({"mode": "form"})),
        ask(3, "roots/list", json!({})),
        ask(4, "acme/ask", json!({"any": [1.0]})),
        note("notifications/acme", json!({"x": 1})),
        note("notifications/acme2", json!({})),
        // Not opened: another mode, a task of the client, another name.
        ask(5, "elicitation/create", json!({"mode": "url"})),
        ask(6, "sampling/createMessage", json!({"task": {}})),
        ask(7, "acme/Ask", json!({})),
    ];
    let (test, gate) = asking(OPEN, questions).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call("c", "copy", json!({})))).await;
    for (id, method) in
        [(1, "elicitation/create"), (2, "elicitation/create"), (3, "roots/list"), (4, "acme/ask")]
    {
        let asked = stream.message().await;
        assert_eq!((&asked["id"], &asked["method"]), (&json!(id), &json!(method)));
    }
    assert_eq!(stream.message().await["params"], json!({"x": 1}));
    let refused = answered(&test, 3).await;
    assert!(refused.iter().all(|answer| answer["error"]["code"] == -32601), "{refused:?}");
    let error = json!({"jsonrpc": "2.0", "id": 3, "error": {"code": -1, "message": "no"}});
    assert_eq!(test.send(&respond(&session, error.to_string().into_bytes())).await.status, 202);
    assert_eq!(answers(&test).pop().unwrap(), error, "the server's id is the same by chance");
    gate.open();
    assert_eq!(text(&stream.message().await), "done");
    let _ = test.send(&session.bare("DELETE")).await;
    let mut outcomes = test.books().outcomes().into_iter().map(str::to_owned).collect::<Vec<_>>();
    outcomes.sort();
    assert_eq!(outcomes, ["answered", "error", "unknown", "unknown", "unknown"]);
}

#[tokio::test]
async fn a_request_on_the_servers_own_stream_is_answered_in_its_session() {
    let test = Test::new().policy(OPEN).tool(Tool::new("copy")).start().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    test.upstream.listened(1).await;
    test.upstream.push(&ask(9, "roots/list", json!({})));
    assert_eq!(stream.message().await["id"], 1);
    // Taken back: the client hears of it by our id, and its late answer goes nowhere.
    test.upstream.push(&ask(10, "roots/list", json!({})));
    assert_eq!(stream.message().await["id"], 2);
    test.upstream.push(&note("notifications/cancelled", json!({"requestId": 77})));
    test.upstream.push(&note("notifications/cancelled", json!({"requestId": 10, "reason": "r"})));
    assert_eq!(stream.message().await["params"], json!({"requestId": 2, "reason": "r"}));
    assert_eq!(test.untouched(&respond(&session, result(2, json!({})))).await.status, 202);
    assert_eq!(test.send(&respond(&session, result(1, json!({"roots": []})))).await.status, 202);
    let answer = test.upstream.messages().pop().unwrap();
    assert_eq!(answer.message, json!({"jsonrpc": "2.0", "id": 9, "result": {"roots": []}}));
    assert_eq!(test.books().outcomes(), ["unknown", "answered"]);
}

#[tokio::test]
async fn a_process_asks_on_the_youngest_call_else_on_the_sessions_stream() {
    let test = Test::new().policy(OPEN).process().tool(Tool::new("hold")).start().await;
    let session = test.legacy().await;
    // Nobody listens yet: it waits for the stream.
    test.puppets.say(0, &ask("early", "roots/list", json!({})));
    let list = || Message::request(1, "tools/list");
    session.ask(list()).await;
    let mut listener = session.connect().await;
    let mut own = listener.open(&session.bare("GET")).await;
    assert_eq!(own.message().await["id"], 1);
    let mut client = session.connect().await;
    client.send(session.request(Message::call("c", "hold", json!({}))).bytes()).await;
    let call = test.puppets.received("tools/call", 1).await;
    test.puppets.say(0, &ask("late", "elicitation/create", json!({})));
    test.puppets.say(0, &note("notifications/cancelled", json!({"requestId": "late"})));
    test.puppets.say(0, &ask("last", "sampling/createMessage", json!({})));
    for (id, raw) in [(1, json!("early")), (3, json!("last"))] {
        if id == 3 {
            test.puppets.say(0, &note("notifications/message", json!({"data": "fence"})));
            assert_eq!(own.message().await["params"]["data"], "fence", "nothing else came here");
            session.ask(list()).await;
        }
        // It may have to be passed on first.
        while test.send(&respond(&session, result(id, json!({})))).await.status != 202 {}
        test.puppets
            .heard("an answer", |message| message["id"] == raw && message["result"] == json!({}))
            .await;
    }
    let done = json!({"content": [{"type": "text", "text": "done"}]});
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": done}));
    let messages = client.reply().await.messages();
    let methods: Vec<&Value> = messages.iter().map(|message| &message["method"]).collect();
    let expected = ["elicitation/create", "notifications/cancelled", "sampling/createMessage"];
    assert_eq!(methods[..3], expected.map(Value::from).iter().collect::<Vec<_>>());
    assert_eq!((&messages[0]["id"], &messages[1]["params"]["requestId"]), (&json!(2), &json!(2)));
    assert_eq!(text(&messages[3]), "done");
}

#[tokio::test]
async fn a_client_in_lines_is_asked_and_answers() {
    let test = Test::new().policy(OPEN).process().tool(Tool::new("hold")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    test.puppets.received("notifications/initialized", 1).await;
    test.puppets.say(0, &ask("r", "roots/list", json!({"_meta": {"progressToken": 0}})));
    let asked = client.next().await.unwrap();
    assert_eq!((&asked["id"], &asked["params"]["_meta"]["progressToken"]), (&json!(1), &json!(1)));
    client
        .send(Message::notification("notifications/progress").param("progressToken", 1).param("progress", 2))
        .await;
    assert_eq!(test.puppets.received("notifications/progress", 1).await["params"]["progressToken"], 0);
    // Nobody is told of answers to nothing.
    for id in ["\"r\"", "7", "\"1\""] {
        client.send_raw(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"wrong":1}}}}"#)).await;
    }
    client.send(Message::call("c", "hold", json!({}))).await;
    let call = test.puppets.received("tools/call", 1).await;
    test.puppets.say(0, &ask(5, "sampling/createMessage", json!({})));
    assert_eq!(client.next().await.unwrap()["id"], 2);
    client.send_raw(r#"{"jsonrpc":"2.0","id":2,"result":{"n":1.50}}"#).await;
    test.puppets
        .heard("an answer", |message| *message == json!({"jsonrpc": "2.0", "id": 5, "result": {"n": 1.5}}))
        .await;
    client.send_raw(r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}"#).await;
    test.puppets.heard("an answer", |message| message["id"] == "r" && message["error"]["code"] == 1).await;
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": {"content": []}}));
    assert_eq!(client.next().await.unwrap()["id"], "c");
    assert!(!answers(&test).iter().any(|answer| answer["result"]["wrong"] == 1));
    assert_eq!(test.books().denials(), vec![("(protocol)", "-32600"); 3]);
}

#[tokio::test]
async fn a_server_that_asks_faster_than_it_is_answered_is_refused() {
    let questions = (0..70).map(|id| ask(id, "roots/list", json!({})));
    let again = ask(0, "roots/list", json!({}));
    let (test, gate) = asking(OPEN, questions.chain([again])).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call("c", "copy", json!({})))).await;
    for id in 1..65 {
        assert_eq!(stream.message().await["id"], id);
    }
    let refused = answered(&test, 7).await;
    assert!(refused.iter().all(|answer| answer["error"]["code"] == -32603), "{refused:?}");
    gate.open();
    assert_eq!(text(&stream.message().await), "done");
}

#[tokio::test]
async fn a_server_may_not_use_an_id_twice_at_once() {
    let questions = [ask(3, "roots/list", json!({})), ask(3, "roots/list", json!({}))];
    let (test, _gate) = asking(OPEN, questions).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call("c", "copy", json!({})))).await;
    assert_eq!(stream.message().await["id"], 1);
    assert_eq!(answered(&test, 1).await[0]["error"]["code"], -32600);
}

#[tokio::test]
async fn a_request_with_an_image_passes_and_one_that_is_too_long_does_not() {
    let image = "A".repeat(1 << 20);
    let params = json!({"messages": [{"role": "user", "content": {"type": "image", "data": image}}]});
    let (test, gate) = asking(OPEN, [ask("s", "sampling/createMessage", params.clone())]).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call("c", "copy", json!({})))).await;
    assert_eq!(stream.message().await["params"], params);
    gate.open();
    assert_eq!(text(&stream.message().await), "done");
    let params = json!({"data": "A".repeat(5 << 20)});
    let (test, _gate) = asking(OPEN, [ask("s", "sampling/createMessage", params)]).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call("c", "copy", json!({})))).await;
    let ended = stream.message().await;
    assert_eq!((&ended["id"], &ended["error"]["code"]), (&json!("c"), &json!(-32603)), "{ended}");
}

#[tokio::test]
async fn capabilities_of_the_client_lose_what_the_policies_leave_closed() {
    let all = json!({"sampling": {"tools": {}}, "elicitation": {"form": {}, "url": {}},
        "roots": {"listChanged": true}, "tasks": {}, "experimental": {"x": {}}});
    for (policy, mode, closed) in
        [(OPEN, "form", &["tasks"][..]), (CLOSED, "url", &["tasks", "sampling", "roots"])]
    {
        let test = Test::new().policy(policy).start().await;
        let message = Message::initialize(1).param("capabilities", all.clone());
        Legacy::open_with(&test, &test.token, message).await;
        let greeting =
            test.upstream.messages().into_iter().find(|received| received.method() == "initialize");
        let mut expected = all.clone();
        expected.as_object_mut().unwrap().retain(|key, _| !closed.contains(&key.as_str()));
        expected["elicitation"] = json!({mode: {}});
        assert_eq!(greeting.unwrap().params()["capabilities"], expected);
    }
}

#[tokio::test]
async fn a_change_of_roots_reaches_only_servers_that_may_ask_for_them() {
    let changed = || Message::notification("notifications/roots/list_changed");
    let test = Test::new().policy(OPEN).start().await;
    test.legacy().await.send(changed()).await;
    test.upstream.received_method("notifications/roots/list_changed", 1).await;
    let test = Test::new().policy(CLOSED).start().await;
    let session = test.legacy().await;
    assert_eq!(test.untouched(&session.request(changed())).await.status, 202);
}

#[tokio::test]
async fn a_policy_that_closes_a_channel_counts_for_the_next_request() {
    let mut test = Test::new().policy(OPEN).process().tool(Tool::new("hold")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    test.puppets.received("notifications/initialized", 1).await;
    test.puppets.say(0, &ask(1, "roots/list", json!({})));
    assert_eq!(client.next().await.unwrap()["method"], "roots/list");
    test.reload(CLOSED);
    while client.next().await.unwrap()["method"] != "notifications/prompts/list_changed" {}
    // Also for the answer to what was asked before.
    client.send_raw(r#"{"jsonrpc":"2.0","id":1,"result":{"roots":["late"]}}"#).await;
    test.puppets.heard("a refusal", |message| message["id"] == 1 && message["error"]["code"] == -32601).await;
    test.puppets.say(0, &ask(2, "roots/list", json!({})));
    test.puppets.heard("a refusal", |message| message["id"] == 2 && message["error"]["code"] == -32601).await;
    assert!(!answers(&test).iter().any(|answer| answer.to_string().contains("late")));
    let books = test.books();
    assert_eq!((books.denials(), books.outcomes()), (vec![("(closed)", "closed"); 2], vec!["unknown"]));
}
