//! A session's streams outlive their connections: what was not delivered waits, within bounds, for the client that comes
//! back with the id of its last event.

use crate::support::{ALLOW, Legacy, Running, Test, ends_cleanly, text};
use serde_json::{Value, json};
use testkit::upstream::Step;
use testkit::{Answer, Gate, Message, Request, Tool};

fn note(n: u64) -> Step {
    Step::Message(
        json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": n}}),
    )
}

fn done() -> Step {
    Step::Result(json!({"content": [{"type": "text", "text": "done"}]}))
}

async fn start(answer: Answer) -> Running {
    Test::new().policy(ALLOW).tool(Tool::new("copy").answer(answer)).start().await
}

/// A GET that resumes behind this event.
fn resume(session: &Legacy<'_>, event: &str) -> Request {
    session.bare("GET").header("Last-Event-ID", event)
}

/// The next event of a stream with its id.
async fn event(stream: &mut testkit::client::ReplyStream<'_>) -> (String, Value) {
    let raw = stream.raw_event().await.expect("the stream has another event");
    let field =
        |name: &str| raw.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
    (field("id:").to_owned(), serde_json::from_str(field("data:")).unwrap_or_default())
}

#[tokio::test]
async fn what_was_not_delivered_comes_on_the_next_connection() {
    let (first, second) = (Gate::closed(), Gate::closed());
    let answer = Answer::empty(200).sse().then(note(1)).then(Step::Hold(first.clone())).then(note(2));
    let test = start(answer.then(Step::Hold(second.clone())).then(done())).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    let (priming, empty) = event(&mut stream).await;
    assert_eq!(empty, Value::Null, "it only primes");
    let (id, message) = event(&mut stream).await;
    assert_eq!(message["params"]["data"], 1);
    drop(client);
    first.open();
    for (after, expected) in [(&id, vec![2]), (&priming, vec![1, 2])] {
        let mut client = session.connect().await;
        let mut stream = client.open(&resume(&session, after)).await;
        assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
        for n in expected {
            assert_eq!(event(&mut stream).await.1["params"]["data"], n);
        }
    }
    second.open();
    let mut client = session.connect().await;
    let mut stream = client.open(&resume(&session, &id)).await;
    assert_eq!(event(&mut stream).await.1["params"]["data"], 2);
    let reply = event(&mut stream).await.1;
    assert_eq!((&reply["id"], text(&reply)), (&json!(7), "done"));
    assert!(ends_cleanly(&mut stream).await);
    // Also when it was delivered: nobody knows whether it arrived.
    let again = test.send(&resume(&session, &id)).await;
    assert_eq!(again.messages().len(), 2);
    assert_eq!(test.upstream.calls().len(), 1);
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn an_answer_that_takes_time_becomes_a_stream_that_can_be_resumed() {
    let gate = Gate::closed();
    let test = start(Answer::text("late").held(&gate)).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    let (id, _) = event(&mut stream).await;
    drop(client);
    gate.open();
    let reply = test.send(&resume(&session, &id)).await.answer();
    assert_eq!((&reply["id"], text(&reply)), (&json!(7), "late"));
    assert_eq!(test.books().outcomes(), ["answered"]);
}

#[tokio::test]
async fn a_large_reply_is_kept_only_up_to_a_bound_and_told_as_such() {
    for (n_bytes, is_kept) in [(300_000, true), (3 << 20, false)] {
        let gate = Gate::closed();
        let bulk = "x".repeat(n_bytes);
        let answer = Answer::empty(200).sse().then(note(1)).then(Step::Hold(gate.clone())).then(Step::Raw(format!(
            "data: {{\"jsonrpc\":\"2.0\",\"id\":{{id}},\"result\":{{\"content\":[{{\"type\":\"text\",\"text\":\"{bulk}\"}}]}}}}\n\n"
        )));
        let test = start(answer).await;
        let session = test.legacy().await;
        let mut client = session.connect().await;
        let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
        event(&mut stream).await;
        let (id, _) = event(&mut stream).await;
        drop(client);
        gate.open();
        // Its id is free once the whole reply has come.
        while session.ask(Message::request(7, "ping")).await["error"].is_object() {}
        let reply = test.send(&resume(&session, &id)).await.answer();
        assert_eq!(reply["id"], 7);
        if is_kept {
            assert_eq!(text(&reply), bulk);
        } else {
            assert_eq!(reply["error"]["code"], -32603);
        }
        assert_eq!(test.books().outcomes(), ["answered"]);
    }
}

#[tokio::test]
async fn a_reply_that_never_comes_is_an_error_for_whoever_resumes() {
    let gate = Gate::closed();
    let answer = Answer::empty(200).sse().then(note(1)).then(Step::Hold(gate.clone())).then(Step::Cut);
    let test = start(answer).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    event(&mut stream).await;
    let (id, _) = event(&mut stream).await;
    drop(client);
    gate.open();
    let reply = test.send(&resume(&session, &id)).await.answer();
    assert_eq!((&reply["id"], &reply["error"]["code"]), (&json!(7), &json!(-32603)));
    assert_eq!(test.books().outcomes(), ["unknown"]);
}

#[tokio::test]
async fn the_stream_of_a_session_waits_for_its_client() {
    for is_process in [false, true] {
        let test = Test::new().policy(ALLOW).tool(Tool::new("copy"));
        let test = if is_process { test.process().start().await } else { test.start().await };
        let session = test.legacy().await;
        let message = |n: u64| json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": n}});
        let say = |n| {
            if is_process {
                test.puppets.say(0, &message(n))
            } else {
                assert_eq!(test.upstream.push(&message(n)), 1)
            }
        };
        let mut client = session.connect().await;
        let mut stream = client.open(&session.bare("GET")).await;
        event(&mut stream).await;
        if !is_process {
            test.upstream.listened(1).await;
        }
        say(1);
        let (id, _) = event(&mut stream).await;
        say(2);
        assert_eq!(event(&mut stream).await.1["params"]["data"], 2);
        drop(client);
        say(3);
        let mut client = session.connect().await;
        let mut stream = client.open(&resume(&session, &id)).await;
        assert_eq!(event(&mut stream).await.1["params"]["data"], 2);
        assert_eq!(event(&mut stream).await.1["params"]["data"], 3);
        drop(client);
        say(4);
        // Without an id it goes on behind what was sent; the server sees one stream all the time.
        let mut client = session.connect().await;
        loop {
            let mut stream = client.open(&session.bare("GET")).await;
            let first = event(&mut stream).await;
            if first.1["params"]["data"] == 4 {
                break;
            }
            // The end of the last connection was not noticed yet.
            client = session.connect().await;
        }
    }
}

#[tokio::test]
async fn no_id_of_another_is_worth_anything() {
    let gate = Gate::closed();
    let test =
        start(Answer::empty(200).sse().then(note(1)).then(Step::Hold(gate.clone())).then(done())).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    event(&mut stream).await;
    let (id, _) = event(&mut stream).await;
    let same_grant = test.legacy().await;
    let other_grant = Legacy::open(&test, &test.other_token).await;
    let (key, number) = id.rsplit_once('-').unwrap();
    for (request, status) in [
        (resume(&same_grant, &id), 400),
        (resume(&other_grant, &id), 400),
        (resume(&session, &id).bearer(&test.other_token), 404),
        (resume(&session, "unknown"), 400),
        (resume(&session, &format!("{key}-0{number}")), 400),
        (resume(&session, &format!("{}-{number}", key.replace(|_: char| true, "0"))), 400),
        (resume(&session, &id).header("Last-Event-ID", &id), 400),
    ] {
        assert_eq!(test.untouched(&request).await.status, status);
    }
    // The stream is where it was.
    gate.open();
    assert_eq!(event(&mut stream).await.1["id"], 7);
}

#[tokio::test]
async fn nothing_is_resumed_once_the_session_or_the_grant_is_gone() {
    let mut test = start(Answer::empty(200).sse().then(note(1)).then(done())).await;
    let (gone, kept) = {
        let (gone, kept) = (test.legacy().await, test.legacy().await);
        let mut requests = Vec::new();
        for session in [&gone, &kept] {
            let mut client = session.connect().await;
            let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
            requests.push(resume(session, &event(&mut stream).await.0));
        }
        assert_eq!(test.send(&gone.bare("DELETE")).await.status, 200);
        (requests.remove(0), requests.remove(0))
    };
    assert_eq!(test.untouched(&gone).await.status, 404);
    assert_eq!(test.untouched(&kept).await.messages().len(), 2);
    test.revoke();
    assert_eq!(test.untouched(&kept).await.status, 401);
}

#[tokio::test]
async fn older_revisions_are_not_primed() {
    let test = start(Answer::empty(200).sse().then(note(1)).then(done())).await;
    let initialize = Message::initialize(0).param("protocolVersion", "2025-03-26");
    let greeting = test.send(&Request::legacy(Running::PATH, &initialize, None).bearer(&test.token)).await;
    let session = greeting.header("mcp-session-id").unwrap();
    let call = Request::legacy(Running::PATH, &Message::call(7, "copy", json!({})), Some(session));
    let reply = test.send(&call.bearer(&test.token).without("MCP-Protocol-Version")).await;
    assert!(reply.text().starts_with("id: "), "{}", reply.text());
    assert!(!reply.text().contains("data: \n"), "{}", reply.text());
    assert_eq!(reply.messages().len(), 2);
}

/// The beginning of a stream that can be resumed behind the event `a`.
fn beginning() -> Answer {
    Answer::empty(200).sse().then(Step::Raw("id: a\nretry: 20\ndata:\n\n".into())).then(note(1))
}

/// The GETs that resumed, by the id that they named.
fn resumed(test: &Running) -> Vec<String> {
    let messages = test.upstream.messages();
    messages.iter().filter_map(|message| message.header("last-event-id")).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_servers_stream_that_ends_early_is_resumed() {
    let half = Step::Raw("data: {\"jsonrpc\":\"2.0\",".into());
    for end in [Step::Cut, Step::Raw(String::new())] {
        let rest = Answer::empty(200).then(note(2)).then(done());
        let test = Test::new()
            .policy(ALLOW)
            .tool(Tool::new("copy").answer(beginning().then(half.clone()).then(end)))
            .script(|script| script.on("resume a", rest))
            .start()
            .await;
        let session = test.legacy().await;
        let reply = session.send(Message::call(7, "copy", json!({}))).await;
        let messages = reply.messages();
        let notes = messages.iter().filter(|message| message["method"] == "notifications/message").count();
        assert_eq!((notes, text(&reply.answer())), (2, "done"), "{messages:?}");
        assert_eq!((resumed(&test), test.upstream.calls().len()), (vec![String::from("a")], 1));
        let get = test.upstream.messages().pop().unwrap();
        assert_eq!(get.header("mcp-session-id"), Some("upstream-session-1"));
        assert_eq!(test.books().outcomes(), ["answered"]);
    }
}

#[tokio::test]
async fn a_server_that_wants_to_be_asked_again_is() {
    // The stream begins, ends without a word, and goes on under a new id each time.
    let ends = |id: u64| Answer::empty(200).sse().then(Step::Raw(format!("id: {id}\nretry: 20\ndata:\n\n")));
    let mut test = Test::new().policy(ALLOW).tool(Tool::new("copy").answer(ends(0)));
    for id in 0..9 {
        test = test.script(|script| script.on(&format!("resume {id}"), ends(id + 1)));
    }
    let test = test.script(|script| script.on("resume 9", Answer::text("late").sse())).start().await;
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "late");
    assert_eq!(resumed(&test).len(), 10);
}

#[tokio::test]
async fn a_server_that_says_nothing_new_is_given_up() {
    for (again, n_asked) in
        [(beginning(), 5), (Answer::empty(405), 1), (Answer::empty(503), 5), (Answer::empty(200), 5)]
    {
        let again =
            if again.status == 200 { again } else { Answer { status: again.status, ..Answer::empty(200) } };
        let test = Test::new()
            .policy(ALLOW)
            .tool(Tool::new("copy").answer(beginning()))
            .script(|script| script.on("resume a", again))
            .start()
            .await;
        let session = test.legacy().await;
        assert_eq!(session.call("copy", json!({})).await["error"]["code"], -32603);
        assert_eq!(resumed(&test).len(), n_asked);
        assert_eq!(test.books().outcomes(), ["unknown"]);
    }
}

#[tokio::test]
async fn a_reply_that_the_client_has_half_is_not_begun_anew() {
    let bulk = "x".repeat(200_000);
    let half = format!("data: {{\"jsonrpc\":\"2.0\",\"id\":{{id}},\"result\":{{\"x\":\"{bulk}");
    let test = Test::new()
        .policy(ALLOW)
        .tool(Tool::new("copy").answer(beginning().then(Step::Raw(half)).then(Step::Cut)))
        .script(|script| script.on("resume a", Answer::text("other").sse()))
        .start()
        .await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.request(Message::call(7, "copy", json!({})))).await;
    assert!(!ends_cleanly(&mut stream).await);
    assert!(resumed(&test).is_empty());
}

#[tokio::test]
async fn a_list_and_the_stream_of_a_session_are_resumed_too() {
    let list = json!({"tools": [Tool::new("copy").definition()]});
    let prime = Step::Raw("id: a\nretry: 20\ndata:\n\n".into());
    let test = Test::new()
        .policy(ALLOW)
        .script(|script| {
            let begun = Answer::empty(200).sse().then(prime);
            script.on("tools/list", begun).on("resume a", Answer::result(list).sse())
        })
        .start()
        .await;
    let session = test.legacy().await;
    let listed = session.ask(Message::request(1, "tools/list")).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 1);

    let test = start(Answer::text("ok")).await;
    let session = test.legacy().await;
    let mut client = session.connect().await;
    let mut stream = client.open(&session.bare("GET")).await;
    event(&mut stream).await;
    test.upstream.listened(1).await;
    test.upstream.end_streams();
    // The server gave no id, so it is asked for a new stream after the usual pause.
    test.upstream.listened(2).await;
    test.upstream.push(&json!({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}));
    assert_eq!(event(&mut stream).await.1["method"], "notifications/tools/list_changed");
}
