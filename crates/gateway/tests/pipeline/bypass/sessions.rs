//! C: sessions and ids of others, made-up ones, and answers that nobody asked for.

use super::{call, outcome, refused, start};
use crate::support::Running;
use serde_json::json;
use testkit::{Message, Request};

#[tokio::test]
async fn session_ids() {
    let test = start().await;
    let session = test.legacy().await;
    let with_id = |id: &str| Request::legacy(Running::PATH, &call(), Some(id)).bearer(&test.token);
    let other = |request: Request| request.bearer(&test.other_token);
    let id = session.id.as_str();
    for (what, request, status) in [
        ("none", Request::legacy(Running::PATH, &call(), None).bearer(&test.token), 400),
        ("made up", with_id(&"0".repeat(32)), 404),
        ("in capitals", with_id(&id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")), 404),
        ("cut", with_id(id.get(..31).unwrap()), 404),
        ("longer", with_id(&format!("{id}0")), 404),
        ("empty", with_id(""), 404),
        ("of another grant", other(with_id(id)), 404),
        ("of another grant, to listen", other(session.bare("GET")), 404),
        ("of another grant, to end it", other(session.bare("DELETE")), 404),
        (
            "in the query",
            Request::legacy(&format!("/mcp/imaging?sessionId={id}"), &call(), None).bearer(&test.token),
            400,
        ),
        (
            "greeted twice",
            Request::legacy(Running::PATH, &Message::initialize(1), Some(id)).bearer(&test.token),
            400,
        ),
    ] {
        let (seen, _) = outcome(&test.untouched(&request).await);
        assert!(seen == status || (seen == 400 && what == "empty"), "C a session id {what}: {seen}");
    }
    assert_eq!(test.send(&session.bare("DELETE")).await.status / 100, 2);
    refused(&test, "C a session that was ended", &with_id(id), (404, -32600)).await;
}

#[tokio::test]
async fn answers_that_nobody_asked_for() {
    let test = start().await;
    let session = test.legacy().await;
    let send = |body: &str| session.request(call()).body(body);
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"1","result":{"roots":[{"uri":"file:///"}]}}"#,
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":9007199254740991,"result":{"action":"accept"}}"#,
    ] {
        let reply = test.untouched(&send(body)).await;
        assert!([202, 400, 404].contains(&reply.status), "C {body}: {}", reply.status);
    }
}

#[tokio::test]
async fn cancellations_and_progress_of_others() {
    let test = start().await;
    let session = test.legacy().await;
    for message in [
        Message::notification("notifications/cancelled").param("requestId", 1),
        Message::notification("notifications/cancelled").param("requestId", "1"),
        Message::notification("notifications/cancelled").param("requestId", 999_999),
        Message::notification("notifications/cancelled"),
        Message::notification("notifications/progress").param("progressToken", 1).param("progress", 1),
        Message::notification("notifications/progress").param("progressToken", "x").param("progress", 1),
        Message::notification("notifications/message").param("level", "info").param("data", "x"),
        Message::notification("notifications/tools/list_changed"),
        Message::notification("notifications/unknown"),
    ] {
        let reply = test.untouched(&session.request(message.clone())).await;
        assert!([202, 400].contains(&reply.status), "C {}: {}", message.value(), reply.status);
        let reply = test.untouched(&test.request(message.clone())).await;
        assert!([202, 400, 404].contains(&reply.status), "C {}: {}", message.value(), reply.status);
    }
}

#[tokio::test]
async fn a_method_of_the_other_era() {
    let test = start().await;
    let session = test.legacy().await;
    for method in ["server/discover", "subscriptions/listen", "tasks/update"] {
        let reply = test.untouched(&session.request(Message::request(7, method).param("taskId", "x"))).await;
        assert_eq!(outcome(&reply), (200, json!(-32601)), "A5 {method}");
    }
    for method in [
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "resources/unsubscribe",
        "tasks/result",
        "tasks/list",
    ] {
        let request =
            test.request(Message::request(7, method).param("uri", "file:///a").param("taskId", "x"));
        let (status, code) = outcome(&test.untouched(&request).await);
        assert!(status == 404 && code == json!(-32601) || status == 400, "A5 {method}: {status} {code}");
    }
    let modern = Request::legacy(Running::PATH, &call().modern(), Some(&session.id)).bearer(&test.token);
    refused(&test, "A5 an envelope in a session", &modern, (400, -32600)).await;
}
