//! A corpus of heads and framings, sent byte by byte: what each is answered with, and that a server gets nothing of it, or
//! exactly the one judged message in framing of our own.

use crate::support::{Running, Test};
use serde_json::json;
use testkit::{Message, Tool};

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;
/// Ends the connection, and shows where the gateway takes the next request to begin.
const LAST: &str = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

/// One case: `request` with changes, what follows its head, and the statuses of all answers.
struct Case {
    what: &'static str,
    bytes: String,
    statuses: &'static [u16],
    n_calls: usize,
}

struct Corpus {
    head: String,
    body: String,
    cases: Vec<Case>,
}

impl Corpus {
    fn new(test: &Running) -> Self {
        let request = test.request(Message::call(7, "copy", json!({}))).without("Content-Length");
        let body = String::from_utf8(Message::call(7, "copy", json!({})).modern().bytes()).unwrap();
        let whole = String::from_utf8(request.bytes()).unwrap();
        let head = whole.strip_suffix(&body).unwrap().to_owned();
        Self { head, body, cases: Vec::new() }
    }

    /// The head with further lines.
    fn with(&self, lines: &str) -> String {
        self.head.replacen("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"), 1)
    }

    /// The head with further lines and the right length.
    fn sized(&self, lines: &str) -> String {
        let length = format!("Content-Length: {}", self.body.len());
        self.with(&if lines.is_empty() { length } else { format!("{lines}\r\n{length}") })
    }

    fn chunks(&self) -> String {
        format!("{:x}\r\n{}\r\n0\r\n\r\n", self.body.len(), self.body)
    }

    fn add(&mut self, what: &'static str, bytes: String, statuses: &'static [u16], n_calls: usize) {
        self.cases.push(Case { what, bytes, statuses, n_calls });
    }
}

async fn answers(test: &Running, bytes: &str) -> Vec<u16> {
    let mut client = test.client().await;
    // The gateway may refuse the rest by closing.
    let _ = client.try_send(format!("{bytes}{LAST}")).await;
    let replies = String::from_utf8_lossy(&client.closed().await).into_owned();
    replies.split("HTTP/1.").skip(1).filter_map(|reply| reply.get(2..5)?.parse().ok()).collect()
}

async fn check(corpus: Corpus, test: Running) {
    test.listed().await;
    for case in corpus.cases {
        let before = test.upstream.messages().len();
        let statuses = answers(&test, &case.bytes).await;
        test.n_bytes().await;
        let arrived: Vec<_> = test.upstream.messages().split_off(before);
        let calls: Vec<_> = arrived.iter().filter(|message| message.target != "/fence").collect();
        for call in &calls {
            assert_eq!(
                (&*call.http_method, &*call.target, call.tool()),
                ("POST", "/mcp", "copy"),
                "{}",
                case.what
            );
            assert_eq!(call.header("content-length"), Some(&*call.body.len().to_string()), "{}", case.what);
            for name in [
                "transfer-encoding",
                "expect",
                "upgrade",
                "te",
                "trailer",
                "cookie",
                "x-forwarded-for",
                "authorization",
            ] {
                assert_eq!(call.header(name), None, "{}: {name}", case.what);
            }
        }
        assert_eq!((statuses.as_slice(), calls.len()), (case.statuses, case.n_calls), "{}", case.what);
    }
}

#[tokio::test]
async fn chunks_and_lengths() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let (body, chunks) = (c.body.clone(), c.chunks());
    let chunked = "Transfer-Encoding: chunked";
    let length = format!("Content-Length: {}", body.len());
    c.add("a length", c.sized("") + &body, &[200, 200], 1);
    c.add("chunks", c.with(chunked) + &chunks, &[200, 200], 1);
    // Nothing behind it is read: another reader could take the end of the body for another place.
    c.add("length and chunks", c.with(&format!("{length}\r\n{chunked}")) + &chunks, &[200], 1);
    c.add("chunks and length", c.with(&format!("{chunked}\r\n{length}")) + &chunks, &[200], 1);
    c.add(
        "a short length and chunks",
        c.with(&format!("Content-Length: 3\r\n{chunked}")) + &chunks,
        &[200],
        1,
    );
    c.add("chunks twice", c.with(&format!("{chunked}\r\n{chunked}")) + &chunks, &[400], 0);
    c.add("chunks twice in one", c.with("Transfer-Encoding: chunked, chunked") + &chunks, &[400], 0);
    c.add("chunks not last", c.with("Transfer-Encoding: chunked, identity") + &chunks, &[400], 0);
    c.add("a coding before chunks", c.with("Transfer-Encoding: gzip, chunked") + &chunks, &[400], 0);
    c.add("identity", c.with("Transfer-Encoding: identity") + &chunks, &[400], 0);
    c.add("an unknown coding", c.with("Transfer-Encoding: xchunked") + &chunks, &[400], 0);
    c.add("a coding with a tab", c.with("Transfer-Encoding:\tchunked") + &chunks, &[200, 200], 1);
    c.add("a coding with a vertical tab", c.with("Transfer-Encoding: \u{b}chunked") + &chunks, &[400], 0);
    c.add("a coding in capitals", c.with("TRANSFER-ENCODING: CHUNKED") + &chunks, &[200, 200], 1);
    check(c, test).await;
}

#[tokio::test]
async fn lengths() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    let length = format!("Content-Length: {}", body.len());
    c.add("two lengths", c.with(&format!("{length}\r\nContent-Length: 3")) + &body, &[400], 0);
    c.add("the same length twice", c.with(&format!("{length}\r\n{length}")) + &body, &[200, 200], 1);
    c.add("a list of lengths", c.with(&format!("Content-Length: {0}, {0}", body.len())) + &body, &[400], 0);
    c.add("a signed length", c.with(&format!("Content-Length: +{}", body.len())) + &body, &[400], 0);
    c.add("a negative length", c.with("Content-Length: -1") + &body, &[400], 0);
    c.add("a length in hexadecimal", c.with("Content-Length: 0x10") + &body, &[400], 0);
    c.add("an empty length", c.with("Content-Length: ") + &body, &[400], 0);
    c.add("a huge length", c.with("Content-Length: 99999999999999999999") + &body, &[400], 0);
    c.add("a length beyond the cap", c.with("Content-Length: 4194305") + &body, &[413], 0);
    c.add("no length", c.head.clone() + &body, &[400, 400], 0);
    c.add("a length of 0", c.with("Content-Length: 0") + "", &[400, 200], 0);
    check(c, test).await;
}

#[tokio::test]
async fn chunks() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let (body, chunks) = (c.body.clone(), c.chunks());
    let chunked = "Transfer-Encoding: chunked";
    c.add(
        "chunk extensions",
        c.with(chunked) + &format!("{:x};a=b;c=\"d\"\r\n{body}\r\n0;e\r\n\r\n", body.len()),
        &[200, 200],
        1,
    );
    c.add(
        "trailers",
        c.with(chunked)
            + &format!("{:x}\r\n{body}\r\n0\r\nAuthorization: Bearer x\r\nX: y\r\n\r\n", body.len()),
        &[200, 200],
        1,
    );
    c.add("a chunk size with a sign", c.with(chunked) + &format!("+{chunks}"), &[400], 0);
    c.add("a chunk size with 0x", c.with(chunked) + &format!("0x{chunks}"), &[400], 0);
    c.add("a huge chunk size", c.with(chunked) + &format!("ffffffffffffffff1\r\n{chunks}"), &[400], 0);
    c.add(
        "a chunk beyond the cap",
        c.with(chunked) + &format!("500000\r\n{}", "x".repeat(0x50_0000)),
        &[413],
        0,
    );
    c.add(
        "a chunk without its end",
        c.with(chunked) + &format!("{:x}\r\n{body}0\r\n\r\n", body.len()),
        &[400],
        0,
    );
    c.add(
        "a chunk with a bare line feed",
        c.with(chunked) + &format!("{:x}\n{body}\n0\n\n", body.len()),
        &[400],
        0,
    );
    check(c, test).await;
}

#[tokio::test]
async fn requests_in_a_row() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    c.add("two in a row", (c.sized("") + &body).repeat(2), &[200, 200, 200], 2);
    c.add(
        "one and the beginning of another",
        c.sized("") + &body + "POST /mcp/imaging HTTP/1.1\r\nX: ",
        &[200, 401],
        1,
    );
    c.add("a body behind GET", c.sized("").replacen("POST", "GET", 1) + &body, &[405, 200], 0);
    c.add("expects to continue", c.sized("Expect: 100-continue") + &body, &[100, 200, 200], 1);
    c.add("expects something else", c.sized("Expect: tea") + &body, &[200, 200], 1);
    check(c, test).await;
}

#[tokio::test]
async fn lines_of_a_head() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    let plain = c.sized("") + &body;
    let line = |from: &str, to: &str| plain.replacen(from, to, 1);
    // Taken as line ends; the server gets lines of our own.
    c.add("bare line feeds", c.sized("").replace("\r\n", "\n") + &body, &[200, 200], 1);
    c.add("bare carriage returns", c.sized("").replace("\r\n", "\r") + &body, &[400], 0);
    c.add("one bare line feed", c.sized("X: a\nX-B: c") + &body, &[200, 200], 1);
    c.add("a folded line", c.sized("X: a\r\n b") + &body, &[400], 0);
    c.add("a first line that is folded", c.sized(" X: a") + &body, &[400], 0);
    c.add("a space before the colon", c.sized("X : a") + &body, &[400], 0);
    c.add("no colon", c.sized("X") + &body, &[400], 0);
    c.add("no name", c.sized(": a") + &body, &[400], 0);
    c.add("a null byte", c.sized("X: \0") + &body, &[400], 0);
    c.add("a control byte", c.sized("X: \u{1}") + &body, &[400], 0);
    c.add("bytes beyond ascii", c.sized("X: \u{e9}") + &body, &[200, 200], 1);
    c.add("empty lines first", format!("\r\n\r\n{plain}"), &[200, 200], 1);
    c.add("too many headers", c.sized("X: a\r\n".repeat(200).trim_end()) + &body, &[431], 0);
    c.add("a long head", c.sized(&format!("X: {}", "a".repeat(300_000))) + &body, &[431], 0);
    c.add("a long target", line("/mcp/imaging", &format!("/mcp/{}", "a".repeat(100_000))), &[414], 0);
    check(c, test).await;
}

#[tokio::test]
async fn hosts_and_targets() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    let plain = c.sized("") + &body;
    let line = |from: &str, to: &str| plain.replacen(from, to, 1);
    c.add("no host", line("Host: 127.0.0.1\r\n", ""), &[421, 200], 0);
    c.add("two hosts", line("Host: 127.0.0.1", "Host: 127.0.0.1\r\nHost: 127.0.0.1"), &[421, 200], 0);
    c.add(
        "two hosts, one foreign",
        line("Host: 127.0.0.1", "Host: 127.0.0.1\r\nHost: evil.example"),
        &[421, 200],
        0,
    );
    c.add("a host with a user", line("Host: 127.0.0.1", "Host: x@127.0.0.1"), &[421, 200], 0);
    c.add(
        "a foreign absolute target",
        line("/mcp/imaging", "http://evil.example/mcp/imaging"),
        &[421, 200],
        0,
    );
    c.add("an own absolute target", line("/mcp/imaging", "http://127.0.0.1/mcp/imaging"), &[200, 200], 1);
    c.add("another scheme", line("/mcp/imaging", "ftp://127.0.0.1/mcp/imaging"), &[421, 200], 0);
    c.add("an authority", line("POST /mcp/imaging", "CONNECT 127.0.0.1:80"), &[421, 200], 0);
    c.add("an asterisk", line("/mcp/imaging", "*"), &[404, 200], 0);
    c.add("a target with a space", line("/mcp/imaging", "/mcp/imaging /x"), &[400], 0);
    c.add("a target with a fragment", line("/mcp/imaging", "/mcp/imaging#x"), &[200, 200], 1);
    c.add("dots in the path", line("/mcp/imaging", "/mcp/./imaging"), &[404, 200], 0);
    c.add("encoded letters in the path", line("/mcp/imaging", "/mcp/%69maging"), &[404, 200], 0);
    check(c, test).await;
}

#[tokio::test]
async fn headers_that_come_twice() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    for (what, name, value) in [
        ("two kinds of content", "Content-Type", "application/json"),
        ("two grants", "Authorization", "Bearer x"),
        ("two origins", "Origin", "http://127.0.0.1"),
        ("two revisions", "MCP-Protocol-Version", "2026-07-28"),
        ("two methods", "Mcp-Method", "tools/call"),
        ("two names", "Mcp-Name", "copy"),
        ("two sessions", "Mcp-Session-Id", "a"),
    ] {
        let twice = format!("{name}: {value}\r\n{name}: {value}");
        let once = format!("{name}: {value}");
        let lines = if c.head.contains(&format!("{name}:")) { once } else { twice };
        let status: &[u16] = if name == "Origin" { &[403, 200] } else { &[400, 200] };
        c.add(what, c.sized(&lines) + &body, status, 0);
    }
    check(c, test).await;
}

#[tokio::test]
async fn headers_that_say_what_a_body_is() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    let plain = c.sized("") + &body;
    let line = |from: &str, to: &str| plain.replacen(from, to, 1);
    c.add(
        "a cookie and a forwarded address",
        c.sized("Cookie: a=b\r\nX-Forwarded-For: 1.2.3.4") + &body,
        &[200, 200],
        1,
    );
    c.add("a foreign origin", c.sized("Origin: https://evil.example") + &body, &[403, 200], 0);
    c.add("the origin null", c.sized("Origin: null") + &body, &[403, 200], 0);
    c.add("another type", line("Content-Type: application/json", "Content-Type: text/plain"), &[415, 200], 0);
    c.add(
        "a type with a charset",
        line("Content-Type: application/json", "Content-Type: application/json; charset=utf-16"),
        &[415, 200],
        0,
    );
    c.add("no type", line("Content-Type: application/json\r\n", ""), &[415, 200], 0);
    c.add("an encoding", c.sized("Content-Encoding: gzip") + &body, &[415, 200], 0);
    c.add("the encoding identity", c.sized("Content-Encoding: identity") + &body, &[200, 200], 1);
    check(c, test).await;
}

#[tokio::test]
async fn revisions_of_http() {
    let test = Test::new().policy(POLICY).tool(Tool::new("copy")).start().await;
    let mut c = Corpus::new(&test);
    let body = c.body.clone();
    let plain = c.sized("") + &body;
    let line = |from: &str, to: &str| plain.replacen(from, to, 1);
    c.add("http/1.0", line("HTTP/1.1", "HTTP/1.0"), &[200], 1);
    c.add(
        "http/1.0 with chunks",
        c.with("Transfer-Encoding: chunked").replacen("HTTP/1.1", "HTTP/1.0", 1) + &c.chunks(),
        &[400],
        0,
    );
    c.add(
        "http/1.0 kept alive",
        c.sized("Connection: keep-alive").replacen("HTTP/1.1", "HTTP/1.0", 1) + &body,
        &[200, 200],
        1,
    );
    c.add("http/1.2", line("HTTP/1.1", "HTTP/1.2"), &[400], 0);
    c.add("http/0.9", "GET /mcp/imaging\r\n".to_owned(), &[400], 0);
    c.add("http/2", format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{plain}"), &[], 0);
    c.add(
        "an upgrade to http/2",
        c.sized("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x") + &body,
        &[200, 200],
        1,
    );
    c.add(
        "an upgrade to a websocket",
        c.sized("Connection: Upgrade\r\nUpgrade: websocket") + &body,
        &[200, 200],
        1,
    );
    c.add("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}".to_owned(), &[400], 0);
    c.add("another method", line("POST", "PUT"), &[405, 200], 0);
    c.add("a method in small letters", line("POST", "post"), &[405, 200], 0);
    c.add("a method with an override", c.sized("X-HTTP-Method-Override: DELETE") + &body, &[200, 200], 1);
    check(c, test).await;
}
