//! Requests byte by byte: whatever a client frames, the server gets one judged message with framing of our own.

use crate::support::{Running, Test};
use serde_json::json;
use testkit::{Message, Tool};

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {"deny_if": [
    {"conditions": [{"path": "args.amount", "op": "gt", "value": 100}]}]}}}"#;

async fn start() -> Running {
    let copy = Tool::new("copy")
        .property("amount", json!({"type": "number"}))
        .property("to", json!({"type": "string"}));
    let test = Test::new().policy(POLICY).tool(copy).tool(Tool::new("secret")).start().await;
    test.listed().await;
    test
}

/// A whole request for a tool, to be smuggled behind another.
fn smuggled(test: &Running) -> String {
    String::from_utf8(test.request(Message::call(8, "secret", json!({}))).bytes()).unwrap()
}

/// Sends these bytes and a last request that ends the connection; reads all that comes back.
async fn send(test: &Running, bytes: impl Into<String>) -> String {
    const LAST: &str = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    let mut client = test.client().await;
    // The gateway may refuse the rest by closing.
    let _ = client.try_send(bytes.into() + LAST).await;
    String::from_utf8_lossy(&client.closed().await).into_owned()
}

fn statuses(replies: &str) -> Vec<&str> {
    replies.split("HTTP/1.1 ").skip(1).filter_map(|reply| reply.get(..3)).collect()
}

/// Whatever arrived is a list or a call of `copy`, framed by its length, to the configured path.
fn assert_only_judged(test: &Running) {
    for received in test.upstream.messages().iter().filter(|received| received.target != "/fence") {
        assert_eq!((&*received.http_method, &*received.target), ("POST", "/mcp"));
        assert!(received.method() == "tools/list" || received.tool() == "copy", "{}", received.text());
        assert_eq!(received.header("content-length"), Some(&*received.body.len().to_string()));
        assert_eq!((received.header("transfer-encoding"), received.header("upgrade")), (None, None));
    }
}

#[tokio::test]
async fn framing_that_readers_could_see_differently() {
    let test = start().await;
    let call = || test.request(Message::call(7, "copy", json!({})));
    let body = String::from_utf8(Message::call(7, "copy", json!({})).modern().bytes()).unwrap();
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n{}", body.len(), smuggled(&test));
    let head = |request: testkit::Request| {
        String::from_utf8(request.body("").without("Content-Length").bytes()).unwrap()
    };
    let with = |extra: &str| head(call()).replacen("\r\n\r\n", &format!("\r\n{extra}\r\n\r\n"), 1);
    let length = |n: usize| format!("Content-Length: {n}");
    for (what, bytes) in [
        ("length and chunks", with(&format!("{}\r\nTransfer-Encoding: chunked", length(3))) + &chunked),
        ("chunks and length", with(&format!("Transfer-Encoding: chunked\r\n{}", length(3))) + &chunked),
        ("two lengths", with(&format!("{}\r\n{}", length(body.len()), length(3))) + &body + &smuggled(&test)),
        ("a list of lengths", with(&format!("Content-Length: {}, 3", body.len())) + &body + &smuggled(&test)),
        ("a signed length", with(&format!("Content-Length: +{}", body.len())) + &body),
        ("an unknown coding", with("Transfer-Encoding: xchunked") + &chunked),
        ("chunks that are not last", with("Transfer-Encoding: chunked, identity") + &chunked),
        ("a bad chunk size", with("Transfer-Encoding: chunked") + "zz\r\n" + &chunked),
        ("a space before the colon", with(&format!("Content-Length : {}", body.len())) + &body),
        ("a folded header", with(&format!("X-A: b\r\n {}", length(body.len()))) + &body),
        ("bare line feeds", with(&length(body.len())).replace("\r\n", "\n") + &body),
        ("a null byte", with(&format!("X-A: \0\r\n{}", length(body.len()))) + &body),
        (
            "a control byte in the target",
            with(&length(body.len())).replacen("/mcp/imaging", "/mcp/ima\u{1}ging", 1) + &body,
        ),
        ("http/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned() + &smuggled(&test)),
        (
            "http/1.0 without a host",
            format!("POST /mcp/imaging HTTP/1.0\r\n{}\r\n\r\n{body}", length(body.len())),
        ),
        ("too many headers", with(&"X-A: b\r\n".repeat(500)) + &body),
        ("a head without end", format!("POST /mcp/imaging HTTP/1.1\r\nX-A: {}", "b".repeat(1_000_000))),
    ] {
        let replies = send(&test, bytes).await;
        let seen = statuses(&replies);
        assert!(
            seen.len() <= 3 && seen.iter().all(|status| ["200", "400", "413", "421", "431"].contains(status)),
            "{what}: {replies}"
        );
        test.n_bytes().await;
        assert_only_judged(&test);
    }
    assert!(test.books().tally.intents <= 3, "what is well-formed after all is a judged call");
}

#[tokio::test]
async fn targets_and_hosts() {
    let test = start().await;
    let call = || String::from_utf8(test.request(Message::call(7, "copy", json!({}))).bytes()).unwrap();
    for (target, expected) in [
        ("http://127.0.0.1/mcp/imaging", "200"),
        ("/mcp/imaging?a=b&token=c", "200"),
        ("http://evil.example/mcp/imaging", "421"),
        ("http://127.0.0.1@evil.example/mcp/imaging", "421"),
        ("//mcp/imaging", "404"),
        ("/mcp/../mcp/imaging", "404"),
        ("/mcp/imaging%00", "404"),
        ("*", "404"),
    ] {
        let replies = send(&test, call().replacen("/mcp/imaging", target, 1)).await;
        assert_eq!(statuses(&replies)[0], expected, "{target}: {replies}");
    }
    for (host, expected) in [
        ("localhost:80", "200"),
        ("[::1]", "200"),
        ("127.0.0.1.evil.example", "421"),
        ("", "421"),
        ("a b", "421"),
    ] {
        let replies = send(&test, call().replacen("Host: 127.0.0.1", &format!("Host: {host}"), 1)).await;
        assert_eq!(statuses(&replies)[0], expected, "{host}: {replies}");
    }
    let two = call().replacen("Host: 127.0.0.1", "Host: 127.0.0.1\r\nHost: 127.0.0.1", 1);
    assert_eq!(statuses(&send(&test, two).await)[0], "421");
    let upgrade = call().replacen("\r\n\r\n", "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 1);
    assert_eq!(statuses(&send(&test, upgrade).await)[0], "200");
    assert_only_judged(&test);
}

#[tokio::test]
async fn requests_in_a_row_are_judged_one_by_one() {
    let test = start().await;
    let copy = String::from_utf8(test.request(Message::call(7, "copy", json!({}))).bytes()).unwrap();
    let replies = send(&test, format!("{copy}{}{copy}", smuggled(&test))).await;
    assert_eq!(statuses(&replies), ["200", "200", "200", "200"]);
    assert_eq!(test.upstream.calls().len(), 2);
    assert_only_judged(&test);
    assert_eq!(test.books().denials(), [("(default deny)", "default_deny")]);
}

/// A small generator that gives the same numbers every time (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// Pieces that make another message of a message.
const PIECES: &[&str] = &[
    r#","name":"secret""#,
    r#","Name":"secret""#,
    r#""name":"secret","#,
    r#","arguments":{"amount":1000}"#,
    r#","amount":1000"#,
    r#""amount":1e3,"#,
    r#","params":{"name":"secret"}"#,
    r#","method":"tools/list""#,
    r#""id":8,"#,
    r#"\u0061mount"#,
    r#"\u0022"#,
    "1000",
    "-1e400",
    "secret",
    "copy",
    "{}",
    "[",
    "]",
    "}",
    "\"",
    "\\",
    "\n",
    "\u{feff}",
    "\0",
    "null",
    ",",
    " ",
    "\t",
    "1",
    "0",
    "e0",
];

fn mutate(dice: &mut Dice, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..=dice.below(2) {
        let at = dice.below(body.len() + 1);
        match dice.below(4) {
            0 if at < body.len() => body[at] = (dice.below(256)) as u8,
            1 if at < body.len() => drop(body.drain(at..(at + 1 + dice.below(6)).min(body.len()))),
            _ => drop(body.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
        }
    }
    body
}

/// Whatever is forwarded, another parser (which takes the last of two equal keys) sees the call that was judged.
#[tokio::test]
async fn what_mutated_bytes_reach_the_server_means_what_was_judged() {
    const N_MUTATED: usize = 4_000;
    let test = start().await;
    let body = Message::call(7, "copy", json!({"amount": 50, "to": "x".repeat(60)})).modern().bytes();
    let (mut client, mut dice) = (test.client().await, Dice(0x1234_5678_9abc_def1));
    let mut n_forwarded = 0;
    for _ in 0..N_MUTATED {
        let request = test.request(Message::call(7, "copy", json!({}))).body(mutate(&mut dice, &body));
        let reply = client.exchange(&request).await;
        n_forwarded += usize::from(reply.text().contains(r#""text":"ok""#));
    }
    for received in test.upstream.calls() {
        let amount = &received.arguments()["amount"];
        assert_eq!((received.method(), received.tool()), ("tools/call", "copy"), "{}", received.text());
        assert!(
            amount.is_null() || amount.as_f64().is_some_and(|amount| amount <= 100.0),
            "{}",
            received.text()
        );
        assert_eq!(received.header("mcp-name"), Some("copy"));
    }
    assert_only_judged(&test);
    assert!(n_forwarded > N_MUTATED / 100, "the mutations are too wild to prove anything: {n_forwarded}");
    assert_eq!(test.books().tally.answered as usize, test.upstream.calls().len());
}
