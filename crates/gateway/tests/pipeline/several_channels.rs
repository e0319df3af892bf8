//! Resources, prompts, completion, subscriptions and questions of several servers on `/mcp`.

use crate::support::several::{Hub, PATH, Several, list, names, script};
use crate::support::{ends_cleanly, text};
use serde_json::{Value, json};
use testkit::message::CAPABILITIES_KEY;
use testkit::{Answer, Message, Request, Script, Tool};

const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
const OPEN: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"}}"#;

fn can() -> Value {
    json!({"tools": {}, "resources": {"subscribe": true}, "prompts": {}, "completions": {}})
}

/// A server with these resources and templates, which reads any URI as its own name.
fn library(name: &str, uris: &[&str], templates: &[&str]) -> Script {
    let resources: Vec<Value> =
        uris.iter().map(|uri| json!({"uri": uri, "name": name, "kept": 1.50})).collect();
    let templates: Vec<Value> =
        templates.iter().map(|uri| json!({"uriTemplate": uri, "name": name})).collect();
    let completed = Answer::result(json!({"completion": {"values": [name]}}));
    script(&["copy"])
        .capabilities(can())
        .on("resources/list", Answer::result(json!({"resources": resources})))
        .on("resources/templates/list", Answer::result(json!({"resourceTemplates": templates})))
        .on("resources/read", Answer::result(json!({"contents": [{"text": name}]})))
        .on("resources/subscribe", Answer::result(json!({})))
        .on("prompts/list", Answer::result(json!({"prompts": [{"name": "greet", "description": name}]})))
        .on("prompts/get", Answer::result(json!({"messages": [], "description": name})))
        .on("completion/complete", completed)
}

fn several() -> Several {
    Several::new()
        .http("a", library("a", &["note://1", "both://x"], &["file:///a/{+path}"]))
        .http("b", library("b", &["note://2", "both://x"], &["file:///b/{name}", "any://{x}"]))
        .http("c", library("c", &[], &["any://{y}"]))
        .tools("d", &["copy"])
}

fn read(uri: &str) -> Message {
    Message::request(1, "resources/read").param("uri", uri)
}

fn complete(reference: Value) -> Message {
    Message::request(1, "completion/complete")
        .param("ref", reference)
        .param("argument", json!({"name": "x", "value": ""}))
}

#[tokio::test]
async fn a_resource_is_read_where_it_was_listed() {
    for legacy in [false, true] {
        let hub = several().start().await;
        let session = hub.legacy().await;
        let ask = async |message: Message| {
            if legacy { session.ask(message).await } else { hub.modern(message).await }
        };
        let listed = ask(list("resources/list")).await;
        let uris: Vec<&Value> =
            listed["result"]["resources"].as_array().unwrap().iter().map(|entry| &entry["uri"]).collect();
        assert_eq!(uris, ["note://1", "both://x", "note://2"], "what two list the first one has");
        assert_eq!(listed["result"]["resources"][0]["kept"], json!(1.50));
        let templates = ask(list("resources/templates/list")).await;
        assert_eq!(templates["result"]["resourceTemplates"].as_array().unwrap().len(), 4);
        for (uri, server) in [
            ("note://1", "a"),
            ("note://2", "b"),
            ("both://x", "a"),
            // Nobody listed these, but they fit one server's template.
            ("file:///a/x/y", "a"),
            ("file:///b/x", "b"),
        ] {
            assert_eq!(ask(read(uri)).await["result"]["contents"][0]["text"], server, "{uri}");
        }
        let completed = ask(complete(json!({"type": "ref/resource", "uri": "file:///b/{name}"}))).await;
        assert_eq!(completed["result"]["completion"]["values"], json!(["b"]));
        for (uri, why) in [("any://1", "several servers"), ("note://3", "is unknown"), ("", "is unknown")] {
            let message = if uri.is_empty() {
                complete(json!({"type": "ref/resource", "uri": "x"}))
            } else {
                read(uri)
            };
            let request = if legacy { session.request(message) } else { hub.request(message) };
            let refused = hub.untouched(&request).await.answer();
            assert_eq!(refused["error"]["code"], -32602, "{uri}");
            assert!(refused["error"]["message"].as_str().unwrap().contains(why), "{refused}");
        }
        if legacy {
            let subscribed = ask(Message::request(2, "resources/subscribe").param("uri", "note://2")).await;
            assert_eq!(subscribed["result"], json!({}));
            let got = |server: &str| {
                hub.at(server).messages().iter().any(|message| message.method() == "resources/subscribe")
            };
            assert_eq!((got("a"), got("b")), (false, true));
        }
        let asked_d = hub.at("d").messages().iter().any(|message| message.method().starts_with("resources/"));
        assert_eq!(asked_d, !legacy, "who has said that it has none is not asked");
    }
}

#[tokio::test]
async fn a_resource_that_was_never_listed_is_looked_for() {
    let hub = several().start().await;
    assert_eq!(hub.modern(read("note://2")).await["result"]["contents"][0]["text"], "b");
    // What one grant's lists hold helps no other: it asks by itself.
    let other = Request::modern(PATH, &read("note://2").modern()).bearer(&hub.other_token);
    assert_eq!(hub.send(&other).await.answer()["result"]["contents"][0]["text"], "b");
    let n_listed =
        hub.at("a").messages().iter().filter(|message| message.method() == "resources/list").count();
    assert_eq!(n_listed, 2);
    let only = Several::new().http("a", library("a", &["note://1"], &[])).tools("d", &["copy"]).start().await;
    assert_eq!(
        only.modern(read("made://up")).await["result"]["contents"][0]["text"],
        "a",
        "nobody else has resources"
    );
}

#[tokio::test]
async fn a_closed_channel_is_closed_by_the_servers_own_policy() {
    let deny = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}, "resources": {"note://1": {"action": "allow"}}}"#;
    let hub = several().policy("a", deny).start().await;
    let listed = hub.modern(list("resources/list")).await;
    let uris: Vec<&Value> =
        listed["result"]["resources"].as_array().unwrap().iter().map(|entry| &entry["uri"]).collect();
    assert_eq!(uris, ["note://1", "note://2", "both://x"]);
    assert_eq!(hub.modern(read("both://x")).await["result"]["contents"][0]["text"], "b");
    assert_eq!(hub.modern(read("note://1")).await["result"]["contents"][0]["text"], "a");
    hub.modern(list("resources/templates/list")).await;
    let refused = hub.untouched(&hub.request(read("file:///a/x"))).await.answer();
    assert_eq!(refused["error"]["code"], -32602);
    assert_eq!(names(&hub.modern(list("prompts/list")).await), ["b__greet", "c__greet"]);
}

#[tokio::test]
async fn prompts_have_prefixes_too() {
    let hub = several().start().await;
    let session = hub.legacy().await;
    for legacy in [false, true] {
        let ask = async |message: Message| {
            if legacy { session.ask(message).await } else { hub.modern(message).await }
        };
        let listed = ask(list("prompts/list")).await;
        assert_eq!(names(&listed), ["a__greet", "b__greet", "c__greet"]);
        assert_eq!(listed["result"]["prompts"][1]["description"], "b");
        let got = ask(Message::request(1, "prompts/get").param("name", "b__greet")).await;
        assert_eq!(got["result"]["description"], "b");
        let completed = ask(complete(json!({"type": "ref/prompt", "name": "c__greet"}))).await;
        assert_eq!(completed["result"]["completion"]["values"], json!(["c"]));
        for name in ["x__greet", "greet"] {
            for message in [
                Message::request(1, "prompts/get").param("name", name),
                complete(json!({"type": "ref/prompt", "name": name})),
            ] {
                let request = if legacy { session.request(message) } else { hub.request(message) };
                assert_eq!(hub.untouched(&request).await.answer()["error"]["code"], -32602, "{name}");
            }
        }
    }
    let sent: Vec<_> = hub
        .at("c")
        .messages()
        .iter()
        .filter(|message| message.method() == "completion/complete")
        .map(|message| message.params()["ref"]["name"].clone())
        .collect();
    assert_eq!(sent, ["greet", "greet"]);
    let get = hub.at("b").messages().into_iter().find(|message| message.method() == "prompts/get").unwrap();
    assert_eq!((get.params()["name"].as_str(), get.header("mcp-name")), (Some("greet"), Some("greet")));
}

fn listen(filter: Value) -> Message {
    Message::request("sub", "subscriptions/listen").param("notifications", filter)
}

fn changed(list: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": format!("notifications/{list}/list_changed"), "params": {}})
}

#[tokio::test]
async fn one_subscription_hears_every_server() {
    let mut hub = several().start().await;
    let mut client = hub.client().await;
    let filter =
        json!({"toolsListChanged": true, "resourceSubscriptions": ["note://2", "note://1", "no://server"]});
    let request = hub.request(listen(filter));
    let mut stream = client.open(&request).await;
    let first = stream.message().await;
    assert_eq!(
        (&first["method"], &first["params"]["_meta"][SUBSCRIPTION]),
        (&json!("notifications/subscriptions/acknowledged"), &json!("sub"))
    );
    assert_eq!(
        first["params"]["notifications"],
        json!({"toolsListChanged": true, "resourceSubscriptions": ["note://2", "note://1"]})
    );
    for (server, uris) in
        [("a", json!(["note://1"])), ("b", json!(["note://2"])), ("c", json!([])), ("d", json!([]))]
    {
        hub.at(server).listened(1).await;
        let asked = hub
            .at(server)
            .messages()
            .into_iter()
            .find(|message| message.method() == "subscriptions/listen")
            .unwrap();
        assert_eq!(asked.params()["notifications"]["resourceSubscriptions"], uris);
    }
    let updated =
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "note://2"}});
    hub.at("b").push(&updated);
    let told = stream.message().await;
    assert_eq!(
        (&told["params"]["uri"], &told["params"]["_meta"][SUBSCRIPTION]),
        (&json!("note://2"), &json!("sub"))
    );
    hub.at("d").push(&changed("tools"));
    let told = stream.message().await;
    assert_eq!(
        (&told["method"], &told["params"]["_meta"][SUBSCRIPTION]),
        (&json!("notifications/tools/list_changed"), &json!("sub"))
    );
    // A server that ends its part is asked again; what may have been missed is told.
    hub.at("d").end_streams();
    hub.at("d").listened(2).await;
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    // So is a change of the grant.
    hub.change(|declared| {
        declared.grants[0].servers.remove("d");
    });
    assert_eq!(stream.message().await["method"], "notifications/tools/list_changed");
    hub.change(|declared| declared.grants[0].revoked = true);
    assert!(!ends_cleanly(&mut stream).await);
    for server in ["a", "b", "c"] {
        hub.at(server).abandoned(0).await;
    }
}

#[tokio::test]
async fn a_subscription_says_what_it_has() {
    let none = Answer::refusal(404, -32601, "no", None);
    let hub =
        Several::new().http("a", Script::new().on("subscriptions/listen", none)).dead("b").start().await;
    let mut client = hub.client().await;
    let request = hub.request(listen(json!({"toolsListChanged": true, "promptsListChanged": true})));
    let mut stream = client.open(&request).await;
    assert_eq!(stream.message().await["params"]["notifications"], json!({"toolsListChanged": true}));
}

#[tokio::test]
async fn a_subscription_to_a_resource_that_is_denied_is_denied() {
    let deny = r#"{"version": "1", "default": "allow", "resources": {"note://2": {"action": "deny"}}}"#;
    let hub = Several::new()
        .http("a", library("a", &["note://1"], &[]))
        .http("b", library("b", &["note://2"], &["note://{x}"]))
        .policy("b", deny)
        .start()
        .await;
    let refused =
        hub.send(&hub.request(listen(json!({"resourceSubscriptions": ["note://2"]})))).await.answer();
    assert_eq!(refused["error"]["code"], -31403, "{refused}");
    assert!(!hub.at("b").messages().iter().any(|message| message.method() == "subscriptions/listen"));
}

/// What a server asks within a call, on the way to the client and back.
#[tokio::test]
async fn questions_of_several_servers_have_ids_of_their_own() {
    let hub = Several::new()
        .process("a", &["hold"])
        .process("b", &["hold"])
        .policy("a", OPEN)
        .policy("b", OPEN)
        .start()
        .await;
    let initialize = Message::initialize(0).param("capabilities", json!({"elicitation": {}}));
    let session = crate::support::several::HubClient::open(&hub, initialize).await;
    session.ask(list("tools/list")).await;
    // Both use the same id.
    let question = json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create",
        "params": {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}});
    let (mut at_a, mut at_b) = (hub.client().await, hub.client().await);
    let mut ids = Vec::new();
    let mut streams = Vec::new();
    for (server, client) in [("a", &mut at_a), ("b", &mut at_b)] {
        let call = session.request(Message::call(server, &format!("{server}__hold"), json!({})));
        let ask = async {
            hub.process(server).received("tools/call", 1).await;
            hub.process(server).say(0, &question);
        };
        let (mut stream, ()) = tokio::join!(client.open(&call), ask);
        let asked = stream.message().await;
        assert_eq!(asked["method"], "elicitation/create");
        ids.push(asked["id"].clone());
        streams.push(stream);
    }
    assert_ne!(ids[0], ids[1]);
    for (server, id) in ["b", "a"].into_iter().zip(ids.iter().rev()) {
        let answer = json!({"jsonrpc": "2.0", "id": id, "result": {"action": "decline"}});
        let request = session.request(Message::request(0, "ping")).body(answer.to_string());
        assert_eq!(hub.send(&request).await.status, 202);
        let is_it = |message: &Value| message["id"] == 1 && message["result"]["action"] == "decline";
        hub.process(server).heard("its answer", is_it).await;
        assert_eq!(hub.untouched(&request).await.status, 400, "once");
    }
    let made_up = json!({"jsonrpc": "2.0", "id": 77, "result": {}}).to_string();
    assert_eq!(hub.untouched(&session.request(Message::request(0, "ping")).body(made_up)).await.status, 400);
}

#[tokio::test]
async fn a_round_goes_on_at_its_server() {
    let form = json!({"who": {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {"type": "object"}}}});
    let asks =
        Answer::result(json!({"resultType": "input_required", "inputRequests": form, "requestState": "own"}));
    let hub = Several::new()
        .http("a", Script::new().tool(Tool::new("ask").answer(asks)))
        .tools("b", &["ask"])
        .policy("a", OPEN)
        .start()
        .await;
    let able = |message: Message| {
        let message = message.modern().meta(CAPABILITIES_KEY, json!({"elicitation": {}}));
        Request::modern(PATH, &message).bearer(&hub.token)
    };
    hub.modern(list("tools/list")).await;
    let first = hub.send(&able(Message::call(1, "a__ask", json!({})))).await.answer();
    let state = first["result"]["requestState"].clone();
    assert!(state.as_str().is_some_and(|state| state != "own"), "{first}");
    let again = |tool: &str| {
        let answers = json!({"who": {"action": "decline"}});
        able(
            Message::call(2, tool, json!({}))
                .param("inputResponses", answers)
                .param("requestState", state.clone()),
        )
    };
    assert_eq!(hub.untouched(&again("b__ask")).await.answer()["error"]["code"], -32602, "of another server");
    hub.at("a").set_tools(vec![Tool::new("ask").answer(Answer::text("done"))]);
    assert_eq!(text(&hub.send(&again("a__ask")).await.answer()), "done");
    assert_eq!(hub.at("a").calls()[1].params()["requestState"], "own");
}

#[tokio::test]
async fn a_method_outside_the_protocol_goes_to_the_one_server_that_may_have_it() {
    let opens = r#"{"version": "1", "default": "allow", "methods": {"acme/do": {"action": "allow"}}}"#;
    let done = || Answer::result(json!({"done": true}));
    let hub = Several::new()
        .http("a", script(&["x"]).on("acme/do", done()))
        .http("b", script(&["x"]).on("acme/do", done()))
        .policy("b", opens)
        .start()
        .await;
    let session = hub.legacy().await;
    assert_eq!(session.ask(Message::request(1, "acme/do")).await["result"]["done"], true);
    let reached = |hub: &Hub, server: &str| {
        hub.at(server).messages().iter().any(|message| message.method() == "acme/do")
    };
    assert_eq!((reached(&hub, "a"), reached(&hub, "b")), (false, true));
    assert_eq!(
        hub.untouched(&session.request(Message::request(1, "acme/other"))).await.answer()["error"]["code"],
        -32601
    );
}
