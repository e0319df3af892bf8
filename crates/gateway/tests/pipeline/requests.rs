//! What is refused before any policy is asked: envelopes, headers, grants, sessions. Not one byte goes on.

use crate::support::{ALLOW, Running, Test};
use serde_json::{Value, json};
use testkit::{Message, Reply, Request, Tool};

async fn start() -> Running {
    let mirrored = json!({"type": "string", "x-mcp-header": "Region"});
    let test = Test::new()
        .policy(ALLOW)
        .tool(Tool::new("copy"))
        .tool(Tool::new("regional").property("region", mirrored))
        .bounds(|bounds| bounds.max_body_bytes = 64 << 10)
        .start()
        .await;
    test.listed().await;
    test
}

fn code(reply: &Reply) -> Value {
    reply.json()["error"]["code"].clone()
}

fn call() -> Message {
    Message::call(7, "copy", json!({}))
}

/// A modern call with its body replaced; `ENVELOPE` stands for the members of `_meta`.
fn with_body(test: &Running, body: &str) -> Request {
    const ENVELOPE: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;
    test.request(call()).body(body.replace("ENVELOPE", ENVELOPE))
}

/// Bodies, each with the code of its refusal.
const BODIES: &[(&str, i64)] = &[
    ("", -32700),
    ("{", -32700),
    ("nonsense", -32700),
    ("\u{feff}{}", -32700),
    ("{} {}", -32700),
    ("[]", -32600),
    (
        r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}]"#,
        -32600,
    ),
    (r#"{"jsonrpc":"2.0","id":1}"#, -32600),
    (r#"{"jsonrpc":"1.0","id":1,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#, -32600),
    (
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        r#"{"jsonrpc":"2.0","id":true,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#, -32600),
    (
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","Method":"x","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"a":1,"\u0061":2},"_meta":{ENVELOPE}}}"#,
        -32600,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","Name":"x","_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"","_meta":{ENVELOPE}}}"#, -32602),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":[],"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","more":1,"_meta":{ENVELOPE}}}"#,
        -32602,
    ),
    (
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","arguments":{"n":1e400},"_meta":{ENVELOPE}}}"#,
        -32700,
    ),
    (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy"}}"#, -32602),
];

#[tokio::test]
async fn bodies_that_are_not_one_strict_message() {
    let test = start().await;
    for (body, expected) in BODIES {
        let reply = test.untouched(&with_body(&test, body)).await;
        assert_eq!((reply.status, code(&reply)), (400, json!(expected)), "{body}");
    }
    let deep =
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{}1{}}}"#, "[".repeat(99), "]".repeat(99));
    let reply = test.untouched(&with_body(&test, &deep)).await;
    assert_eq!((reply.status, code(&reply)), (400, json!(-32600)));
    let books = test.books();
    assert!(books.denials().iter().all(|(rule, _)| *rule == "(protocol)"));
    assert_eq!(books.tally.denied as usize, BODIES.len() + 1);
    let record = books.of("denied")[0];
    assert_eq!((&record["grant"], &record["server"]), (&json!(Running::GRANT), &json!(Running::SERVER)));
}

#[tokio::test]
async fn forms_of_a_request_that_it_does_not_have() {
    let test = start().await;
    let session = test.legacy().await;
    let forms =
        [("task", json!({"ttl": 1})), ("inputResponses", json!({"a": {}})), ("requestState", json!("x"))];
    for (member, value) in forms {
        for message in [call(), Message::request(7, "prompts/get").param("name", "copy")] {
            if member == "task" && message.method() == "tools/call" {
                continue;
            }
            let message = message.param(member, value.clone());
            let modern = test.untouched(&test.request(message.clone())).await;
            assert_eq!(code(&modern), -32602, "{member}");
            let legacy = test.untouched(&session.request(message)).await;
            assert_eq!((legacy.status, code(&legacy)), (200, json!(-32602)), "{member}");
        }
    }
    assert_eq!(test.books().denials(), vec![("(protocol)", "-32602"); 10]);
}

#[tokio::test]
async fn methods_that_the_revision_does_not_have() {
    let test = start().await;
    let session = test.legacy().await;
    for method in ["tools/execute", "Tools/call", "ping", "logging/setLevel", "sampling/createMessage"] {
        let reply = test.untouched(&test.request(Message::request(7, method))).await;
        assert_eq!((reply.status, code(&reply)), (404, json!(-32601)), "{method}");
    }
    for method in ["tools/execute", "server/discover", "subscriptions/listen", "elicitation/create"] {
        let reply = test.untouched(&session.request(Message::request(7, method))).await;
        assert_eq!((reply.status, code(&reply)), (200, json!(-32601)), "{method}");
    }
    for method in ["notifications/unknown", "notifications/tasks", "notifications/roots/list_changed"] {
        let reply = test.untouched(&session.request(Message::notification(method))).await;
        assert_eq!((reply.status, reply.body.len()), (202, 0), "{method}");
        assert_eq!(
            test.untouched(&test.request(Message::notification(method))).await.status,
            202,
            "{method}"
        );
    }
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    assert_eq!(test.untouched(&session.request(call()).body(response)).await.status, 400);
    let books = test.books();
    assert!(books.denials().iter().all(|(rule, _)| *rule == "(protocol)"));
    assert_eq!(books.of("denied")[0]["method"], "tools/execute");
}

#[tokio::test]
async fn headers_that_differ_from_the_body() {
    let test = start().await;
    let request = || test.request(call());
    let regional = |region: &str| test.request(Message::call(7, "regional", json!({"region": region})));
    for (what, request) in [
        ("other method", request().with("Mcp-Method", "tools/list")),
        ("no method", request().without("Mcp-Method")),
        ("other name", request().with("Mcp-Name", "paste")),
        ("no name", request().without("Mcp-Name")),
        ("malformed name", request().with("Mcp-Name", "=?base64?!?=")),
        ("no version", request().without("MCP-Protocol-Version")),
        ("two names", request().header("Mcp-Name", "copy")),
        ("undeclared parameter", request().header("Mcp-Param-Region", "a")),
        ("other parameter", regional("eu").header("Mcp-Param-Region", "us")),
        ("no parameter", regional("eu")),
        ("parameter twice", regional("eu").header("Mcp-Param-Region", "eu").header("mcp-param-region", "eu")),
    ] {
        let reply = test.untouched(&request).await;
        assert_eq!((reply.status, code(&reply)), (400, json!(-32020)), "{what}");
    }
    let reply = test.untouched(&request().with("MCP-Protocol-Version", "2027-01-01")).await;
    assert_eq!(code(&reply), -32020);
    let future = test.request(call().meta("io.modelcontextprotocol/protocolVersion", "2027-01-01"));
    let newer = call().modern().meta("io.modelcontextprotocol/protocolVersion", "2027-01-01");
    let reply = test.untouched(&future.with("MCP-Protocol-Version", "2027-01-01").body(newer.bytes())).await;
    assert_eq!((reply.status, code(&reply)), (400, json!(-32022)));
    assert_eq!(reply.json()["error"]["data"]["supported"], json!(["2026-07-28"]));
    assert_eq!(
        test.books().denials(),
        [vec![("(protocol)", "-32020"); 12], vec![("(protocol)", "-32022")]].concat()
    );
}

#[tokio::test]
async fn what_is_wrong_about_the_http_request() {
    let test = start().await;
    let request = || test.request(call());
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(64 << 10));
    for (what, request, status) in [
        ("content type", request().with("Content-Type", "text/plain"), 415),
        ("content type with more", request().with("Content-Type", "application/json; charset=latin1"), 415),
        ("no content type", request().without("Content-Type"), 415),
        ("encoding", request().header("Content-Encoding", "gzip"), 415),
        ("accept", request().with("Accept", "application/json"), 406),
        ("large", request().body(large), 413),
        ("origin", request().header("Origin", "http://evil.example"), 403),
        ("null origin", request().header("Origin", "null"), 403),
        ("host", request().with("Host", "evil.example"), 421),
        ("two grants", request().header("Authorization", "Bearer x"), 400),
        ("verb", Request::new("PUT", Running::PATH).bearer(&test.token), 405),
    ] {
        assert_eq!(test.untouched(&request).await.status, status, "{what}");
    }
    let chunked = request().without("Content-Length").header("Transfer-Encoding", "chunked").bytes();
    let head = chunked.split(|byte| *byte == b'{').next().unwrap();
    let mut client = test.client().await;
    client.send(head).await;
    // Without an end in sight, and more than may come: it is refused before the end.
    client.send(format!("{:x}\r\n{}\r\n", 70_000, " ".repeat(70_000))).await;
    assert_eq!(client.reply().await.status, 413);
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn large_messages_of_a_grant_share_a_bound() {
    let gate = testkit::Gate::closed();
    let held = Tool::new("copy").answer(testkit::Answer::text("ok").held(&gate));
    let bounds = |bounds: &mut gateway::Bounds| bounds.max_large_bytes = 400 << 10;
    let test = Test::new().policy(ALLOW).tool(held).bounds(bounds).start().await;
    test.listed().await;
    let large = |token: &str| {
        let call = Message::call(7, "copy", json!({"x": "x".repeat(100 << 10)}));
        Request::modern(Running::PATH, &call.modern()).bearer(token).header("Expect", "100-continue")
    };
    let mut clients = Vec::new();
    for _ in 0..2 {
        let (mut client, request) = (test.client().await, large(&test.token));
        let bytes = request.bytes();
        // One has only begun to arrive, the other waits for the server: both are held.
        client.send(&bytes[..bytes.len() - 10]).await;
        assert_eq!(client.reply().await.status, 100);
        clients.push((client, bytes[bytes.len() - 10..].to_vec()));
    }
    let (client, missing) = &mut clients[0];
    client.send(missing.as_slice()).await;
    gate.arrived(1).await;
    let refused = test.untouched(&large(&test.token).without("Expect")).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    // What is small passes, and so does another grant.
    let mut small = test.client().await;
    small.send(test.request(call()).bytes()).await;
    let mut other = test.client().await;
    other.send(large(&test.other_token).without("Expect").bytes()).await;
    gate.arrived(3).await;
    gate.open();
    assert_eq!(clients[0].0.reply().await.status, 200);
    drop(clients);
    assert_eq!(test.send(&large(&test.token).without("Expect")).await.status, 200);
    assert_eq!(test.books().denials()[0], ("(protocol)", "-32600"));
}

#[tokio::test]
async fn nobody_without_a_valid_grant() {
    let mut test = start().await;
    let request = |test: &Running| test.request(call());
    let (unknown, _) = (store::Token::mint().unwrap(), ());
    for (what, request) in [
        ("none", request(&test).without("Authorization")),
        ("another scheme", request(&test).with("Authorization", "Basic eDp5")),
        ("malformed", request(&test).bearer("x")),
        ("unknown", request(&test).bearer(unknown.expose())),
    ] {
        let reply = test.untouched(&request).await;
        assert_eq!(reply.status, 401, "{what}");
        assert!(reply.header("www-authenticate").is_some(), "{what}");
    }
    test.change(|declared| declared.grants[0].expires_ms = Some(crate::support::NOW_MS));
    assert_eq!(test.untouched(&request(&test)).await.status, 401);
    test.revoke();
    assert_eq!(test.untouched(&request(&test)).await.status, 401);
    test.change(|declared| drop(declared.grants.remove(0)));
    assert_eq!(test.untouched(&request(&test)).await.status, 401);
    let books = test.books();
    let reasons: Vec<&Value> = books.of("denied").into_iter().map(|record| &record["reason"]).collect();
    let invalid = "grant revoked or expired";
    let expected = [
        "no bearer token",
        "no bearer token",
        "malformed token",
        "unknown token",
        invalid,
        invalid,
        "unknown token",
    ];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn servers_and_sessions_of_others() {
    let test = start().await;
    for path in ["/mcp/unreached", "/mcp/no-such", "/mcp/imaging/", "/mcp/", "/", "/mcp/imaging%2f"] {
        let request = Request::modern(path, &call().modern()).bearer(&test.token);
        assert_eq!(test.untouched(&request).await.status, 404, "{path}");
    }
    let session = test.legacy().await;
    let foreign = |request: Request| request.bearer(&test.other_token);
    for request in [session.request(call()), session.bare("GET"), session.bare("DELETE")] {
        assert_eq!(test.untouched(&foreign(request)).await.status, 404);
    }
    let made_up = session.request(call()).with("Mcp-Session-Id", "00000000000000000000000000000000");
    assert_eq!(test.untouched(&made_up).await.status, 404);
    let missing = Request::legacy(Running::PATH, &call(), None).bearer(&test.token);
    assert_eq!(test.untouched(&missing).await.status, 400);
    let twice =
        Request::legacy(Running::PATH, &Message::initialize(1), Some(&session.id)).bearer(&test.token);
    assert_eq!(test.untouched(&twice).await.status, 400);
    // The session is as good as before.
    assert_eq!(crate::support::text(&session.call("copy", json!({})).await), "ok");
    let books = test.books();
    let expected = [
        vec![("(server)", "unknown"); 6],
        vec![("(session)", "unknown"); 4],
        vec![("(protocol)", "-32600"); 2],
    ];
    assert_eq!(books.denials(), expected.concat());
    assert_eq!(
        (&books.of("denied")[0]["server"], &books.of("denied")[1]["server"]),
        (&json!("unreached"), &json!(""))
    );
}

#[tokio::test]
async fn an_id_that_is_in_flight_already() {
    let gate = testkit::Gate::closed();
    let held = Tool::new("copy").answer(testkit::Answer::text("ok").held(&gate));
    let test = Test::new().policy(ALLOW).tool(held).start().await;
    test.listed().await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    client.send(session.request(call()).bytes()).await;
    gate.arrived(1).await;
    let before = test.n_bytes().await;
    let refused = session.ask(call()).await;
    assert_eq!(refused["error"]["code"], -32600);
    // As a string it is another id.
    let mut other = session.connect().await;
    other.send(session.request(Message::call("7", "copy", json!({}))).bytes()).await;
    gate.arrived(2).await;
    assert!(test.n_bytes().await > before);
    gate.open();
    assert_eq!(
        (client.reply().await.answer()["id"].clone(), other.reply().await.answer()["id"].clone()),
        (json!(7), json!("7"))
    );
    assert_eq!(crate::support::text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(test.books().denials(), [("(protocol)", "-32600")]);
}

#[tokio::test]
async fn lines_that_are_no_message_are_answered_and_recorded() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    test.puppets.received("notifications/initialized", 1).await;
    let before = test.n_bytes().await;
    for (line, expected) in [
        ("nonsense", -32700),
        ("[]", -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"copy","name":"x"}}"#, -32600),
        (r#"{"jsonrpc":"2.0","id":1,"method":"server/discover"}"#, -32601),
    ] {
        client.send_raw(line).await;
        assert_eq!(client.next().await.unwrap()["error"]["code"], expected, "{line}");
    }
    client.send_raw(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).await;
    client.send_raw(r#"{"jsonrpc":"2.0","method":"notifications/nothing"}"#).await;
    client.send(Message::request(2, "tools/execute")).await;
    assert_eq!(client.next().await.unwrap()["error"]["code"], -32601);
    assert_eq!(test.n_bytes().await, before);
    let books = test.books();
    assert_eq!(books.denials().len(), 7);
    assert!(books.denials().iter().all(|(rule, _)| *rule == "(protocol)"));
}
