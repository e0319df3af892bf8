//! What the stages wait for: the messages of one request in the client's own era, under the id of its permit.
//! Nothing comes after the answer, and nobody is told of what was given up.

use super::feed;
use crate::permit::Permit;
use crate::upstream::{Incoming, LaneFailure, Lines, Pending};
use mcp::errors::Refusal;
use mcp::reply::Reply;
use mcp::rewrite::{ReplyEdits, rewrite_reply};
use std::sync::Arc;
use tokio::sync::Notify;

/// The one who waits for the answer to a request.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The id of its permit.
    pub id: u64,
    pending: Arc<Pending>,
    gone: Arc<Notify>,
}

impl Waiting {
    /// Somebody waits for the request of this permit.
    ///
    /// # Errors
    /// [`LaneFailure`] where the permit is not one of a request.
    pub fn open(permit: &Permit) -> Result<(Waiting, Lines), LaneFailure> {
        let Some(id) = permit.upstream_id() else {
            return Err(LaneFailure::Failed(String::from("only a request has an answer")));
        };
        let pending = Arc::<Pending>::default();
        let mut lines = pending.expect(id, permit.hears_requests());
        let gone = Arc::<Notify>::default();
        let signal = Arc::clone(&gone);
        lines.when_given_up(move || signal.notify_one());
        Ok((Waiting { id, pending, gone }, lines))
    }

    /// The id, raw.
    #[must_use]
    pub fn raw(&self) -> String {
        self.id.to_string()
    }

    /// Hands over the answer.
    pub fn answer(&self, bytes: Vec<u8>) {
        match feed::parse(bytes) {
            Ok(reply) => drop(self.pending.answer(self.id, reply)),
            Err(why) => {
                tracing::warn!(why, "an answer could not be translated");
                self.fail("its answer cannot be translated");
            }
        }
    }

    /// Hands over an answer that says why there is none.
    pub fn fail(&self, why: &str) {
        let error = mcp::answers::error(Some(&self.raw()), mcp::errors::INTERNAL_ERROR, why, None);
        if let Ok(reply) = feed::parse(error) {
            self.pending.answer(self.id, reply);
        }
    }

    /// Nothing more comes: whoever waits learns that the request broke off.
    pub fn abandon(&self) {
        self.pending.fail_all();
    }

    /// Hands over what comes before the answer; lets it go where too much waits already.
    pub fn say(&self, bytes: Vec<u8>) -> bool {
        feed::parse(bytes).is_ok_and(|message| self.pending.notify(self.id, message))
    }

    /// Hands over what the client is asked; false where nobody can be asked.
    pub fn ask(&self, bytes: Vec<u8>) -> bool {
        feed::parse(bytes).is_ok_and(|request| self.pending.ask(request).is_ok())
    }

    /// Resolves when nobody waits any more.
    pub async fn gone(&self) {
        self.gone.notified().await;
    }

    /// The client cancels: nobody waits any more, whether or not it listens.
    pub fn cancel(&self) {
        self.gone.notify_one();
        self.fail("the request was cancelled");
    }
}

/// An answer that is there already, with its HTTP status, put under the permit's id.
///
/// # Errors
/// [`LaneFailure`] where it cannot be put so.
pub fn answered(permit: &Permit, message: Reply, status: u16) -> Result<Incoming, LaneFailure> {
    let (waiting, mut lines) = Waiting::open(permit)?;
    lines.status = status;
    let raw = waiting.raw();
    let edits = ReplyEdits { id: Some(&raw), ..ReplyEdits::default() };
    let bytes = if message.id_raw().is_some() {
        rewrite_reply(&message, &edits).map_err(|error| LaneFailure::Failed(error.to_string()))?
    } else {
        crate::stage::whole::error_for(&raw, &message)
    };
    waiting.answer(bytes);
    Ok(Incoming::Lines(lines))
}

/// A refusal of the bridge's own, with the specification's HTTP status.
///
/// # Errors
/// [`LaneFailure`] where the permit is not one of a request.
pub fn refused(permit: &Permit, refusal: &Refusal) -> Result<Incoming, LaneFailure> {
    let (waiting, mut lines) = Waiting::open(permit)?;
    lines.status = refusal.http_status;
    waiting.answer(refusal.clone().with_id(Some(&waiting.raw())).to_bytes());
    Ok(Incoming::Lines(lines))
}

/// An answer of the bridge's own.
///
/// # Errors
/// [`LaneFailure`] where the permit is not one of a request.
pub fn own(permit: &Permit, build: impl FnOnce(&str) -> Vec<u8>) -> Result<Incoming, LaneFailure> {
    let (waiting, lines) = Waiting::open(permit)?;
    waiting.answer(build(&waiting.raw()));
    Ok(Incoming::Lines(lines))
}
