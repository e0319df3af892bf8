//! The corpus of what must come out as it went in: odd orders, spaces, escapes, numbers, unknown members and content.
//! Requests over HTTP in both eras, from lines, and to processes; replies as JSON, as events and from processes.
//! Must never compare parsed values where bytes have to be the same.

use crate::support::{ALLOW, Running, Test};
use serde_json::{Value, json};
use testkit::{Answer, Message, Request, Tool};

const MODERN: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#;

/// Requests with the method and subject that their headers name. `ENVELOPE` stands for what the era puts in `_meta`.
const REQUESTS: &[(&str, Option<&str>, &str)] = &[
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"params":{"_meta":{ENVELOPE},"arguments":{},"name":"copy"},"method":"tools/call","id":ID,"jsonrpc":"2.0"}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"  {  "jsonrpc" : "2.0" , "id":	ID, "method":"tools/call","params":{"name":"copy","arguments":{ "a" :1 , "b":[ ] } ,"_meta":{ENVELOPE}}}  "#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools\/call","params":{"n\u0061me":"c\u006fpy","arguments":{"\u0061":"\u0041\/\"\\\b\f\n\r\t"},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"n":[0,-0,0.0,1.0,1.50,1E2,1e+2,1e-7,1E-300,123456789012345678,0.1000000000000000055511151231257827]},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"big":12345678901234567890123456789,"more":-9007199254740993},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"é":"é","日本":"🎉","esc":"\ud83c\udf89","sep":"\u2028\u2029","nul":"\u0000","bom":"\ufeff"},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"":null,"null":null,"t":true,"f":false,"e":{},"l":[[],[[]],{}]},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"id":7,"method":"x","params":{"name":"y"},"jsonrpc":"1.0","Name":1,"_meta":{"a":1}},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","_meta":{"com.example/a":{"b":[1.0,null]},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b",ENVELOPE}}}"#,
    ),
    (
        "tools/call",
        Some("copy"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"tools/call","params":{"name":"copy","arguments":{"s":"LONG"},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "resources/read",
        Some("file:///a%20b?c=d#e"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"resources/read","params":{"uri":"file:///a%20b?c=d#e","_meta":{ENVELOPE}}}"#,
    ),
    (
        "resources/read",
        Some("custom+x://host/é"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"resources/read","params":{"_meta":{ENVELOPE},"uri":"custom+x://host/\u00e9"}}"#,
    ),
    (
        "prompts/get",
        Some("p q"),
        r#"{"jsonrpc":"2.0","id":ID,"method":"prompts/get","params":{"name":"p q","arguments":{"a":"1","b":""},"_meta":{ENVELOPE}}}"#,
    ),
    (
        "completion/complete",
        None,
        r#"{"jsonrpc":"2.0","id":ID,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p q","title":"T"},"argument":{"name":"a","value":"x"},"context":{"arguments":{"b":"2"}},"_meta":{ENVELOPE}}}"#,
    ),
];

fn in_era(body: &str, id: &str, envelope: &str) -> String {
    let body = body.replace("\"LONG\"", &format!("\"{}\"", "x\\u0020".repeat(20_000)));
    let body = body.replace(":ID", &format!(":{id}")).replace("\tID", &format!("\t{id}"));
    match envelope {
        "" => body.replace(",ENVELOPE", "").replace("ENVELOPE", ""),
        members => body.replace("ENVELOPE", members),
    }
}

async fn start() -> Running {
    let open = json!({"type": "object"});
    let test = Test::new()
        .policy(ALLOW)
        .tool(Tool::new("copy").schema(open))
        .script(|script| {
            let contents = json!({"contents": [{"uri": "file:///a", "text": "t"}]});
            script
                .capabilities(json!({"tools": {}, "resources": {}, "prompts": {}, "completions": {}}))
                .on("resources/list", Answer::result(json!({"resources": [
                    {"uri": "file:///a%20b?c=d#e", "name": "a"}, {"uri": "custom+x://host/é", "name": "b"}]})))
                .on("prompts/list", Answer::result(json!({"prompts": [{"name": "p q"}]})))
                .on("resources/read", Answer::result(contents))
                .on("prompts/get", Answer::result(json!({"messages": []})))
                .on("completion/complete", Answer::result(json!({"completion": {"values": []}})))
        });
    let test = test.start().await;
    test.listed().await;
    test
}

/// The last message that the server received, with the gateway's id set apart.
fn received(test: &Running) -> String {
    let last = test.upstream.messages().into_iter().rfind(|message| message.target != "/fence").unwrap();
    let (id, text) = (last.id(), last.text());
    let with_space =
        |space: &str| text.replacen(&format!("\"id\":{space}{id}"), &format!("\"id\":{space}ID"), 1);
    if text.contains("\"id\":\t") { with_space("\t") } else { with_space("") }
}

#[tokio::test]
async fn requests_over_http() {
    let test = start().await;
    let session = test.legacy().await;
    for (method, subject, row) in REQUESTS {
        let sent = in_era(row, "\"mine\"", MODERN);
        let mut request = Request::post(Running::PATH, sent.clone())
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", method)
            .bearer(&test.token);
        if let Some(subject) = subject {
            request = request.header("Mcp-Name", header_value(subject));
        }
        // What the server makes of it is not the point.
        test.send(&request).await;
        assert_eq!(received(&test), in_era(row, "ID", MODERN), "modern");

        let sent = in_era(row, "\"mine\"", "");
        let reply = test.send(&session.request(Message::request(1, method)).body(sent)).await;
        assert_eq!(reply.status, 200, "{row}: {}", reply.text());
        assert_eq!(received(&test), in_era(row, "ID", ""), "legacy");
    }
}

#[tokio::test]
async fn requests_in_lines() {
    let test = start().await;
    let mut client = test.lines();
    client.initialize().await;
    for (_, _, row) in REQUESTS {
        client.send_raw(&in_era(row, "\"mine\"", "")).await;
        let answer = client.next().await.unwrap();
        assert_eq!(answer["id"], "mine", "{answer}");
        assert_eq!(received(&test), in_era(row, "ID", ""));
    }
}

fn header_value(subject: &'static str) -> &'static str {
    // What is not plain ASCII travels encoded.
    if subject.is_ascii() { subject } else { "=?base64?Y3VzdG9tK3g6Ly9ob3N0L8Op?=" }
}

/// Results that no typed reader would give back as they were.
const RESULTS: &[&str] = &[
    r#"{"content":[]}"#,
    r#"{"content":[{"type":"novel","x":1.50,"y":[1E2,-0,1e-7]}],"isError":false}"#,
    r#"{"isError":true,"content":[{"text":"no","type":"text"}]}"#,
    r#"{ "content" : [ {"type":"text","text":"a\/b\u0041\ud83d\ude00é\u2028"} ] , "extra" : {"a":[null,{}]} }"#,
    r#"{"content":[{"type":"image","data":"AAAA","mimeType":"image/png","annotations":{"audience":["user"],"priority":0.50,"more":1}}]}"#,
    r#"{"content":[{"type":"audio","data":"UklGRg==","mimeType":"audio/wav"}],"structuredContent":{"n":12345678901234567890,"f":1.10}}"#,
    r#"{"content":[{"type":"resource","resource":{"uri":"a:b","mimeType":"x/y","blob":"AA==","_meta":{"k":1.0}}}]}"#,
    r#"{"content":[{"type":"resource_link","uri":"file:///a","name":"a","size":10000000000000000000,"icons":[{"src":"x","sizes":["48x48"]}]}]}"#,
    r#"{"structuredContent":[1,2.0,"3"],"content":[{"type":"text","text":"[1,2.0,\"3\"]"}],"_meta":{"com.example/x":{"y":1.0}}}"#,
    r#"{"content":[],"nextCursor":"in a call this is nothing special","ttlMs":1.0,"cacheScope":"novel"}"#,
    r#"{"content":[{"type":"text","text":"LONG"}],"after":1.0}"#,
];

fn result_of(row: &str) -> String {
    // Over the size from which a reply streams through.
    row.replace("LONG", &"long\\u0020".repeat(20_000))
}

#[tokio::test]
async fn replies_as_json_and_as_events() {
    for row in RESULTS {
        let result = result_of(row);
        let body = format!(r#"{{ "jsonrpc":"2.0","id":{{id}} ,"result":{result}}}"#);
        for (is_stream, answer) in
            [(false, Answer::raw(&body)), (true, Answer::raw(&format!("data: {body}\n\n")).sse())]
        {
            let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).start().await;
            test.listed().await;
            let session = test.legacy().await;
            let seen = session.send(Message::call("mine", "copy", json!({}))).await;
            let expected = body.replace("{id}", "\"mine\"");
            let text = seen.text();
            let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
            if is_stream {
                assert_eq!(data.last(), Some(&&*expected), "as an event");
            } else {
                assert_eq!(text, expected, "as JSON");
            }
        }
    }
}

#[tokio::test]
async fn replies_of_a_process() {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("hold")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    for (n, row) in RESULTS.iter().enumerate() {
        client.send(Message::call("mine", "hold", json!({"row": n}))).await;
        let is_it = |message: &Value| message["params"]["arguments"]["row"] == json!(n);
        test.puppets.heard("the call", is_it).await;
        let call = test.puppets.of("tools/call").into_iter().find(is_it).unwrap();
        let reply = |id: &str| format!(r#"{{ "result":{},"id": {id} , "jsonrpc":"2.0"}}"#, result_of(row));
        test.puppets.say_raw(test.puppets.n_started() - 1, &reply(&call["id"].to_string()));
        assert_eq!(client.next_line().await.unwrap(), reply("\"mine\""));
    }
}

#[tokio::test]
async fn errors_keep_their_data() {
    for error in [
        r#"{"code":-32000,"message":"m"}"#,
        r#"{"code":-1,"message":"é\u0041","data":{"a":1.0,"b":[null]}}"#,
        r#"{"data":"x","message":"","code":123456789}"#,
        r#"{"code":-32002,"message":"m","data":12345678901234567890}"#,
    ] {
        let body = format!(r#"{{"jsonrpc":"2.0","error":{error},"id":{{id}}}}"#);
        let test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(Answer::raw(&body))).start().await;
        test.listed().await;
        let seen = test.legacy().await.send(Message::call(5, "copy", json!({}))).await;
        assert_eq!(seen.text(), body.replace("{id}", "5"));
    }
}

/// What a filtered list keeps of the entries that stay: every byte.
#[tokio::test]
async fn entries_of_a_filtered_list() {
    let kept = r#"{ "name":"copy","title":"T","inputSchema":{"type":"object","properties":{"n":{"type":"number","default":1.50,"x-vendor":[1E2]}},"$defs":{}},"annotations":{"readOnlyHint":true,"novel":-0},"icons":[{"src":"x"}],"_meta":{"com.example/a":1.0},"novel":{"deep":[[]]}}"#;
    let page = format!(
        r#"{{"jsonrpc":"2.0","id":{{id}},"result":{{"novel":1.0,"tools":[{{"name":"secret","inputSchema":{{"type":"object"}}}}, {kept}]}}}}"#
    );
    let policy = r#"{"version": "1", "default": "deny", "tools": {"copy": {}}}"#;
    let test =
        Test::new().policy(policy).script(|script| script.on("tools/list", Answer::raw(&page))).start().await;
    let session = test.legacy().await;
    let seen = session.send(Message::request(1, "tools/list")).await.text();
    assert_eq!(seen, format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"novel":1.0,"tools":[{kept}]}}}}"#));
}
