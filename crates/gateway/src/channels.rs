//! Which channels besides tools the policies leave open, in the words of the protocol.
//! A channel that nothing opens must never be advertised, listed or used.

use crate::reach::Reach;
use mcp::era::Version;
use mcp::methods::{self, Direction, Kind};
use mcp::reply::Reply;
use mcp::rewrite::{ClientCapability, ServerCapability};
use policy::{Denial, Facts, Stack};

/// A channel that policies judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Resources and their subscriptions.
    Resources,
    /// Prompts.
    Prompts,
    /// Argument completion.
    Completion,
    /// A server asks the client's model.
    Sampling,
    /// A server asks the user.
    Elicitation,
    /// A server asks for the client's folders.
    Roots,
    /// Tasks.
    Tasks,
}

/// The channel that policies judge a method by; none where every policy leaves it open, or tools judge it.
#[must_use]
pub fn of(channel: methods::Channel) -> Option<Channel> {
    match channel {
        methods::Channel::Resources => Some(Channel::Resources),
        methods::Channel::Prompts => Some(Channel::Prompts),
        methods::Channel::Completion => Some(Channel::Completion),
        methods::Channel::Sampling => Some(Channel::Sampling),
        methods::Channel::Elicitation => Some(Channel::Elicitation),
        methods::Channel::Roots => Some(Channel::Roots),
        methods::Channel::Tasks => Some(Channel::Tasks),
        methods::Channel::Lifecycle
        | methods::Channel::Utility
        | methods::Channel::Tools
        | methods::Channel::Logging
        | methods::Channel::Subscriptions => None,
    }
}

/// Asks the policies about one message of a channel.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge(reach: &Reach, grant: &str, channel: Channel, subject: Option<&str>) -> Result<(), Box<Denial>> {
    let _facts = Facts { grant, server: &reach.server.id, tool: "" };
    if may_open(&reach.stack, channel) {
        return Ok(());
    }
    Err(Box::new(reach.stack.deny_unknown(subject.unwrap_or_default())))
}

/// Whether anything of the channel could be allowed.
#[must_use]
pub fn may_open(stack: &Stack, channel: Channel) -> bool {
    match channel {
        Channel::Resources | Channel::Prompts | Channel::Completion => stack.channel_open(),
        Channel::Sampling | Channel::Elicitation | Channel::Roots | Channel::Tasks => false,
    }
}

/// What a server is not told that the client can do: what it may not ask for anyway. Tasks of the client are judged
/// by nothing yet.
#[must_use]
pub fn closed_to_server(stack: &Stack) -> Vec<ClientCapability> {
    let closed = |capability: &ClientCapability| match capability {
        ClientCapability::Sampling => !may_open(stack, Channel::Sampling),
        ClientCapability::Elicitation => !may_open(stack, Channel::Elicitation),
        ClientCapability::Roots => !may_open(stack, Channel::Roots),
        ClientCapability::Tasks => true,
    };
    ClientCapability::ALL.into_iter().filter(closed).collect()
}

/// What a server may not advertise: channels that the policies leave closed, and tasks, which nothing judges yet.
#[must_use]
pub fn closed_to_client(stack: &Stack) -> Vec<ServerCapability> {
    let channels = [
        (Channel::Resources, ServerCapability::Resources),
        (Channel::Prompts, ServerCapability::Prompts),
        (Channel::Completion, ServerCapability::Completions),
    ];
    let closed = channels.into_iter().filter(|(channel, _)| !may_open(stack, *channel));
    closed.map(|(_, capability)| capability).chain([ServerCapability::Tasks]).collect()
}

/// Whether a server's notification may pass: of a method of the revision, in a channel that is open, about something
/// that the client may know of.
#[must_use]
pub fn may_be_told(reach: &Reach, grant: &str, version: Version, notification: &Reply) -> bool {
    let known =
        notification.method().and_then(|name| methods::lookup(name, Direction::ServerToClient, version));
    let Some(method) = known.filter(|method| method.kind == Kind::Notification) else { return false };
    match of(method.channel) {
        _ if method.always_open => true,
        None => true,
        // Nothing judges tasks yet.
        Some(Channel::Tasks) => false,
        Some(channel) if method.name == "notifications/resources/updated" => {
            let uri = notification.params().and_then(|params| params.get("uri")).and_then(|uri| uri.as_str());
            uri.is_some_and(|uri| judge(reach, grant, channel, Some(&uri)).is_ok())
        }
        Some(channel) => may_open(&reach.stack, channel),
    }
}
