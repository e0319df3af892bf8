//! What became, or would become, of one call.
//! Holds no value of it unless the operator asked for them.

use std::sync::Arc;

use policy::LimitDemand;

/// What a call was or would be answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// That is not known from what was kept, and no other policy was given to ask.
    NotKept,
    /// Allowed.
    Allowed,
    /// Denied by this rule.
    Denied(Arc<str>),
    /// Denied because the limit of this rule is full.
    Full(Arc<str>),
    /// People would have to agree.
    Approval(Arc<str>),
    /// It depends on what was not kept, first for this rule.
    Unknown(Arc<str>),
}

impl Outcome {
    /// Its name, for people and programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotKept => "not kept",
            Self::Allowed => "allowed",
            Self::Denied(_) => "denied",
            Self::Full(_) => "limited",
            Self::Approval(_) => "needs approval",
            Self::Unknown(_) => "unknown",
        }
    }

    /// The rule that makes it, where one does.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::NotKept | Self::Allowed => None,
            Self::Denied(rule) | Self::Full(rule) | Self::Approval(rule) | Self::Unknown(rule) => Some(rule),
        }
    }

    /// Whether the call does not go on by itself.
    #[must_use]
    pub const fn is_denial(&self) -> bool {
        match self {
            Self::Denied(_) | Self::Full(_) | Self::Approval(_) => true,
            Self::NotKept | Self::Allowed | Self::Unknown(_) => false,
        }
    }
}

/// One call, judged again.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its place where it was kept.
    pub number: u64,
    /// Its id, where it has one.
    pub id: Box<str>,
    /// When it was made, in milliseconds of Unix time.
    pub time_ms: Option<u64>,
    /// Whose it was.
    pub grant: Arc<str>,
    /// The server.
    pub server: Arc<str>,
    /// The tool.
    pub tool: Arc<str>,
    /// What it was answered, or would have been by the policies that it is compared with.
    pub was: Answer,
    /// What it would be answered.
    pub now: Answer,
    /// The arguments as JSON, where values are to be shown.
    pub values: Option<Box<str>>,
}

/// An outcome before limits were asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Without limits.
    pub outcome: Outcome,
    /// What has to be reserved for it.
    pub demands: Option<Arc<[LimitDemand]>>,
}

impl Answer {
    /// One that no limit can change.
    pub(super) const fn final_one(outcome: Outcome) -> Self {
        Self { outcome, demands: None }
    }
}
