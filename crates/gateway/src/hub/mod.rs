//! `/mcp`: all servers that a grant reaches, as one server.
//! It works out which server a message is for and leaves everything else to the pipeline: it must never judge, and
//! never forward a byte by itself.

mod ask;
mod capabilities;
mod client;
mod cursor;
mod directory;
mod greeting;
mod ids;
pub(crate) mod lists;
mod member;
mod named;
mod names;
mod notices;
pub(crate) mod prefix;
mod refuse;
mod session;
mod sessions;
mod stream;
mod subscribe;
mod subscription;
mod tasks;
mod template;
mod trouble;
mod uris;

pub use client::{Asked, Client};
pub use ids::Held;
pub use session::HubSession;
pub use sessions::HubSessions;
pub use stream::open as listen;
pub use trouble::{Trouble, Troubles};

use crate::exchange::Answer;
use crate::world::World;
use directory::Directory;
use lists::List;
use mcp::envelope::MessageKind;
use mcp::methods::{self, Kind};

/// The path of all servers together.
pub const PATH: &str = "/mcp";

/// What is known of several servers together.
#[derive(Debug, Default)]
pub struct Hub {
    /// Live sessions over several servers.
    pub sessions: HubSessions,
    /// Servers that were left out lately, and why.
    pub troubles: Troubles,
    directory: Directory,
    long_names: names::LongNames,
}

impl Hub {
    /// Forgets what the snapshot no longer has.
    pub fn retain(&self, world: &World) {
        self.directory
            .retain(|grant, server| world.grant(grant).is_some_and(|grant| grant.reach(server).is_some()));
        self.troubles.retain(|server| world.server(server).is_some());
    }
}

/// Answers one message of a client.
pub async fn handle(mut asked: Asked) -> Answer {
    if *asked.message.kind() == MessageKind::Response {
        return notices::respond(asked).await;
    }
    let method = match methods::admit(&asked.message, asked.client.version) {
        Ok(method) => method,
        Err(refusal) => return named::extension(asked, &refusal).await,
    };
    if let Err(refused) = asked.enter() {
        return refuse::id(&asked, refused);
    }
    match (method.kind, method.name) {
        (Kind::Notification, name) => notices::forward(&asked, name).await,
        (Kind::Request, "initialize") => greeting::initialize(&asked).await,
        (Kind::Request, "server/discover") => greeting::discover(&asked).await,
        (Kind::Request, "ping") => Answer::ok(mcp::answers::empty(asked.client.version.era(), asked.id())),
        (Kind::Request, "logging/setLevel") => notices::set_level(&asked).await,
        (Kind::Request, "tools/list") => lists::merged(&asked, List::Tools).await,
        (Kind::Request, "prompts/list") => lists::merged(&asked, List::Prompts).await,
        (Kind::Request, "resources/list") => lists::merged(&asked, List::Resources).await,
        (Kind::Request, "resources/templates/list") => lists::merged(&asked, List::Templates).await,
        (Kind::Request, "tools/call" | "prompts/get") => named::forward(asked).await,
        (Kind::Request, "completion/complete") => named::complete(asked).await,
        (Kind::Request, "subscriptions/listen") => subscribe::listen(&asked).await,
        (Kind::Request, _) if method.name_param == Some("uri") => uris::forward(asked).await,
        (Kind::Request, _) if method.name_param == Some("taskId") => tasks::forward(asked).await,
        (Kind::Request, _) => refuse::closed(&asked),
    }
}
