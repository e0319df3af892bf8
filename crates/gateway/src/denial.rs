//! What the agent is told when a call is refused, in every era.
//! It must never tell a rule, a name or a value that the agent may not know.

use mcp::answers::Tag;
use policy::{Denial, DenialKind};

/// A refusal as the agent sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// As if the tool did not exist: hidden, unnamed, quarantined and unknown names look the same.
    Unknown,
    /// A tool result with `isError`.
    Result {
        /// What the text begins with.
        tag: Tag,
        /// The sentence for the model; it ends in what to do next.
        text: String,
        /// The content of `_meta["toolgate/decision"]`, raw JSON.
        decision: String,
    },
}

/// Puts a denial into the agent's words.
#[must_use]
pub fn tell(denial: &Denial) -> Told {
    if denial.kind.looks_unknown() {
        return Told::Unknown;
    }
    let tag = match denial.kind {
        DenialKind::Arguments => Tag::InvalidArguments,
        DenialKind::NoPolicy
        | DenialKind::Hidden
        | DenialKind::DefaultDeny
        | DenialKind::UnknownTool
        | DenialKind::Quarantined
        | DenialKind::Action
        | DenialKind::Require
        | DenialKind::DenyIf
        | DenialKind::Flow
        | DenialKind::Limit
        | DenialKind::Error
        | DenialKind::Approval
        | DenialKind::Closed => Tag::PolicyDenied,
    };
    let text = denial.reason.as_deref().unwrap_or("the policy does not allow this call; do not retry");
    result(tag, denial.kind.as_str(), text)
}

/// A refusal for a reason outside the policy, such as a full disk.
#[must_use]
pub fn unavailable(text: &str) -> Told {
    result(Tag::PolicyDenied, "unavailable", text)
}

fn result(tag: Tag, kind: &str, text: &str) -> Told {
    let mut decision = Vec::new();
    let mut object = json::ObjectWriter::begin(&mut decision);
    object.str("effect", "deny").str("kind", kind).str("reason", text);
    object.end();
    let decision = String::from_utf8(decision).unwrap_or_else(|_| String::from("{}"));
    Told::Result { tag, text: text.to_owned(), decision }
}
