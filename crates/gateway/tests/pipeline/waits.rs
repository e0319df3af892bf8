//! After every wait the decision is taken again, with the grant, the policies and the list as they are then.

use crate::support::{ALLOW, Running, Test, text};
use serde_json::json;
use testkit::{Answer, Gate, Message, Request, Tool};
use tokio::join;

const DENY: &str = r#"{"version": "1", "default": "deny", "tools": {"copy": {"action": "deny"}}}"#;

/// A gateway whose server holds its list back.
async fn slow_list(gate: &Gate) -> Running {
    let tools = json!({"tools": [Tool::new("copy").definition()]});
    let list = Answer::result(tools).held(gate);
    Test::new()
        .policy(ALLOW)
        .script(|script| script.on("tools/list", list).tool(Tool::new("copy")))
        .start()
        .await
}

#[tokio::test]
async fn a_call_that_waited_for_the_first_list_is_judged_by_the_new_policy() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.reload(DENY);
    gate.open();
    let answer = client.reply().await.answer();
    assert!(text(&answer).starts_with("[POLICY DENIED]"), "{answer}");
    assert!(test.upstream.calls().is_empty());
    assert_eq!(test.books().denials(), [("/tools/copy/action", "action")]);
}

#[tokio::test]
async fn a_call_that_waited_for_the_first_list_is_stopped_by_a_revocation() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.revoke();
    gate.open();
    assert_eq!(client.reply().await.status, 401);
    assert!(test.upstream.calls().is_empty());
    assert_eq!(test.books().denials(), [("(grant)", "revoked")]);
}

#[tokio::test]
async fn a_call_that_waited_for_a_newer_list_is_judged_by_the_new_policy() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    gate.admit(1);
    assert_eq!(test.listed().await, ["copy"]);
    test.clock.advance_ms(5 * 60_000 + 1);
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(2).await;
    test.reload(DENY);
    gate.open();
    assert!(text(&client.reply().await.answer()).starts_with("[POLICY DENIED]"));
    assert!(test.upstream.calls().is_empty());
    assert_eq!(test.books().denials(), [("/tools/copy/action", "action")]);
}

#[tokio::test]
async fn a_call_that_waited_while_its_server_was_declared_anew_is_told_to_come_again() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    let mut client = test.client().await;
    client.send(test.request(Message::call(7, "copy", json!({}))).bytes()).await;
    gate.arrived(1).await;
    test.change(|declared| declared.servers[0].timeout_s += 1);
    gate.open();
    let answer = client.reply().await.answer();
    assert!(
        answer["error"]["message"].as_str().unwrap().ends_with("its declaration has changed; retry"),
        "{answer}"
    );
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(test.upstream.calls().len(), 1);
}

#[tokio::test]
async fn a_list_is_filtered_by_the_policy_at_its_end() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    let (mut modern, session) = (test.client().await, test.legacy().await);
    let mut legacy = session.connect().await;
    legacy.send(session.request(Message::request(1, "tools/list")).bytes()).await;
    modern.send(test.request(Message::request(1, "tools/list")).bytes()).await;
    gate.arrived(2).await;
    drop(session);
    test.reload(r#"{"version": "1", "default": "allow", "hide": ["copy"]}"#);
    gate.open();
    for client in [&mut modern, &mut legacy] {
        assert_eq!(client.reply().await.answer()["result"]["tools"], json!([]));
    }
}

#[tokio::test]
async fn a_list_of_a_revoked_grant_is_not_shown() {
    let gate = Gate::closed();
    let mut test = slow_list(&gate).await;
    let mut client = test.client().await;
    client.send(test.request(Message::request(1, "tools/list")).bytes()).await;
    gate.arrived(1).await;
    test.revoke();
    gate.open();
    assert_eq!(client.reply().await.status, 401);
}

/// Sends a call whose body stops in the middle; returns what is missing once the gateway knows the grant.
async fn half_a_call(test: &Running, client: &mut testkit::RawClient) -> Vec<u8> {
    let request: Request = test.request(Message::call(7, "copy", json!({}))).header("Expect", "100-continue");
    let bytes = request.bytes();
    let (begun, missing) = bytes.split_at(bytes.len() - 10);
    client.send(begun).await;
    // It is asked for when the body is waited for, which is after the grant was found.
    assert_eq!(client.reply().await.status, 100);
    missing.to_vec()
}

#[tokio::test]
async fn what_changes_while_a_body_arrives_holds_for_it() {
    let mut test = Test::new().policy(ALLOW).tool(Tool::new("copy")).start().await;
    test.listed().await;
    let mut client = test.client().await;
    let missing = half_a_call(&test, &mut client).await;
    test.reload(DENY);
    client.send(missing).await;
    assert!(text(&client.reply().await.answer()).starts_with("[POLICY DENIED]"));
    let missing = half_a_call(&test, &mut client).await;
    test.revoke();
    client.send(missing).await;
    assert_eq!(client.reply().await.status, 401);
    assert!(test.upstream.calls().is_empty());
    assert_eq!(test.books().denials(), [("/tools/copy/action", "action"), ("(grant)", "revoked")]);
}

#[tokio::test]
async fn a_changed_definition_is_judged_as_it_is_now() {
    let narrow = Tool::new("copy").property("to", json!({"type": "string"}));
    let wide = Tool::new("copy").property("to", json!({"type": "integer"}));
    let test = Test::new().policy(ALLOW).tool(narrow).start().await;
    assert_eq!(text(&test.call("copy", json!({"to": "a"})).await), "ok");
    test.upstream.set_tools(vec![wide]);
    // Older than the server's list is good for: the list is asked for, and the call is judged by what it says.
    test.clock.advance_ms(5 * 60_000 + 1);
    let answer = test.call("copy", json!({"to": "a"})).await;
    assert!(text(&answer).starts_with("[INVALID ARGUMENTS]"), "{answer}");
    assert_eq!(text(&test.call("copy", json!({"to": 1})).await), "ok");
    assert_eq!(test.upstream.calls().len(), 2);
    assert_eq!(test.books().denials(), [("(arguments)", "arguments")]);
}

#[tokio::test]
async fn many_first_calls_ask_for_one_list() {
    let gate = Gate::closed();
    let test = slow_list(&gate).await;
    let call = || async { test.call("copy", json!({})).await };
    let opened = async {
        gate.arrived(1).await;
        gate.open();
    };
    let (a, b, c, ()) = join!(call(), call(), call(), opened);
    assert_eq!([a, b, c].map(|answer| text(&answer).to_owned()), ["ok", "ok", "ok"]);
    assert_eq!(gate.n_arrived(), 1);
}

/// So many requests of a client in lines are worked on at once.
const ROOM: i64 = 256;

#[tokio::test]
async fn requests_that_hang_are_bounded_and_cancels_pass_them() {
    let test =
        Test::new().policy(ALLOW).process().tool(Tool::new("hold")).tool(Tool::new("copy")).start().await;
    let mut client = test.lines();
    client.initialize().await;
    for id in 1..=ROOM {
        client.send(Message::call(id, "hold", json!({"n": id}))).await;
    }
    test.puppets.received("tools/call", ROOM as usize).await;
    let refused = client.ask(Message::call(1_000, "copy", json!({}))).await;
    assert_eq!(refused["error"]["message"], "too many requests are unanswered; wait for some");
    client.send(Message::notification("notifications/cancelled").param("requestId", 5)).await;
    let cancelled = test.puppets.received("notifications/cancelled", 1).await;
    let calls = test.puppets.of("tools/call");
    let fifth = calls.iter().find(|call| call["params"]["arguments"]["n"] == 5).unwrap();
    assert_eq!(cancelled["params"]["requestId"], fifth["id"]);
    let result = json!({"content": [{"type": "text", "text": "late"}]});
    test.puppets.say(0, &json!({"jsonrpc": "2.0", "id": fifth["id"], "result": result}));
    assert_eq!(text(&client.next().await.unwrap()), "late");
    assert_eq!(text(&client.ask(Message::call(5, "copy", json!({}))).await), "ok");
    assert_eq!(test.puppets.of("tools/call").len(), ROOM as usize + 1);
}
