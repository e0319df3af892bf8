//! The handshake era: initialize, a session, a stream of its own for the server's messages.
//!
//! Must never: answer a request of a session that it did not open.

use crate::message::LEGACY;
use crate::upstream::rpc::{METHOD_NOT_FOUND, scripted, server_info, tools_call, tools_list};
use crate::upstream::{Answer, Eras, Received, Script, Step};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// The open sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<(u64, BTreeSet<String>)>);

impl Sessions {
    fn open(&self) -> String {
        let mut sessions = self.0.lock().expect("nothing panics while it holds the sessions");
        sessions.0 += 1;
        let id = format!("upstream-session-{}", sessions.0);
        sessions.1.insert(id.clone());
        id
    }

    fn has(&self, id: &str) -> bool {
        self.0.lock().expect("nothing panics while it holds the sessions").1.contains(id)
    }

    /// Ends a session, or all of them.
    pub(crate) fn end(&self, id: Option<&str>) {
        let mut sessions = self.0.lock().expect("nothing panics while it holds the sessions");
        sessions.1.retain(|open| id.is_some_and(|id| id != open));
    }
}

/// The answer to a legacy message.
pub(crate) fn answer(script: &Script, received: &Received, sessions: &Sessions) -> Answer {
    if script.eras == Eras::Modern {
        let data = json!({"supported": script.versions(), "requested": received.params()["protocolVersion"]});
        return Answer::refusal(400, -32022, "unsupported protocol version", Some(data));
    }
    if received.method() == "initialize" {
        return scripted(script, received).unwrap_or_else(|| initialize(script, received, sessions));
    }
    let Some(session) = received.header("mcp-session-id") else {
        return Answer::refusal(400, -32000, "Bad Request: no session id", None);
    };
    if !sessions.has(session) {
        return Answer::refusal(404, -32001, "Session not found", None);
    }
    in_session(script, received, sessions, session)
}

fn initialize(script: &Script, received: &Received, sessions: &Sessions) -> Answer {
    Answer::result(greeting(script, received)).header("Mcp-Session-Id", &sessions.open())
}

fn greeting(script: &Script, received: &Received) -> Value {
    let requested = received.params()["protocolVersion"].as_str().unwrap_or_default();
    let known = script.versions().contains(&requested) && requested <= LEGACY;
    let version = if known { requested } else { LEGACY };
    json!({
        "protocolVersion": version, "capabilities": script.capabilities, "serverInfo": server_info()
    })
}

/// The answer to a message on a connection that is its own session.
pub(crate) fn dispatched(script: &Script, received: &Received) -> Answer {
    if received.id().is_null() || received.method().is_empty() {
        return Answer::empty(202);
    }
    match received.method() {
        "initialize" => {
            scripted(script, received).unwrap_or_else(|| Answer::result(greeting(script, received)))
        }
        _ => dispatch(script, received),
    }
}

fn in_session(script: &Script, received: &Received, sessions: &Sessions, session: &str) -> Answer {
    match received.http_method.as_str() {
        "GET" => {
            let resumed = received.header("last-event-id").map(|id| format!("resume {id}"));
            let scripted = resumed.and_then(|name| script.methods.iter().find(|(method, _)| *method == name));
            let listen = || Answer::empty(200).sse().then(Step::Listen(None));
            scripted.map_or_else(listen, |(_, answer)| answer.clone().sse())
        }
        "DELETE" => {
            sessions.end(Some(session));
            Answer::empty(204)
        }
        _ if received.id().is_null() || received.method().is_empty() => Answer::empty(202),
        _ => dispatch(script, received),
    }
}

fn dispatch(script: &Script, received: &Received) -> Answer {
    if let Some(answer) = scripted(script, received) {
        return answer;
    }
    match received.method() {
        "ping" | "logging/setLevel" => Answer::result(json!({})),
        "tools/list" => tools_list(script, received),
        "tools/call" => tools_call(script, received),
        _ => Answer::error(METHOD_NOT_FOUND, "Method not found"),
    }
}
