//! A stream of the handshake era that outlives its connection: a client that goes away has not cancelled anything, and
//! may go on reading on another connection (2025-11-25, Resumability and Redelivery).
//! It must never hold more than its bounds, nor pass on anything once its session is closed.

pub mod answer;
mod event;
mod kept;
mod source;
mod whose;

pub use source::Source;
pub use whose::Whose;

use crate::gateway::Gateway;
use crate::spools::{After, Attach, Frame, Place, Spools};
use crate::stream::{Cut, Piece};
use bytes::Bytes;
use event::Event;
use kept::Kept;
use mcp::era::Version;
use mcp::errors::INTERNAL_ERROR;
use source::Came;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Sleep, sleep};

/// What is complete, and what nobody reads, is kept for so long: clients come back within seconds.
const KEPT_FOR: Duration = Duration::from_secs(120);
/// A quiet stream shows life so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One stream, driven by a task of its own.
pub struct Spool {
    gateway: Arc<Gateway>,
    whose: Whose,
    place: Place,
    // The client's id of the request that it answers; the session's own stream answers none.
    request: Option<String>,
    source: Source,
    out: Option<mpsc::Sender<Frame>>,
    // What the present connection has yet to get, with the number of the event that it ends.
    unsent: VecDeque<(Option<u64>, Frame)>,
    last_sent: u64,
    kept: Kept,
    event: Event,
    is_over: bool,
    is_resumable: bool,
    expiry: Option<Pin<Box<Sleep>>>,
}

impl Spool {
    /// A stream and its first connection.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn open(
        gateway: &Arc<Gateway>,
        whose: Whose,
        request: Option<String>,
        source: Source,
    ) -> Result<(Self, mpsc::Receiver<Frame>), getrandom::Error> {
        let place = whose.spools().place(request.is_none())?;
        let (out, frames) = Spools::connection();
        let mut spool = Self {
            gateway: Arc::clone(gateway),
            whose,
            place,
            request,
            source,
            out: Some(out),
            unsent: VecDeque::new(),
            last_sent: 0,
            kept: Kept::default(),
            event: Event::new(1),
            is_over: false,
            is_resumable: true,
            expiry: None,
        };
        // Older clients read the empty data as a broken message.
        if spool.whose.version().is_some_and(|version| version >= Version::V2025_11_25) {
            spool.unsent.push_back((None, Frame::Bytes(event::priming(&spool.place.key))));
        }
        Ok((spool, frames))
    }

    /// Drives the stream until it is complete and nobody can want it any more.
    pub async fn run(mut self) {
        let whose = self.whose.clone();
        let mut closed = std::pin::pin!(whose.closed());
        while self.is_resumable || self.out.is_some() {
            let is_full = !self.unsent.is_empty();
            tokio::select! {
                biased;
                () = &mut closed => return self.close(),
                attach = self.place.attaching.recv(), if self.is_resumable => match attach {
                    Some(attach) => self.attach(attach),
                    None => self.is_resumable = false,
                },
                connection = connection(self.out.as_ref(), is_full) => self.serve(connection),
                () = expired(&mut self.expiry) => return,
                came = self.source.next(), if !self.is_over && !is_full => self.take(came),
                () = sleep(KEEP_ALIVE), if self.out.is_some() && !is_full => self.keep_alive(),
            }
        }
    }

    /// Of a session's own stream nothing is missing when the session ends; a reply that is missing shows as such.
    fn close(self) {
        if let (Some(out), None, true) = (&self.out, &self.request, self.unsent.is_empty()) {
            // Where there is no room the connection is cut off, which is as good.
            let _ = out.try_send(Frame::End);
        }
    }

    fn take(&mut self, came: Came) {
        match came {
            Came::Piece(Piece::KeepAlive) => self.keep_alive(),
            Came::Piece(Piece::Part(bytes)) => self.part(&bytes),
            Came::Piece(Piece::End(bytes)) => self.end_event(&bytes),
            Came::End => self.end(),
            Came::Broken(Cut) => self.break_off(),
        }
    }

    fn part(&mut self, bytes: &[u8]) {
        let frame = self.event.add(&self.place.key, bytes, false);
        if self.event.is_passing {
            self.send(None, frame);
        }
    }

    fn end_event(&mut self, bytes: &[u8]) {
        let number = self.event.number;
        let frame = self.event.add(&self.place.key, bytes, true);
        let kept = self.event.so_far().or_else(|| {
            self.failure(
                "the reply is too long to be kept, and its connection was lost; the call was executed",
            )
        });
        let shown = if self.event.is_passing { Some(frame) } else { kept.clone() };
        if let Some(kept) = kept {
            self.kept.push(number, kept, &self.gateway.kept, self.whose.grant());
        }
        self.event = Event::new(number + 1);
        if let Some(frame) = shown {
            self.send(Some(number), frame);
        }
    }

    /// What the client is told in place of a reply that it cannot have.
    fn failure(&self, text: &str) -> Option<Bytes> {
        let id = self.request.as_deref()?;
        let message = mcp::answers::error(Some(id), INTERNAL_ERROR, text, None);
        Some(event::whole(&self.place.key, self.event.number, &message))
    }

    fn end(&mut self) {
        self.unsent.push_back((None, Frame::End));
        self.finish();
    }

    /// The reply will never come. A connection in the middle of an event is cut off, so that it takes nothing for
    /// complete; otherwise, and to whoever resumes, the request is answered with an error.
    fn break_off(&mut self) {
        let is_allowed = self.whose.may_have(&self.gateway);
        let text = "the server's reply was cut off or broke the protocol; the call may have been executed";
        let failure = self.failure(text).filter(|_| is_allowed);
        let Some(failure) = failure else {
            self.is_resumable = false;
            self.detach();
            return self.finish();
        };
        let number = self.event.number;
        self.kept.push(number, failure.clone(), &self.gateway.kept, self.whose.grant());
        if self.event.is_begun() && self.event.is_passing {
            self.event = Event::new(number + 1);
            self.detach();
        } else {
            self.event = Event::new(number + 1);
            self.send(Some(number), failure);
        }
        self.end();
    }

    fn finish(&mut self) {
        self.is_over = true;
        self.expiry = Some(Box::pin(sleep(KEPT_FOR)));
    }

    fn send(&mut self, ends: Option<u64>, frame: Bytes) {
        if self.out.is_some() {
            self.unsent.push_back((ends, Frame::Bytes(frame)));
        }
    }

    fn keep_alive(&mut self) {
        // Inside an event it would end the event.
        if !self.event.is_begun() {
            self.send(None, Bytes::from_static(mcp::sse::KEEP_ALIVE));
        }
    }

    fn serve(&mut self, connection: Connection) {
        match connection {
            Connection::Gone => self.detach(),
            Connection::Room(permit) => {
                let Some((ends, frame)) = self.unsent.pop_front() else { return };
                self.last_sent = ends.unwrap_or(self.last_sent);
                let is_end = matches!(frame, Frame::End);
                permit.send(frame);
                if is_end {
                    self.detach();
                }
            }
        }
    }

    fn detach(&mut self) {
        self.out = None;
        self.unsent.clear();
        self.event.is_passing = false;
        self.place.set_detached(true);
        let waits = if self.is_over { KEPT_FOR } else { KEPT_FOR.max(self.whose.timeout(&self.gateway)) };
        self.expiry = Some(Box::pin(sleep(waits)));
    }

    fn attach(&mut self, attach: Attach) {
        let after = match attach.after {
            After::Event(number) => number,
            After::Sent => self.last_sent,
        };
        self.out = Some(attach.out);
        self.place.set_detached(false);
        self.unsent =
            self.kept.behind(after).map(|(number, event)| (Some(number), Frame::Bytes(event))).collect();
        let so_far = self.event.so_far();
        self.event.is_passing = so_far.is_some();
        if let Some(beginning) = so_far.filter(|_| self.event.is_begun()) {
            self.send(None, beginning);
        }
        if self.is_over {
            self.unsent.push_back((None, Frame::End));
        } else {
            self.expiry = None;
        }
    }
}

enum Connection {
    Gone,
    Room(mpsc::OwnedPermit<Frame>),
}

/// What the connection is ready for: room for the next frame, where one waits, or its own end.
async fn connection(out: Option<&mpsc::Sender<Frame>>, is_full: bool) -> Connection {
    let Some(out) = out else { return std::future::pending().await };
    if is_full {
        return out.clone().reserve_owned().await.map_or(Connection::Gone, Connection::Room);
    }
    out.closed().await;
    Connection::Gone
}

async fn expired(expiry: &mut Option<Pin<Box<Sleep>>>) {
    match expiry {
        Some(expiry) => expiry.as_mut().await,
        None => std::future::pending().await,
    }
}
