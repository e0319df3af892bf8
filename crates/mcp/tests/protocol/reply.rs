//! What servers send: the same strict envelope, and what is read from it.

use mcp::{Caps, Reply, ReplyFault, ReplyKind, Version, parse_reply};

fn reply(text: &str) -> Reply {
    parse_reply(text.as_bytes().to_vec(), &Caps::default()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn what_it_is() {
    let request = |method: &str| ReplyKind::Request { method: method.to_owned().into() };
    let notification = |method: &str| ReplyKind::Notification { method: method.to_owned().into() };
    let cases = [
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, ReplyKind::Result, Some("1")),
        (r#"{"result":{"a":1},"id":"x","jsonrpc":"2.0"}"#, ReplyKind::Result, Some(r#""x""#)),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"m"}}"#, ReplyKind::Error, Some("1")),
        (r#"{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"m"}}"#, ReplyKind::Error, None),
        (r#"{"jsonrpc":"2.0","error":{"code":-1,"message":"m"}}"#, ReplyKind::Error, None),
        (r#"{"jsonrpc":"2.0","id":9,"method":"roots/list"}"#, request("roots/list"), Some("9")),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#,
            notification("notifications/message"),
            None,
        ),
        (r#"{"jsonrpc":"2.0","method":"x/unheard-of"}"#, notification("x/unheard-of"), None),
    ];
    for (text, kind, id) in cases {
        let reply = reply(text);
        assert_eq!((reply.kind(), reply.id_raw()), (&kind, id), "{text}");
        let is_answer = matches!(kind, ReplyKind::Result | ReplyKind::Error);
        assert_eq!(reply.answers("1"), is_answer && id == Some("1"), "{text}");
        assert!(!reply.answers(r#""1""#), "{text}");
    }
}

#[test]
fn what_is_refused() {
    let cases = [
        "",
        "x",
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"extra":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"Result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{},"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":null,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1.0,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"roots/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"roots/list","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"roots/list","params":[]}"#,
    ];
    for text in cases {
        assert!(parse_reply(text.as_bytes().to_vec(), &Caps::default()).is_err(), "{text}");
    }
    let small = Caps { max_body_bytes: 10, ..Caps::default() };
    assert_eq!(parse_reply(vec![b' '; 11], &small).unwrap_err(), ReplyFault::TooLarge(10));
    let secret = parse_reply(br#"{"jsonrpc":"2.0","id":1,"result":"s3cr3t"}"#.to_vec(), &Caps::default());
    assert!(!secret.unwrap_err().to_string().contains("s3cr3t"));
}

#[test]
fn what_is_read_from_it() {
    let list = reply(r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"}],"nextCursor":"c\u0031"}}"#);
    assert_eq!(list.list("tools").map(|tools| tools.len()), Some(1));
    assert!(list.list("resources").is_none());
    assert_eq!(list.next_cursor().as_deref(), Some("c1"));

    let hello =
        reply(r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#);
    assert_eq!(hello.negotiated_version(), Some(Version::V2025_06_18));
    let discovered = reply(
        r#"{"jsonrpc":"2.0","id":1,"result":{"supportedVersions":["2025-11-25","1900-01-01",7,"2026-07-28"]}}"#,
    );
    let both = [Version::V2025_11_25, Version::V2026_07_28];
    assert_eq!(discovered.supported_versions(), both);
    let refused = reply(
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"m","data":{"supported":["2026-07-28"]}}}"#,
    );
    assert_eq!(refused.supported_versions(), [Version::V2026_07_28]);
    assert_eq!(refused.error_code(), Some(-32022));
    assert!(hello.supported_versions().is_empty());

    let progress = reply(
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1,
            "_meta":{"io.modelcontextprotocol/subscriptionId":4}}}"#,
    );
    assert_eq!((progress.progress_token(), progress.subscription_id()), (Some(r#""t""#), Some("4")));
    assert_eq!(progress.cancelled_request(), None);
    let cancelled = reply(r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#);
    assert_eq!((cancelled.cancelled_request(), cancelled.progress_token()), (Some("4"), None));
}
