//! What attackers tried: each is a way that was open once, or a table of ways that are not.

use crate::support::{ALLOW, Running, Test, text};
use gateway::declared::Transport;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use testkit::wait::within;
use testkit::{Message, Tool};

/// Answers everything, but after its first list reads nothing more until somebody opens the pipe.
const DEAF: &str = "
import json, sys
listed = False
for line in sys.stdin:
    message = json.loads(line)
    if 'id' not in message:
        continue
    result = {'tools': [{'name': 'copy', 'inputSchema': {'type': 'object'}}], 'ttlMs': 600000,
              'cacheScope': 'public', 'content': [], 'resultType': 'complete', 'supportedVersions': ['2026-07-28']}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
    if not listed and message['method'] == 'tools/list':
        listed = True
        open(sys.argv[1]).read()
";

/// Answers everything, but its first call only once somebody opens the pipe, and then asks something first and says
/// more than a pipe holds, all without reading.
const TALKATIVE: &str = "
import json, sys
n_calls = 0
for line in sys.stdin:
    message = json.loads(line)
    if 'id' not in message or 'method' not in message:
        continue
    content = []
    if message['method'] == 'tools/call':
        n_calls += 1
        if n_calls == 1:
            open(sys.argv[1]).read()
            print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'method': 'roots/list'}), flush=True)
            content = [{'type': 'text', 'text': 'x' * 500000}]
    result = {'tools': [{'name': 'copy', 'inputSchema': {'type': 'object'}}], 'ttlMs': 600000,
              'cacheScope': 'public', 'content': content, 'resultType': 'complete',
              'supportedVersions': ['2026-07-28']}
    print(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': result}), flush=True)
";

async fn start(script: &str, policy: &str) -> (Running, std::path::PathBuf) {
    let mut test = Test::new().policy(policy).process().tool(Tool::new("copy")).timeout_s(1).start().await;
    let pipe = test.folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let path = pipe.to_str().unwrap();
    let command = ["python3", "-I", "-S", "-c", script, path].map(String::from).to_vec();
    test.change(|declared| {
        declared.servers[0].transport = Transport::Stdio { command, env: BTreeMap::new(), cwd: None };
    });
    (test, pipe)
}

#[tokio::test]
async fn a_call_that_is_still_being_written_does_not_age() {
    const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {
        "limits": [{"counter": "c", "window": "5s", "max": 1, "scope": "grant"}]}}}"#;
    let (test, pipe) = start(DEAF, POLICY).await;
    assert_eq!(test.listed().await, ["copy"]);
    // More than a pipe holds: the process has the beginning, and will be given the rest whoever waits.
    let given_up = test.call("copy", json!({"x": "x".repeat(500_000)})).await;
    assert_eq!(given_up["error"]["code"], -32603, "{given_up}");
    test.clock.advance_ms(60_000);
    let second = test.call("copy", json!({})).await;
    assert_eq!(second["result"]["_meta"]["toolgate/decision"]["kind"], "limit", "{second}");

    let opened = tokio::task::spawn_blocking(|| std::fs::OpenOptions::new().write(true).open(pipe));
    opened.await.unwrap().unwrap().write_all(b"go").unwrap();
    within("the call to end", async {
        while test.gateway.metrics.in_flight.get() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    test.clock.advance_ms(4_999);
    assert_eq!(test.call("copy", json!({})).await["result"]["isError"], true);
    test.clock.advance_ms(2);
    assert_eq!(test.call("copy", json!({})).await["result"]["content"], json!([]));
    let books = test.books();
    assert_eq!(books.outcomes(), ["unknown", "answered"]);
    assert!(books.of("outcome")[0]["sent"].as_u64().unwrap() > 500_000);
}

#[tokio::test]
async fn a_server_that_asks_while_it_is_given_much_is_still_heard() {
    let (test, pipe) = start(TALKATIVE, ALLOW).await;
    assert_eq!(test.listed().await, ["copy"]);
    let mut first = test.client().await;
    first.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    // More than a pipe holds: it stands before the answer to what the server is about to ask.
    let second = test.call("copy", json!({"x": "x".repeat(500_000)})).await;
    assert_eq!(second["error"]["code"], -32603, "{second}");
    let opened = tokio::task::spawn_blocking(|| std::fs::OpenOptions::new().write(true).open(pipe));
    opened.await.unwrap().unwrap().write_all(b"go").unwrap();
    assert_eq!(test.call("copy", json!({})).await["result"]["content"], json!([]));
}

/// A server that shows nothing of its list to whoever asks for it.
#[tokio::test]
async fn a_list_that_one_client_was_shown_makes_nothing_unknown_to_another() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).start().await;
    for listed_before in [false, true] {
        test.puppets.set_tools(vec![]);
        let asked = Message::request(1, "tools/list").meta("com.example/filter", "none");
        let shown = test.modern(asked).await.answer();
        assert_eq!(shown["result"]["tools"], json!([]), "{listed_before}");
        test.puppets.set_tools(vec![Tool::new("copy").definition().clone()]);
        let other = test.request(Message::call(7, "copy", json!({}))).bearer(&test.other_token);
        assert_eq!(text(&test.send(&other).await.answer()), "ok", "{listed_before}");
    }
    // Nor does a session that lists less, without asking for it.
    test.puppets.set_tools(vec![]);
    assert!(test.listed().await.is_empty());
    test.puppets.set_tools(vec![Tool::new("copy").definition().clone()]);
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    // And what is really gone is asked for once and then unknown.
    test.puppets.set_tools(vec![]);
    assert!(test.listed().await.is_empty());
    assert_eq!(test.call("copy", json!({})).await["error"]["code"], -32602);
    assert_eq!(test.denied("copy", json!({})).await["error"]["code"], -32602);
}

/// Names that are not the open tool `copy`, however much they resemble it.
const NAMES: &[&str] = &[
    "hidden",
    "unnamed",
    "unusable",
    "nowhere",
    "Copy",
    "COPY",
    " copy",
    "copy ",
    "copy\0",
    "copy\n",
    "co\u{ad}py",
    "\u{feff}copy",
    "\u{ff43}opy",
    "c\u{43e}py",
    "cop\u{301}y",
    "imaging__copy",
    "tools/copy",
    "*",
    "copy*",
    "../copy",
    "__proto__",
];

#[tokio::test]
async fn whatever_is_not_the_open_tool_gets_the_same_bytes() {
    const POLICY: &str = r#"{"version": "1", "default": "deny", "hide": ["hidden"],
        "tools": {"copy": {}, "hidden": {}, "unusable": {}, "nowhere": {}}}"#;
    let unusable = json!({"type": "object", "properties": {"a": {"$ref": "https://example.com/a"}}});
    let mut test = Test::new().policy(POLICY);
    for tool in ["copy", "hidden", "unnamed"] {
        test = test.tool(Tool::new(tool));
    }
    let test = test.tool(Tool::new("unusable").member("inputSchema", unusable)).start().await;
    assert_eq!(test.listed().await, ["copy"]);
    let session = test.legacy().await;
    let unknown = test.denied("no such tool", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32602);
    for name in NAMES {
        // Neither arguments nor their absence tell anything.
        for arguments in [json!({}), json!({"a": 1})] {
            let modern = test.request(Message::call(7, name, arguments.clone()));
            let modern = test.untouched(&modern).await;
            // A header cannot hold the others as they are, and this client does not encode them.
            if name.bytes().all(|byte| byte.is_ascii_graphic()) {
                assert_eq!(modern.answer(), unknown, "{name:?}");
            }
            let call = session.request(Message::call(7, name, arguments));
            assert_eq!(test.untouched(&call).await.answer(), unknown, "{name:?}");
        }
    }
    assert_eq!(test.books().tally.intents, 0);
}
