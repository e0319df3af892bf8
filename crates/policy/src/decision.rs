//! What a judgement answers: an allow with its obligations, or a denial with the rule that made it.
//! A denial is a value, not an error. Nothing here holds the value of an argument.

use std::fmt;
use std::sync::Arc;

use json::{Document, Kind, Value};

use crate::cel::Cause;
use crate::flow::{FlowStep, History, SetLabel};
use crate::limit::{LimitDemand, Release};
use crate::operator::kind_name;
use crate::rule::RuleId;
use crate::terms::Reveal;
use crate::truth::Truth;

/// What is known of a call besides its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The public id of the access key.
    pub grant: &'a str,
    /// The id of the server.
    pub server: &'a str,
    /// The tool's name, exactly as the server lists it.
    pub tool: &'a str,
    /// The labels of the access key, where they are known.
    pub labels: Option<&'a [String]>,
    /// The time of the call in milliseconds of Unix time, where it is known.
    pub now_ms: Option<u64>,
    /// The answers of the client in a further round of the call, an object; nothing in its first round.
    pub input: Option<Value<'a>>,
    /// What was done before the call, where it is known. Flows deny where it is not.
    pub history: Option<&'a History<'a>>,
}

impl<'a> Facts<'a> {
    /// A call of a tool by a grant on a server, of which nothing else is known. A condition on what is not known is an
    /// error, which denies.
    #[must_use]
    pub const fn new(grant: &'a str, server: &'a str, tool: &'a str) -> Self {
        Self { grant, server, tool, labels: None, now_ms: None, input: None, history: None }
    }

    /// The same at a time, in milliseconds of Unix time.
    #[must_use]
    pub const fn at(self, now_ms: u64) -> Self {
        Self { now_ms: Some(now_ms), ..self }
    }

    /// The same with the labels of the access key.
    #[must_use]
    pub const fn labelled(self, labels: &'a [String]) -> Self {
        Self { labels: Some(labels), ..self }
    }

    /// The same after what was done before, where it is known.
    #[must_use]
    pub const fn after(self, history: Option<&'a History<'a>>) -> Self {
        Self { history, ..self }
    }

    /// The same in a further round, with the answers of the client, if it sent any.
    #[must_use]
    pub const fn answered(self, input: Option<Value<'a>>) -> Self {
        Self { input, ..self }
    }
}

/// The arguments of a call.
#[derive(Debug, Clone, Copy)]
pub enum Arguments<'a> {
    /// The call has none, which is the same as `{}`.
    Absent,
    /// The value of `arguments`. Anything but an object is denied.
    Known(Value<'a>),
}

/// The answer to one call.
#[derive(Debug)]
pub enum Decision {
    /// It must not be forwarded.
    Deny(Denial),
    /// It may be forwarded once its obligations are met.
    Allow(Allowed),
}

/// Why a call is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The rule that decided.
    pub rule: RuleId,
    /// The exact place in its document; empty where no document has one.
    pub pointer: String,
    /// The policy that the rule is in, if it is in one.
    pub policy: Option<Arc<str>>,
    /// Which step denied.
    pub kind: DenialKind,
    /// What the agent is told; nothing where it must not learn that there is a rule.
    pub reason: Option<Arc<str>>,
    /// What the operands of the rule answered, without their values.
    pub operands: Vec<OperandOutcome>,
    /// How much of it the agent may be told.
    pub reveal: Reveal,
}

/// Which step of the evaluation denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DenialKind {
    /// The grant has no policy.
    NoPolicy,
    /// The name is hidden.
    Hidden,
    /// Nothing names the tool.
    DefaultDeny,
    /// The server does not list the tool.
    UnknownTool,
    /// The tool's definition is not usable.
    Quarantined,
    /// The arguments do not fit the tool's schema.
    Arguments,
    /// An explicit deny.
    Action,
    /// A requirement is not met.
    Require,
    /// A `deny_if` fired.
    DenyIf,
    /// A flow does not let the call follow what was done before, or needs something that was not done.
    Flow,
    /// A limit is full, or its amount cannot be counted.
    Limit,
    /// People must agree to the call, and nobody can be asked.
    Approval,
    /// A rule could not be judged.
    Error,
    /// Nothing opens the channel, or this part of it.
    Closed,
}

/// An allow and what it obliges to.
#[derive(Debug)]
pub struct Allowed {
    /// The arguments to forward instead of the received ones, if any string was mended.
    pub repaired: Option<Repaired>,
    /// What has to be reserved, all or none, before the call is forwarded.
    pub limits: Arc<[LimitDemand]>,
    /// What becomes of that where the call is provably never sent.
    pub release: Release,
    /// The labels that the call sets once its intent is recorded.
    pub labels: Arc<[SetLabel]>,
    /// The steps that the call takes once it ends without an error, and is under way on until then.
    pub steps: Vec<FlowStep>,
    /// What the parts in shadow say, where there are any. Nothing of it obliges to anything.
    pub shadowed: Option<Box<Shadowed>>,
}

/// What the parts in shadow say of a call that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed {
    /// The first denial among them, if any of them would deny.
    pub denial: Option<Denial>,
    /// What they would reserve, under keys of their own; nothing where they would deny. Never a reason to refuse.
    pub limits: Arc<[LimitDemand]>,
}

/// Arguments in which strings were replaced by the values that they encode.
#[derive(Debug)]
pub struct Repaired {
    /// The whole new arguments.
    pub document: Document,
    /// JSON Pointers to what was replaced, in the order of the text.
    pub pointers: Vec<String>,
}

/// What one condition or amount of a rule met. Types and paths, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperandOutcome {
    /// The path that was read; of an expression how it begins.
    pub path: Arc<str>,
    /// The operator, `cel`, or `increment_from`.
    pub operator: &'static str,
    /// What the path led to.
    pub found: Operand,
    /// What the condition answered.
    pub truth: Truth,
}

/// What a path led to, without the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A value of this kind.
    Value(Kind),
    /// Nothing, or null.
    Missing,
    /// A step on the way was no object but this.
    NotAnObject(Kind),
    /// What should be a list was this.
    NotAList(Kind),
    /// An argument whose own name has the dots of the path, so that there are two readings.
    Ambiguous,
    /// Not known yet.
    Unknown,
    /// An expression, which has an answer.
    Computed,
    /// An expression that cannot be judged.
    NotComputed(Cause),
}

impl Decision {
    /// Whether the call may go on.
    #[must_use]
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// The denial, if it is one.
    #[must_use]
    pub const fn denial(&self) -> Option<&Denial> {
        match self {
            Self::Deny(denial) => Some(denial),
            Self::Allow(_) => None,
        }
    }
}

impl Denial {
    /// A denial by one of the fixed rules, which no document states.
    pub(crate) fn fixed(rule: &'static str, kind: DenialKind) -> Self {
        Self::by(RuleId::new(rule), kind)
    }

    /// A denial by a rule of which nothing else is said.
    pub(crate) fn by(rule: RuleId, kind: DenialKind) -> Self {
        Self {
            rule,
            pointer: String::new(),
            policy: None,
            kind,
            reason: None,
            operands: Vec::new(),
            reveal: Reveal::default(),
        }
    }
}

impl DenialKind {
    /// Whether the agent must not be able to tell this from a tool that does not exist.
    #[must_use]
    pub const fn looks_unknown(self) -> bool {
        match self {
            Self::NoPolicy | Self::Hidden | Self::DefaultDeny | Self::UnknownTool | Self::Quarantined => true,
            Self::Arguments
            | Self::Action
            | Self::Require
            | Self::DenyIf
            | Self::Flow
            | Self::Limit
            | Self::Approval
            | Self::Error
            | Self::Closed => false,
        }
    }

    /// Whether a rule of the tool's own made it, so that others may deny the call too.
    #[must_use]
    pub const fn is_of_rules(self) -> bool {
        match self {
            Self::Action | Self::Require | Self::DenyIf | Self::Flow | Self::Approval | Self::Error => true,
            Self::NoPolicy
            | Self::Hidden
            | Self::DefaultDeny
            | Self::UnknownTool
            | Self::Quarantined
            | Self::Arguments
            | Self::Limit
            | Self::Closed => false,
        }
    }

    /// The name in audit records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPolicy => "no_policy",
            Self::Hidden => "hidden",
            Self::DefaultDeny => "default_deny",
            Self::UnknownTool => "unknown_tool",
            Self::Quarantined => "quarantined",
            Self::Arguments => "arguments",
            Self::Action => "action",
            Self::Require => "require",
            Self::DenyIf => "deny_if",
            Self::Flow => "flow",
            Self::Limit => "limit",
            Self::Approval => "approval",
            Self::Error => "error",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(kind) => formatter.write_str(kind_name(*kind)),
            Self::Missing => formatter.write_str("missing"),
            Self::NotAnObject(kind) => write!(formatter, "below {}", kind_name(*kind)),
            Self::NotAList(kind) => write!(formatter, "{} instead of a list", kind_name(*kind)),
            Self::Ambiguous => formatter.write_str("two readings"),
            Self::Unknown => formatter.write_str("unknown"),
            Self::Computed => formatter.write_str("computed"),
            Self::NotComputed(cause) => formatter.write_str(cause.as_str()),
        }
    }
}

impl fmt::Display for OperandOutcome {
    /// "args.amount gt: true (a number)".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, operator, found, truth } = self;
        write!(formatter, "{path} {operator}: {} ({found})", truth.as_str())
    }
}
