//! What servers ask of clients of the other era: a request of a legacy server becomes a round of a modern client, and
//! what a modern server asks for becomes a request to a legacy client. Each round is a whole call.

use crate::support::{Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::message::CAPABILITIES_KEY;
use testkit::upstream::Step;
use testkit::{Answer, Eras, Gate, Message, Request, Tool};

const OPEN: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"},
    "sampling": {"action": "allow"}, "roots": {"action": "allow"}}"#;
const TWICE: &str = r#"{"version": "1", "default": "deny", "elicitation": {"action": "allow"}, "tools": {"ask": {
    "limits": [{"counter": "c", "window": "1h", "max": 1, "scope": "grant"}]}}}"#;

fn able() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {}})
}

fn asked(id: impl Into<Value>, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": params})
}

fn form() -> Value {
    json!({"message": "who?", "requestedSchema": {"type": "object", "properties": {}}})
}

fn accepted() -> Value {
    json!({"action": "accept", "content": {"name": "x"}})
}

/// A modern request of a client that can do everything.
fn request(test: &Running, message: Message) -> Request {
    let message = message.modern().meta(CAPABILITIES_KEY, able());
    Request::modern(Running::PATH, &message).bearer(&test.token)
}

async fn ask(test: &Running, message: Message) -> Value {
    test.send(&request(test, message)).await.answer()
}

fn call() -> Message {
    Message::call("c", "ask", json!({"a": 1}))
}

fn going_on(result: &Value, responses: Value) -> Message {
    call().param("inputResponses", responses).param("requestState", result["requestState"].clone())
}

/// A legacy server whose tool asks this and is done when the gate lets it.
async fn legacy(policy: &str, questions: impl IntoIterator<Item = Value>) -> (Running, Gate) {
    let gate = Gate::closed();
    let asks = questions
        .into_iter()
        .fold(Answer::empty(200).sse(), |answer, question| answer.then(Step::Message(question)));
    let done = Step::Result(json!({"content": [{"type": "text", "text": "done"}]}));
    let answer = asks.then(Step::Hold(gate.clone())).then(done);
    let test = Test::new().policy(policy).script(|script| script.eras(Eras::Legacy));
    (test.tool(Tool::new("ask").answer(answer)).start().await, gate)
}

/// What the server got that is no request and no notification.
fn answers(test: &Running) -> Vec<Value> {
    let over_http = test.upstream.messages().into_iter().map(|received| received.message);
    let is_answer = |message: &Value| message.get("result").is_some() || message.get("error").is_some();
    over_http.chain(test.puppets.messages()).filter(is_answer).collect()
}

#[tokio::test]
async fn a_legacy_servers_question_is_a_round_of_its_call() {
    let cases = [
        ("elicitation/create", form(), accepted()),
        (
            "sampling/createMessage",
            json!({"messages": [], "maxTokens": 1}),
            json!({"role": "assistant", "n": 1.50}),
        ),
        ("roots/list", json!({}), json!({"roots": []})),
    ];
    for (method, params, answer) in cases {
        let (test, gate) = legacy(OPEN, [asked("q", method, params.clone())]).await;
        let first = ask(&test, call()).await;
        let result = &first["result"];
        assert_eq!((&first["id"], &result["resultType"]), (&json!("c"), &json!("input_required")), "{first}");
        let requests = result["inputRequests"].as_object().unwrap();
        assert_eq!(requests.len(), 1);
        let (key, entry) = requests.iter().next().unwrap();
        assert_eq!((&entry["method"], &entry["params"]), (&json!(method), &params));
        gate.admit(1);
        let second = ask(&test, going_on(result, json!({key.clone(): answer.clone()}))).await;
        assert_eq!((text(&second), &second["result"]["resultType"]), ("done", &json!("complete")));
        assert_eq!(answers(&test), [json!({"jsonrpc": "2.0", "id": "q", "result": answer})]);
        assert_eq!(test.upstream.calls().len(), 1, "the call stayed open");
        let initialize =
            test.upstream.messages().into_iter().find(|message| message.method() == "initialize");
        assert_eq!(initialize.unwrap().params()["capabilities"], able());
        let books = test.books();
        assert_eq!((books.count("intent"), books.outcomes()), (2, vec!["answered"; 2]));
    }
}

#[tokio::test]
async fn several_questions_are_answered_one_after_the_other() {
    let questions = [asked(1, "elicitation/create", form()), asked(2, "roots/list", json!({}))];
    let (test, gate) = legacy(OPEN, questions).await;
    let mut result = ask(&test, call()).await["result"].clone();
    for n_round in [1, 2] {
        assert_eq!(result["resultType"], "input_required");
        let (key, entry) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
        let answer = if entry["method"] == "roots/list" { json!({"roots": []}) } else { accepted() };
        let next = going_on(&result, json!({key.clone(): answer}));
        gate.admit(n_round - 1);
        result = ask(&test, next).await["result"].clone();
    }
    assert_eq!(result["content"][0]["text"], "done");
    let mut ids: Vec<Value> = answers(&test).iter().map(|answer| answer["id"].clone()).collect();
    ids.sort_by_key(Value::as_u64);
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn what_a_client_did_not_declare_or_no_policy_opens_is_refused_at_once() {
    const CLOSED: &str = r#"{"version": "1", "default": "allow"}"#;
    for (policy, capabilities) in [(OPEN, json!({})), (CLOSED, able())] {
        let (test, gate) = legacy(policy, [asked("q", "elicitation/create", form())]).await;
        gate.admit(1);
        let message = call().modern().meta(CAPABILITIES_KEY, capabilities);
        let request = Request::modern(Running::PATH, &message).bearer(&test.token);
        assert_eq!(text(&test.send(&request).await.answer()), "done");
        // Two to find out what it speaks, two to greet it, the list, the call, and the answer.
        test.upstream.received(7).await;
        let refused = answers(&test);
        assert_eq!((&refused[0]["id"], &refused[0]["error"]["code"]), (&json!("q"), &json!(-32601)));
        let initialize =
            test.upstream.messages().into_iter().find(|message| message.method() == "initialize");
        assert_eq!(initialize.unwrap().params()["capabilities"], json!({}));
    }
}

#[tokio::test]
async fn a_further_round_of_a_bridged_call_counts_and_a_denied_one_sends_nothing() {
    let (test, _gate) = legacy(TWICE, [asked("q", "elicitation/create", form())]).await;
    let first = ask(&test, call()).await;
    let key = first["result"]["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let next = request(&test, going_on(&first["result"], json!({key: accepted()})));
    let denied = test.untouched(&next).await.answer();
    assert!(text(&denied).starts_with("[POLICY DENIED]"), "{denied}");
}

#[tokio::test]
async fn a_state_belongs_to_its_grant_and_is_good_once() {
    let (test, gate) = legacy(OPEN, [asked("q", "elicitation/create", form())]).await;
    let first = ask(&test, call()).await;
    let key = first["result"]["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let next = || request(&test, going_on(&first["result"], json!({key.clone(): accepted()})));
    assert_eq!(test.untouched(&next().bearer(&test.other_token)).await.json()["error"]["code"], -32602);
    gate.admit(1);
    assert_eq!(text(&test.send(&next()).await.answer()), "done");
    assert_eq!(test.untouched(&next()).await.json()["error"]["code"], -32602);
}

#[tokio::test]
async fn a_call_whose_client_never_answers_is_cancelled() {
    let gate = Gate::closed();
    let asks = Answer::empty(200).sse().then(Step::Message(asked("q", "elicitation/create", form())));
    let answer = asks.then(Step::Hold(gate));
    let test = Test::new().policy(OPEN).timeout_s(1).script(|script| script.eras(Eras::Legacy));
    let test = test.tool(Tool::new("ask").answer(answer)).start().await;
    let first = ask(&test, call()).await;
    assert_eq!(first["result"]["resultType"], "input_required");
    test.upstream.received_method("notifications/cancelled", 1).await;
    let key = first["result"]["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let late = ask(&test, going_on(&first["result"], json!({key: accepted()}))).await;
    assert_eq!(late["error"]["code"], -32602, "{late}");
}

#[tokio::test]
async fn a_legacy_process_asks_by_rounds_too() {
    let test = Test::new().policy(OPEN).process().tool(Tool::new("hold")).start().await;
    test.puppets.set_eras(Eras::Legacy);
    let mut client = test.client().await;
    let call = || Message::call("c", "hold", json!({}));
    client.send(request(&test, call()).bytes()).await;
    let received = test.puppets.received("tools/call", 1).await;
    test.puppets.say(0, &asked(9, "elicitation/create", form()));
    let first = client.reply().await.answer();
    let result = &first["result"];
    let key = result["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let next = call().param("requestState", result["requestState"].clone());
    client.send(request(&test, next.param("inputResponses", json!({key: accepted()}))).bytes()).await;
    test.puppets.heard("an answer", |message| message["id"] == 9 && message["result"] == accepted()).await;
    let done = json!({"content": [{"type": "text", "text": "done"}]});
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": received["id"], "result": done}));
    assert_eq!(text(&client.reply().await.answer()), "done");
}

/// A modern server whose tool asks this in its first answer.
async fn modern(policy: &str, requests: Value) -> Running {
    let asks =
        json!({"resultType": "input_required", "inputRequests": requests, "requestState": "up\"state"});
    let test = Test::new().policy(policy).script(|script| script.eras(Eras::Modern));
    test.tool(Tool::new("ask").answer(Answer::result(asks))).start().await
}

fn able_session(test: &Running) -> impl Future<Output = Legacy<'_>> {
    Legacy::open_with(test, &test.token, Message::initialize(0).param("capabilities", able()))
}

async fn respond(test: &Running, session: &Legacy<'_>, id: &Value, key: &str, value: Value) {
    let body = json!({"jsonrpc": "2.0", "id": id, key: value}).to_string();
    let reply = test.send(&session.request(Message::request(0, "x")).body(body)).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
}

#[tokio::test]
async fn what_a_modern_server_asks_is_asked_of_a_legacy_client() {
    let sampling = json!({"messages": [], "maxTokens": 1});
    let cases = [
        ("elicitation/create", form(), accepted()),
        ("sampling/createMessage", sampling, json!({"role": "assistant", "n": 1.50})),
        ("roots/list", json!({}), json!({"roots": []})),
    ];
    for (method, params, answer) in cases {
        let test = modern(OPEN, json!({"k": {"method": method, "params": params}})).await;
        let session = able_session(&test).await;
        let mut client = session.connect().await;
        let mut stream = client.open(&session.request(call())).await;
        let question = stream.message().await;
        assert_eq!((&question["method"], &question["params"]), (&json!(method), &params));
        test.upstream.set_tools(vec![Tool::new("ask").answer(Answer::text("done"))]);
        respond(&test, &session, &question["id"], "result", answer.clone()).await;
        let done = stream.message().await;
        assert_eq!((&done["id"], text(&done)), (&json!("c"), "done"));
        let calls = test.upstream.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].params()["inputResponses"], json!({"k": answer}));
        assert_eq!(calls[1].params()["requestState"], "up\"state");
        assert_eq!(calls[1].params()["arguments"], json!({"a": 1}));
        assert_eq!(calls[1].header("mcp-name"), Some("ask"));
        assert_ne!(calls[0].id(), calls[1].id());
        assert_eq!(calls[0].params()["_meta"][CAPABILITIES_KEY], able());
        let books = test.books();
        let methods: Vec<&Value> = books.of("intent").iter().map(|record| &record["method"]).collect();
        assert_eq!(methods, ["tools/call", method, "tools/call"]);
        assert_eq!(books.outcomes(), ["answered"; 3]);
    }
}

#[tokio::test]
async fn each_round_of_a_legacy_clients_call_counts_and_a_denied_one_sends_nothing() {
    let test = modern(TWICE, json!({"k": {"method": "elicitation/create", "params": form()}})).await;
    let session = able_session(&test).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(call())).await;
    let question = stream.message().await;
    respond(&test, &session, &question["id"], "result", accepted()).await;
    let denied = stream.message().await;
    assert_eq!(denied["id"], "c");
    assert!(text(&denied).starts_with("[POLICY DENIED]"), "{denied}");
    assert_eq!(test.upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_client_that_refuses_or_may_not_be_asked_ends_the_call() {
    let ask_for_roots = json!({"k": {"method": "roots/list"}});
    let test = modern(OPEN, ask_for_roots.clone()).await;
    let session = able_session(&test).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(call())).await;
    let question = stream.message().await;
    respond(&test, &session, &question["id"], "error", json!({"code": -1, "message": "no folders"})).await;
    assert_eq!(stream.message().await["error"], json!({"code": -1, "message": "no folders"}));
    assert_eq!(test.upstream.calls().len(), 1);

    let test = modern(r#"{"version": "1", "default": "allow"}"#, ask_for_roots).await;
    let session = able_session(&test).await;
    let refused = session.ask(call()).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("closed"), "{refused}");
    assert_eq!(test.upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_form_that_cannot_be_shown_is_cancelled_and_the_call_goes_on() {
    let test = modern(OPEN, json!({"k": {"method": "elicitation/create", "params": form()}})).await;
    let session = able_session(&test).await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(call())).await;
    let question = stream.message().await;
    test.upstream.set_tools(vec![Tool::new("ask").answer(Answer::text("done"))]);
    respond(&test, &session, &question["id"], "error", json!({"code": -32601, "message": "no"})).await;
    assert_eq!(text(&stream.message().await), "done");
    assert_eq!(test.upstream.calls()[1].params()["inputResponses"], json!({"k": {"action": "cancel"}}));
}
