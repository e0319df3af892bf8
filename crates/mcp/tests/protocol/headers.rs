//! Headers: media types, Accept, duplicates, Host and Origin, the value codec.

use hyper::Uri;
use mcp::Version;
use mcp::headers::hosts::AllowList;
use mcp::headers::{self, McpHeaders, media, value};

use crate::support::{header_map, mcp_headers, outcome};

#[test]
fn bodies_are_plain_json() {
    let cases: &[(&[&str], &str)] = &[
        (&["content-type: application/json"], "ok"),
        (&["content-type: Application/JSON"], "ok"),
        (&["content-type: application/json; charset=utf-8"], "ok"),
        (&["content-type: application/json;charset=UTF-8"], "ok"),
        (&["content-type: application/json; charset=\"utf-8\""], "ok"),
        (&["content-type: application/json", "content-encoding: identity"], "ok"),
        (&[], "415"),
        (&["content-type: "], "415"),
        (&["content-type: text/plain"], "415"),
        (&["content-type: application/jsonx"], "415"),
        (&["content-type: application/json-seq"], "415"),
        (&["content-type: application/json, text/plain"], "415"),
        (&["content-type: text/plain; application/json"], "415"),
        (&["content-type: application/json; charset=utf-16"], "415"),
        (&["content-type: application/json; charset=latin1"], "415"),
        (&["content-type: application/json; boundary=x"], "415"),
        (&["content-type: application/json;"], "415"),
        (&["content-type: multipart/form-data"], "415"),
        (&["content-type: application/json", "content-encoding: gzip"], "415"),
        (&["content-type: application/json", "content-encoding: identity, gzip"], "415"),
        (&["content-type: application/json", "content-encoding: identity", "content-encoding: br"], "415"),
    ];
    for (lines, expected) in cases {
        let status = media::check_body(&header_map(lines)).map_err(|refusal| refusal.http_status.to_string());
        assert_eq!(status.map_or_else(|status| status, |()| "ok".to_owned()), *expected, "{lines:?}");
    }
    assert!(
        media::is_event_stream("text/event-stream; charset=utf-8") && !media::is_event_stream("text/event")
    );
}

#[test]
fn clients_accept_both_kinds_of_reply() {
    let cases: &[(&[&str], bool, bool)] = &[
        (&["accept: application/json, text/event-stream"], true, true),
        (&["accept: application/json", "accept: text/event-stream"], true, true),
        (&["accept: Text/Event-Stream;q=0.5 , APPLICATION/JSON ; q=1"], true, true),
        (&["accept: */*"], true, true),
        (&["accept: application/*, text/*"], true, true),
        (&["accept: application/json"], true, false),
        (&["accept: text/event-stream"], false, true),
        (&["accept: application/json;q=0, text/event-stream"], false, true),
        (&["accept: application/json; q=0.000, text/event-stream"], false, true),
        (&["accept: application/json; q=0.001, text/event-stream"], true, true),
        (&["accept: application/jsonl, text/event-streams"], false, false),
        (&["accept: "], false, false),
        (&[], false, false),
    ];
    for (lines, json, event_stream) in cases {
        let headers = header_map(lines);
        assert_eq!(
            media::accepted(&headers),
            media::Accepted { json: *json, event_stream: *event_stream },
            "{lines:?}"
        );
        assert_eq!(media::check_post_accept(&headers).is_ok(), *json && *event_stream, "{lines:?}");
        assert_eq!(media::check_get_accept(&headers).is_ok(), *event_stream, "{lines:?}");
    }
    assert_eq!(media::check_post_accept(&header_map(&[])).unwrap_err().http_status, 406);
}

#[test]
fn single_valued_headers_come_once() {
    let single = [
        "host: a",
        "origin: http://a",
        "content-type: application/json",
        "content-length: 1",
        "content-encoding: identity",
        "authorization: Bearer x",
    ];
    assert_eq!(outcome(&headers::refuse_duplicates(&header_map(&single))), "ok");
    for line in single {
        let refused = headers::refuse_duplicates(&header_map(&[line, line]));
        assert_eq!(outcome(&refused), "400 -32600 -", "{line}");
    }
    let repeatable = ["accept: a/b", "accept: c/d", "x-forwarded-for: 1", "x-forwarded-for: 2"];
    assert_eq!(outcome(&headers::refuse_duplicates(&header_map(&repeatable))), "ok");
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id"] {
        let line = format!("{name}: x");
        assert_eq!(outcome(&mcp_headers(&[&line]).refuse_repeated()), "ok");
        assert_eq!(outcome(&mcp_headers(&[&line, &line]).refuse_repeated()), "400 -32020 -", "{name}");
        let latin = format!("{name}: é");
        assert_eq!(outcome(&mcp_headers(&[&latin]).refuse_repeated()), "400 -32020 -", "{name}");
    }
    assert_eq!(outcome(&mcp_headers(&["mcp-param-a: é"]).refuse_repeated()), "400 -32020 -");
}

#[test]
fn mcp_headers_are_read_by_name_whatever_its_case() {
    let read = mcp_headers(&[
        "MCP-Protocol-Version: 2026-07-28",
        "Mcp-Method: tools/call",
        "MCP-NAME: a",
        "Mcp-Session-Id: s",
        "Last-Event-ID: 7",
        "Mcp-Param-Region: eu",
        "Authorization: Bearer secret",
    ]);
    let expected = (Some("2026-07-28"), Some("tools/call"), Some("a"), Some("s"), Some("7"));
    let found =
        (read.protocol_version(), read.method(), read.name(), read.session_id(), read.last_event_id());
    assert_eq!(found, expected);
    assert_eq!(read.params(), [("region".to_owned(), "eu".to_owned())]);
    assert!(!format!("{read:?}").contains("secret"));
    assert_eq!(mcp_headers(&[]), McpHeaders::default());
}

fn check_host(list: &AllowList, target: &str, lines: &[&str], expected: u16) {
    let target: Uri = target.parse().unwrap();
    let status = list.check(&target, &header_map(lines)).map_or_else(|refusal| refusal.http_status, |()| 200);
    assert_eq!(status, expected, "{target} {lines:?}");
}

#[test]
fn a_body_has_no_coding_but_chunks_once() {
    for (lines, expected) in [
        (&[][..], "ok"),
        (&["transfer-encoding: chunked"], "ok"),
        (&["transfer-encoding: Chunked"], "ok"),
        (&["transfer-encoding: gzip, chunked"], "400 -32600 -"),
        (&["transfer-encoding: chunked, chunked"], "400 -32600 -"),
        (&["transfer-encoding: chunked", "transfer-encoding: chunked"], "400 -32600 -"),
        (&["transfer-encoding: identity"], "400 -32600 -"),
    ] {
        assert_eq!(outcome(&headers::refuse_codings(&header_map(lines))), expected, "{lines:?}");
    }
}

#[test]
fn only_listed_hosts_and_origins() {
    let local = AllowList::loopback();
    let cases: &[(&[&str], u16)] = &[
        (&["host: localhost"], 200),
        (&["host: localhost:8080"], 200),
        (&["host: LOCALHOST:8080"], 200),
        (&["host: 127.0.0.1:1"], 200),
        (&["host: [::1]:8080"], 200),
        (&["host: [::1]"], 200),
        (&[], 421),
        (&["host: "], 421),
        (&["host: localhost", "host: localhost"], 421),
        (&["host: evil.example"], 421),
        (&["host: localhost.evil.example"], 421),
        (&["host: evil.example:localhost"], 421),
        (&["host: localhost:*"], 421),
        (&["host: localhost:"], 421),
        (&["host: localhost:99999"], 421),
        (&["host: localhost:80:80"], 421),
        (&["host: localhost@evil.example"], 421),
        (&["host: localhost, evil.example"], 421),
        (&["host: localhost/"], 421),
        (&["host: 127.0.0.1.nip.io"], 421),
        (&["host: [::1"], 421),
        (&["host: [::2]"], 421),
        (&["host: localhost", "origin: http://localhost:3000"], 200),
        (&["host: localhost", "origin: https://127.0.0.1"], 200),
        (&["host: localhost", "origin: http://[::1]:5173"], 200),
        (&["host: localhost", "origin: null"], 403),
        (&["host: localhost", "origin: "], 403),
        (&["host: localhost", "origin: http://evil.example"], 403),
        (&["host: localhost", "origin: http://localhost.evil.example"], 403),
        (&["host: localhost", "origin: http://localhost:80/path"], 403),
        (&["host: localhost", "origin: file://localhost"], 403),
        (&["host: localhost", "origin: localhost"], 403),
        (&["host: localhost", "origin: http://localhost", "origin: http://localhost"], 403),
        (&["host: localhost", "origin: http://localhost http://evil.example"], 403),
    ];
    for (lines, expected) in cases {
        check_host(&local, "/mcp/a", lines, *expected);
    }
    check_host(&local, "http://localhost:8080/mcp", &["host: localhost:8080"], 200);
    check_host(&local, "http://evil.example/mcp", &["host: localhost:8080"], 421);
    check_host(&local, "http://localhost:8081/mcp", &["host: localhost:8080"], 421);
    check_host(&local, "http://evil.example/mcp", &["host: evil.example"], 421);
    check_host(&local, "ftp://localhost:8080/mcp", &["host: localhost:8080"], 421);
}

#[test]
fn configured_lists_match_exactly() {
    let list =
        AllowList::new(&["gate.example", "gate.example:8443", "Lan.Example:*"], &["https://app.example"])
            .unwrap();
    let cases: &[(&[&str], u16)] = &[
        (&["host: gate.example"], 200),
        (&["host: gate.example:8443"], 200),
        (&["host: gate.example:8080"], 421),
        (&["host: lan.example:5"], 200),
        (&["host: lan.example"], 200),
        (&["host: localhost"], 421),
        (&["host: gate.example", "origin: https://app.example"], 200),
        (&["host: gate.example", "origin: HTTPS://APP.example"], 200),
        (&["host: gate.example", "origin: http://app.example"], 403),
        (&["host: gate.example", "origin: https://app.example:444"], 403),
    ];
    for (lines, expected) in cases {
        check_host(&list, "/mcp", lines, *expected);
    }
    check_host(&AllowList::default(), "/mcp", &["host: localhost"], 421);
    for bad in ["", "a b", "http://a", "a:port", "a/b", "*", "[::g]"] {
        assert!(AllowList::new(&[bad], &[]).is_err(), "{bad}");
    }
    for bad in ["", "null", "app.example", "://a", "https://", "https://a/"] {
        let error = AllowList::new(&[], &[bad]).unwrap_err().to_string();
        assert!(error.contains("origin"), "{error}");
    }
}

#[test]
fn values_survive_the_codec() {
    let cases = [
        ("us-west1", "us-west1"),
        ("", ""),
        ("two words", "two words"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("=?base64?open", "=?base64?open"),
        ("\t", "=?base64?CQ==?="),
        ("\u{7f}", "=?base64?fw==?="),
        ("a\r\nX-Injected: 1", "=?base64?YQ0KWC1JbmplY3RlZDogMQ==?="),
    ];
    for (text, encoded) in cases {
        assert_eq!(value::encode(text), encoded);
        assert_eq!(value::decode(encoded).as_deref(), Some(text));
    }
    for len in 0..70 {
        let text: String = (0..len).map(|n| char::from_u32(0x80 + n * 37).unwrap_or('x')).collect();
        assert_eq!(value::decode(&value::encode(&text)).as_deref(), Some(text.as_str()));
    }
    let malformed = [
        "=?base64?YQ?=",
        "=?base64?YR==?=",
        "=?base64?YQ===?=",
        "=?base64?Y?=",
        "=?base64?=?=",
        "=?base64?Y Q=?=",
        "=?base64?YQ==YQ==?=",
        "=?base64?_-8=?=",
        "=?base64?/w==?=",
        "line\nbreak",
        "é",
    ];
    for text in malformed {
        assert_eq!(value::decode(text), None, "{text}");
    }
    assert_eq!(value::decode("=?base64??=").as_deref(), Some(""));
    assert_eq!(value::decode("=?base64?=").as_deref(), Some("=?base64?="));
}

#[test]
fn upstream_headers_are_made_from_the_request() {
    let headers = |method, subject| {
        let made = headers::for_request(Version::V2026_07_28, method, subject);
        made.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join("\n")
    };
    let start = "mcp-protocol-version: 2026-07-28\nmcp-method: ";
    assert_eq!(headers("tools/call", Some("a")), format!("{start}tools/call\nmcp-name: a"));
    assert_eq!(headers("tools/call", Some("é")), format!("{start}tools/call\nmcp-name: =?base64?w6k=?="));
    assert_eq!(headers("resources/read", Some("a:b")), format!("{start}resources/read\nmcp-name: a:b"));
    assert_eq!(headers("tasks/get", Some("t")), format!("{start}tasks/get\nmcp-name: t"));
    assert_eq!(headers("tools/list", Some("x")), format!("{start}tools/list"));
    assert_eq!(headers("server/discover", None), format!("{start}server/discover"));
}
