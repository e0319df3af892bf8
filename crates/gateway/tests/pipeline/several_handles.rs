//! Rounds and tasks on `/mcp`: what a client gives back finds the server that it came from, and no other.

use crate::support::several::{Hub, PATH, Several};
use serde_json::{Value, json};
use testkit::message::CAPABILITIES_KEY;
use testkit::{Answer, Message, Request, Script, Tool};

const OPEN: &str = r#"{"version": "1", "default": "allow", "elicitation": {"action": "allow"}}"#;
const EXTENSION: &str = "io.modelcontextprotocol/tasks";

fn server(state: &str, task: &str) -> Script {
    let asks = json!({"resultType": "input_required", "requestState": state,
        "inputRequests": {"who": {"method": "elicitation/create", "params": {"message": "?"}}}});
    let begun = json!({"resultType": "task", "taskId": task, "status": "working"});
    Script::new()
        .tool(Tool::new("ask").answer(Answer::result(asks)))
        .tool(Tool::new("slow").answer(Answer::result(begun)))
        .on("tasks/get", Answer::result(json!({"taskId": task, "status": "working"})))
}

async fn start() -> Hub {
    let hub = Several::new()
        .http("a", server("up-a", "task-a"))
        .http("b", server("up-b", "task-b"))
        .policy("a", OPEN)
        .policy("b", OPEN)
        .start()
        .await;
    hub.modern(Message::request(1, "tools/list")).await;
    hub
}

fn request(hub: &Hub, message: Message) -> Request {
    let able = json!({"elicitation": {}, "extensions": {EXTENSION: {}}});
    Request::modern(PATH, &message.modern().meta(CAPABILITIES_KEY, able)).bearer(&hub.token)
}

async fn ask(hub: &Hub, message: Message) -> Value {
    hub.send(&request(hub, message)).await.answer()
}

#[tokio::test]
async fn a_round_goes_on_with_the_server_that_asked() {
    let hub = start().await;
    let call = |tool: &str| Message::call(7, tool, json!({"n": 1}));
    let state = ask(&hub, call("b__ask")).await["result"]["requestState"].clone();
    let answered = |tool: &str| {
        call(tool)
            .param("requestState", state.clone())
            .param("inputResponses", json!({"who": {"action": "accept"}}))
    };
    let reply = hub.untouched(&request(&hub, answered("a__ask"))).await;
    assert_eq!(reply.json()["error"]["code"], -32602);
    assert!(ask(&hub, answered("b__ask")).await["result"].is_object());
    assert_eq!(hub.at("b").calls().pop().unwrap().params()["requestState"], "up-b");
    assert!(hub.at("a").calls().is_empty());
}

#[tokio::test]
async fn a_task_is_asked_about_at_the_server_that_began_it() {
    let hub = start().await;
    let begin = async |tool: &str| {
        ask(&hub, Message::call(7, tool, json!({}))).await["result"]["taskId"].as_str().unwrap().to_owned()
    };
    let get = |id: &str| Message::request(7, "tasks/get").param("taskId", id);
    for (server, tool) in [("a", "a__slow"), ("b", "b__slow")] {
        let id = begin(tool).await;
        assert_eq!(ask(&hub, get(&id)).await["result"]["taskId"], id);
        let received = hub.at(server).messages().pop().unwrap();
        assert_eq!(received.params()["taskId"], format!("task-{server}"));
    }
    for unknown in ["task-a", "task-b", "x"] {
        let reply = hub.untouched(&request(&hub, get(unknown))).await;
        assert_eq!(reply.json()["error"]["code"], -32602, "{}", reply.text());
    }
    // In the handshake era it belongs to the session, of which there is another with each server.
    let session = hub.legacy().await;
    let id = begin("a__slow").await;
    assert_eq!(session.ask(get(&id)).await["error"]["code"], -32602);
}

#[tokio::test]
async fn a_subscription_tells_of_tasks_of_each_server() {
    let hub = start().await;
    let begin = async |tool: &str| {
        ask(&hub, Message::call(7, tool, json!({}))).await["result"]["taskId"].as_str().unwrap().to_owned()
    };
    let (of_a, of_b) = (begin("a__slow").await, begin("b__slow").await);
    let wanted = json!({"toolsListChanged": true, "taskIds": [of_b, "task-a", of_a]});
    let listen = Message::request("sub", "subscriptions/listen").param("notifications", wanted);
    let mut client = hub.client().await;
    let mut stream = client.open(&request(&hub, listen)).await;
    let acknowledged = stream.message().await;
    assert_eq!(
        acknowledged["params"]["notifications"],
        json!({"toolsListChanged": true, "taskIds": [of_b, of_a]})
    );
    for (server, id) in [("a", &of_a), ("b", &of_b)] {
        hub.at(server).listened(1).await;
        let method = "subscriptions/listen";
        let messages = hub.at(server).messages();
        let received = messages.iter().find(|message| message.method() == method).unwrap();
        assert_eq!(received.params()["notifications"]["taskIds"], json!([format!("task-{server}")]));
        for told in ["task-other", &format!("task-{server}")] {
            let told = json!({"taskId": told, "status": "working"});
            hub.at(server).push(&json!({"jsonrpc": "2.0", "method": "notifications/tasks", "params": told}));
        }
        assert_eq!(stream.message().await["params"]["taskId"], **id);
    }
}

#[tokio::test]
async fn a_subscription_without_a_task_of_a_server_names_none_to_it() {
    let closed = r#"{"version": "1", "default": "allow", "tasks": {"action": "deny"}}"#;
    let hub = Several::new()
        .http("a", server("up-a", "task-a"))
        .http("b", server("up-b", "task-b"))
        .policy("b", closed)
        .start()
        .await;
    hub.modern(Message::request(1, "tools/list")).await;
    let wanted = json!({"toolsListChanged": true, "taskIds": ["task-a", "task-b"]});
    let listen = Message::request("sub", "subscriptions/listen").param("notifications", wanted);
    let mut client = hub.client().await;
    let mut stream = client.open(&request(&hub, listen)).await;
    let acknowledged = stream.message().await;
    assert_eq!(acknowledged["params"]["notifications"], json!({"toolsListChanged": true, "taskIds": []}));
    for server in ["a", "b"] {
        hub.at(server).listened(1).await;
        let messages = hub.at(server).messages();
        let received = messages.iter().find(|message| message.method() == "subscriptions/listen").unwrap();
        assert_eq!(received.params()["notifications"], json!({"toolsListChanged": true}));
    }
}
