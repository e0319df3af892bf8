//! The two eras: how a request shows which it speaks, and the checks of each in the specification's order.

use mcp::{Era, EraLock, Message, Version, era, legacy, modern};

use crate::support::{mcp_headers, message, outcome, short};

const SUPPORTED: &[Version] = &[Version::V2026_07_28];

fn call(meta: &str) -> Message {
    message(&format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","_meta":{meta}}}}}"#
    ))
}

const ENVELOPE: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;

fn plain(id: u32, method: &str) -> Message {
    message(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}"}}"#))
}

fn enveloped(id: u32, method: &str) -> Message {
    message(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"_meta":{ENVELOPE}}}}}"#))
}

#[test]
fn revisions() {
    for version in Version::ALL {
        assert_eq!(Version::parse(version.as_str()), Some(version));
        let modern = version == Version::V2026_07_28;
        assert_eq!(version.era(), if modern { Era::Modern } else { Era::Legacy }, "{version}");
    }
    for unknown in ["", "2026-07-29", "2025-11-25 ", "DRAFT-2026-v1", "zzz", "2024-10-07"] {
        assert_eq!(Version::parse(unknown), None, "{unknown}");
    }
    assert!(Version::V2024_11_05 < Version::V2025_03_26 && Version::V2025_11_25 < Version::V2026_07_28);
}

#[test]
fn an_http_request_shows_its_era() {
    let cases = [
        (Some("2024-11-05"), plain(1, "tools/list"), Era::Legacy),
        (Some("2025-11-25"), plain(1, "tools/list"), Era::Legacy),
        (Some("2025-11-25"), enveloped(1, "tools/list"), Era::Legacy),
        (Some("2026-07-28"), plain(1, "tools/list"), Era::Modern),
        (Some("2026-07-28"), plain(1, "initialize"), Era::Modern),
        (Some("2027-01-01"), plain(1, "tools/list"), Era::Modern),
        (Some(""), plain(1, "tools/list"), Era::Modern),
        (Some("2025-11-25,2026-07-28"), plain(1, "tools/list"), Era::Modern),
        (None, plain(1, "tools/list"), Era::Legacy),
        (None, plain(1, "initialize"), Era::Legacy),
        (None, enveloped(1, "initialize"), Era::Legacy),
        (None, enveloped(1, "tools/list"), Era::Modern),
        (None, message(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Era::Legacy),
    ];
    for (header, message, expected) in cases {
        assert_eq!(era::of_http(header, &message), expected, "{header:?} {}", message.document().text());
    }
}

#[test]
fn the_first_request_locks_a_stdio_connection() {
    let note = || message(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let half = || call(r#"{"io.modelcontextprotocol/protocolVersion":7}"#);
    let modern_init = || {
        message(r#"{"jsonrpc":"2.0","id":5,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#)
    };
    let cases: [(Vec<Message>, &str); 8] = [
        (vec![note()], "none"),
        (vec![plain(1, "initialize"), note(), plain(2, "tools/list")], "legacy"),
        (vec![plain(1, "tools/list")], "legacy"),
        (vec![enveloped(1, "initialize")], "legacy"),
        (vec![note(), enveloped(1, "tools/list"), enveloped(2, "server/discover")], "modern"),
        (vec![half()], "modern"),
        (vec![plain(1, "initialize"), enveloped(2, "tools/list")], "400 -32600 2"),
        (vec![enveloped(1, "tools/list"), modern_init()], "400 -32022 5"),
    ];
    for (messages, expected) in cases {
        let mut lock = EraLock::new();
        let mut last = "none".to_owned();
        for message in &messages {
            last = match lock.observe(message) {
                Ok(Some(Era::Legacy)) => "legacy".to_owned(),
                Ok(Some(Era::Modern)) => "modern".to_owned(),
                Ok(None) => "none".to_owned(),
                Err(refusal) => short(&refusal),
            };
        }
        assert_eq!(last, expected);
    }
    let mut lock = EraLock::new();
    lock.observe(&enveloped(1, "tools/list")).unwrap();
    let refusal = lock.observe(&modern_init()).unwrap_err();
    assert_eq!(refusal.data.as_deref(), Some(r#"{"supported":["2026-07-28"],"requested":"2025-11-25"}"#));
    assert_eq!(lock.era(), Some(Era::Modern));
    // Left to the envelope check, which says what is missing.
    let bare = plain(6, "tools/list");
    assert_eq!(outcome(&lock.observe(&bare)), "ok");
    assert_eq!(outcome(&modern::check(&bare, None, SUPPORTED)), "400 -32602 6");
}

struct Ladder {
    message: Message,
    headers: &'static [&'static str],
    expected: &'static str,
}

const VERSION: &str = "mcp-protocol-version: 2026-07-28";
const METHOD: &str = "mcp-method: tools/call";
const NAME: &str = "mcp-name: a";

fn rung(message: Message, headers: &'static [&'static str], expected: &'static str) -> Ladder {
    Ladder { message, headers, expected }
}

fn climb(cases: impl IntoIterator<Item = Ladder>) {
    for Ladder { message, headers, expected } in cases {
        let result = modern::check(&message, Some(&mcp_headers(headers)), SUPPORTED);
        assert_eq!(outcome(&result), expected, "{headers:?} {}", message.document().text());
    }
}

fn with(version: &str, capabilities: &str) -> Message {
    call(&format!(
        r#"{{"io.modelcontextprotocol/protocolVersion":{version},"io.modelcontextprotocol/clientCapabilities":{capabilities}}}"#
    ))
}

#[test]
fn modern_requests_over_http() {
    let good: &[&str] = &[VERSION, METHOD, NAME];
    let only_version = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}"#;
    let only_capabilities = r#"{"io.modelcontextprotocol/clientCapabilities":{}}"#;
    let bare = || message(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#);
    let cases = [
        rung(call(ENVELOPE), good, "ok"),
        // 1. the envelope
        rung(bare(), good, "400 -32602 1"),
        rung(plain(1, "tools/list"), good, "400 -32602 1"),
        rung(call("{}"), good, "400 -32602 1"),
        rung(call(only_version), good, "400 -32602 1"),
        rung(call(only_capabilities), good, "400 -32602 1"),
        rung(with(r#""2026-07-28""#, "null"), good, "400 -32602 1"),
        rung(with(r#""2026-07-28""#, "[]"), good, "400 -32602 1"),
        // duplicates come before all else
        rung(call(ENVELOPE), &[VERSION, VERSION, METHOD, NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, METHOD, NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, NAME, NAME], "400 -32020 1"),
        rung(bare(), &[VERSION, METHOD, NAME, "mcp-name: b"], "400 -32020 1"),
        // 3. the revision (2 is the next test): only once header and body agree
        rung(
            with(r#""2027-01-01""#, "{}"),
            &["mcp-protocol-version: 2027-01-01", METHOD, NAME],
            "400 -32022 1",
        ),
        rung(
            with(r#""2025-11-25""#, "{}"),
            &["mcp-protocol-version: 2025-11-25", METHOD, NAME],
            "400 -32022 1",
        ),
        rung(
            with(r#""2027-01-01""#, "7"),
            &["mcp-protocol-version: 2027-01-01", METHOD, NAME],
            "400 -32022 1",
        ),
        rung(with(r#""2027-01-01""#, "{}"), good, "400 -32020 1"),
        // a name is mirrored only where the method has one
        rung(enveloped(1, "tools/list"), &[VERSION, "mcp-method: tools/list"], "ok"),
        rung(enveloped(1, "x/unheard-of"), &[VERSION, "mcp-method: x/unheard-of"], "ok"),
        // what the revision does not have passes this far, to be answered as unknown
        rung(enveloped(1, "initialize"), &[VERSION, "mcp-method: initialize"], "ok"),
        rung(enveloped(1, "resources/subscribe"), &[VERSION, "mcp-method: resources/subscribe"], "ok"),
    ];
    climb(cases);
}

#[test]
fn modern_headers_must_agree_with_the_body() {
    let good: &[&str] = &[VERSION, METHOD, NAME];
    climb([
        rung(call(ENVELOPE), &[METHOD, NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &["mcp-protocol-version: 2025-11-25", METHOD, NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &["mcp-protocol-version: 2027-01-01", METHOD, NAME], "400 -32020 1"),
        rung(with("null", "{}"), good, "400 -32020 1"),
        rung(with("7", "{}"), good, "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, "mcp-method: tools/list", NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, "mcp-method: Tools/Call", NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, "mcp-method: =?base64?dG9vbHMvY2FsbA==?=", NAME], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: b"], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: A"], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: =?base64?YQ==?="], "ok"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: =?base64?YR==?="], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: =?base64?YQ?="], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: =?BASE64?YQ==?="], "400 -32020 1"),
        rung(call(ENVELOPE), &[VERSION, METHOD, "mcp-name: é"], "400 -32020 1"),
    ]);
}

#[test]
fn every_named_method_is_mirrored() {
    let cases = [
        ("tools/call", "name", "run"),
        ("prompts/get", "name", "p"),
        ("resources/read", "uri", "file:///a"),
        ("tasks/get", "taskId", "t"),
        ("tasks/update", "taskId", "t"),
        ("tasks/cancel", "taskId", "t"),
    ];
    for (method, key, value) in cases {
        let message = message(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"{key}":"{value}","_meta":{ENVELOPE}}}}}"#
        ));
        let check = |name: Option<&str>| {
            let mut lines = vec![VERSION.to_owned(), format!("mcp-method: {method}")];
            lines.extend(name.map(|name| format!("mcp-name: {name}")));
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            outcome(&modern::check(&message, Some(&mcp_headers(&lines)), SUPPORTED))
        };
        assert_eq!(check(Some(value)), "ok", "{method}");
        assert_eq!(check(Some("other")), "400 -32020 1", "{method}");
        assert_eq!(check(None), "400 -32020 1", "{method}");
    }
}

#[test]
fn modern_requests_without_headers() {
    let version = |version: &str| {
        call(&format!(
            r#"{{"io.modelcontextprotocol/protocolVersion":{version},"io.modelcontextprotocol/clientCapabilities":{{}}}}"#
        ))
    };
    let cases = [
        (version(r#""2026-07-28""#), "ok"),
        (version("null"), "400 -32602 1"),
        (version("7"), "400 -32602 1"),
        (version(r#""2025-11-25""#), "400 -32022 1"),
        (version(r#""1900-01-01""#), "400 -32022 1"),
    ];
    for (message, expected) in cases {
        assert_eq!(outcome(&modern::check(&message, None, SUPPORTED)), expected);
    }
}

#[test]
fn the_unsupported_version_error_says_what_is_supported() {
    let long = "9".repeat(500);
    for (requested, shown) in
        [("1900-01-01", "1900-01-01".to_owned()), (&long, format!("{}…", "9".repeat(64)))]
    {
        let message = call(&format!(
            r#"{{"io.modelcontextprotocol/protocolVersion":"{requested}","io.modelcontextprotocol/clientCapabilities":{{}}}}"#
        ));
        let supported = [Version::V2025_11_25, Version::V2026_07_28];
        let refusal = modern::check(&message, None, &supported).unwrap_err();
        let body: serde_json::Value = serde_json::from_slice(&refusal.to_bytes()).unwrap();
        let data = serde_json::json!({"supported": ["2025-11-25", "2026-07-28"], "requested": shown});
        assert_eq!((&body["id"], &body["error"]["code"]), (&1.into(), &(-32022).into()));
        assert_eq!(body["error"]["data"], data);
    }
    // A handshake revision is never spoken in an envelope, even where the caller serves it.
    let old = with(r#""2025-11-25""#, "{}");
    assert_eq!(outcome(&modern::check(&old, None, &Version::ALL)), "400 -32022 1");
    // What the caller does not serve is not supported, whatever the crate knows.
    assert_eq!(outcome(&modern::check(&call(ENVELOPE), None, &Version::LEGACY)), "400 -32022 1");
}

#[test]
fn modern_notifications_need_no_headers() {
    let cases: [(&[&str], &str); 5] = [
        (&[], "ok"),
        (&[VERSION], "ok"),
        (&[VERSION, VERSION], "400 -32020 -"),
        (&["mcp-protocol-version: 2027-01-01"], "400 -32022 -"),
        (&["mcp-protocol-version: 2025-11-25"], "400 -32022 -"),
    ];
    for (headers, expected) in cases {
        assert_eq!(outcome(&modern::check_notification(&mcp_headers(headers), SUPPORTED)), expected);
    }
}

#[test]
fn legacy_requests() {
    let cases: [(Message, &[&str], &str); 12] = [
        (plain(1, "tools/list"), &[], "ok None"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2024-11-05"], "ok Some(V2024_11_05)"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2025-03-26"], "ok Some(V2025_03_26)"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2025-06-18"], "ok Some(V2025_06_18)"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2025-11-25"], "ok Some(V2025_11_25)"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2026-07-28"], "400 -32600 1"),
        (plain(1, "tools/list"), &["mcp-protocol-version: 2025-11-26"], "400 -32600 1"),
        (plain(1, "tools/list"), &["mcp-protocol-version: "], "400 -32600 1"),
        (
            plain(1, "tools/list"),
            &["mcp-protocol-version: 2025-11-25", "mcp-protocol-version: 2025-11-25"],
            "400 -32020 1",
        ),
        (plain(1, "tools/list"), &["mcp-session-id: a", "mcp-session-id: b"], "400 -32020 1"),
        (enveloped(1, "tools/list"), &["mcp-protocol-version: 2025-11-25"], "400 -32600 1"),
        (enveloped(1, "initialize"), &[], "ok None"),
    ];
    for (message, headers, expected) in cases {
        let result = legacy::check(&message, &mcp_headers(headers));
        let shown = match &result {
            Ok(version) => format!("ok {version:?}"),
            Err(refusal) => short(refusal),
        };
        assert_eq!(shown, expected, "{headers:?}");
    }
}
