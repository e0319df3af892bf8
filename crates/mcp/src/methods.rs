//! The registry of every method of the five revisions: which way it travels, in which revisions, on which channel.
//! What is not in the list is unknown, and an unknown method is never forwarded.

use std::borrow::Cow;

use crate::envelope::{Message, MessageKind};
use crate::era::{Era, Version};
use crate::errors::{Refusal, shown};

/// Whether a method expects a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Carries an id and gets one reply.
    Request,
    /// Carries no id and gets no reply.
    Notification,
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The agent's side sends it.
    ClientToServer,
    /// The MCP server sends it.
    ServerToClient,
}

/// The part of the protocol that policy opens or closes as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Handshake and discovery.
    Lifecycle,
    /// Ping, cancellation, progress.
    Utility,
    /// Tools.
    Tools,
    /// Resources and their subscriptions.
    Resources,
    /// Prompts.
    Prompts,
    /// Argument completion.
    Completion,
    /// Log level and log messages.
    Logging,
    /// The listen stream of 2026-07-28.
    Subscriptions,
    /// Tasks, of 2025-11-25 and as the extension of 2026-07-28.
    Tasks,
    /// A server asks the client's model.
    Sampling,
    /// A server asks the user.
    Elicitation,
    /// A server asks for the client's folders.
    Roots,
}

/// One method in one direction.
#[derive(Debug)]
pub struct Method {
    /// The exact name on the wire.
    pub name: &'static str,
    /// Request or notification.
    pub kind: Kind,
    /// Who sends it.
    pub direction: Direction,
    /// The first revision that has it.
    pub since: Version,
    /// The last revision that has it.
    pub until: Version,
    /// The channel that policy judges it by.
    pub channel: Channel,
    /// Open under every policy: handshake, discovery, ping, cancel, progress, tools/list and its change notices,
    /// setLevel, listen, log messages.
    pub always_open: bool,
    /// The member of `params` that names what is acted on. In the modern era the `Mcp-Name` header mirrors it.
    pub name_param: Option<&'static str>,
    /// Lists something page by page: `params.cursor` says where to go on, `result.nextCursor` where the next page is.
    pub paged: bool,
}

impl Method {
    /// Whether the revision defines the method.
    pub fn is_in(&self, version: Version) -> bool {
        self.since <= version && version <= self.until
    }
}

const FIRST: Version = Version::V2024_11_05;
const JUNE: Version = Version::V2025_06_18;
const NOVEMBER: Version = Version::V2025_11_25;
const MODERN: Version = Version::V2026_07_28;

const fn request(name: &'static str, since: Version, until: Version, channel: Channel) -> Method {
    Method {
        name,
        kind: Kind::Request,
        direction: Direction::ClientToServer,
        since,
        until,
        channel,
        always_open: false,
        name_param: None,
        paged: false,
    }
}

const fn notification(name: &'static str, since: Version, until: Version, channel: Channel) -> Method {
    Method { kind: Kind::Notification, ..request(name, since, until, channel) }
}

impl Method {
    const fn open(self) -> Method {
        Method { always_open: true, ..self }
    }

    const fn by_server(self) -> Method {
        Method { direction: Direction::ServerToClient, ..self }
    }

    const fn named_by(self, param: &'static str) -> Method {
        Method { name_param: Some(param), ..self }
    }

    const fn by_page(self) -> Method {
        Method { paged: true, ..self }
    }
}

/// Every method of every revision. The tasks of 2026-07-28 are those of the extension `io.modelcontextprotocol/tasks`.
pub static METHODS: &[Method] = &[
    // Client to server, requests.
    request("initialize", FIRST, NOVEMBER, Channel::Lifecycle).open(),
    request("server/discover", MODERN, MODERN, Channel::Lifecycle).open(),
    request("ping", FIRST, NOVEMBER, Channel::Utility).open(),
    request("tools/list", FIRST, MODERN, Channel::Tools).open().by_page(),
    request("tools/call", FIRST, MODERN, Channel::Tools).named_by("name"),
    request("resources/list", FIRST, MODERN, Channel::Resources).by_page(),
    request("resources/templates/list", FIRST, MODERN, Channel::Resources).by_page(),
    request("resources/read", FIRST, MODERN, Channel::Resources).named_by("uri"),
    request("resources/subscribe", FIRST, NOVEMBER, Channel::Resources).named_by("uri"),
    request("resources/unsubscribe", FIRST, NOVEMBER, Channel::Resources).named_by("uri"),
    request("prompts/list", FIRST, MODERN, Channel::Prompts).by_page(),
    request("prompts/get", FIRST, MODERN, Channel::Prompts).named_by("name"),
    request("completion/complete", FIRST, MODERN, Channel::Completion),
    request("logging/setLevel", FIRST, NOVEMBER, Channel::Logging).open(),
    request("subscriptions/listen", MODERN, MODERN, Channel::Subscriptions).open(),
    request("tasks/get", NOVEMBER, MODERN, Channel::Tasks).named_by("taskId"),
    request("tasks/cancel", NOVEMBER, MODERN, Channel::Tasks).named_by("taskId"),
    request("tasks/update", MODERN, MODERN, Channel::Tasks).named_by("taskId"),
    request("tasks/result", NOVEMBER, NOVEMBER, Channel::Tasks).named_by("taskId"),
    request("tasks/list", NOVEMBER, NOVEMBER, Channel::Tasks).by_page(),
    // Client to server, notifications.
    notification("notifications/initialized", FIRST, NOVEMBER, Channel::Lifecycle).open(),
    notification("notifications/cancelled", FIRST, MODERN, Channel::Utility).open(),
    notification("notifications/progress", FIRST, NOVEMBER, Channel::Utility).open(),
    notification("notifications/roots/list_changed", FIRST, NOVEMBER, Channel::Roots),
    notification("notifications/tasks/status", NOVEMBER, NOVEMBER, Channel::Tasks),
    // Server to client, requests. The modern era has none: they travel inside results.
    request("ping", FIRST, NOVEMBER, Channel::Utility).open().by_server(),
    request("sampling/createMessage", FIRST, NOVEMBER, Channel::Sampling).by_server(),
    request("roots/list", FIRST, NOVEMBER, Channel::Roots).by_server(),
    request("elicitation/create", JUNE, NOVEMBER, Channel::Elicitation).by_server(),
    request("tasks/get", NOVEMBER, NOVEMBER, Channel::Tasks).named_by("taskId").by_server(),
    request("tasks/cancel", NOVEMBER, NOVEMBER, Channel::Tasks).named_by("taskId").by_server(),
    request("tasks/result", NOVEMBER, NOVEMBER, Channel::Tasks).named_by("taskId").by_server(),
    request("tasks/list", NOVEMBER, NOVEMBER, Channel::Tasks).by_server(),
    // Server to client, notifications.
    notification("notifications/cancelled", FIRST, MODERN, Channel::Utility).open().by_server(),
    notification("notifications/progress", FIRST, MODERN, Channel::Utility).open().by_server(),
    notification("notifications/message", FIRST, MODERN, Channel::Logging).open().by_server(),
    notification("notifications/tools/list_changed", FIRST, MODERN, Channel::Tools).open().by_server(),
    notification("notifications/resources/list_changed", FIRST, MODERN, Channel::Resources).by_server(),
    notification("notifications/resources/updated", FIRST, MODERN, Channel::Resources).by_server(),
    notification("notifications/prompts/list_changed", FIRST, MODERN, Channel::Prompts).by_server(),
    notification("notifications/elicitation/complete", NOVEMBER, NOVEMBER, Channel::Elicitation).by_server(),
    notification("notifications/tasks/status", NOVEMBER, NOVEMBER, Channel::Tasks).by_server(),
    notification("notifications/tasks", MODERN, MODERN, Channel::Tasks).by_server(),
    notification("notifications/subscriptions/acknowledged", MODERN, MODERN, Channel::Subscriptions)
        .open()
        .by_server(),
];

/// The method of this exact name, direction and revision.
pub fn lookup(name: &str, direction: Direction, version: Version) -> Option<&'static Method> {
    METHODS
        .iter()
        .find(|method| method.name == name && method.direction == direction && method.is_in(version))
}

/// The first entry of this name, whatever the direction and revision. A name is a request everywhere or a
/// notification everywhere, and names its subject by the same member of `params`.
pub fn any(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}

/// The name without an allocation where it is known.
pub(crate) fn interned(name: Cow<'_, str>) -> Cow<'static, str> {
    match any(&name) {
        Some(known) => Cow::Borrowed(known.name),
        None => Cow::Owned(name.into_owned()),
    }
}

/// Admits a client's request or notification by the registry of its revision.
///
/// The refusal of an unknown method is `-32601`, with HTTP 404 in the modern era (2026-07-28, Streamable HTTP) and
/// 200 in the legacy era, whose clients end the session on anything else. Nobody answers a notification: its
/// refusal only tells the caller not to forward it.
pub fn admit(message: &Message, version: Version) -> Result<&'static Method, Refusal> {
    let (name, kind) = match message.kind() {
        MessageKind::Request { method } => (method.as_ref(), Kind::Request),
        MessageKind::Notification { method } => (method.as_ref(), Kind::Notification),
        MessageKind::Response => {
            return Err(Refusal::invalid_request(
                "a response is not a method; send a request or a notification",
            ));
        }
    };
    match lookup(name, Direction::ClientToServer, version) {
        Some(method) if method.kind == kind => named(message, method),
        Some(_) | None => Err(unknown(message, name, version)),
    }
}

// INVARIANT: what is admitted names its subject where its method has one.
fn named(message: &Message, method: &'static Method) -> Result<&'static Method, Refusal> {
    match method.name_param {
        Some(key) if message.subject().is_none() => {
            let text = format!("`{key}` of {} must be a string", method.name);
            Err(Refusal::invalid_params(text).with_id_of(message))
        }
        Some(_) | None => Ok(method),
    }
}

fn unknown(message: &Message, name: &str, version: Version) -> Refusal {
    let text = format!("method `{}` is not part of revision {version}; use one that is", shown(name));
    let status = match version.era() {
        Era::Modern => 404,
        Era::Legacy => 200,
    };
    Refusal::new(status, crate::errors::METHOD_NOT_FOUND, text).with_id_of(message)
}
