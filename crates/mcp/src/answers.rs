//! The messages that the gateway itself writes to a client: results, denials and errors.
//! It must never write a field that the era does not have, nor a value of an argument.

use json::ObjectWriter;

use crate::era::Era;
use crate::errors;

/// What the first words of a refused `tools/call` say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A policy or limit refused the call.
    PolicyDenied,
    /// The arguments do not fit the tool's schema.
    InvalidArguments,
    /// People have to say yes first.
    ApprovalPending,
}

impl Tag {
    /// The tag as it stands at the start of the text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tag::PolicyDenied => "[POLICY DENIED]",
            Tag::InvalidArguments => "[INVALID ARGUMENTS]",
            Tag::ApprovalPending => "[APPROVAL PENDING]",
        }
    }
}

/// The result of a `tools/call` that was not forwarded: HTTP 200, `isError`, the text, and as far as the policy
/// reveals it the decision (raw JSON) under `_meta["toolgate/decision"]`. There is no `structuredContent`: clients
/// that check it against the output schema throw on one that does not match.
pub fn tool_denial(era: Era, id_raw: &str, tag: Tag, text: &str, decision: Option<&str>) -> Vec<u8> {
    let mut content = Vec::with_capacity(text.len() + 64);
    let mut block = ObjectWriter::begin(&mut content);
    block.str("type", "text").str("text", &format!("{} {text}", tag.as_str()));
    block.end();
    response(id_raw, |message| {
        let mut result = message.object("result");
        result.raw("content", &format!("[{}]", String::from_utf8_lossy(&content))).bool("isError", true);
        if let Some(decision) = decision {
            let mut meta = result.object("_meta");
            meta.raw("toolgate/decision", decision);
            meta.end();
        }
        if era == Era::Modern {
            result.str("resultType", "complete");
        }
        result.end();
    })
}

/// The result of a request that returns nothing, for example `ping`.
pub fn empty(era: Era, id_raw: &str) -> Vec<u8> {
    match era {
        Era::Legacy => result(id_raw, "{}"),
        Era::Modern => result(id_raw, "{\"resultType\":\"complete\"}"),
    }
}

/// A result response around a result that is already JSON.
pub fn result(id_raw: &str, result: &str) -> Vec<u8> {
    response(id_raw, |message| {
        message.raw("result", result);
    })
}

/// The one answer to every tool name that the agent may not know of: hidden, unnamed, quarantined or unknown.
/// It goes out with HTTP 200. The bytes are the same for each, so it does not repeat the name.
pub fn unknown_tool(id_raw: &str) -> Vec<u8> {
    let text = "unknown tool; call tools/list for the tools that there are";
    error(Some(id_raw), errors::INVALID_PARAMS, text, None)
}

/// The answer to a denied request whose result cannot carry a denial: -31403, with HTTP 200.
pub fn policy_denied(id_raw: &str, text: &str, decision: Option<&str>) -> Vec<u8> {
    error(Some(id_raw), errors::POLICY_DENIED, text, decision)
}

/// A JSON-RPC error response. `id_raw` and `data` are raw JSON; an unknown id is `null`.
pub fn error(id_raw: Option<&str>, code: i64, message: &str, data: Option<&str>) -> Vec<u8> {
    response(id_raw.unwrap_or("null"), |response| {
        let mut error = response.object("error");
        error.raw("code", &code.to_string()).str("message", message);
        if let Some(data) = data {
            error.raw("data", data);
        }
        error.end();
    })
}

fn response(id_raw: &str, fill: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut message = ObjectWriter::begin(&mut out);
    message.str("jsonrpc", "2.0").raw("id", id_raw);
    fill(&mut message);
    message.end();
    out
}
