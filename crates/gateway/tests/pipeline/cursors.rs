//! Cursors: what a client holds is ours and good for its grant, server and method only.

use crate::support::{ALLOW, Legacy, Running, Test, ends_cleanly};
use serde_json::{Value, json};
use testkit::{Answer, Message, Request, Tool};

const LISTS: [(&str, &str); 3] = [
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
    ("prompts/list", "prompts"),
];

/// Pages of any list; the second cursor is the empty string, which is one like any other.
fn page(key: &str, next: &str) -> Answer {
    let mut result = json!({"nextCursor": next, "ttlMs": 0, "cacheScope": "private"});
    result[key] = json!([{"name": "a", "uri": "file:///a", "uriTemplate": "file:///{a}"}]);
    Answer::result(result)
}

async fn start(as_events: bool) -> Running {
    let pages = |mut script: testkit::Script| {
        for (method, key) in LISTS {
            script = script.on(method, page(key, "up-2"));
        }
        if as_events { script.as_events() } else { script }
    };
    let tools = ["a", "b", "c"].map(Tool::new);
    let test = Test::new().policy(ALLOW).script(|script| pages(script).pages_of(1));
    tools.into_iter().fold(test, Test::tool).start().await
}

fn list(method: &str, cursor: &Value) -> Message {
    Message::request(7, method).param("cursor", cursor.clone())
}

fn last_cursor(test: &Running) -> Value {
    test.upstream.messages().last().unwrap().params()["cursor"].clone()
}

#[tokio::test]
async fn the_client_holds_a_form_of_ours_and_the_server_gets_its_own() {
    for as_events in [false, true] {
        let test = start(as_events).await;
        let session = test.legacy().await;
        for (method, own) in
            LISTS.map(|(method, _)| (method, "up-2")).into_iter().chain([("tools/list", "1")])
        {
            for is_modern in [true, false] {
                let ask = async |message: Message| match is_modern {
                    true => test.modern(message).await.answer(),
                    false => session.ask(message).await,
                };
                let shown = ask(Message::request(1, method)).await["result"]["nextCursor"].clone();
                assert!(shown.as_str().unwrap().len() > 32 && shown != own, "{method}: {shown}");
                // It is good again and again, and only its own place of the message changes.
                for _ in 0..2 {
                    let next = ask(list(method, &shown)).await;
                    assert!(next["result"]["nextCursor"].is_string(), "{next}");
                    assert_eq!(last_cursor(&test), own, "{method}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_was_not_given_for_this_list_is_unknown() {
    let test = start(false).await;
    let (session, other) = (test.legacy().await, Legacy::open(&test, &test.other_token).await);
    let methods = LISTS.map(|(method, _)| method).into_iter().chain(["tools/list"]);
    for method in methods {
        let shown = test.modern(Message::request(1, method)).await.answer()["result"]["nextCursor"].clone();
        let elsewhere = if method == "tools/list" { "prompts/list" } else { "tools/list" };
        let changed = json!(format!("{}x", shown.as_str().unwrap()));
        let cases: Vec<(Request, u16)> = [json!("up-2"), json!("1"), json!(""), json!(1), json!({}), changed]
            .iter()
            .flat_map(|cursor| {
                [(test.request(list(method, cursor)), 400), (session.request(list(method, cursor)), 200)]
            })
            .chain([
                (test.request(list(elsewhere, &shown)), 400),
                (session.request(list(elsewhere, &shown)), 200),
                (of_other(&test, list(method, &shown)), 400),
                (other.request(list(method, &shown)), 200),
            ])
            .collect();
        for (request, status) in cases {
            let reply = test.untouched(&request).await;
            assert_eq!(
                (reply.status, reply.json()["error"]["code"].clone()),
                (status, json!(-32602)),
                "{method}"
            );
        }
    }
    assert!(test.books().denials().iter().all(|denial| *denial == ("(protocol)", "-32602")));
}

fn of_other(test: &Running, message: Message) -> Request {
    Request::modern(Running::PATH, &message.modern()).bearer(&test.other_token)
}

#[tokio::test]
async fn a_long_list_is_bound_too_and_one_without_end_is_refused() {
    let entry = json!({"name": "n".repeat(1_000), "uri": "file:///a"});
    let of_entries = |n: usize| json!({"resources": vec![entry.clone(); n], "nextCursor": "up-2"});
    for as_events in [false, true] {
        for (n, passes) in [(100, true), (1_000, false)] {
            let form = |answer: Answer| if as_events { answer.sse() } else { answer };
            let test = Test::new()
                .policy(ALLOW)
                .bounds(|bounds| bounds.max_list_bytes = 500_000)
                .script(|script| script.on("resources/list", form(Answer::result(of_entries(n)))))
                .start()
                .await;
            let request = test.request(Message::request(1, "resources/list"));
            if as_events && !passes {
                let mut client = test.client().await;
                let mut stream = client.open(&request).await;
                assert!(!ends_cleanly(&mut stream).await);
                continue;
            }
            let reply = test.send(&request).await.text();
            assert_eq!((reply.contains("nextCursor"), reply.contains("\"up-2\"")), (passes, false), "{n}");
        }
    }
}

#[tokio::test]
async fn a_process_gets_its_own_cursor_too() {
    let test = Test::new().policy(ALLOW).process().start().await;
    let session = test.legacy().await;
    let shown = session.ask(Message::request(1, "resources/list")).await["result"]["nextCursor"].clone();
    assert_ne!(shown, "up-2");
    session.ask(list("resources/list", &shown)).await;
    assert_eq!(test.puppets.messages().last().unwrap()["params"]["cursor"], "up-2");
    let mut client = test.lines();
    client.initialize().await;
    let unknown = client.ask(list("resources/list", &json!("up-2"))).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(client.ask(list("resources/list", &shown)).await["result"].is_object());
}

#[tokio::test]
async fn a_cursor_of_null_is_none() {
    let test = start(false).await;
    for method in ["prompts/list", "tools/list"] {
        let answer = test.modern(list(method, &Value::Null)).await.answer();
        assert!(answer["result"]["nextCursor"].is_string(), "{answer}");
    }
}
