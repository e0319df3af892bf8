//! The channels besides tool calls: what a document may say of them, and the judgement of one message.
//! Nothing here reads an argument or an answer, and nothing that is not stated is ever opened by it.

mod about;
mod address;
mod explain;
mod glob;
mod host;
mod judge;
mod pattern;
mod rules;
mod shadow;
mod spelling;
mod template;
mod walk;

pub(crate) use address::pattern_problem;
pub(crate) use host::{HostPattern, NamedHost};
pub(crate) use pattern::Pattern;
pub(crate) use rules::{Channels, Part, Rule, Stated};

/// A part of the protocol that a policy opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Resources, their templates and subscriptions. The subject is a URI.
    Resources,
    /// Prompts. The subject is a name.
    Prompts,
    /// Completion of arguments.
    Completion,
    /// A server asks the client's model.
    Sampling,
    /// A server asks the user. The subject is the mode, `form` where the request names none.
    Elicitation,
    /// A server asks for the client's folders.
    Roots,
    /// Tasks.
    Tasks,
    /// Answers of a client to a question of a server that none of the other channels has. No document opens it.
    Input,
}

impl Channel {
    /// Every channel, in the order of the manual.
    pub const ALL: [Self; 8] = [
        Self::Resources,
        Self::Prompts,
        Self::Completion,
        Self::Sampling,
        Self::Elicitation,
        Self::Roots,
        Self::Tasks,
        Self::Input,
    ];

    /// Its key in a document; `input`, which no document has, is only a name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resources => "resources",
            Self::Prompts => "prompts",
            Self::Completion => "completion",
            Self::Sampling => "sampling",
            Self::Elicitation => "elicitation",
            Self::Roots => "roots",
            Self::Tasks => "tasks",
            Self::Input => "input",
        }
    }

    /// Whether it follows the default of a document that says nothing of it. The others are closed under either.
    #[must_use]
    pub const fn follows_default(self) -> bool {
        match self {
            Self::Resources | Self::Prompts | Self::Completion | Self::Tasks => true,
            Self::Sampling | Self::Elicitation | Self::Roots | Self::Input => false,
        }
    }
}
