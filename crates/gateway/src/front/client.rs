//! One client on one connection of its own, on which it hears answers in any order: lines, or the first HTTP transport.
//! Its first request settles the era where the connection leaves that open, and its lane is its own.

use super::awaited::Awaited;
use super::request;
use crate::account;
use crate::exchange::{Answer, Exchange, Restored};
use crate::gateway::Gateway;
use crate::large::Room;
use crate::listen;
use crate::outstanding::MAX_OUTSTANDING;
use crate::pipeline;
use crate::session::Session;
use crate::stream::{Cut, Piece, Stream};
use mcp::envelope::{Caps, Message, MessageKind};
use mcp::era::{Era, EraLock, Version};
use mcp::errors::{INTERNAL_ERROR, INVALID_REQUEST, Refusal};
use mcp::{answers, modern};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Messages that may wait for the client.
const OUT_DEPTH: usize = 64;
/// After the client has said its last, its open requests may take so long.
pub const LAST_WORDS: Duration = Duration::from_secs(30);
/// Requests of one client that are worked on at once; more are refused.
const MAX_AT_ONCE: usize = 256;
/// Longest message for a client, as for a server.
const MAX_LINE_BYTES: usize = 16 << 20;

/// One client.
pub struct Client {
    gateway: Arc<Gateway>,
    /// What it has of its own.
    pub session: Arc<Session>,
    era: EraLock,
    room: Arc<Semaphore>,
    awaited: Arc<Awaited>,
    answers: Arc<Semaphore>,
    out: mpsc::Sender<Vec<u8>>,
    listens: bool,
}

/// Whether the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It does.
    More,
    /// It ends.
    End,
}

impl Client {
    /// A client and what is to be written to it: lines with their ends.
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, session: Arc<Session>) -> (Self, mpsc::Receiver<Vec<u8>>) {
        let (out, lines) = mpsc::channel(OUT_DEPTH);
        let room = Arc::new(Semaphore::new(MAX_AT_ONCE));
        let answers = Arc::new(Semaphore::new(MAX_OUTSTANDING));
        let awaited = Arc::new(Awaited::default());
        let era = EraLock::new();
        let client = Self { gateway, session, era, room, awaited, answers, out, listens: false };
        (client, lines)
    }

    /// Resolves when nobody hears the answers any more.
    pub async fn left(&self) {
        self.out.closed().await;
    }

    /// The client says no more: what is under way is still answered, within bounds, but for what it has given up.
    pub async fn finish(&self) {
        let idle = tokio::time::timeout(LAST_WORDS, self.awaited.none());
        tokio::select! {
            _ = idle => {}
            () = self.session.closed() => {}
            () = self.out.closed() => {}
        }
        self.session.close();
    }

    /// Takes one message as it was written.
    pub async fn take(&mut self, line: Vec<u8>) -> Next {
        let mut room = Room::default();
        if !self.gateway.large.grow(&mut room, &self.session.grant, line.len()) {
            return self.refuse(&request::too_many()).await;
        }
        let caps = Caps { max_body_bytes: self.gateway.bounds.max_body_bytes, ..Caps::default() };
        match Message::parse(line, &caps) {
            Ok(message) if !self.gateway.large.grow_for(&mut room, &self.session.grant, &message) => {
                self.refuse(&request::too_many().with_id_of(&message)).await
            }
            Ok(message) => self.judge(message, room).await,
            Err(refusal) => self.refuse(&refusal).await,
        }
    }

    /// Takes one message.
    pub async fn judge(&mut self, message: Message, room: Room) -> Next {
        let version = match self.settle(&message) {
            Ok(version) => version,
            Err(refusal) => return self.refuse(&refusal).await,
        };
        let method = message.method().unwrap_or("(response)");
        if let Some(id) = message.cancelled_request() {
            self.awaited.give_up(id);
        }
        let Some((grant, reach)) = self.gateway.access(&self.session.grant, &self.session.server) else {
            let (grant, server) = (&self.session.grant, &self.session.server.id);
            account::revoked(&self.gateway, grant, server, method);
            return self.grant_gone(message.id_raw().unwrap_or("null")).await;
        };
        self.session.touch(self.gateway.now_ms());
        if method == "notifications/initialized" && version.era() == Era::Legacy {
            self.listen();
        }
        if message.is_request() && self.gateway.is_draining() {
            let text = "the gateway is shutting down; retry later";
            return send(&self.out, answers::error(message.id_raw(), INTERNAL_ERROR, text, None)).await;
        }
        // Notifications have no place of their own: a cancellation must pass requests that hang.
        let is_plain_request = message.is_request() && method != "initialize";
        let is_response = *message.kind() == MessageKind::Response;
        let exchange = Exchange {
            grant,
            reach,
            message,
            version,
            session: Some(Arc::clone(&self.session)),
            lane: self.session.lane.clone(),
            param_headers: Vec::new(),
            upstream_id: self.gateway.next_upstream_id(),
            in_flight: None,
            room,
            restored: Restored::default(),
        };
        match (is_plain_request, is_response) {
            (true, _) => self.beside(exchange).await,
            (false, true) => self.respond(exchange).await,
            (false, false) => self.in_order(exchange).await,
        }
    }

    fn settle(&mut self, message: &Message) -> Result<Version, Refusal> {
        if self.era.observe(message)? == Some(Era::Modern) {
            // In this era nothing comes but what belongs to a request.
            self.session.outbox.close();
        }
        self.version(message)
    }

    /// Works on a request while further lines are read.
    async fn beside(&self, exchange: Exchange) -> Next {
        let Ok(place) = Arc::clone(&self.room).try_acquire_owned() else {
            let text = "too many requests are unanswered; wait for some";
            let refusal = Refusal::new(200, INVALID_REQUEST, text).with_id_of(&exchange.message);
            return self.refuse(&refusal).await;
        };
        let waiting = Awaited::begin(&self.awaited, exchange.id());
        let (gateway, session, out) =
            (Arc::clone(&self.gateway), Arc::clone(&self.session), self.out.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // At the end nobody is told of what was given up before.
                () = waiting.abandoned(&session) => {}
                () = answer(gateway, Arc::clone(&session), out, exchange) => {}
            }
            drop((waiting, place));
        });
        Next::More
    }

    /// Takes what answers a request of the server; nobody is told of one that answers nothing.
    async fn respond(&self, exchange: Exchange) -> Next {
        // A server that takes no answers holds up those that follow, not everything else.
        let Ok(place) = Arc::clone(&self.answers).acquire_owned().await else { return Next::End };
        let gateway = Arc::clone(&self.gateway);
        tokio::spawn(async move {
            drop(pipeline::handle(&gateway, exchange).await);
            drop(place);
        });
        Next::More
    }

    /// Works on a message before the next line is read.
    async fn in_order(&self, exchange: Exchange) -> Next {
        let work = answer(Arc::clone(&self.gateway), Arc::clone(&self.session), self.out.clone(), exchange);
        tokio::select! {
            () = work => Next::More,
            () = self.session.closed() => Next::End,
            () = self.out.closed() => Next::End,
        }
    }

    fn version(&self, message: &Message) -> Result<Version, Refusal> {
        match self.era.era() {
            Some(Era::Modern) if message.is_request() => modern::check(message, None, &Version::MODERN),
            Some(Era::Modern) => Ok(Version::NEWEST),
            Some(Era::Legacy) | None => Ok(self.session.version().unwrap_or(Version::NEWEST_LEGACY)),
        }
    }

    /// In lines there is no stream to open: what answers no request comes at any time.
    fn listen(&mut self) {
        if std::mem::replace(&mut self.listens, true) {
            return;
        }
        let (gateway, session, out) =
            (Arc::clone(&self.gateway), Arc::clone(&self.session), self.out.clone());
        tokio::spawn(async move {
            let stream = listen::open(&gateway, &session).await;
            pour(stream, None, &out).await
        });
    }

    async fn refuse(&self, refusal: &Refusal) -> Next {
        self.gateway.metrics.refused.inc();
        let (grant, server) = (&self.session.grant, &self.session.server.id);
        account::refused(&self.gateway, grant, server, "(protocol)", &refusal.code.to_string());
        send(&self.out, refusal.to_bytes()).await
    }

    /// Tells the client that its grant is worth nothing any more.
    pub async fn grant_gone(&self, id: &str) -> Next {
        let text = "the grant was revoked, has expired, or no longer reaches this server; tell the operator";
        // The connection ends either way.
        let _ = send(&self.out, answers::error(Some(id), INVALID_REQUEST, text, None)).await;
        Next::End
    }
}

/// Judges one message and says what comes of it; ends the connection where nothing more can come.
async fn answer(
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    out: mpsc::Sender<Vec<u8>>,
    exchange: Exchange,
) {
    let id = exchange.id().to_owned();
    let answer = pipeline::handle(&gateway, exchange).await;
    let next = render(answer, &id, &out).await;
    // A client that meets a dead process connects anew, as it would without a gateway.
    if next == Next::End || session.lane.is_over() {
        session.close();
    }
}

async fn render(answer: Answer, id: &str, out: &mpsc::Sender<Vec<u8>>) -> Next {
    let gone = |text: &str| answers::error(Some(id), INVALID_REQUEST, text, None);
    match answer {
        Answer::Accepted => Next::More,
        Answer::Message(reply) => send(out, reply.body).await,
        Answer::Stream(stream) => pour(stream, Some(id), out).await,
        Answer::SessionGone => {
            let _ = send(out, gone("the server forgot the session; connect again")).await;
            Next::End
        }
        Answer::GrantGone => {
            let _ = send(out, gone("the grant was revoked or has expired; tell the operator")).await;
            Next::End
        }
    }
}

/// Writes each message of a stream as one line. The request that it answers is told of a message that was cut off.
async fn pour(mut stream: Stream, id: Option<&str>, out: &mpsc::Sender<Vec<u8>>) -> Next {
    let mut line = Vec::new();
    while let Some(piece) = stream.next().await {
        let (bytes, ends) = match piece {
            Ok(Piece::Part(bytes)) => (bytes, false),
            Ok(Piece::End(bytes)) => (bytes, true),
            Ok(Piece::KeepAlive) => continue,
            Err(Cut) => {
                return cut_off(id, "the server's reply was cut off or broke the protocol", out).await;
            }
        };
        if bytes.len() > MAX_LINE_BYTES.saturating_sub(line.len()) {
            return cut_off(id, "the server's reply is too long for one line", out).await;
        }
        line.extend_from_slice(&bytes);
        if ends && send(out, std::mem::take(&mut line)).await == Next::End {
            return Next::End;
        }
    }
    // A JSON body is one message that ends with its stream.
    if line.is_empty() { Next::More } else { send(out, line).await }
}

async fn cut_off(id: Option<&str>, why: &str, out: &mpsc::Sender<Vec<u8>>) -> Next {
    let Some(id) = id else { return Next::More };
    let text = format!("{why}; the call may have been executed");
    send(out, answers::error(Some(id), INTERNAL_ERROR, &text, None)).await
}

async fn send(out: &mpsc::Sender<Vec<u8>>, mut line: Vec<u8>) -> Next {
    json::flatten_newlines(&mut line);
    line.push(b'\n');
    if out.send(line).await.is_ok() { Next::More } else { Next::End }
}
