//! Rounds (2026-07-28): a server asks for input in its result, the client sends the request again with answers.
//! Each round is a whole call; its state is ours, good once and for the same request of the same grant only.

use crate::support::{ALLOW, Running, Test, text};
use serde_json::{Value, json};
use testkit::message::CAPABILITIES_KEY;
use testkit::{Answer, Message, Reply, Request, Tool};

const OPEN: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"},
    "sampling": {"action": "allow"}, "roots": {"action": "allow"}}"#;

fn able() -> Value {
    json!({"elicitation": {}, "sampling": {}, "roots": {}})
}

fn form() -> Value {
    json!({"who": {"method": "elicitation/create", "params": {"message": "who?", "requestedSchema": {"type": "object"}}}})
}

/// A result that asks, with the server's own state.
fn asks(requests: &Value) -> Value {
    json!({"resultType": "input_required", "inputRequests": requests, "requestState": "up\u{e9}\"state"})
}

fn call() -> Message {
    Message::call(7, "ask", json!({"a": 1, "b": [2]}))
}

fn answered(message: Message, state: &Value) -> Message {
    let answers = json!({"who": {"action": "accept", "content": {"name": "x"}}});
    message.param("inputResponses", answers).param("requestState", state.clone())
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

async fn start_with(policy: &str, answer: Answer) -> Running {
    let test = Test::new().policy(policy).tool(Tool::new("ask").answer(answer)).start().await;
    test.listed().await;
    test
}

async fn start(policy: &str, result: Value) -> Running {
    start_with(policy, Answer::result(result)).await
}

fn is_unknown(reply: &Reply) {
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (400, &json!(-32602)), "{}", reply.text());
}

#[tokio::test]
async fn a_round_goes_on_with_the_servers_own_state_and_is_a_call_like_any_other() {
    for answer in [Answer::result(asks(&form())), Answer::result(asks(&form())).sse()] {
        let test = start_with(OPEN, answer).await;
        let first = ask(&test, call()).await;
        let state = &first["result"]["requestState"];
        assert_eq!(first["result"]["inputRequests"], form());
        assert!(state.as_str().unwrap().len() == 32 && !first.to_string().contains("state\""), "{first}");
        test.upstream.set_tools(vec![Tool::new("ask").answer(Answer::text("done"))]);
        // Another order of the arguments is the same request, and answers to nothing are for nobody.
        let again = Message::call("again", "ask", json!({"b": [2], "a": 1}));
        let mut again = answered(again, state);
        again = again.param("inputResponses", json!({"x": {"a": 1}, "who": {"action": "decline"}, "y": {}}));
        assert_eq!(text(&ask(&test, again).await), "done");
        let calls = test.upstream.calls();
        assert_eq!(calls.len(), 2);
        assert_eq!(calls[1].params()["requestState"], "up\u{e9}\"state");
        assert_eq!(calls[1].params()["inputResponses"], json!({"who": {"action": "decline"}}));
        assert!(calls[0].params().get("requestState").is_none());
        let books = test.books();
        assert_eq!((books.count("intent"), books.outcomes()), (2, vec!["answered"; 2]));
        let digest = |n: usize| books.of("intent")[n]["arguments"]["digest"].clone();
        assert!(digest(0) == digest(1), "the same arguments");
    }
}

#[tokio::test]
async fn a_state_is_good_once() {
    let test = start(OPEN, asks(&form())).await;
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    let next = ask(&test, answered(call(), &state)).await["result"]["requestState"].clone();
    assert_ne!(next, state, "each round has its own");
    is_unknown(&test.untouched(&request(&test, answered(call(), &state))).await);
    assert!(ask(&test, answered(call(), &next)).await["result"].is_object());
    is_unknown(&test.untouched(&request(&test, answered(call(), &next))).await);
}

#[tokio::test]
async fn of_many_who_go_on_with_one_state_one_does() {
    let test = start(OPEN, asks(&form())).await;
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    let retry = request(&test, answered(call(), &state));
    let mut going = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = test.client().await;
        let retry = retry.clone();
        going.spawn(async move { client.exchange(&retry).await.status });
    }
    let statuses = going.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(test.upstream.calls().len(), 2);
    assert_eq!(test.books().count("intent"), 2);
}

#[tokio::test]
async fn a_state_is_for_the_same_request_of_the_same_grant() {
    let test = start(OPEN, asks(&form())).await;
    test.upstream
        .set_tools(["ask", "other"].map(|name| Tool::new(name).answer(Answer::result(asks(&form())))).into());
    test.listed().await;
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    let other_arguments = Message::call(7, "ask", json!({"a": 1, "b": [3]}));
    let other_tool = Message::call(7, "other", json!({"a": 1, "b": [2]}));
    let more = call().param("x", 1);
    let elsewhere =
        Message::request(7, "prompts/get").param("name", "ask").param("arguments", json!({"a": 1, "b": [2]}));
    for message in [other_arguments, other_tool, elsewhere] {
        is_unknown(&test.untouched(&request(&test, answered(message, &state))).await);
    }
    is_unknown(&test.untouched(&request(&test, answered(more, &state))).await);
    is_unknown(&test.untouched(&from(&test.other_token, answered(call(), &state), able())).await);
    for made_up in [json!("up\u{e9}\"state"), json!(""), json!("0".repeat(32))] {
        is_unknown(&test.untouched(&request(&test, answered(call(), &made_up))).await);
    }
    // None of this has used it up.
    assert!(ask(&test, answered(call(), &state)).await["result"].is_object());
}

/// Everything but pages for the user.
const FORMS: &str = r#"{"version": "1", "default": "allow", "elicitation": {"form": {"action": "allow"}},
    "sampling": {"action": "allow"}, "roots": {"action": "allow"}}"#;

#[tokio::test]
async fn answers_to_what_nobody_asked_go_nowhere() {
    let test = start(FORMS, asks(&form())).await;
    let session = test.legacy().await;
    let answers = || json!({"who": {"action": "accept"}});
    let read = || Message::request(7, "resources/read").param("uri", "file:///x");
    let list = || Message::request(7, "resources/list");
    for message in [call(), read(), list()] {
        is_unknown(
            &test.untouched(&request(&test, message.clone().param("inputResponses", answers()))).await,
        );
        is_unknown(&test.untouched(&request(&test, message.clone().param("requestState", "x"))).await);
        let reply = test.untouched(&session.request(message.param("inputResponses", answers()))).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (200, &json!(-32602)));
    }
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    // With no state, though one was given; and in a form that no server could read.
    is_unknown(&test.untouched(&request(&test, call().param("inputResponses", answers()))).await);
    for broken in [json!({"who": 1}), json!({"who": null}), json!({"x": []})] {
        let message = call().param("inputResponses", broken).param("requestState", state.clone());
        is_unknown(&test.untouched(&request(&test, message)).await);
    }
}

#[tokio::test]
async fn answers_to_what_nobody_asked_pass_where_a_server_may_ask_anything() {
    let test = start(OPEN, asks(&form())).await;
    let answers = json!({"who": {"action": "accept", "content": {"name": "\u{e9}"}}, "x": {}});
    ask(&test, call().param("inputResponses", answers.clone())).await;
    let sent = test.upstream.calls().pop().unwrap();
    assert_eq!((&sent.params()["inputResponses"], sent.params().get("requestState")), (&answers, None));
    // Not with a state that is not ours, nor in a form that no server could read.
    is_unknown(&test.untouched(&request(&test, answered(call(), &json!("x")))).await);
    is_unknown(&test.untouched(&request(&test, call().param("inputResponses", json!({"who": 1})))).await);
    // Each of the channels has to be open.
    for closed in ["elicitation", "sampling", "roots"] {
        let policy = OPEN.replace(
            &format!(r#""{closed}": {{"action": "allow"}}"#),
            &format!(r#""{closed}": {{"action": "deny"}}"#),
        );
        let test = start(&policy, asks(&form())).await;
        is_unknown(&test.untouched(&request(&test, call().param("inputResponses", answers.clone()))).await);
    }
}

#[tokio::test]
async fn where_the_server_gave_no_state_ours_binds_the_round_and_goes_no_further() {
    let test = start(OPEN, json!({"resultType": "input_required", "inputRequests": form()})).await;
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    assert!(state.is_string());
    let other = Message::call(7, "ask", json!({}));
    is_unknown(&test.untouched(&request(&test, answered(other, &state))).await);
    ask(&test, answered(call(), &state)).await;
    let retry = test.upstream.calls().pop().unwrap();
    assert_eq!(retry.params().get("requestState"), None);
    assert_eq!(retry.params()["inputResponses"]["who"]["action"], "accept");
}

#[tokio::test]
async fn a_state_alone_asks_nothing() {
    let test = start(ALLOW, json!({"resultType": "input_required", "requestState": "later"})).await;
    let first = ask(&test, call()).await;
    let state = first["result"]["requestState"].clone();
    ask(&test, call().param("requestState", state)).await;
    assert_eq!(test.upstream.calls().pop().unwrap().params()["requestState"], "later");
}

#[tokio::test]
async fn what_may_not_be_asked_is_not() {
    let sampling = json!({"who": {"method": "sampling/createMessage", "params": {"messages": []}}});
    let roots = json!({"who": {"method": "roots/list"}});
    let url = json!({"who": {"method": "elicitation/create", "params": {"mode": "url", "url": "https://a"}}});
    let mixed = json!({"who": form()["who"], "folders": roots["who"]});
    let only_form = r#"{"version": "1", "default": "allow", "elicitation": {"form": {"action": "allow"}}}"#;
    let both = json!({"elicitation": {"form": {}, "url": {}}, "roots": {}});
    let cases = [
        (ALLOW, able(), form(), false),
        (OPEN, json!({}), form(), false),
        (OPEN, json!({"sampling": {}}), form(), false),
        (OPEN, able(), form(), true),
        (OPEN, able(), sampling.clone(), true),
        (only_form, able(), sampling, false),
        (OPEN, able(), roots.clone(), true),
        (OPEN, able(), url.clone(), false),
        (OPEN, both.clone(), url.clone(), true),
        (only_form, both.clone(), url, false),
        (only_form, both.clone(), form(), true),
        (only_form, both.clone(), mixed.clone(), false),
        (OPEN, both, mixed, true),
        (OPEN, able(), json!({"who": {"method": "tools/call", "params": {"name": "ask"}}}), false),
        (OPEN, able(), json!({"who": {"method": "Elicitation/create"}}), false),
        (OPEN, able(), json!({"who": form()["who"], "x": {}}), false),
        (OPEN, able(), json!([]), false),
    ];
    for (policy, capabilities, requests, passes) in cases {
        let test = start(policy, asks(&requests)).await;
        let answer = test.send(&from(&test.token, call(), capabilities)).await.answer();
        let expected = if passes { Value::Null } else { json!(-31403) };
        assert_eq!(answer["error"]["code"], expected, "{policy}: {requests}");
        assert!(passes || !answer.to_string().contains("requestState"));
    }
}

#[tokio::test]
async fn answers_are_judged_by_the_policy_of_their_time() {
    let mut test = start(OPEN, asks(&form())).await;
    let state = ask(&test, call()).await["result"]["requestState"].clone();
    test.reload(ALLOW);
    let denied = test.untouched(&request(&test, answered(call(), &state))).await.answer();
    assert!(text(&denied).starts_with("[POLICY DENIED]"), "{denied}");
    test.reload(
        r#"{"version": "1", "default": "deny", "tools": {"x": {}}, "elicitation": {"action": "allow"}}"#,
    );
    let unknown = test.untouched(&request(&test, answered(call(), &state))).await.answer();
    assert_eq!(unknown["error"]["code"], -32602);
    // What was denied has used nothing up.
    test.reload(OPEN);
    assert!(ask(&test, answered(call(), &state)).await["result"].is_object());
}

#[tokio::test]
async fn each_round_counts() {
    let limited = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"},
        "tools": {"ask": {"limits": [{"counter": "asked", "window": "hour", "max": 2, "scope": "grant"}]}}}"#;
    let test = start(limited, asks(&form())).await;
    let first = ask(&test, call()).await["result"]["requestState"].clone();
    let second = ask(&test, answered(call(), &first)).await["result"]["requestState"].clone();
    let full = test.untouched(&request(&test, answered(call(), &second))).await.answer();
    assert!(text(&full).starts_with("[POLICY DENIED]"), "{full}");
    test.clock.advance_ms(2 * 60 * 60 * 1_000);
    is_unknown(&test.untouched(&request(&test, answered(call(), &second))).await);
}

#[tokio::test]
async fn prompts_and_resources_have_rounds_lists_have_none() {
    let asked = || Answer::result(asks(&form()));
    let methods = ["prompts/get", "resources/read", "resources/list", "completion/complete"];
    let scripted =
        |script: testkit::Script| methods.iter().fold(script, |script, method| script.on(method, asked()));
    let test = Test::new().policy(OPEN).script(scripted).start().await;
    let named = |method: &str| {
        let message = Message::request(7, method);
        match method {
            "prompts/get" => message.param("name", "p").param("arguments", json!({"a": "b"})),
            "resources/read" => message.param("uri", "file:///x"),
            _ => message,
        }
    };
    for method in methods {
        let answer = ask(&test, named(method)).await;
        let state = &answer["result"]["requestState"];
        if !matches!(method, "prompts/get" | "resources/read") {
            assert_eq!(answer["error"]["code"], -31403, "{method}");
            continue;
        }
        let other = named(method).param("locale", "de");
        is_unknown(&test.untouched(&request(&test, answered(other, state))).await);
        assert!(ask(&test, answered(named(method), state)).await["result"].is_object());
        let retry = test.upstream.messages().pop().unwrap();
        assert_eq!(retry.params()["requestState"], "up\u{e9}\"state", "{method}");
        is_unknown(&test.untouched(&request(&test, answered(named(method), state))).await);
    }
    let closed = r#"{"version": "1", "default": "allow"}"#;
    let mut test = test;
    let state = ask(&test, named("prompts/get")).await["result"]["requestState"].clone();
    test.reload(closed);
    let denied = test.untouched(&request(&test, answered(named("prompts/get"), &state))).await.answer();
    assert_eq!(denied["error"]["code"], -31403);
}

#[tokio::test]
async fn a_process_has_rounds_too() {
    let test = Test::new().policy(OPEN).tool(Tool::new("hold")).process().start().await;
    let mut client = test.lines();
    let message =
        |id: &str| Message::call(id, "hold", json!({"a": 1})).modern().meta(CAPABILITIES_KEY, able());
    let is_call = |message: &Value| message["method"] == "tools/call";
    client.send(message("one")).await;
    test.puppets.heard("a call", is_call).await;
    let call = test.puppets.messages().into_iter().find(is_call).unwrap();
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": call["id"], "result": asks(&form())}));
    let state = client.next().await.unwrap()["result"]["requestState"].clone();
    let unknown = client.ask(answered(message("two"), &json!("up\u{e9}\"state"))).await;
    assert_eq!(unknown["error"]["code"], -32602);
    client.send(answered(message("three"), &state)).await;
    test.puppets
        .heard("a second round", |message| message["params"]["requestState"] == "up\u{e9}\"state")
        .await;
}

#[tokio::test]
async fn a_long_result_that_asks_is_cut_off() {
    let long = json!({"who": {"method": "elicitation/create", "params": {"message": "x".repeat(100_000)}}});
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{{id}},"result":{{"resultType":"input_required","requestState":"s","inputRequests":{long}}}}}"#
    );
    let test = start_with(OPEN, Answer::raw(&body)).await;
    let mut client = test.client().await;
    let mut stream = client.open(&request(&test, call())).await;
    assert!(!crate::support::ends_cleanly(&mut stream).await);
}

#[tokio::test]
async fn mirrored_arguments_are_mirrored_in_each_round() {
    let tool = Tool::new("ask")
        .schema(
            json!({"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}),
        )
        .answer(Answer::result(asks(&form())));
    let test = Test::new().policy(OPEN).tool(tool).start().await;
    test.listed().await;
    let call = || Message::call(7, "ask", json!({"region": "eu"}));
    let with = |message: Message, region: &str| request(&test, message).header("Mcp-Param-Region", region);
    let state = test.send(&with(call(), "eu")).await.answer()["result"]["requestState"].clone();
    let reply = test.untouched(&with(answered(call(), &state), "us")).await;
    assert_eq!((reply.status, &reply.json()["error"]["code"]), (400, &json!(-32020)));
    test.send(&with(answered(call(), &state), "eu")).await;
    let retry = test.upstream.calls().pop().unwrap();
    assert_eq!((retry.header("mcp-param-region"), retry.header("mcp-name")), (Some("eu"), Some("ask")));
}
