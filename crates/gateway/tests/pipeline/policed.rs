//! Resources, prompts, completion, listeners and extensions: each message judged by what it names, each list shown by
//! the same judgement, in both eras and by every carrier.

use crate::support::{ALLOW, Running, Test};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Message, Request, Script, Tool};

const PARTS: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}},
  "resources": {"file:///srv/docs/**": {"action": "allow"},
    "file:///srv/docs/drafts/**": {"action": "deny", "reason": "Drafts are not released yet."}},
  "prompts": {"review_*": {"action": "allow"}},
  "completion": {"action": "allow"},
  "methods": {"acme/do": {"action": "allow"}, "notifications/acme": {"action": "allow"}}}"#;
const DRAFT: &str = "file:///srv/docs/drafts/a.md";
const OPEN: &str = "file:///srv/docs/a.md";

fn script(script: Script) -> Script {
    let uri = |uri: &str| json!({"uri": uri, "name": "n", "kept": 1.50});
    let template = |uri: &str| json!({"uriTemplate": uri, "name": "n"});
    let prompt = |name: &str| json!({"name": name, "_meta": {"kept": 1}});
    let resources = json!({"resources": [uri(DRAFT), uri(OPEN), {"name": "no uri"}, uri("https://x.example/")],
        "nextCursor": "2", "ttlMs": 1e9, "cacheScope": "public", "_meta": {"toolgate/x": 1, "kept": 1}});
    let templates =
        json!({"resourceTemplates": [template("file:///srv/docs/{x}"), template("file:///etc/{x}")]});
    let prompts = json!({"prompts": [prompt("review_code"), prompt("secret"), {"name": 7}, "no object"]});
    script
        .capabilities(json!({"tools": {}, "resources": {}, "prompts": {}, "completions": {}}))
        .on("resources/list", Answer::result(resources))
        .on("resources/templates/list", Answer::result(templates))
        .on("prompts/list", Answer::result(prompts))
        .on("resources/read", Answer::result(json!({"contents": []})))
        .on("resources/subscribe", Answer::result(json!({})))
        .on("resources/unsubscribe", Answer::result(json!({})))
        .on("prompts/get", Answer::result(json!({"messages": []})))
        .on("completion/complete", Answer::result(json!({"completion": {"values": []}})))
        .on("acme/do", Answer::result(json!({"any": [1.50]})))
}

async fn start(policy: &str) -> Running {
    let test = Test::new().policy(policy).script(script).tool(Tool::new("copy")).start().await;
    test.listed().await;
    test
}

/// The same message in each era.
fn both(test: &Running, session: &crate::support::Legacy<'_>, message: &Message) -> [Request; 2] {
    [test.request(message.clone()), session.request(message.clone())]
}

fn complete(target: Value) -> Message {
    Message::request(1, "completion/complete")
        .param("ref", target)
        .param("argument", json!({"name": "a", "value": ""}))
}

fn of(method: &str, key: &str, subject: &str) -> Message {
    Message::request(1, method).param(key, subject)
}

#[tokio::test]
async fn a_message_is_judged_by_what_it_names() {
    let test = start(PARTS).await;
    let session = test.legacy().await;
    let prompt = |name: &str| complete(json!({"type": "ref/prompt", "name": name}));
    let resource = |uri: &str| complete(json!({"type": "ref/resource", "uri": uri}));
    let open = [
        of("resources/read", "uri", OPEN),
        of("prompts/get", "name", "review_x"),
        prompt("review_x"),
        resource(OPEN),
        resource("file:///srv/docs/{x}"),
        Message::request(1, "acme/do").param("any", 1.5),
    ];
    for message in &open {
        for request in both(&test, &session, message) {
            let answer = test.send(&request).await.answer();
            assert!(answer["result"].is_object(), "{answer} to {:?}", message.value());
        }
    }
    let closed = [
        of("resources/read", "uri", DRAFT),
        of("resources/read", "uri", "file:///srv/docs/../x"),
        of("resources/read", "uri", "https://x.example/"),
        of("prompts/get", "name", "secret"),
        of("prompts/get", "name", "Review_x"),
        prompt("secret"),
        resource(DRAFT),
        resource("file:///etc/{x}"),
        complete(json!({"type": "ref/other", "name": "review_x"})),
        complete(json!({"type": "ref/prompt", "name": "review_x", "Name": "secret"})),
        complete(json!({"type": "ref/prompt"})),
        complete(json!("review_x")),
        Message::request(1, "completion/complete"),
    ];
    for message in &closed {
        for request in both(&test, &session, message) {
            let reply = test.untouched(&request).await;
            assert_eq!(
                (reply.status, &reply.json()["error"]["code"]),
                (200, &json!(-31403)),
                "{:?}",
                message.value()
            );
        }
    }
    let told = test.untouched(&test.request(closed[0].clone())).await.json();
    assert!(told["error"]["message"].as_str().unwrap().starts_with("Drafts are not released yet"), "{told}");
    let books = test.books();
    assert_eq!(books.tally.intents, 2 * open.len() as u64);
    let (rule, cause) = books.denials()[0];
    assert_eq!((rule, cause), ("/resources/file:~1~1~1srv~1docs~1drafts~1**/action", "action"));
}

#[tokio::test]
async fn subscriptions_of_sessions_and_listeners_are_judged_by_their_resources() {
    let test = start(PARTS).await;
    let session = test.legacy().await;
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        assert!(session.ask(of(method, "uri", OPEN)).await["result"].is_object());
        let denied = test.untouched(&session.request(of(method, "uri", DRAFT))).await;
        assert_eq!(denied.json()["error"]["code"], -31403);
    }
    let listen = |filter: Value| Message::request("l", "subscriptions/listen").param("notifications", filter);
    for filter in [
        json!({"resourceSubscriptions": [OPEN, DRAFT]}),
        json!({"resourceSubscriptions": [7]}),
        json!({"resourceSubscriptions": DRAFT}),
        json!({"ResourceSubscriptions": [DRAFT]}),
        json!([]),
    ] {
        let reply = test.untouched(&test.request(listen(filter.clone()))).await;
        assert_eq!(reply.json()["error"]["code"], -31403, "{filter}");
    }
    let mut client = test.client().await;
    let mut stream = client.open(&test.request(listen(json!({"resourceSubscriptions": [OPEN]})))).await;
    assert_eq!(stream.message().await["method"], "notifications/subscriptions/acknowledged");
    test.upstream.listened(1).await;
    let updated = |uri: Value| json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}});
    for uri in [json!(DRAFT), json!(7), json!(OPEN)] {
        test.upstream.push(&updated(uri));
    }
    assert_eq!(stream.message().await["params"]["uri"], OPEN);
}

#[tokio::test]
async fn lists_show_what_may_be_used_by_every_carrier() {
    for as_events in [false, true] {
        let script = |known: Script| if as_events { script(known).as_events() } else { script(known) };
        let test = Test::new().policy(PARTS).script(script).start().await;
        let session = test.legacy().await;
        for modern in [true, false] {
            let list = |method: &str| {
                let message = Message::request("l", method);
                if modern { test.request(message) } else { session.request(message) }
            };
            let resources = test.send(&list("resources/list")).await.answer();
            let result = &resources["result"];
            assert_eq!(result["resources"], json!([{"uri": OPEN, "name": "n", "kept": 1.5}]));
            assert_eq!(result["_meta"], json!({"kept": 1}));
            assert_ne!(result["nextCursor"], "2", "sealed");
            if modern {
                assert_eq!(result["cacheScope"], "private");
                assert!(result["ttlMs"].as_u64().unwrap() <= 5 * 60_000);
            }
            let templates = test.send(&list("resources/templates/list")).await.answer();
            let expected = json!([{"uriTemplate": "file:///srv/docs/{x}", "name": "n"}]);
            assert_eq!(templates["result"]["resourceTemplates"], expected);
            let prompts = test.send(&list("prompts/list")).await.answer();
            assert_eq!(prompts["result"]["prompts"], json!([{"name": "review_code", "_meta": {"kept": 1}}]));
        }
    }
}

#[tokio::test]
async fn a_list_that_is_none_is_not_passed_on() {
    let answer = || Answer::result(json!({"resources": {"0": {"uri": DRAFT}}}));
    for answer in [answer(), answer().sse()] {
        let test =
            Test::new().policy(PARTS).script(|script| script.on("resources/list", answer)).start().await;
        let mut client = test.client().await;
        let mut stream = client.open(&test.request(Message::request(1, "resources/list"))).await;
        let text = stream.rest().await;
        assert!(!text.contains("drafts"), "{text}");
        // What has begun to stream is cut.
        assert!(text.contains("-32603") || !crate::support::ends_cleanly(&mut stream).await, "{text}");
    }
}

#[tokio::test]
async fn a_policy_that_changes_meanwhile_counts_for_what_a_list_shows() {
    let gate = testkit::Gate::closed();
    let resources = Answer::result(json!({"resources": [{"uri": OPEN}]})).held(&gate);
    let mut test =
        Test::new().policy(PARTS).script(|script| script.on("resources/list", resources)).start().await;
    let mut client = test.client().await;
    client.send(test.request(Message::request(1, "resources/list")).bytes()).await;
    gate.arrived(1).await;
    test.reload(r#"{"version": "1", "default": "deny"}"#);
    gate.open();
    assert_eq!(client.reply().await.answer()["result"]["resources"], json!([]));
    // And now it is closed: empty, without asking.
    let empty = test.untouched(&test.request(Message::request(1, "resources/list"))).await;
    assert_eq!(empty.answer()["result"]["resources"], json!([]));
}

#[tokio::test]
async fn an_extension_passes_as_it_is_where_its_exact_name_is_opened() {
    let test = start(PARTS).await;
    let session = test.legacy().await;
    let open = || Message::request("x", "acme/do").param("any", json!([1.5])).meta("progressToken", "p");
    for request in both(&test, &session, &open()) {
        let answer = test.send(&request).await.answer();
        assert_eq!((&answer["id"], &answer["result"]["any"]), (&json!("x"), &json!([1.5])));
        let received = test.upstream.messages().pop().unwrap();
        assert_eq!(received.params()["any"], json!([1.5]));
        assert_eq!(received.id(), &received.params()["_meta"]["progressToken"], "both are ours");
        assert!(received.id().is_u64());
    }
    let notification = || Message::notification("notifications/acme").param("x", 1);
    assert_eq!(test.send(&session.request(notification())).await.status, 202);
    test.upstream.received_method("notifications/acme", 1).await;
    for method in ["acme/Do", "acme/do2", "notifications/acme2"] {
        let message =
            if method.starts_with('n') { Message::notification(method) } else { Message::request(1, method) };
        for request in both(&test, &session, &message) {
            test.untouched(&request).await;
        }
    }
    let unjudged = test.untouched(&test.request(open().param("requestState", "s"))).await;
    assert_eq!(unjudged.json()["error"]["code"], -32602);
    // Nobody opened it under another default.
    let test = start(ALLOW).await;
    assert_eq!(test.untouched(&test.request(open())).await.json()["error"]["code"], -32601);
}

#[tokio::test]
async fn notices_of_an_open_call_are_judged_by_what_they_name() {
    let note = |method: &str, params: Value| {
        Step::Message(json!({"jsonrpc": "2.0", "method": method, "params": params}))
    };
    let answer = Answer::empty(200)
        .sse()
        .then(note("notifications/resources/updated", json!({"uri": DRAFT})))
        .then(note("notifications/resources/updated", json!({"uri": OPEN})))
        .then(note("notifications/acme", json!({"x": 1})))
        .then(note("notifications/acme2", json!({})))
        .then(note("acme/do", json!({})))
        .then(Step::Result(json!({"content": []})));
    let test = Test::new().policy(PARTS).tool(Tool::new("copy").answer(answer)).start().await;
    let messages = test.modern(Message::call(7, "copy", json!({}))).await.messages();
    let params: Vec<&Value> = messages.iter().map(|message| &message["params"]).collect();
    assert_eq!(params, [&json!({"uri": OPEN}), &json!({"x": 1}), &json!({}), &Value::Null]);
}
