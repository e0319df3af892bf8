//! Every way to say no before it is known which server a message is for.
//! What names no server must look to the agent like what a server does not have.

use super::client::Asked;
use crate::account;
use crate::exchange::Answer;
use crate::session::IdRefused;
use mcp::answers;
use mcp::errors::{INVALID_PARAMS, INVALID_REQUEST, Refusal};

/// The protocol's own refusal.
pub fn protocol(asked: &Asked, refusal: &Refusal) -> Answer {
    let (gateway, grant) = (&asked.client.gateway, &asked.client.grant.id);
    account::refused(gateway, grant, "", "(protocol)", &refusal.code.to_string());
    gateway.metrics.refused.inc();
    if !asked.message.is_request() {
        return Answer::Accepted;
    }
    Answer::with_status(refusal.http_status, refusal.to_bytes())
}

/// A response to nothing that was asked.
pub fn response(asked: &Asked) -> Answer {
    let refusal = Refusal::invalid_request("no request of a server has this id; send no such response");
    protocol(asked, &refusal);
    Answer::with_status(refusal.http_status, refusal.to_bytes())
}

/// A request whose id another request of the session has.
pub fn id(asked: &Asked, refused: IdRefused) -> Answer {
    let refusal = Refusal::new(200, INVALID_REQUEST, refused.text()).with_id_of(&asked.message);
    protocol(asked, &refusal)
}

/// A tool or prompt of no server.
pub fn unknown_name(asked: &Asked) -> Answer {
    let name = asked.message.tool_name();
    nowhere(asked, name.as_deref(), "(unknown tool)");
    match name {
        Some(_) => Answer::ok(answers::unknown_tool(asked.id())),
        None => unknown(asked, "unknown prompt; call prompts/list for the prompts that there are"),
    }
}

/// A URI of no server.
pub fn unknown_uri(asked: &Asked, text: &str) -> Answer {
    nowhere(asked, None, "(unknown resource)");
    unknown(asked, text)
}

/// A cursor that was not given to this grant for this list.
pub fn unknown_cursor(asked: &Asked) -> Answer {
    nowhere(asked, None, "(unknown cursor)");
    unknown(asked, "unknown cursor; list from the beginning")
}

/// A method that nothing here leads to a server.
pub fn closed(asked: &Asked) -> Answer {
    nowhere(asked, None, "(channel)");
    let text = "this method is closed by policy; do not retry";
    Answer::ok(answers::policy_denied(asked.id(), text, None))
}

/// A session more than a grant may have.
pub fn too_many_sessions(asked: &Asked) -> Answer {
    let (gateway, grant) = (&asked.client.gateway, &asked.client.grant.id);
    account::refused(gateway, grant, "", "(session)", "too_many");
    gateway.metrics.refused.inc();
    let text = "the grant has too many open sessions; end some with DELETE, or wait until idle ones end";
    Answer::ok(answers::policy_denied(asked.id(), text, None))
}

/// No server gave an answer that could be put together.
pub fn nobody(asked: &Asked, reasons: &[(String, String)]) -> Answer {
    let reasons: Vec<String> = reasons.iter().map(|(server, why)| format!("`{server}`: {why}")).collect();
    let text = format!("no server gave a usable answer: {}", reasons.join("; "));
    Answer::ok(answers::error(Some(asked.id()), mcp::errors::INTERNAL_ERROR, &text, None))
}

fn unknown(asked: &Asked, text: &str) -> Answer {
    Answer::ok(answers::error(Some(asked.id()), INVALID_PARAMS, text, None))
}

fn nowhere(asked: &Asked, tool: Option<&str>, rule: &str) {
    let (gateway, grant) = (&asked.client.gateway, &asked.client.grant.id);
    account::denied_nowhere(gateway, grant, asked.message.method().unwrap_or_default(), tool, rule);
    gateway.metrics.refused.inc();
}
