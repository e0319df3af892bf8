//! Tool lists: shown without what the grant may not know of, page by page, as JSON and as events.

use crate::support::{ALLOW, Running, Test, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Message, Tool};

const POLICY: &str = r#"{"version": "1", "default": "deny", "hide": ["hidden"],
  "tools": {"open": {}, "closed": {"action": "deny"}, "hidden": {}, "broken": {},
            "never": {"require": [{"conditions": [{"path": "args.a", "op": "exists", "value": true}]}]}}}"#;

fn tools() -> [Tool; 6] {
    let broken = json!({"type": "object", "properties": {"a": {"$ref": "http://elsewhere/x"}}});
    [
        Tool::new("hidden"),
        Tool::new("open").member("annotations", json!({"readOnlyHint": true, "x": 1.50})),
        Tool::new("unnamed"),
        Tool::new("closed").member("_meta", json!({"a": {"b": [1]}})),
        Tool::new("broken").schema(broken),
        // It takes no `a`, so what asks for one is never met.
        Tool::new("never").property("b", json!({})),
    ]
}

fn test() -> Test {
    tools().into_iter().fold(Test::new().policy(POLICY), Test::tool)
}

#[tokio::test]
async fn only_what_may_be_known_is_shown_in_either_form_and_era() {
    for as_events in [false, true] {
        let form = |script: testkit::Script| if as_events { script.as_events() } else { script };
        let test = test().script(form).start().await;
        let session = test.legacy().await;
        let list = || Message::request("l", "tools/list");
        for reply in [test.modern(list()).await, session.send(list()).await] {
            let answer = reply.answer();
            assert_eq!((reply.status, &answer["id"]), (200, &json!("l")));
            // As listed, unknown members too, in the server's order.
            assert_eq!(answer["result"]["tools"], json!([tools()[1].definition(), tools()[3].definition()]));
        }
    }
}

#[tokio::test]
async fn every_page_is_filtered_and_its_cursor_kept() {
    let test = test().script(|script| script.pages_of(2)).start().await;
    let mut shown = Vec::new();
    let mut cursor = Value::Null;
    for page in 0..3 {
        let list = Message::request(page, "tools/list");
        let list = if cursor.is_null() { list } else { list.param("cursor", cursor) };
        let result = test.modern(list).await.answer()["result"].clone();
        shown.push(
            result["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect::<Vec<_>>(),
        );
        cursor = result["nextCursor"].clone();
    }
    assert_eq!(shown, [vec![json!("open")], vec![json!("closed")], vec![]]);
    assert_eq!(cursor, Value::Null);
    // A call needs the whole list, which the gateway turns the pages of itself.
    assert_eq!(text(&test.call("open", json!({})).await), "ok");
}

#[tokio::test]
async fn other_members_of_a_list_survive_but_for_those_of_the_gateway() {
    let list = r#"{"jsonrpc":"2.0","id":{id},"result":{"more":{"n":1.50},"cacheScope":"public","tools":[ {"name":"open","inputSchema":{"type":"object"}} ],"_meta":{"a":1,"toolgate/x":2},"ttlMs":99999999,"resultType":"complete"}}"#;
    let test = test().script(|script| script.on("tools/list", Answer::raw(list))).start().await;
    let reply = test.modern(Message::request("l", "tools/list")).await.text();
    let expected = r#"{"jsonrpc":"2.0","id":"l","result":{"more":{"n":1.50},"cacheScope":"private","tools":[{"name":"open","inputSchema":{"type":"object"}}],"_meta":{"a":1},"ttlMs":300000,"resultType":"complete"}}"#;
    assert_eq!(reply, expected);
}

#[tokio::test]
async fn entries_that_cannot_be_judged_are_left_out() {
    let first = json!({"name": "open", "description": "first", "inputSchema": {"type": "object"}});
    let entries = json!([first, {"name": "open", "description": "second", "inputSchema": {"type": "object"}}, {"inputSchema": {}},
        {"name": 5, "inputSchema": {}}, "closed", {"name": "closed"}]);
    let list = Answer::result(json!({"tools": entries}));
    let test = test().script(|script| script.on("tools/list", list)).start().await;
    let shown = test.modern(Message::request(1, "tools/list")).await.answer()["result"]["tools"].clone();
    assert_eq!(
        shown,
        json!([first]),
        "the first of two is the one that is judged; one without a schema is quarantined"
    );
}

#[tokio::test]
async fn an_error_instead_of_a_list_is_passed_on() {
    let refused = Answer::refusal(500, -5, "no list today", Some(json!({"a": 1})));
    let test = test().script(|script| script.on("tools/list", refused)).start().await;
    let session = test.legacy().await;
    let list = || Message::request("l", "tools/list");
    for (reply, status) in [(test.modern(list()).await, 500), (session.send(list()).await, 200)] {
        assert_eq!(reply.status, status);
        assert_eq!(reply.json()["error"], json!({"code": -5, "message": "no list today", "data": {"a": 1}}));
    }
    // Without a list no name is answered, and every name alike.
    let called = test.call("open", json!({})).await;
    assert_eq!((&called["error"]["code"], &called), (&json!(-32603), &test.call("hidden", json!({})).await));
    assert!(test.upstream.calls().is_empty());
}

/// Checks that a list is refused as a whole, and with it every call.
async fn check_refused(list: Answer, what: &str) {
    let test = Test::new().policy(ALLOW).script(|script| script.on("tools/list", list)).start().await;
    let reply = test.modern(Message::request(1, "tools/list")).await;
    assert_eq!(reply.json()["error"]["code"], -32603, "{what}");
    assert_eq!(test.call("t0", json!({})).await["error"]["code"], -32603, "{what}");
    assert!(test.upstream.calls().is_empty());
}

fn many(n_tools: usize, from: usize) -> Vec<Value> {
    (from..from + n_tools)
        .map(|n| json!({"name": format!("t{n}"), "inputSchema": {"type": "object"}}))
        .collect()
}

#[tokio::test]
async fn a_list_without_bounds_is_refused() {
    check_refused(Answer::result(json!({"tools": many(20_001, 0)})), "too many tools").await;
    let long = json!({"tools": [], "_meta": {"x": "y".repeat(16 << 20)}});
    check_refused(Answer::result(long), "too many bytes").await;
    let endless = Answer::result(json!({"tools": [], "nextCursor": "again"}));
    let test = Test::new().policy(ALLOW).script(|script| script.on("tools/list", endless)).start().await;
    assert_eq!(test.call("t0", json!({})).await["error"]["code"], -32603, "pages without end");
    assert_eq!(test.upstream.messages().len(), 100);
}

#[tokio::test]
async fn pages_share_one_bound() {
    // Each page is short enough, and they would be a hundred.
    let page = json!({"tools": [], "nextCursor": "again", "_meta": {"x": "y".repeat(1 << 20)}});
    let test = Test::new()
        .policy(ALLOW)
        .script(|script| script.on("tools/list", Answer::result(page)))
        .start()
        .await;
    assert_eq!(test.call("t0", json!({})).await["error"]["code"], -32603);
    assert!(test.upstream.messages().len() <= 17, "{} pages", test.upstream.messages().len());
}

#[tokio::test]
async fn a_list_that_never_ends_does_not_hold_the_others() {
    let stalled = Answer::empty(200).then(Step::Raw("{".into())).then(Step::Hold(testkit::Gate::closed()));
    let list = Answer::result(json!({"tools": [tools()[1].definition()]}));
    let test = Test::new()
        .policy(ALLOW)
        .timeout_s(1)
        .script(|script| script.on("tools/list", stalled))
        .start()
        .await;
    assert_eq!(test.call("open", json!({})).await["error"]["code"], -32603);
    test.upstream
        .change(|script| *script = testkit::Script::new().tool(tools()[1].clone()).on("tools/list", list));
    assert_eq!(text(&test.call("open", json!({})).await), "ok");
}

#[tokio::test]
async fn a_server_that_keeps_nothing_fresh_is_not_asked_for_every_call() {
    let test = Test::new().policy(ALLOW).tool(Tool::new("open")).start().await;
    let n_lists = |test: &Running| {
        test.upstream.messages().iter().filter(|message| message.method() == "tools/list").count()
    };
    for _ in 0..20 {
        test.clock.advance_ms(10);
        assert_eq!(text(&test.call("open", json!({})).await), "ok");
    }
    // Its lists are good for no time at all (`ttlMs` 0), but asking anew has a pace of its own.
    assert_eq!(n_lists(&test), 1);
    test.clock.advance_ms(1_000);
    test.call("open", json!({})).await;
    assert_eq!(n_lists(&test), 2);
}

#[tokio::test]
async fn a_tool_that_is_gone_is_unknown() {
    let test = Test::new().policy(ALLOW).tool(Tool::new("open")).tool(Tool::new("other")).start().await;
    assert_eq!(test.listed().await, ["open", "other"]);
    test.upstream.set_tools(vec![Tool::new("other")]);
    assert_eq!(test.listed().await, ["other"]);
    // What one client was shown is not believed of a tool that was there: the gateway asks for itself, once.
    assert_eq!(test.call("open", json!({})).await["error"]["code"], -32602);
    test.denied("open", json!({})).await;
    assert_eq!(test.books().denials(), [("(unknown tool)", "unknown_tool"); 2]);
    assert!(test.upstream.calls().is_empty());
}

#[tokio::test]
async fn definitions_are_recorded_once_each() {
    let test = Test::new().policy(ALLOW).tool(Tool::new("open")).start().await;
    for _ in 0..3 {
        test.listed().await;
    }
    test.upstream.set_tools(vec![Tool::new("open").member("title", json!("Open")), Tool::new("new")]);
    test.listed().await;
    let definitions = test.gateway.store.config().definitions(Running::SERVER).await.unwrap();
    let mut names: Vec<&str> = definitions.iter().map(|definition| &*definition.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["new", "open", "open"]);
    test.books();
}
