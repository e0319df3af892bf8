//! Who asks, and how one of its messages becomes an exchange with one server.
//! A message that it passes on has been parsed like the client's own: what is judged is what is forwarded.

use super::ids::Held;
use super::session::HubSession;
use super::{ask, refuse};
use crate::exchange::{Answer, Exchange, Restored};
use crate::gateway::Gateway;
use crate::large::Room;
use crate::pipeline;
use crate::reach::Reach;
use crate::session::{IdRefused, Session};
use crate::stage;
use crate::upstream::Lane;
use crate::world::Grant;
use mcp::envelope::Message;
use mcp::era::Version;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Client {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Whose message it is, under the snapshot that it came under.
    pub grant: Arc<Grant>,
    /// The revision that it speaks.
    pub version: Version,
    /// Its session, in the legacy era.
    pub session: Option<Arc<HubSession>>,
}

/// One message of a client.
#[derive(Debug)]
pub struct Asked {
    /// Who asks.
    pub client: Client,
    /// What it says.
    pub message: Message,
    /// `Mcp-Param-*` headers as received, names in lower case.
    pub param_headers: Vec<(String, String)>,
    /// The memory that it may take until it is sent.
    pub room: Room,
    held: Option<Held>,
}

impl Asked {
    /// A message as it came.
    #[must_use]
    pub fn new(client: Client, message: Message, param_headers: Vec<(String, String)>, room: Room) -> Self {
        Self { client, message, param_headers, room, held: None }
    }

    /// The request's id as the client wrote it; `null` for what has none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.message.id_raw().unwrap_or("null")
    }

    /// The message's bytes.
    #[must_use]
    pub fn text(&self) -> &str {
        self.message.document().text()
    }

    /// Takes the client's id until the request is answered.
    ///
    /// # Errors
    /// [`IdRefused`] where it is taken.
    pub(super) fn enter(&mut self) -> Result<(), IdRefused> {
        if let (Some(session), Some(id)) = (&self.client.session, self.message.id_raw()) {
            self.held = Some(session.ids.enter(id)?);
        }
        Ok(())
    }

    /// Passes the request on to one server, in these bytes; what the client wrote is held no longer than that takes.
    pub(super) async fn pass_on(self, reach: &Arc<Reach>, text: Vec<u8>) -> Answer {
        let message = match ask::message(&self.client.gateway, text) {
            Ok(message) => message,
            Err(refusal) => return refuse::protocol(&self, &refusal),
        };
        let id = self.id().to_owned();
        let Self { client, message: original, param_headers, room, held } = self;
        drop(original);
        let mut exchange = match client.exchange(reach, message).await {
            Ok(exchange) => exchange,
            Err(why) => return stage::refuse::failed(&id, &reach.server.id, &why),
        };
        exchange.param_headers = param_headers;
        exchange.room = room;
        if let Err(refused) = exchange.enter() {
            return stage::refuse::id(&client.gateway, &exchange, refused);
        }
        exchange.in_flight = match (exchange.in_flight.take(), held) {
            (Some(in_flight), Some(held)) => Some(in_flight.below(held)),
            (in_flight, _) => in_flight,
        };
        let answer = pipeline::handle(&client.gateway, exchange).await;
        client.settle(&id, reach, answer)
    }
}

impl Client {
    /// An exchange of one message with one server: the client's way to it, found or made.
    ///
    /// # Errors
    /// A sentence that says why there is no way.
    pub(super) async fn exchange(&self, reach: &Arc<Reach>, message: Message) -> Result<Exchange, String> {
        match &self.session {
            None => Ok(self.by(reach.server.lane(&self.grant.id), reach, message)),
            Some(session) => {
                let member = session.member(&self.gateway, reach).await?;
                Ok(self.within(&member, reach, message))
            }
        }
    }

    /// An exchange within a member's session.
    pub(super) fn within(&self, member: &Arc<Session>, reach: &Arc<Reach>, message: Message) -> Exchange {
        let version = member.version().unwrap_or(self.version);
        let session = Some(Arc::clone(member));
        Exchange { version, session, ..self.by(member.lane.clone(), reach, message) }
    }

    /// An exchange by this lane.
    pub(super) fn by(&self, lane: Lane, reach: &Arc<Reach>, message: Message) -> Exchange {
        Exchange {
            grant: Arc::clone(&self.grant),
            reach: Arc::clone(reach),
            message,
            version: self.version,
            session: None,
            lane,
            param_headers: Vec::new(),
            upstream_id: self.gateway.next_upstream_id(),
            in_flight: None,
            room: Room::default(),
            restored: Restored::default(),
        }
    }

    /// What one server's end means for a client of several: it is told, and goes on.
    fn settle(&self, id: &str, reach: &Reach, answer: Answer) -> Answer {
        match answer {
            Answer::SessionGone => {
                let why = "it forgot its session, so a new one is opened; send the request again";
                stage::refuse::failed(id, &reach.server.id, why)
            }
            Answer::GrantGone if self.is_valid() => {
                let why = "the grant no longer reaches it; call tools/list for what there is";
                stage::refuse::failed(id, &reach.server.id, why)
            }
            Answer::Accepted | Answer::Message(_) | Answer::Stream(_) | Answer::GrantGone => answer,
        }
    }

    /// Whether the grant may still be used.
    fn is_valid(&self) -> bool {
        let world = self.gateway.world();
        world.grant(&self.grant.id).is_some_and(|grant| grant.is_valid(self.gateway.now_ms()))
    }

    /// Asks one server on the client's behalf and reads the whole answer, which has to come in time.
    ///
    /// # Errors
    /// A sentence that says why there is none.
    pub(super) async fn ask(&self, reach: &Arc<Reach>, text: Vec<u8>) -> Result<mcp::reply::Reply, String> {
        let message = ask::message(&self.gateway, text).map_err(|refusal| refusal.message)?;
        let asking = async {
            let exchange = self.exchange(reach, message).await?;
            let answer = pipeline::handle(&self.gateway, exchange).await;
            ask::whole(answer, self.gateway.bounds.max_list_bytes).await
        };
        ask::in_time(&self.gateway, &reach.server.id, asking).await
    }
}
