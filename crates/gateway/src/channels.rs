//! Which channels besides tools the policies leave open, in the words of the protocol.
//! A channel that nothing opens must never be advertised, listed or used.

use crate::reach::Reach;
use mcp::era::Version;
use mcp::methods::{self, Direction, Kind};
use mcp::reply::Reply;
use mcp::rewrite::{ClientCapability, ServerCapability};
use policy::{Channel, Denial, Facts};

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

/// What the policies may know of a message that calls no tool.
#[must_use]
pub fn facts<'a>(reach: &'a Reach, grant: &'a str) -> Facts<'a> {
    Facts::new(grant, &reach.server.id, "").at(reach.server.now_ms())
}

/// Asks the policies about one message of a channel.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge(reach: &Reach, grant: &str, channel: Channel, subject: Option<&str>) -> Result<(), Box<Denial>> {
    reach.stack.judge_channel(channel, &facts(reach, grant), subject)
}

/// What the parts in shadow would have denied of a message that the policies allow.
#[must_use]
pub fn shadow(reach: &Reach, grant: &str, channel: Channel, subject: Option<&str>) -> Option<Box<Denial>> {
    reach.stack.shadow_channel(channel, &facts(reach, grant), subject)
}

/// The same of a method that the protocol does not have.
#[must_use]
pub fn shadow_extension(reach: &Reach, grant: &str, method: &str) -> Option<Box<Denial>> {
    reach.stack.shadow_method(&facts(reach, grant), method)
}

/// Asks the policies about a method that the protocol does not have.
///
/// # Errors
/// Nothing where the protocol has it, in whatever revision; else the [`Denial`] of the first that says no.
pub fn judge_extension(reach: &Reach, grant: &str, method: &str) -> Result<(), Option<Box<Denial>>> {
    if methods::any(method).is_some() {
        return Err(None);
    }
    reach.stack.judge_method(&facts(reach, grant), method).map_err(Some)
}

/// What a server is not told that the client can do: what it may not ask for anyway. Tasks of the client itself are
/// judged by nothing.
#[must_use]
pub fn closed_to_server(reach: &Reach) -> Vec<ClientCapability> {
    let mut closed = vec![ClientCapability::Tasks];
    let mut close = |capability, is_open: bool| closed.extend((!is_open).then_some(capability));
    close(ClientCapability::Sampling, reach.may_open(Channel::Sampling));
    close(ClientCapability::Roots, reach.may_open(Channel::Roots));
    close(ClientCapability::TasksExtension, reach.may_open(Channel::Tasks));
    let by = |mode| reach.lists(Channel::Elicitation, mode);
    match (by("form"), by("url")) {
        (false, false) => close(ClientCapability::Elicitation, false),
        (form, url) => {
            close(ClientCapability::ElicitationForm, form);
            close(ClientCapability::ElicitationUrl, url);
        }
    }
    closed
}

/// What a server may not advertise: channels that the policies leave closed.
#[must_use]
pub fn closed_to_client(reach: &Reach) -> Vec<ServerCapability> {
    let channels = [
        (Channel::Resources, ServerCapability::Resources),
        (Channel::Prompts, ServerCapability::Prompts),
        (Channel::Completion, ServerCapability::Completions),
        (Channel::Tasks, ServerCapability::Tasks),
    ];
    let closed = channels.into_iter().filter(|(channel, _)| !reach.may_open(*channel));
    closed.map(|(_, capability)| capability).collect()
}

/// Whether a server's notification may pass: of a method of the revision or one that the policies open, in a channel
/// that is open, about something that the client may know of.
#[must_use]
pub fn may_be_told(reach: &Reach, grant: &str, version: Version, notification: &Reply) -> bool {
    let Some(name) = notification.method() else { return false };
    let Some(method) = methods::lookup(name, Direction::ServerToClient, version) else {
        return judge_extension(reach, grant, name).is_ok();
    };
    match of(method.channel) {
        _ if method.kind == Kind::Request => false,
        _ if method.always_open => true,
        None => true,
        Some(channel) if method.name == "notifications/resources/updated" => {
            let uri = notification.params().and_then(|params| params.get("uri")).and_then(|uri| uri.as_str());
            uri.is_some_and(|uri| judge(reach, grant, channel, Some(&uri)).is_ok())
        }
        Some(channel) => reach.may_open(channel),
    }
}
