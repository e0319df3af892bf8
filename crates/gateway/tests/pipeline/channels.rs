//! Every method besides tool calls: closed ones reach no server, open ones are recorded as calls.

use crate::support::{ALLOW, Running, Test};
use mcp::methods::{Channel, Direction, Kind, METHODS, Method};
use serde_json::json;
use testkit::{Message, Tool};

const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;

/// A request of each method that a client can send and that a policy has to open.
fn requests(modern: bool) -> impl Iterator<Item = (&'static Method, Message)> {
    let version = if modern { mcp::era::Version::NEWEST } else { mcp::era::Version::NEWEST_LEGACY };
    let judged = move |method: &&Method| {
        let sent = method.direction == Direction::ClientToServer && method.kind == Kind::Request;
        sent && !method.always_open && method.channel != Channel::Tools && method.is_in(version)
    };
    METHODS.iter().filter(judged).map(|method| {
        let message = Message::request(7, method.name);
        (method, method.name_param.map_or(message.clone(), |name| message.param(name, "x")))
    })
}

async fn start(policy: &str) -> Running {
    let test = Test::new().policy(policy).tool(Tool::new("copy")).start().await;
    test.listed().await;
    test
}

#[tokio::test]
async fn closed_methods_reach_nothing_in_either_era() {
    let test = start(DENY).await;
    let session = test.legacy().await;
    let mut expected = Vec::new();
    for modern in [true, false] {
        for (method, message) in requests(modern) {
            let request = if modern { test.request(message) } else { session.request(message) };
            let reply = test.untouched(&request).await;
            assert_eq!(reply.status, 200, "{}", method.name);
            let answer = reply.answer();
            let list = ["resources", "resourceTemplates", "prompts"]
                .into_iter()
                .find(|key| answer["result"][key] == json!([]));
            match method.name {
                "resources/list" | "resources/templates/list" | "prompts/list" => {
                    assert!(list.is_some(), "{answer}")
                }
                _ => {
                    assert_eq!(answer["error"]["code"], -31403, "{}", method.name);
                    expected.push(method.name);
                }
            }
        }
    }
    let books = test.books();
    let denied: Vec<&str> =
        books.of("denied").iter().map(|record| record["method"].as_str().unwrap()).collect();
    assert_eq!(denied, expected);
    assert_eq!(books.denials(), vec![("(default deny)", "closed"); expected.len()]);
    assert_eq!(books.tally.intents, 0);
}

#[tokio::test]
async fn open_methods_pass_and_are_recorded() {
    let answer = || testkit::Answer::result(json!({"contents": [], "kept": {"n": 1.50}}));
    let test = Test::new()
        .policy(ALLOW)
        .script(|script| script.on("resources/read", answer()).on("prompts/get", answer()))
        .start()
        .await;
    let session = test.legacy().await;
    let read = || Message::request("r", "resources/read").param("uri", "file:///x");
    let get = || Message::request(8, "prompts/get").param("name", "p");
    for answer in [test.modern(read()).await.answer(), session.ask(read()).await] {
        assert_eq!((&answer["id"], &answer["result"]["kept"]), (&json!("r"), &json!({"n": 1.50})));
    }
    for answer in [test.modern(get()).await.answer(), session.ask(get()).await] {
        assert_eq!(answer["id"], 8);
    }
    let books = test.books();
    let methods: Vec<&str> =
        books.of("intent").iter().map(|record| record["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["resources/read", "resources/read", "prompts/get", "prompts/get"]);
    assert_eq!(books.outcomes(), vec!["answered"; 4]);
}

#[tokio::test]
async fn what_is_always_open_passes_under_default_deny() {
    let test = start(DENY).await;
    let session = test.legacy().await;
    for message in
        [Message::request(1, "ping"), Message::request(2, "logging/setLevel").param("level", "debug")]
    {
        assert_eq!(session.ask(message).await["result"], json!({}));
    }
    let discovered = test.modern(Message::request(3, "server/discover")).await.answer();
    assert_eq!(discovered["result"]["capabilities"], json!({"tools": {"listChanged": true}}));
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn capabilities_of_closed_channels_are_not_advertised() {
    let all = json!({"tools": {}, "resources": {"subscribe": true}, "prompts": {}, "completions": {}, "logging": {},
        "tasks": {"list": {}}, "experimental": {"x": {}}, "extensions": {"io.modelcontextprotocol/tasks": {}, "a/b": {}}});
    let kept_closed =
        json!({"tools": {}, "logging": {}, "experimental": {"x": {}}, "extensions": {"a/b": {}}});
    let mut kept_open = kept_closed.clone();
    for key in ["resources", "prompts", "completions", "tasks", "extensions"] {
        kept_open[key] = all[key].clone();
    }
    for (policy, expected) in [(DENY, kept_closed), (ALLOW, kept_open)] {
        let known = json!({"supportedVersions": ["2026-07-28"], "capabilities": all, "cacheScope": "public", "ttlMs": u32::MAX});
        let known = testkit::Answer::result(known);
        let script = |script: testkit::Script| script.capabilities(all.clone()).on("server/discover", known);
        let test = Test::new().policy(policy).script(script).start().await;
        let discovered = test.modern(Message::request(3, "server/discover")).await.answer();
        assert_eq!(discovered["result"]["capabilities"], expected);
        // What depends on the grant must not be kept for another.
        assert_eq!(discovered["result"]["cacheScope"], "private");
        assert!(discovered["result"]["ttlMs"].as_u64().unwrap() <= 5 * 60_000);
        assert_eq!(test.legacy().await.greeting["result"]["capabilities"], expected);
    }
}
