//! Messages of one era in the words of the other, byte for byte where the meaning is the same.

use crate::support::message;
use mcp::bridge::evidence::{self, Verdict};
use mcp::bridge::notification::{self, Filter};
use mcp::bridge::request::{self, Round};
use mcp::bridge::{Envelope, errors, handshake, input, result};
use mcp::reply::{Reply, parse_reply};
use mcp::{Caps, Version};
use serde_json::{Value, json};

const MODERN: Version = Version::V2026_07_28;
const E: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},"io.modelcontextprotocol/clientCapabilities":{"roots":{}}"#;

fn reply(text: &str) -> Reply {
    parse_reply(text.as_bytes().to_vec(), &Caps::default()).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

fn answered(key: &str, value: &Value) -> Reply {
    reply(&json!({"jsonrpc": "2.0", "id": 9, key: value}).to_string())
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes)))
}

fn said() -> Envelope {
    Envelope {
        client_info: Some(r#"{"name":"c","version":"1"}"#.to_owned()),
        capabilities: r#"{"roots":{}}"#.to_owned(),
        log_level: None,
    }
}

#[test]
fn a_modern_request_loses_its_envelope_and_nothing_else() {
    let cases = [
        (format!(r#"{{"_meta":{{{E}}}}}"#), r#"{}"#),
        (
            format!(r#"{{ "name":"a" , "arguments":{{"n":1.50}}, "_meta": {{{E}}} }}"#),
            r#"{ "name":"a" , "arguments":{"n":1.50} }"#,
        ),
        (
            format!(r#"{{"_meta":{{"x/y":[1 ,2],{E},"progressToken":7}},"name":"a"}}"#),
            r#"{"_meta":{"x/y":[1 ,2],"progressToken":7},"name":"a"}"#,
        ),
        (
            format!(
                r#"{{"name":"a","_meta":{{{E},"io.modelcontextprotocol/logLevel":"info"}},"requestState":"s","inputResponses":{{"k":{{}}}}}}"#
            ),
            r#"{"name":"a"}"#,
        ),
        // A wish that means nothing in the one era would be obeyed in the other.
        (format!(r#"{{"name":"a","_meta":{{{E}}},"task":{{"ttl":1}}}}"#), r#"{"name":"a"}"#),
    ];
    for (params, expected) in cases {
        let whole =
            |params: &str| format!(r#"{{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{params}}}"#);
        let method = if params.contains(r#""name":"a""#) { "tools/call" } else { "tools/list" };
        let sent = whole(&params).replace("tools/call", method);
        let got = text(request::to_legacy(&message(&sent)).unwrap());
        // What stands between the members that are left is the client's own.
        let squeezed = |text: &str| text.replace(" }", "}").replace(" ,", ",").replace(", ", ",");
        assert_eq!(squeezed(&got), squeezed(&whole(expected).replace("tools/call", method)));
    }
}

#[test]
fn a_legacy_request_gets_the_envelope_and_keeps_its_bytes() {
    let cases = [
        (r#""method":"tools/list""#, format!(r#""method":"tools/list","params":{{"_meta":{{{E}}}}}"#)),
        (
            r#""method":"tools/list","params":{}"#,
            format!(r#""method":"tools/list","params":{{"_meta":{{{E}}}}}"#),
        ),
        (
            r#""method":"tools/call","params":{"name":"a","arguments":{"n":1.50 }}"#,
            format!(
                r#""method":"tools/call","params":{{"name":"a","arguments":{{"n":1.50 }},"_meta":{{{E}}}}}"#
            ),
        ),
        (
            r#""method":"tools/call","params":{"_meta":{"progressToken":7},"name":"a"}"#,
            format!(r#""method":"tools/call","params":{{"_meta":{{"progressToken":7,{E}}},"name":"a"}}"#),
        ),
        // A legacy client cannot speak for itself in the envelope.
        (
            r#""method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}}}}"#,
            format!(r#""method":"tools/list","params":{{"_meta":{{{E}}}}}"#),
        ),
    ];
    for (before, after) in cases {
        let whole = |inner: &str| format!(r#"{{"jsonrpc":"2.0","id":9,{inner}}}"#);
        let got = request::to_modern(&message(&whole(before)), MODERN, &said(), Round::default()).unwrap();
        assert_eq!(text(got), whole(&after));
    }
}

#[test]
fn a_further_round_carries_answers_and_state() {
    let call = message(r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"a"}}"#);
    let round = Round { input_responses: Some(r#"{"k":{"action":"accept"}}"#), request_state: Some("\"s\"") };
    let got = value(&request::to_modern(&call, MODERN, &said(), round).unwrap());
    assert_eq!(got["params"]["inputResponses"], json!({"k": {"action": "accept"}}));
    assert_eq!((&got["params"]["requestState"], &got["params"]["name"]), (&json!("s"), &json!("a")));
    // And comes apart again.
    let again = message(&got.to_string());
    assert_eq!(request::envelope(&again), said());
    assert_eq!(input::answered(&again, "k").unwrap().raw(), r#"{"action":"accept"}"#);
    assert!(input::answered(&again, "other").is_none());
}

#[test]
fn results_get_and_lose_what_the_modern_era_adds() {
    let cases = [
        (
            "tools/call",
            json!({"content": [], "x": {"y": 1}}),
            json!({"content": [], "x": {"y": 1}, "resultType": "complete"}),
        ),
        ("tools/call", json!({"resultType": "input_required"}), json!({"resultType": "complete"})),
        (
            "tools/list",
            json!({"tools": []}),
            json!({"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}),
        ),
        (
            "resources/read",
            json!({"contents": [], "ttlMs": -1, "cacheScope": "x"}),
            json!({"contents": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}),
        ),
        (
            "prompts/list",
            json!({"prompts": [], "ttlMs": 5, "cacheScope": "public"}),
            json!({"prompts": [], "resultType": "complete", "ttlMs": 5, "cacheScope": "public"}),
        ),
        (
            "completion/complete",
            json!({"completion": {"values": []}}),
            json!({"completion": {"values": []}, "resultType": "complete"}),
        ),
    ];
    for (method, before, after) in cases {
        let got = value(&result::to_modern(&answered("result", &before), "\"c\"", method).unwrap());
        assert_eq!((&got["id"], &got["result"]), (&json!("c"), &after), "{method}");
        let mut back = after.clone();
        back.as_object_mut().unwrap().remove("resultType");
        let got = result::to_legacy(&answered("result", &after), "\"c\"", method, Version::NEWEST_LEGACY);
        assert_eq!(value(&got.unwrap()), json!({"jsonrpc": "2.0", "id": "c", "result": back}), "{method}");
    }
}

#[test]
fn errors_keep_their_words_and_change_codes_that_the_eras_do_not_share() {
    let error =
        |code: i64, data: Value| answered("error", &json!({"code": code, "message": "m", "data": data}));
    for (code, modern) in
        [(-32002, -32602), (-32602, -32602), (-32601, -32601), (-32022, -32603), (-32042, -32042)]
    {
        let got = value(&result::to_modern(&error(code, json!(1)), "1", "resources/read").unwrap());
        assert_eq!(got["error"], json!({"code": modern, "message": "m", "data": 1}), "{code}");
    }
    let cases = [
        (-32602, json!({"uri": "a:b"}), "resources/read", -32002),
        (-32602, json!({}), "resources/read", -32602),
        (-32602, json!({"uri": "a:b"}), "tools/call", -32602),
        (-32021, json!({}), "tools/call", -32600),
        (-32020, json!({}), "tools/call", -32603),
        (-32022, json!({}), "tools/call", -32603),
        (-32603, json!({}), "tools/call", -32603),
    ];
    for (code, data, method, legacy) in cases {
        let got = result::to_legacy(&error(code, data), "1", method, Version::NEWEST_LEGACY).unwrap();
        assert_eq!(value(&got)["error"]["code"], legacy, "{code} of {method}");
    }
    assert_eq!(errors::to_modern(errors::RESOURCE_NOT_FOUND), -32602);
}

#[test]
fn older_revisions_get_no_content_that_they_cannot_read() {
    let audio = json!({"type": "audio", "data": "AA==", "mimeType": "audio/wav"});
    let link = json!({"type": "resource_link", "name": "n", "uri": "a:b", "description": "d"});
    let text = json!({"type": "text", "text": "t", "kept": 1});
    let as_text = json!({"type": "text", "text": "n <a:b>: d"});
    let as_resource = json!({"type": "resource", "resource": {"uri": "data:audio", "blob": "AA==", "mimeType": "audio/wav"}});
    for (version, shown) in [
        (Version::V2025_11_25, [&audio, &link, &text]),
        (Version::V2025_06_18, [&audio, &link, &text]),
        (Version::V2025_03_26, [&audio, &as_text, &text]),
        (Version::V2024_11_05, [&as_resource, &as_text, &text]),
    ] {
        let called = answered("result", &json!({"content": [audio, link, text], "structuredContent": [1]}));
        let got = value(&result::to_legacy(&called, "1", "tools/call", version).unwrap());
        assert_eq!(got["result"], json!({"content": shown}), "{version}");
        let prompt = answered("result", &json!({"messages": [{"role": "user", "content": link}]}));
        let got = value(&result::to_legacy(&prompt, "1", "prompts/get", version).unwrap());
        assert_eq!(got["result"]["messages"], json!([{"role": "user", "content": shown[1]}]), "{version}");
    }
    let structured = answered("result", &json!({"content": [], "structuredContent": {"a": 1}}));
    let got = result::to_legacy(&structured, "1", "tools/call", Version::V2025_11_25).unwrap();
    assert_eq!(value(&got)["result"]["structuredContent"], json!({"a": 1}));
    let tool = |schema: Value| json!({"name": "a", "inputSchema": {}, "outputSchema": schema});
    let listed = answered(
        "result",
        &json!({"tools": [tool(json!({"type": "array"})), tool(json!({"type": "object"}))]}),
    );
    let got = value(&result::to_legacy(&listed, "1", "tools/list", Version::V2025_11_25).unwrap());
    assert_eq!(
        got["result"]["tools"],
        json!([{"name": "a", "inputSchema": {}}, tool(json!({"type": "object"}))])
    );
}

#[test]
fn one_eras_greeting_becomes_the_others() {
    let greeting = json!({"protocolVersion": "2025-06-18", "serverInfo": {"name": "s", "version": "2"}, "instructions": "i",
        "capabilities": {"tools": {"listChanged": true}, "tasks": {}, "extensions": {"io.modelcontextprotocol/tasks": {}, "a/b": {}}}});
    let discovered = value(&handshake::discovery("1", &answered("result", &greeting)));
    let capabilities = json!({"tools": {"listChanged": true}, "extensions": {"a/b": {}}});
    assert_eq!(
        discovered["result"],
        json!({"supportedVersions": ["2026-07-28", "2025-06-18"], "capabilities": capabilities, "instructions": "i",
            "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "s", "version": "2"}},
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
    );
    let again = reply(&discovered.to_string());
    let got = value(&handshake::greeting("1", &again, Some(Version::V2025_03_26), "imaging"));
    assert_eq!(
        got["result"],
        json!({"protocolVersion": "2025-03-26", "capabilities": capabilities, "instructions": "i",
            "serverInfo": {"name": "s", "version": "2"}})
    );
    let bare = answered("result", &json!({"supportedVersions": ["2026-07-28"]}));
    let got = value(&handshake::greeting("1", &bare, Some(MODERN), "imaging"));
    assert_eq!(got["result"]["protocolVersion"], "2025-11-25");
    assert_eq!(got["result"]["serverInfo"], json!({"name": "imaging", "version": "unknown"}));
}

#[test]
fn a_held_session_is_opened_in_the_clients_name_without_tasks() {
    let envelope = Envelope {
        capabilities: r#"{"elicitation":{},"tasks":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}"#
            .to_owned(),
        ..said()
    };
    let got = value(&handshake::initialize("5", &envelope));
    let params = json!({"protocolVersion": "2025-11-25", "clientInfo": {"name": "c", "version": "1"},
        "capabilities": {"elicitation": {}, "extensions": {}}});
    assert_eq!(got, json!({"jsonrpc": "2.0", "id": 5, "method": "initialize", "params": params}));
    assert_eq!(request::introduction(&message(&got.to_string())).client_info, said().client_info);
    for (method, allowed) in
        [("elicitation/create", true), ("sampling/createMessage", false), ("roots/list", false), ("x", false)]
    {
        assert_eq!(handshake::allows(&envelope.capabilities, method), allowed, "{method}");
    }
}

#[test]
fn what_a_server_asks_is_the_same_question_in_both_eras() {
    let asked = [
        json!({"jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": {"message": "m", "requestedSchema": {"type": "object", "properties": {}}}}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1, "task": {}, "_meta": {"progressToken": 1, "k": 2}}}),
        json!({"jsonrpc": "2.0", "id": 4, "method": "roots/list"}),
    ];
    let entries: Vec<(String, String)> = asked
        .iter()
        .enumerate()
        .map(|(n, asked)| (format!("r{n}"), input::entry(&reply(&asked.to_string())).unwrap()))
        .collect();
    let required = reply(&text(input::required("9", &entries, "state")));
    assert!(input::is_required(&required));
    assert_eq!(input::state(&required), Some("\"state\""));
    for ((key, entry), asked) in input::entries(&required).zip(&asked) {
        let got = value(&input::request("3", &key, entry, Version::NEWEST_LEGACY).unwrap());
        let mut expected = asked.clone();
        expected["id"] = json!(3);
        if let Some(params) = expected.get_mut("params").and_then(Value::as_object_mut) {
            params.remove("task");
            params.get_mut("_meta").map(|meta| meta.as_object_mut().unwrap().remove("progressToken"));
        }
        assert_eq!(got, expected);
    }
    for method in ["ping", "tasks/get", "tools/call"] {
        let asked =
            json!({"jsonrpc": "2.0", "id": 4, "method": method, "params": {"name": "x", "taskId": "t"}});
        assert_eq!(input::entry(&reply(&asked.to_string())), None, "{method}");
        let required = answered("result", &json!({"inputRequests": {"k": {"method": method}}}));
        assert!(
            input::entries(&required).all(|(key, entry)| input::request(
                "1",
                &key,
                entry,
                Version::NEWEST_LEGACY
            )
            .is_none())
        );
    }
}

#[test]
fn older_clients_are_asked_only_what_they_know() {
    let ask = |entry: Value, version| {
        let required = answered("result", &json!({"inputRequests": {"k": entry}}));
        let (key, entry) = input::entries(&required).next().unwrap();
        input::request("1", &key, entry, version).map(|bytes| value(&bytes)["params"].clone())
    };
    let form = json!({"method": "elicitation/create", "params": {"message": "m"}});
    assert!(ask(form.clone(), Version::V2025_06_18).is_some());
    assert_eq!(ask(form, Version::V2025_03_26), None);
    let url = json!({"method": "elicitation/create", "params": {"mode": "url", "url": "https://x/"}});
    assert_eq!(ask(url.clone(), Version::V2025_06_18), None);
    let asked = ask(url, Version::V2025_11_25).unwrap();
    assert_eq!(asked, json!({"mode": "url", "url": "https://x/", "elicitationId": "k"}));
    let parts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    let sampling = json!({"method": "sampling/createMessage", "params": {"messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": parts[0]}]}});
    assert_eq!(ask(sampling.clone(), Version::V2025_11_25).unwrap(), sampling["params"]);
    let single = |role: &str, n: usize| json!({"role": role, "content": parts[n]});
    let expected = json!({"messages": [single("user", 0), single("user", 1), single("assistant", 0)]});
    assert_eq!(ask(sampling, Version::V2025_06_18).unwrap(), expected);
}

#[test]
fn answers_to_a_server_travel_both_ways() {
    let call = message(
        r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"a","inputResponses":{"k":{"action":"accept","content":{"n": 1.50}}}}}"#,
    );
    let sent = input::response("\"q\"", input::answered(&call, "k").unwrap());
    assert_eq!(
        text(sent),
        r#"{"jsonrpc":"2.0","id":"q","result":{"action":"accept","content":{"n": 1.50}}}"#
    );
    let answer = |body: &str, method: &str| {
        let document = crate::support::document(body);
        input::answer(document.root(), method)
    };
    let entry = |raw: &str| Some(input::Answered::Entry(raw.to_owned()));
    assert_eq!(answer(r#"{"id":1,"result":{"roots":[ ]}}"#, "roots/list"), entry(r#"{"roots":[ ]}"#));
    assert_eq!(
        answer(r#"{"id":1,"error":{"code":-1,"message":"m"}}"#, "elicitation/create"),
        entry(r#"{"action":"cancel"}"#)
    );
    let failed = Some(input::Answered::Error(r#"{"code":-1,"message":"m"}"#.to_owned()));
    assert_eq!(answer(r#"{"id":1,"error":{"code":-1,"message":"m"}}"#, "roots/list"), failed);
    assert_eq!(answer(r#"{"id":1,"result":7}"#, "roots/list"), None);
    assert_eq!(input::responses([("a\"", "{}"), ("b", "{\"x\":1}")]), r#"{"a\"":{},"b":{"x":1}}"#);
}

#[test]
fn notices_say_which_listen_stream_they_belong_to_in_the_modern_era_only() {
    let id = "io.modelcontextprotocol/subscriptionId";
    let changed = json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"});
    let updated =
        json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "a:b"}});
    let with_meta = json!({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"_meta": {"k": 1, id: "other"}, "uri": "a:b"}});
    for notice in [changed, updated, with_meta] {
        let sent = value(&notification::to_modern(&reply(&notice.to_string()), "7").unwrap());
        let mut expected = notice.clone();
        expected["params"]["_meta"][id] = json!(7);
        assert_eq!(sent, expected);
        let back = value(&notification::to_legacy(&reply(&sent.to_string())).unwrap());
        expected["params"]["_meta"].as_object_mut().unwrap().remove(id);
        assert_eq!(back, expected);
    }
}

#[test]
fn a_listen_stream_tells_what_was_asked_for_and_can_be_told() {
    let wanted = json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": false, "resourceSubscriptions": ["a:b", "c:d"]});
    let listen = json!({"jsonrpc": "2.0", "id": 9, "method": "subscriptions/listen", "params": {"notifications": wanted}});
    let filter = Filter::of(&message(&listen.to_string()));
    assert_eq!(
        filter,
        Filter { tools: true, prompts: true, resources: false, uris: vec!["a:b".into(), "c:d".into()] }
    );
    let capabilities =
        json!({"tools": {"listChanged": true}, "prompts": {}, "resources": {"subscribe": true}});
    let document = crate::support::document(&capabilities.to_string());
    let honoured = filter.clone().honoured_by(Some(document.root()));
    let acknowledged = value(&notification::acknowledged("9", &honoured));
    assert_eq!(
        acknowledged["params"],
        json!({"_meta": {"io.modelcontextprotocol/subscriptionId": 9},
        "notifications": {"toolsListChanged": true, "resourceSubscriptions": ["a:b", "c:d"]}})
    );
    let admits =
        |method: &str| honoured.admits(&reply(&json!({"jsonrpc": "2.0", "method": method}).to_string()));
    let cases = [
        ("notifications/tools/list_changed", true),
        ("notifications/prompts/list_changed", false),
        ("notifications/resources/list_changed", false),
        ("notifications/resources/updated", true),
        ("notifications/message", false),
    ];
    for (method, expected) in cases {
        assert_eq!(admits(method), expected, "{method}");
    }
    assert_eq!(filter.honoured_by(None), Filter::default());
}

#[test]
fn log_messages_pass_from_the_wanted_level_on() {
    let log = |level: &str| {
        reply(&json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": level, "data": 1}}).to_string())
    };
    for (level, wanted, expected) in [
        ("info", None, false),
        ("info", Some("\"debug\""), true),
        ("info", Some("\"info\""), true),
        ("info", Some("\"notice\""), false),
        ("emergency", Some("\"alert\""), true),
        ("shout", Some("\"debug\""), false),
        ("info", Some("\"shout\""), false),
    ] {
        assert_eq!(notification::is_logged(&log(level), wanted), expected, "{level} {wanted:?}");
    }
}

#[test]
fn only_a_word_about_eras_is_taken_for_one() {
    use Verdict::{NotSpoken, Spoken, Unclear};
    let error = |code: i64, data: Value| {
        Some(answered("error", &json!({"code": code, "message": "m", "data": data})))
    };
    let found = |versions: Value| Some(answered("result", &json!({"supportedVersions": versions})));
    let supported = |versions: Value| json!({"supported": versions});
    let discoveries = [
        (200, found(json!(["2026-07-28", "2025-11-25"])), Spoken),
        (200, found(json!(["2025-11-25"])), NotSpoken),
        (200, found(json!(null)), NotSpoken),
        (200, error(-32601, json!(1)), NotSpoken),
        (404, error(-32601, json!(1)), NotSpoken),
        (400, error(-32600, json!(1)), NotSpoken),
        (400, error(-32000, json!(1)), NotSpoken),
        (400, error(-32020, json!(1)), Spoken),
        (400, error(-32022, supported(json!(["2025-11-25"]))), NotSpoken),
        (400, error(-32022, supported(json!(["2027-01-01"]))), Unclear),
        (500, error(-32603, json!(1)), Unclear),
        (400, None, NotSpoken),
        (404, None, NotSpoken),
        (405, None, NotSpoken),
        (401, None, Unclear),
        (429, error(-32000, json!(1)), Unclear),
        (502, None, Unclear),
        (200, None, Unclear),
    ];
    for (n, (status, message, expected)) in discoveries.into_iter().enumerate() {
        assert_eq!(evidence::of_discovery(status, message.as_ref()), expected, "discovery {n}");
    }
    let greeted = |version: &str| Some(answered("result", &json!({"protocolVersion": version})));
    let handshakes = [
        (200, greeted("2025-11-25"), Spoken),
        (200, greeted("2024-11-05"), Spoken),
        (200, greeted("2026-07-28"), Unclear),
        (200, error(-32601, json!(1)), NotSpoken),
        (400, error(-32022, supported(json!(["2026-07-28"]))), NotSpoken),
        (405, None, NotSpoken),
        (403, None, Unclear),
        (503, error(-32603, json!(1)), Unclear),
    ];
    for (n, (status, message, expected)) in handshakes.into_iter().enumerate() {
        assert_eq!(evidence::of_handshake(status, message.as_ref()), expected, "handshake {n}");
    }
}
