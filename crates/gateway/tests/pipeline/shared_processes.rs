//! One process for every grant, by declaration: calls of one never touch another's, and nobody's end is everybody's.

use crate::support::{ALLOW, Legacy, Running, Test, text};
use serde_json::{Value, json};
use testkit::{Eras, Message, Tool};

async fn start() -> Running {
    let test = Test::new().policy(ALLOW).process().tool(Tool::new("copy")).tool(Tool::new("hold"));
    let mut test = test.start().await;
    test.puppets.set_eras(Eras::Modern);
    test.change(|declared| {
        (declared.servers[0].era, declared.servers[0].shared) = (Some(mcp::Era::Modern), true);
    });
    test
}

/// A modern call by the other grant.
async fn others_call(test: &Running) -> Value {
    let call = test.request(Message::call(7, "copy", json!({}))).bearer(&test.other_token);
    test.send(&call).await.answer()
}

#[tokio::test]
async fn all_grants_and_both_eras_have_one_process() {
    let test = start().await;
    assert_eq!(text(&test.call("copy", json!({})).await), "ok");
    assert_eq!(text(&others_call(&test).await), "ok");
    let session = test.legacy().await;
    let others = Legacy::open(&test, &test.other_token).await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    let mut lines = test.lines();
    lines.initialize().await;
    assert_eq!(text(&lines.ask(Message::call(1, "copy", json!({}))).await), "ok");
    assert_eq!(test.puppets.n_started(), 1);
    // Whoever leaves, or is sent away, leaves it to the others.
    lines.end_input();
    lines.ended().await;
    assert_eq!(test.send(&session.bare("DELETE")).await.status, 200);
    assert_eq!(text(&others.call("copy", json!({})).await), "ok");
    assert_eq!((test.puppets.n_started(), text(&others_call(&test).await)), (1, "ok"));
}

#[tokio::test]
async fn a_revoked_grant_loses_its_calls_and_no_other_does() {
    let mut test = start().await;
    assert_eq!(text(&others_call(&test).await), "ok");
    let mut client = test.client().await;
    client.send(test.request(Message::call("mine", "hold", json!({}))).bytes()).await;
    let of_hold = |message: &Value| message["params"]["name"] == "hold";
    test.puppets.heard("the call", of_hold).await;
    test.revoke();
    assert_eq!(client.reply().await.status, 401);
    assert_eq!((text(&others_call(&test).await), test.puppets.n_started()), ("ok", 1));
}

#[tokio::test]
async fn equal_ids_and_tokens_of_two_grants_are_kept_apart() {
    let test = start().await;
    let call = Message::call("same", "hold", json!({})).meta("progressToken", "same");
    let (mut first, mut second) = (test.client().await, test.client().await);
    first.send(test.request(call.clone().meta("whose", "first")).bytes()).await;
    second.send(test.request(call.meta("whose", "second")).bearer(&test.other_token).bytes()).await;
    for whose in ["second", "first"] {
        let is_it = |message: &Value| message["params"]["_meta"]["whose"] == whose;
        test.puppets.heard("the call", is_it).await;
        let call = test.puppets.of("tools/call").into_iter().find(is_it).unwrap();
        let token = &call["params"]["_meta"]["progressToken"];
        test.puppets.say(
            0,
            &json!({"jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": token, "progress": 1, "message": whose}}),
        );
        test.puppets.say(
            0,
            &json!({"jsonrpc": "2.0", "id": call["id"], "result": {
            "content": [{"type": "text", "text": whose}], "resultType": "complete"}}),
        );
    }
    for (client, whose) in [(&mut first, "first"), (&mut second, "second")] {
        let messages = client.reply().await.messages();
        assert_eq!((&messages[0]["params"]["message"], messages.len()), (&json!(whose), 2));
        assert_eq!((text(&messages[1]), &messages[1]["id"]), (whose, &json!("same")));
    }
}

#[tokio::test]
async fn an_idle_one_is_stopped_and_started_again_under_its_sessions() {
    let test = start().await;
    let session = test.legacy().await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    test.clock.advance_ms(gateway::declared::DEFAULT_IDLE_STOP_S * 1_000 + 1);
    test.gateway.world().server(Running::SERVER).unwrap().stop_idle(test.gateway.now_ms());
    test.puppets.ended(1).await;
    assert_eq!(text(&session.call("copy", json!({})).await), "ok");
    assert_eq!(test.puppets.n_started(), 2);
}

#[tokio::test]
async fn what_asks_its_clients_cannot_be_shared() {
    let test = start().await;
    for era in [None, Some(mcp::Era::Legacy)] {
        let mut declared = test.declared.clone();
        declared.servers[0].era = era;
        let built = gateway::World::build(declared, &test.gateway.world(), &test.gateway.setup());
        assert!(built.is_err_and(|problems| problems[0].0.contains("shared")), "{era:?}");
    }
}
