//! One downstream message and its answer, free of any transport.
//! The fronts make an [`Exchange`] and render an [`Answer`]; the pipeline sees nothing else of them.

use crate::large::Room;
use crate::reach::Reach;
use crate::session::{IdRefused, InFlight, Session};
use crate::stage::round::Going;
use crate::stage::task::{Found, Presented};
use crate::stream::Stream;
use crate::upstream::Lane;
use crate::world::Grant;
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use std::sync::Arc;

/// One authenticated, well-formed message of an agent.
#[derive(Debug)]
pub struct Exchange {
    /// Who sends it.
    pub grant: Arc<Grant>,
    /// Where it goes and under which policies.
    pub reach: Arc<Reach>,
    /// What it says.
    pub message: Message,
    /// Which revision it speaks.
    pub version: Version,
    /// The connection state that a handshake made: always there in the legacy era but before
    /// `initialize`, and for a stdio client in either era.
    pub session: Option<Arc<Session>>,
    /// How it reaches the upstream.
    pub lane: Lane,
    /// `Mcp-Param-*` headers as received, names in lower case.
    pub param_headers: Vec<(String, String)>,
    /// The gateway's own id of the request; the server never sees the client's.
    pub upstream_id: u64,
    /// Holds the client's id while the request is unanswered.
    pub in_flight: Option<InFlight>,
    /// The memory that it may take until it is sent.
    pub room: Room,
    /// What the server gave and the client holds a handle of; found by [`crate::stage::restore`].
    pub restored: Restored,
}

/// The server's own opaque values that a message presents, by the handles that the client was given.
#[derive(Debug, Default)]
pub struct Restored {
    /// Where a list goes on.
    pub cursor: Option<String>,
    /// The round that a call goes on with.
    pub round: Option<Going>,
    /// The task that a request is about.
    pub task: Option<Presented>,
    /// The task that a message belongs to.
    pub related: Option<Found>,
    /// The server's ids of the tasks that a subscription asks about, a raw array.
    pub listened: Option<String>,
}

impl Exchange {
    /// The era of its revision.
    #[must_use]
    pub fn era(&self) -> Era {
        self.version.era()
    }

    /// Takes the client's id of a request, so that no other request of the session has the same. One that was taken
    /// already is kept.
    ///
    /// # Errors
    /// [`IdRefused`] where it is taken.
    pub fn enter(&mut self) -> Result<(), IdRefused> {
        if self.in_flight.is_none()
            && let (Some(session), Some(id)) = (&self.session, self.message.id_raw())
        {
            let token = self.message.progress_token().map(|token| token.raw());
            self.in_flight = Some(session.enter(id, token, self.upstream_id)?);
        }
        Ok(())
    }

    /// The request's id as the client wrote it; `null` for what has none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.message.id_raw().unwrap_or("null")
    }
}

/// What the front sends back.
#[derive(Debug)]
pub enum Answer {
    /// Nothing but an acknowledgement (HTTP 202; nothing on stdio).
    Accepted,
    /// One whole JSON-RPC message.
    Message(Reply),
    /// Messages as they come.
    Stream(Stream),
    /// The session is unknown or gone (HTTP 404; a stdio front ends).
    SessionGone,
    /// The grant was revoked while the message waited (HTTP 401; a stdio front ends).
    GrantGone,
}

/// One whole JSON-RPC message.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status; 200 but where the specification demands another.
    pub status: u16,
    /// The message.
    pub body: Vec<u8>,
    /// Session id to announce with it (the answer to `initialize`).
    pub session: Option<Arc<str>>,
}

impl Answer {
    /// A whole message with HTTP 200.
    #[must_use]
    pub fn ok(body: Vec<u8>) -> Self {
        Self::with_status(200, body)
    }

    /// A whole message with the given HTTP status.
    #[must_use]
    pub fn with_status(status: u16, body: Vec<u8>) -> Self {
        Self::Message(Reply { status, body, session: None })
    }
}
