//! Flows: nothing remembers history yet, so a call that a flow asks about is denied, and no other.

use crate::support::{ALLOW, Test, text};
use serde_json::json;
use testkit::{Message, Tool};

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"get_patient": {}, "send_mail": {}, "plan": {}, "apply": {}},
  "labels": {"get_patient": ["phi"], "send_*": ["egress"]},
  "flows": [{"id": "phi-never-leaves", "after": "phi", "deny": "egress", "unless": "approved"},
            {"id": "plan-before-apply", "tool": "apply", "needs": {"tool": "plan"}}]}"#;

#[tokio::test]
async fn what_a_flow_asks_about_is_denied_and_the_rest_is_not() {
    let tools = ["get_patient", "send_mail", "plan", "apply"].map(Tool::new);
    let test = tools.into_iter().fold(Test::new().policy(POLICY), Test::tool).start().await;
    assert_eq!(test.listed().await.len(), 4, "a flow hides nothing");
    let session = test.legacy().await;
    for (tool, flow) in [("send_mail", "phi-never-leaves"), ("apply", "plan-before-apply")] {
        let expected = format!(
            "[POLICY DENIED] the flow `{flow}` asks for what was done before, which nothing remembers yet; do not retry"
        );
        assert_eq!(text(&test.denied(tool, json!({})).await), expected);
        let request = session.request(Message::call(9, tool, json!({})));
        assert_eq!(text(&test.untouched(&request).await.answer()), expected);
    }
    for tool in ["get_patient", "plan"] {
        assert_eq!(test.call(tool, json!({})).await["result"].get("isError"), None);
    }
    assert!(text(&test.denied("send_mail", json!({})).await).starts_with("[POLICY DENIED]"));
    let books = test.books();
    assert_eq!(books.denials()[0], ("/flows/phi-never-leaves", "flow"));
    assert_eq!(books.denials()[2], ("/flows/plan-before-apply", "flow"));
    assert_eq!((books.tally.intents, test.upstream.calls().len()), (2, 2));
}

#[tokio::test]
async fn a_flow_in_shadow_holds_up_nothing_and_tells_what_it_would_do_today() {
    let draft = POLICY.replacen("\"version\": \"1\",", "\"version\": \"1\", \"mode\": \"shadow\",", 1);
    let test = ["get_patient", "send_mail"].map(Tool::new).into_iter();
    let test = test.fold(Test::new().policy(ALLOW).policy(draft), Test::tool).start().await;
    test.listed().await;
    for tool in ["get_patient", "send_mail"] {
        assert_eq!(text(&test.call(tool, json!({})).await), "ok");
    }
    let books = test.books();
    let shadows: Vec<_> = books.of("intent").iter().map(|intent| intent["shadow"]["rule"].clone()).collect();
    assert_eq!(shadows, [json!(null), json!("/flows/phi-never-leaves")]);
}
