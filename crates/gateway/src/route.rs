//! What ties a request upstream to the client that waits: ids, tokens, the session, the account.
//! Every message of a server passes here before a client sees it.

use crate::account::{Account, Outcome};
use crate::channels;
use crate::cursor::Place;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::given::Given;
use crate::permit::Permit;
use crate::reach::Reach;
use crate::session::{InFlight, Session};
use crate::stage::asked::Asking;
use crate::stage::entries::Entries;
use crate::stage::round::{self, Subject};
use crate::stage::task::{Client, Role};
use crate::subscription::Subscription;
use crate::upstream::Lane;
use mcp::era::{Era, Version};
use mcp::reply::{Reply, ReplyKind};
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use mcp::rounds::Abilities;
use std::sync::Arc;
use std::time::Duration;

/// The way back of one request.
#[derive(Debug)]
pub struct Route {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// Whose request it is.
    pub grant: Arc<str>,
    /// To what, under which policies.
    pub reach: Arc<Reach>,
    /// The revision that both sides speak.
    pub version: Version,
    /// The request's lane, for answers to what a server asks.
    pub lane: Lane,
    /// The client's session, where it has one.
    pub session: Option<Arc<Session>>,
    /// What rounds of the request belong to.
    pub subject: Option<Subject>,
    /// What its reply has to do with tasks.
    pub task: Role,
    /// What the client says it can answer (2026-07-28).
    pub abilities: Abilities,
    /// The gateway's id of the request, raw.
    pub upstream_id: String,
    /// The client's id, raw.
    pub client_id: String,
    progress_token: Option<String>,
    /// What it listens to, where it is a listener.
    pub subscription: Option<Subscription>,
    // The method, where it lists something page by page.
    lists: Option<&'static str>,
    account: Account,
    _in_flight: Option<InFlight>,
}

/// Why a server's message is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// It is not for this client, or its channel is closed.
    Closed,
    /// It breaks the protocol.
    Broken,
    /// It says something that the client may not be told; it gets an error with this text in its place.
    Instead(&'static str),
}

impl Route {
    /// The way back of `exchange`, whose request was permitted.
    pub(crate) fn new(gateway: &Arc<Gateway>, exchange: Exchange, permit: Permit) -> Self {
        let (subject, task) = (round::subject(gateway, &exchange), Role::of(&exchange));
        let abilities = abilities(&exchange);
        let Exchange { grant, reach, message, version, session, lane, upstream_id, in_flight, .. } = exchange;
        Self {
            gateway: Arc::clone(gateway),
            grant: Arc::clone(&grant.id),
            reach,
            version,
            lane,
            session,
            subject,
            task,
            abilities,
            upstream_id: upstream_id.to_string(),
            client_id: message.id_raw().unwrap_or("null").to_owned(),
            lists: message.listed_by(),
            subscription: Subscription::of(&message),
            progress_token: message.progress_token().map(|token| token.raw().to_owned()),
            account: permit.into_account(),
            _in_flight: in_flight,
        }
    }

    /// The client, as its tasks know it.
    #[must_use]
    pub fn client(&self) -> Client<'_> {
        let (server, session) = (&self.reach.server, self.session.as_deref());
        Client::new(&self.gateway, &self.grant, server, session, self.version)
    }

    /// The policies as they are now.
    #[must_use]
    pub fn present_reach(&self) -> Option<Arc<Reach>> {
        self.gateway.access(&self.grant, &self.reach.server).map(|(_, reach)| reach)
    }

    /// The server's and the client's token of progress, raw, where the client wants to hear of it.
    #[must_use]
    pub fn tokens(&self) -> Option<(String, Box<str>)> {
        let token = self.progress_token.as_deref()?;
        Some((self.upstream_id.clone(), token.into()))
    }

    /// What a reply may take that has to be read whole, because something in it is replaced; none where a long one
    /// streams through.
    #[must_use]
    pub fn held_bytes(&self) -> Option<usize> {
        let holds_task = match self.task {
            Role::Tell(_) | Role::List => true,
            // In the newer form the result itself says soon enough whether it is a task.
            Role::Begin(_) => self.version.era() == Era::Legacy,
            Role::None => false,
        };
        (holds_task || self.lists.is_some()).then_some(self.gateway.bounds.max_list_bytes)
    }

    /// The client's bytes of a reply to this request.
    ///
    /// # Errors
    /// [`Withheld`] where it must not be passed on.
    pub fn reply(&self, reply: &Reply) -> Result<Vec<u8>, Withheld> {
        if !reply.answers(&self.upstream_id) {
            return Err(Withheld::Broken);
        }
        let given = Given::in_reply(self, reply)?;
        let set: Vec<(&str, &str)> = given.set.iter().map(|(key, raw)| (*key, raw.as_str())).collect();
        let edits = ReplyEdits {
            id: Some(&self.client_id),
            set_result: &set,
            strip_private_meta: true,
            handles: given.handles(),
            ..ReplyEdits::default()
        };
        rewrite_reply(reply, &edits).map_err(|_| Withheld::Broken)
    }

    /// What a page of a list shows in place of what the server sent: members of the result, with raw values.
    ///
    /// # Errors
    /// [`Withheld`] where it is no such page, or the grant is gone.
    pub fn shown(&self, page: &Reply) -> Result<Vec<(&'static str, String)>, Withheld> {
        let Some(method) = self.lists.filter(|_| *page.kind() == ReplyKind::Result) else {
            return Ok(Vec::new());
        };
        let place = Place { grant: &self.grant, server: &self.reach.server.id, method };
        let mut set = match Entries::of(place.method) {
            Some(list) => {
                // What the grant may see is decided by what holds now.
                let reach = self.present_reach().ok_or(Withheld::Closed)?;
                list.shown(&self.gateway, &reach, self.version.era(), page).ok_or(Withheld::Broken)?
            }
            None => Vec::new(),
        };
        set.extend(place.next(&self.gateway, page).map(|cursor| ("nextCursor", cursor)));
        Ok(set)
    }

    /// The client's bytes of a notification that came on this request's stream.
    ///
    /// # Errors
    /// [`Withheld`] where its channel is closed or it belongs to another request.
    pub fn notification(&self, notification: &Reply) -> Result<Vec<u8>, Withheld> {
        if !self.is_open(notification) {
            return Err(Withheld::Closed);
        }
        let token = notification.progress_token().map(|token| self.client_token(token));
        let token = token.map(|token| token.ok_or(Withheld::Closed)).transpose()?;
        let cancelled = notification.cancelled_request().map(|id| self.cancelled(id));
        let cancelled = cancelled.map(|id| id.ok_or(Withheld::Closed)).transpose()?;
        let reach = self.present_reach().ok_or(Withheld::Closed)?;
        let given = Given::in_notice(self.client(), &self.grant, &reach, self.abilities, notification);
        let given = given.ok_or(Withheld::Closed)?;
        let mut edits = ReplyEdits {
            progress_token: token.as_deref(),
            cancelled_request: cancelled.as_deref(),
            strip_private_meta: true,
            handles: given.handles(),
            ..ReplyEdits::default()
        };
        if let Some(subscription) = notification.subscription_id() {
            if subscription != self.upstream_id {
                return Err(Withheld::Closed);
            }
            edits.subscription_id = Some(&self.client_id);
        }
        rewrite_reply(notification, &edits).map_err(|_| Withheld::Broken)
    }

    fn is_open(&self, notification: &Reply) -> bool {
        if notification.method() == Some("notifications/tools/list_changed") {
            self.reach.server.definitions.mark_changed();
        }
        channels::may_be_told(&self.reach, &self.grant, self.version, notification)
    }

    /// The client's token of a request of its own: this one, or another of its session.
    fn client_token(&self, upstream: &str) -> Option<Box<str>> {
        if upstream == self.upstream_id {
            return self.progress_token.as_deref().map(Box::from);
        }
        let of_request = self.session.as_ref().and_then(|session| session.progress_token(upstream));
        of_request.or_else(|| self.client().progress_token(upstream))
    }

    /// The client's id of what the server takes back: its own request to the client, or this subscription.
    fn cancelled(&self, id: &str) -> Option<Box<str>> {
        let asked = self.session.as_ref().and_then(|session| session.outstanding.cancel(&self.lane, id));
        match asked {
            Some(ours) => Some(ours.to_string().into()),
            None => (id == self.upstream_id).then(|| self.client_id.as_str().into()),
        }
    }

    /// Where a request of the server that comes this way comes from.
    #[must_use]
    pub fn asking(&self) -> Asking<'_> {
        Asking {
            gateway: &self.gateway,
            session: self.session.as_deref(),
            lane: &self.lane,
            version: self.version,
        }
    }

    /// What a listener is to be told of changed policies.
    #[must_use]
    pub fn changed(&self) -> Vec<(&'static str, Vec<u8>)> {
        let Some(subscription) = &self.subscription else { return Vec::new() };
        let access = self.gateway.access(&self.grant, &self.reach.server);
        access.map_or_else(Vec::new, |(_, reach)| subscription.changed(&reach.stack))
    }

    /// How long the server may be silent in the middle of its reply; a subscription may be as long as it lasts.
    #[must_use]
    pub fn patience(&self) -> Duration {
        if self.subscription.is_some() { Duration::MAX } else { self.reach.server.timeout() }
    }

    /// Whether the server waits for its client.
    #[must_use]
    pub fn awaits_client(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.outstanding.is_empty())
    }

    /// Whether the grant still reaches the server this way: a revocation closes open streams.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.gateway.may_have(&self.grant, &self.reach.server)
    }

    /// Whether it would never end by itself and the gateway shuts down.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.subscription.is_some() && self.gateway.is_draining()
    }

    /// Settles the account by a whole reply.
    pub fn settle_by(&mut self, reply: &Reply, n_bytes: u64, status: u16) {
        self.account.settle_by(reply, n_bytes, status);
    }

    /// Settles the account with what became of the request.
    pub fn settle(&mut self, outcome: Outcome) {
        self.account.settle(outcome);
    }
}

/// What the client says it can answer, in each request of the newer era.
fn abilities(exchange: &Exchange) -> Abilities {
    let capabilities = exchange.message.client_capabilities().filter(|_| exchange.era() == Era::Modern);
    capabilities.map(Abilities::read).unwrap_or_default()
}
