//! The end of a gateway: what is under way ends, and whoever watches readiness learns of it.

use crate::gateway::Gateway;
use crate::run::Place;
use serde_json::json;
use testkit::{Answer, Gate, Message, RawClient, Request, Script, Tool, Upstream};

/// More looks than a process needs to take notice of a signal.
const MAX_LOOKS: usize = 100_000;

async fn configured(server: &Upstream) -> Place {
    let place = Place::new();
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n[servers.held]\nurl = \"{}\"\n",
        server.url()
    );
    place.write(&place.home(".config/toolgate/toolgate.toml"), &toml);
    let policy = r#"{"version": "1", "default": "deny", "tools": {"wait": {}}}"#;
    place.write(&place.home(".config/toolgate/policies/held.json"), policy);
    place
}

/// Waits for the status of `/readyz` that whoever watches the gateway should see.
async fn ready_with(gateway: &Gateway, status: u16) -> String {
    let mut last = 0;
    for _ in 0..MAX_LOOKS {
        let mut client = RawClient::connect(gateway.address("admin")).await;
        let reply = client.exchange(&Request::new("GET", "/readyz")).await;
        last = reply.status;
        if last == status {
            return reply.text().to_string();
        }
    }
    panic!("/readyz stays at {last}");
}

#[tokio::test]
async fn a_call_under_way_ends_and_readiness_tells_of_the_shutdown() {
    let gate = Gate::closed();
    let tool = Tool::new("wait").answer(Answer::text("waited").held(&gate));
    let server = Upstream::start(Script::new().tool(tool)).await;
    let place = configured(&server).await;
    let gateway = Gateway::up(&place);
    let token = place.run(&["grant", "create", "a", "--server", "held=held", "--quiet"]).stdout;
    let call = Message::call(1, "wait", json!({})).modern();
    let mut agent = RawClient::connect(gateway.address("mcp")).await;
    agent.send(Request::modern("/mcp/held", &call).bearer(token.trim_end()).bytes()).await;
    gate.arrived(1).await;
    assert_eq!(ready_with(&gateway, 200).await, "ready\n");
    gateway.ask_to_end();
    assert_eq!(ready_with(&gateway, 503).await, "the gateway is shutting down\n");
    gate.open();
    let reply = agent.reply().await;
    assert_eq!((reply.status, &reply.json()["result"]["content"][0]["text"]), (200, &json!("waited")));
    assert_eq!(gateway.wait().code(), Some(0));
    let verified = place.run(&["audit", "verify"]).stdout;
    assert!(verified.contains("1 forwarded") && verified.contains("0 open"), "{verified}");
}
