//! The permission for a further round of a legacy client's call at a modern server: the whole call is judged, reserved
//! and recorded again, as a modern client's own retry would be.
//! It must never give a permit that the pipeline did not make.

use crate::exchange::{Answer, Exchange, Restored};
use crate::gateway::Gateway;
use crate::large::Room;
use crate::permit::Permit;
use crate::pipeline;
use crate::session::Session;
use crate::upstream::{Lane, Server};
use mcp::envelope::{Caps, Message};
use mcp::era::{Era, Version};
use std::pin::Pin;
use std::sync::Arc;

/// A call that can be judged again.
#[derive(Debug)]
pub struct Again {
    gateway: Arc<Gateway>,
    grant: Arc<str>,
    server: Arc<Server>,
    session: Option<Arc<Session>>,
    lane: Lane,
    version: Version,
    message: String,
}

/// A permit, or the client's bytes that say why there is none.
pub type Judged<'a> = Pin<Box<dyn Future<Output = Result<Permit, Vec<u8>>> + Send + 'a>>;

impl Again {
    /// The means to judge this call again, where its way may need that.
    #[must_use]
    pub fn of(gateway: &Arc<Gateway>, exchange: &Exchange) -> Option<Self> {
        if exchange.era() != Era::Legacy || !matches!(exchange.lane.settled(), Lane::Bridge(_)) {
            return None;
        }
        Some(Self {
            gateway: Arc::clone(gateway),
            grant: Arc::clone(&exchange.grant.id),
            server: Arc::clone(&exchange.reach.server),
            session: exchange.session.clone(),
            lane: exchange.lane.clone(),
            version: exchange.version,
            message: exchange.message.document().text().to_owned(),
        })
    }

    /// Judges it again, under what holds now.
    #[must_use]
    pub fn permit(&self) -> Judged<'_> {
        Box::pin(self.judge())
    }

    async fn judge(&self) -> Result<Permit, Vec<u8>> {
        let caps = Caps { max_body_bytes: usize::MAX, json: json::Limits::default() };
        let message =
            Message::parse(self.message.clone().into_bytes(), &caps).map_err(|refusal| refusal.to_bytes())?;
        let id = message.id_raw().unwrap_or("null").to_owned();
        let gone = || {
            let text = "the grant was revoked or has expired; tell the operator";
            mcp::answers::error(Some(&id), mcp::errors::INVALID_REQUEST, text, None)
        };
        let (grant, reach) = self.gateway.access(&self.grant, &self.server).ok_or_else(gone)?;
        let mut exchange = Exchange {
            grant,
            reach,
            message,
            version: self.version,
            session: self.session.clone(),
            lane: self.lane.clone(),
            param_headers: Vec::new(),
            upstream_id: self.gateway.next_upstream_id(),
            // The client's id is that of the round that it waits for.
            in_flight: None,
            room: Room::default(),
            restored: Restored::default(),
        };
        pipeline::permit_again(&self.gateway, &mut exchange).await.map_err(|answer| match answer {
            Answer::Message(reply) => reply.body,
            Answer::Accepted | Answer::Stream(_) | Answer::SessionGone | Answer::GrantGone => gone(),
        })
    }
}
