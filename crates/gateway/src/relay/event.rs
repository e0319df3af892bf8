//! One event of a reply's stream. It is held whole while it is short, or while it can only be a request of the server;
//! a long reply is checked and handed on while it comes. It must never be handed on after a fault was seen in it.

use super::{Stop, WHOLE_BYTES, refuse_input};
use crate::large::Room;
use crate::route::Route;
use crate::stage::{asked, whole};
use json::{Limits, ReplyErrorKind, ReplyFacts, ReplyScanner};
use mcp::reply::{Reply, parse_reply};

/// One event, as far as it has come.
#[derive(Default)]
pub(super) struct Event {
    held: Vec<u8>,
    scanner: Option<ReplyScanner>,
    /// Whether a part of it was handed on.
    pub is_passing: bool,
    // Whether it can be no reply, so that it has to be held whole.
    is_request: bool,
    room: Room,
}

/// An event that has ended.
pub(super) enum Ended {
    /// It held nothing; it only told its id.
    Empty,
    /// It was the reply, of which all but the end was handed on.
    Passed(ReplyFacts),
    /// It was held whole; so many bytes.
    Whole(Reply, u64),
}

impl Event {
    /// Takes what has come of it; gives what is to be handed on now.
    pub fn take(&mut self, route: &Route, data: &[u8]) -> Result<Option<Vec<u8>>, Stop> {
        self.held.extend_from_slice(data);
        if self.scanner.is_none() {
            if self.held.len() <= route.held_bytes().unwrap_or(WHOLE_BYTES) {
                return Ok(None);
            }
            if route.held_bytes().is_some() {
                return Err(Stop::Broken("its reply is too long"));
            }
            if self.is_request {
                return self.hold(route);
            }
        }
        let new = || ReplyScanner::new(&route.upstream_id, &route.client_id, &Limits::default());
        let scanner = self.scanner.get_or_insert_with(new);
        let mut out = Vec::with_capacity(self.held.len() + 16);
        match scanner.push(&self.held, &mut out) {
            Ok(()) => refuse_input(scanner)?,
            Err(error) if !self.is_passing && is_of_no_reply(error.kind) => {
                // Nothing of it has been handed on yet.
                (self.scanner, self.is_request) = (None, true);
                return self.hold(route);
            }
            Err(_) => return Err(Stop::Broken("a long message is not the reply")),
        }
        self.held.clear();
        self.is_passing = true;
        Ok(Some(out))
    }

    /// Goes on holding a long request of the server, as long as there is room for it.
    fn hold(&mut self, route: &Route) -> Result<Option<Vec<u8>>, Stop> {
        let has_room = route.gateway.large.grow(&mut self.room, &route.grant, self.held.len());
        if self.held.len() > asked::MAX_ASKED_BYTES || !has_room {
            return Err(Stop::Broken("a message is too long and not the reply"));
        }
        Ok(None)
    }

    /// Ends it and makes room for the next.
    pub fn finish(&mut self, route: &Route) -> Result<Ended, Stop> {
        let Event { held, scanner, room: _room, .. } = std::mem::take(self);
        if let Some(scanner) = scanner {
            return scanner.finish().map(Ended::Passed).map_err(|_| Stop::Broken("the reply ended early"));
        }
        if held.is_empty() {
            return Ok(Ended::Empty);
        }
        let n_bytes = held.len() as u64;
        let parsed = parse_reply(held, &whole::caps(route.held_bytes()));
        parsed
            .map(|message| Ended::Whole(message, n_bytes))
            .map_err(|_| Stop::Broken("an event is no message"))
    }
}

/// Whether a message with this fault may be a request of the server: no reply has a method or an id of its own.
fn is_of_no_reply(kind: ReplyErrorKind) -> bool {
    matches!(kind, ReplyErrorKind::UnknownMember | ReplyErrorKind::WrongId)
}
