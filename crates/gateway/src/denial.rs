//! What the agent is told when a call is refused, in every era.
//! It must never tell a rule, a name or a value that the agent may not know.

use mcp::answers::Tag;
use policy::{Denial, DenialKind, Reveal};

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
    match denial.reveal {
        Reveal::Nothing => result(Tag::PolicyDenied, &Said { text: NEUTRAL, kind: None, rule: None }),
        Reveal::Reason | Reveal::Full => {
            let text = text(denial, "the policy does not allow this call; do not retry");
            let rule = Some(denial).filter(|denial| denial.reveal == Reveal::Full);
            result(tag, &Said { text: &text, kind: Some(denial.kind.as_str()), rule })
        }
    }
}

/// What an agent is told where the policies tell nothing: the same, whatever denied and why.
pub const NEUTRAL: &str = "this is not allowed; do not retry";

/// The sentence of a denial, as far as the policies let it tell; `unsaid` where the denial has none.
#[must_use]
pub fn text(denial: &Denial, unsaid: &str) -> String {
    let reason = denial.reason.as_deref().filter(|_| !denial.kind.looks_unknown()).unwrap_or(unsaid);
    match denial.reveal {
        Reveal::Nothing => NEUTRAL.to_owned(),
        Reveal::Reason => reason.to_owned(),
        Reveal::Full if denial.kind.looks_unknown() => reason.to_owned(),
        Reveal::Full => match &denial.policy {
            Some(policy) => format!("{reason} (rule {} of policy {policy})", denial.rule),
            None => format!("{reason} (rule {})", denial.rule),
        },
    }
}

/// What an agent is told, in words and for programs.
struct Said<'a> {
    text: &'a str,
    kind: Option<&'a str>,
    /// The denial whose rule is told.
    rule: Option<&'a Denial>,
}

/// A refusal for a reason outside the policy, such as a full disk.
#[must_use]
pub fn unavailable(text: &str) -> Told {
    result(Tag::PolicyDenied, &Said { text, kind: Some("unavailable"), rule: None })
}

fn result(tag: Tag, said: &Said<'_>) -> Told {
    let text = said.text;
    let mut decision = Vec::new();
    let mut object = json::ObjectWriter::begin(&mut decision);
    object.str("effect", "deny");
    if let Some(kind) = said.kind {
        object.str("kind", kind);
    }
    object.str("reason", text);
    if let Some(denial) = said.rule {
        object.str("rule", denial.rule.as_str());
        if let Some(policy) = &denial.policy {
            object.str("policy", policy);
        }
    }
    object.end();
    let decision = String::from_utf8(decision).unwrap_or_else(|_| String::from("{}"));
    Told::Result { tag, text: text.to_owned(), decision }
}
