//! Passes a server's messages on while they come, at the client's pace.
//! A late violation of the protocol aborts the stream; nothing is held but one small message.

mod event;
mod json_lines;

pub use json_lines::json_lines;

use crate::account::Outcome;
use crate::budget::Budget;
use crate::exchange::Answer;
use crate::news::News;
use crate::route::{Route, Withheld};
use crate::stage::{asked, refuse};
use crate::stream::{self, Framing, Gone, Outlet, Piece};
use crate::upstream::{Lines, Resumption};
use bytes::Bytes;
use event::{Ended, Event};
use json::{ReplyFacts, ReplyScanner};
use mcp::era::Era;
use mcp::http::ReplyBody;
use mcp::reply::{Reply, ReplyKind};
use mcp::sse::{Decoder, Piece as EventPiece};
use std::time::Duration;
use tokio::sync::watch;

/// A message of a stream up to this size is read whole; a longer one is a request of the server, which is held, or
/// the reply, which streams through.
pub const WHOLE_BYTES: usize = 64 << 10;
/// Between two messages a sign of life is sent so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The client or the grant is gone, the server broke the protocol, or a subscription ends with the gateway: nothing
/// more is passed on.
#[derive(Debug)]
enum Stop {
    ClientGone,
    Revoked,
    ShuttingDown,
    Silent,
    Broken(&'static str),
}

/// Streams the rest of a JSON reply whose beginning was read already.
pub fn json(route: Route, beginning: Vec<u8>, body: ReplyBody, status: u16) -> Answer {
    let (outlet, mut stream) = stream::open(Framing::Json);
    // Clients of the handshake era end the session on any other.
    stream.status = if route.version.era() == Era::Modern { status } else { 200 };
    let scanner = ReplyScanner::new(&route.upstream_id, &route.client_id, &json::Limits::default());
    let mut relay = Relay::new(route, outlet, Some(body), status);
    tokio::spawn(async move {
        let ended = relay.rest_of_json(scanner, beginning).await;
        relay.end(ended);
    });
    Answer::Stream(stream)
}

/// Streams the events of a reply.
pub fn events(route: Route, body: ReplyBody, status: u16) -> Answer {
    let (outlet, stream) = stream::open(Framing::Events);
    let mut relay = Relay::new(route, outlet, Some(body), status);
    tokio::spawn(async move {
        let ended = relay.all_events().await;
        relay.end(ended);
    });
    Answer::Stream(stream)
}

/// Streams the messages of a process for one request, the first of which has come already.
pub fn lines(route: Route, first: Reply, lines: Lines) -> Answer {
    let (outlet, stream) = stream::open(Framing::Events);
    let mut relay = Relay::new(route, outlet, None, 200);
    tokio::spawn(async move {
        let ended = relay.all_lines(first, lines).await;
        relay.end(ended);
    });
    Answer::Stream(stream)
}

struct Relay {
    route: Route,
    outlet: Outlet,
    // One for all waits: a change between two of them is seen at the next.
    changes: watch::Receiver<u64>,
    body: Option<ReplyBody>,
    status: u16,
    news: News,
    budget: Budget,
    // A listener hears first that it is one.
    may_tell: bool,
}

/// Whether more may come.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    More,
    Done,
}

impl Relay {
    fn new(route: Route, outlet: Outlet, body: Option<ReplyBody>, status: u16) -> Self {
        let changes = route.gateway.changes();
        let (news, budget) = (News::default(), Budget::new(route.gateway.now_ms()));
        let may_tell = route.subscription.is_none();
        // What it is shown from here on is what later policies are compared with.
        drop(route.changed());
        Self { route, outlet, changes, body, status, news, budget, may_tell }
    }

    fn end(mut self, ended: Result<(), Stop>) {
        match ended {
            Ok(()) | Err(Stop::ShuttingDown) => return self.outlet.finish(),
            Err(Stop::ClientGone | Stop::Revoked) => self.route.settle(Outcome::Unknown),
            Err(Stop::Silent) => {
                let why = "it was silent for too long in the middle of its reply";
                tracing::warn!(server.id = %self.route.reach.server.id, why, "a server's reply was given up");
                self.route.settle(Outcome::Failed { why, status: Some(self.status) });
            }
            Err(Stop::Broken(why)) => {
                tracing::warn!(server.id = %self.route.reach.server.id, why, "a server's reply was cut off");
                self.route.settle(Outcome::Failed { why, status: Some(self.status) });
            }
        }
        self.outlet.cut();
    }

    async fn rest_of_json(&mut self, mut scanner: ReplyScanner, beginning: Vec<u8>) -> Result<(), Stop> {
        let mut chunk = Bytes::from(beginning);
        loop {
            let mut out = Vec::with_capacity(chunk.len() + 16);
            scanner.push(&chunk, &mut out).map_err(|_| Stop::Broken("it is not one strict reply"))?;
            refuse_input(&scanner)?;
            self.send(Piece::Part(out.into())).await?;
            match self.chunk().await? {
                Some(next) => chunk = next,
                None => break,
            }
        }
        let facts = scanner.finish().map_err(|_| Stop::Broken("it ended early"))?;
        self.replied(&facts);
        Ok(())
    }

    fn replied(&mut self, facts: &ReplyFacts) {
        let ReplyFacts { is_error, tool_error, bytes, .. } = *facts;
        self.route.settle(Outcome::Replied { is_error, tool_error, n_bytes: bytes, status: self.status });
    }

    async fn all_events(&mut self) -> Result<(), Stop> {
        let mut resumption = Resumption::of_reply();
        while self.events_of_body(&mut resumption).await? == Next::More {
            let (lane, version) = (self.route.lane.clone(), self.route.version);
            let body = self.wait(resumption.again(&lane, version)).await?;
            self.body = Some(body.ok_or(Stop::Broken("the stream ended without the reply"))?);
        }
        Ok(())
    }

    /// Passes on what one connection brings.
    async fn events_of_body(&mut self, resumption: &mut Resumption) -> Result<Next, Stop> {
        let mut decoder = Decoder::new();
        let mut event = Event::default();
        loop {
            let chunk = match self.chunk().await {
                Ok(Some(chunk)) => chunk,
                // What the client has had of an event cannot be taken back.
                Ok(None) | Err(Stop::Broken(_)) if event.is_passing => {
                    return Err(Stop::Broken("the stream ended in the middle of the reply"));
                }
                Ok(None) | Err(Stop::Broken(_)) => return Ok(Next::More),
                Err(stop) => return Err(stop),
            };
            let mut rest = &chunk[..];
            while let Some(piece) = decoder.next(&mut rest) {
                let next = match piece {
                    EventPiece::Data(data) => self.take(&mut event, data).await?,
                    EventPiece::End(ending) => {
                        resumption.note(&ending);
                        self.finish(&mut event).await?
                    }
                };
                if next == Next::Done {
                    return Ok(Next::Done);
                }
            }
        }
    }

    async fn take(&mut self, event: &mut Event, data: &[u8]) -> Result<Next, Stop> {
        let was_passing = event.is_passing;
        let Some(part) = event.take(&self.route, data)? else { return Ok(Next::More) };
        if !was_passing {
            self.tell_rest().await?;
            // Nothing may come in the middle of the reply, and nothing comes after it.
            self.may_tell = false;
        }
        self.send(Piece::Part(part.into())).await?;
        Ok(Next::More)
    }

    async fn finish(&mut self, event: &mut Event) -> Result<Next, Stop> {
        match event.finish(&self.route)? {
            Ended::Empty => Ok(Next::More),
            Ended::Whole(message, n_bytes) => self.pass(&message, n_bytes).await,
            Ended::Passed(facts) => {
                // Before its end, which is what makes the client take it.
                self.replied(&facts);
                self.send(Piece::End(Bytes::new())).await?;
                Ok(Next::Done)
            }
        }
    }

    async fn all_lines(&mut self, first: Reply, mut lines: Lines) -> Result<(), Stop> {
        let mut message = first;
        loop {
            let n_bytes = message.document().text().len() as u64;
            if self.pass(&message, n_bytes).await? == Next::Done {
                return Ok(());
            }
            message = self.line(&mut lines).await?;
        }
    }

    /// Passes one whole message on, if it may pass.
    async fn pass(&mut self, message: &Reply, n_bytes: u64) -> Result<Next, Stop> {
        match message.kind() {
            ReplyKind::Result | ReplyKind::Error => {
                let bytes = match self.route.reply(message) {
                    Ok(bytes) => bytes,
                    Err(Withheld::Instead(text)) => refuse::instead(&self.route.client_id, text),
                    Err(Withheld::Closed | Withheld::Broken) => {
                        return Err(Stop::Broken("it answers another request"));
                    }
                };
                self.route.settle_by(message, n_bytes, self.status);
                self.tell_rest().await?;
                self.send(Piece::End(bytes.into())).await?;
                Ok(Next::Done)
            }
            ReplyKind::Notification { method } => {
                if let Ok(bytes) = self.route.notification(message) {
                    self.notify(method, bytes).await?;
                }
                Ok(Next::More)
            }
            ReplyKind::Request { .. } => {
                if let Some(passed) = asked::pass(self.route.asking(), message).await
                    && let Err(stop) = self.send(Piece::End(passed.bytes.clone().into())).await
                {
                    asked::undo(self.route.asking(), message, &passed);
                    return Err(stop);
                }
                Ok(Next::More)
            }
        }
    }

    /// Passes a notification on: news of lists in their time, others as far as the server may say so much.
    async fn notify(&mut self, method: &str, bytes: Vec<u8>) -> Result<(), Stop> {
        if News::is_about(method) {
            self.news.note(method, bytes);
            return Ok(());
        }
        let is_acknowledgement = method == "notifications/subscriptions/acknowledged";
        self.may_tell |= is_acknowledgement;
        if is_acknowledgement || self.budget.spend(self.route.gateway.now_ms(), bytes.len()) {
            self.send(Piece::End(bytes.into())).await?;
        }
        Ok(())
    }

    /// Tells the news that wait, before what ends the stream.
    async fn tell_rest(&mut self) -> Result<(), Stop> {
        let news = self.news.take();
        self.tell(news).await
    }

    async fn tell(&mut self, news: Vec<Vec<u8>>) -> Result<(), Stop> {
        for message in news {
            self.send(Piece::End(message.into())).await?;
        }
        Ok(())
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Stop> {
        let mut body = self.body.take();
        let Some(pulled) = body.as_mut() else { return Ok(None) };
        let limit = self.route.patience();
        let chunk = loop {
            match self.wait(tokio::time::timeout(limit, pulled.next())).await? {
                Ok(chunk) => break chunk,
                // It is not the server that is silent.
                Err(_) if self.route.awaits_client() => {}
                Err(_) => return Err(Stop::Silent),
            }
        };
        self.body = body;
        chunk.transpose().map_err(|_| Stop::Broken("the connection was cut"))
    }

    async fn line(&mut self, lines: &mut Lines) -> Result<Reply, Stop> {
        let timeout = self.route.reach.server.timeout();
        loop {
            match self.wait(tokio::time::timeout(timeout, lines.next())).await? {
                Ok(Some(line)) => return Ok(line),
                Ok(None) => return Err(Stop::Broken("the process ended")),
                // It is not the server that is silent.
                Err(_) if self.route.awaits_client() || self.route.subscription.is_some() => {}
                Err(_) => return Err(Stop::Broken("the process was silent for too long")),
            }
        }
    }

    /// Waits for the server while watching the client, the grant and what there is to tell.
    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, Stop> {
        let mut next = std::pin::pin!(next);
        loop {
            let Self { route, outlet, changes, news, may_tell, .. } = &mut *self;
            if *may_tell {
                for (list, bytes) in route.changed() {
                    news.note(list, bytes);
                }
            }
            let waited = async {
                tokio::select! {
                    biased;
                    news = news.due(), if *may_tell => Waited::News(news),
                    result = &mut next => Waited::Done(result),
                }
            };
            match watched(route, outlet, changes, waited).await? {
                Some(Waited::Done(result)) => return Ok(result),
                Some(Waited::News(news)) => self.tell(news).await?,
                None => {}
            }
        }
    }

    /// Waits for the client in the same way.
    async fn send(&mut self, piece: Piece) -> Result<(), Stop> {
        let mut sending = std::pin::pin!(self.outlet.send(piece));
        loop {
            let watched = watched(&self.route, &self.outlet, &mut self.changes, sending.as_mut());
            if let Some(sent) = watched.await? {
                return sent.map_err(|Gone| Stop::ClientGone);
            }
        }
    }
}

/// What asks for input or is a task is cut off before the part that says so.
fn refuse_input(scanner: &ReplyScanner) -> Result<(), Stop> {
    if scanner.asks_for_input() || scanner.makes_task() {
        return Err(Stop::Broken("a result that asks for input or is a task is too long"));
    }
    Ok(())
}

/// What a wait for the server ended with.
enum Waited<T> {
    News(Vec<Vec<u8>>),
    Done(T),
}

/// Waits while the client and the grant are there; nothing where something has changed meanwhile.
async fn watched<T>(
    route: &Route,
    outlet: &Outlet,
    changes: &mut watch::Receiver<u64>,
    next: impl Future<Output = T>,
) -> Result<Option<T>, Stop> {
    if !route.is_granted() {
        return Err(Stop::Revoked);
    }
    if route.is_over() {
        return Err(Stop::ShuttingDown);
    }
    let mut next = std::pin::pin!(next);
    loop {
        tokio::select! {
            biased;
            () = outlet.closed() => return Err(Stop::ClientGone),
            // The sender of changes lives as long as the gateway.
            _ = changes.changed() => return Ok(None),
            result = &mut next => return Ok(Some(result)),
            () = tokio::time::sleep(KEEP_ALIVE) => outlet.keep_alive(),
        }
    }
}
