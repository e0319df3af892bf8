//! D: what is no tool call is closed under default deny, and never open to what the protocol does not know.

use super::{outcome, start, start_with};
use crate::support::ALLOW;
use serde_json::json;
use testkit::Message;

fn requests() -> Vec<Message> {
    vec![
        Message::request(7, "resources/read").param("uri", "file:///etc/passwd"),
        Message::request(7, "prompts/get").param("name", "p"),
        Message::request(7, "completion/complete")
            .param("ref", json!({"type": "ref/prompt", "name": "p"}))
            .param("argument", json!({"name": "a", "value": "b"})),
        Message::request(7, "tasks/get").param("taskId", "t"),
        Message::request(7, "tasks/cancel").param("taskId", "t"),
    ]
}

#[tokio::test]
async fn channels_that_no_policy_opens() {
    let test = start().await;
    let session = test.legacy().await;
    for message in requests() {
        let (status, code) = outcome(&test.untouched(&test.request(message.clone())).await);
        assert_eq!(status, 200, "D {}", message.method());
        assert!([json!(-31403), json!(-32602)].contains(&code), "D {}: {code}", message.method());
        let (status, code) = outcome(&test.untouched(&session.request(message.clone())).await);
        assert_eq!(status, 200, "D {}", message.method());
        assert!([json!(-31403), json!(-32602)].contains(&code), "D {}: {code}", message.method());
    }
    for method in ["resources/subscribe", "resources/unsubscribe"] {
        let message = Message::request(7, method).param("uri", "file:///a");
        assert_eq!(
            outcome(&test.untouched(&session.request(message)).await),
            (200, json!(-31403)),
            "D {method}"
        );
    }
    for (method, key) in [
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
        ("prompts/list", "prompts"),
    ] {
        for request in
            [test.request(Message::request(7, method)), session.request(Message::request(7, method))]
        {
            let reply = test.untouched(&request).await;
            assert_eq!(reply.json()["result"][key], json!([]), "D {method}");
        }
    }
    assert_eq!(test.books().tally.intents, 0);
}

#[tokio::test]
async fn what_no_revision_knows() {
    // Under either default.
    for policy in [super::POLICY, ALLOW] {
        let test = start_with(policy).await;
        let session = test.legacy().await;
        for method in [
            "tools/execute",
            "Tools/Call",
            "tools/call ",
            "tools//call",
            "tools\\call",
            "rpc.discover",
            "admin/shutdown",
            "x",
            "sampling/createMessage",
            "elicitation/create",
            "roots/list",
            "notifications",
        ] {
            let (status, code) = outcome(&test.untouched(&test.request(Message::request(7, method))).await);
            assert!(
                (status == 404 && code == json!(-32601)) || (status == 400 && code == json!(-32020)),
                "A5 {method}: {status} {code}"
            );
            let (status, code) =
                outcome(&test.untouched(&session.request(Message::request(7, method))).await);
            assert_eq!((status, code), (200, json!(-32601)), "A5 {method}");
        }
        assert_eq!(test.books().tally.intents, 0);
    }
}
