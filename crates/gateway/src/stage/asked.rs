//! What a server asks of the client (handshake era): judged by its channel, recorded, and passed on under an id of
//! ours, or refused in the client's place. A server must never reach a client by a channel that no policy opens.

use super::matter::Matter;
use crate::account::{self, Account, Asked};
use crate::gateway::Gateway;
use crate::outstanding::NotTaken;
use crate::reach::Reach;
use crate::session::Session;
use crate::stage::task::Client;
use crate::upstream::{Lane, answer_server};
use mcp::answers;
use mcp::era::{Era, Version};
use mcp::errors::{INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND};
use mcp::reply::Reply;
use mcp::rewrite::{ReplyEdits, ReplyHandles, rewrite_reply};
use std::sync::Arc;

/// Largest request of a server that is passed on; it may hold images for a model.
pub const MAX_ASKED_BYTES: usize = 4 << 20;

/// Where a request comes from and which client it is for.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The gateway.
    pub gateway: &'a Arc<Gateway>,
    /// The client's session; without one nothing can be asked of it.
    pub session: Option<&'a Session>,
    /// The way that the request came by.
    pub lane: &'a Lane,
    /// The revision that both sides speak.
    pub version: Version,
}

/// A request as the client sees it.
#[derive(Debug)]
pub struct Passed {
    /// The message.
    pub bytes: Vec<u8>,
    ours: u64,
}

/// Why a server is refused.
enum Refused {
    /// The revision has no such request, or its channel is closed.
    Closed,
    /// What it asked breaks the protocol, or there are too many.
    Because(i64, &'static str),
}

/// Judges one request; what it gives goes to the client, everything else has been answered.
pub async fn pass(asking: Asking<'_>, request: &Reply) -> Option<Passed> {
    if asking.version.era() == Era::Modern {
        // A server has no requests in this era; nobody would answer them.
        return None;
    }
    let id = request.id_raw()?;
    if request.method() == Some("ping") {
        answer_server(asking.lane, asking.version, answers::empty(Era::Legacy, id));
        return None;
    }
    match take(asking, request, id).await {
        Ok(passed) => Some(passed),
        Err(refused) => {
            refuse(asking, id, &refused);
            None
        }
    }
}

/// The client could not be told after all: the server gets an answer all the same.
pub fn undo(asking: Asking<'_>, request: &Reply, passed: &Passed) {
    let Some((session, id)) = asking.session.zip(request.id_raw()) else { return };
    if session.outstanding.forget(passed.ours) {
        refuse(asking, id, &Refused::Because(INTERNAL_ERROR, "the client is gone; go on without it"));
    }
}

async fn take(asking: Asking<'_>, request: &Reply, id: &str) -> Result<Passed, Refused> {
    let session = asking.session.ok_or(Refused::Closed)?;
    let access = asking.gateway.access(&session.grant, &session.server);
    let (_, reach) = access.ok_or(Refused::Closed)?;
    let matter = judge(asking, session, &reach, request)?;
    let token = progress_token(request);
    let ours = session.outstanding.take(asking.lane, id, token, matter).map_err(|refused| match refused {
        NotTaken::TooMany => {
            Refused::Because(INTERNAL_ERROR, "too many requests are unanswered; wait for answers")
        }
        NotTaken::Duplicate => {
            Refused::Because(INVALID_REQUEST, "a request with this id is still unanswered; use a new id")
        }
    })?;
    let passed = enter(asking, session, &reach, request, ours).await;
    if passed.is_err() {
        session.outstanding.forget(ours);
    }
    passed
}

async fn enter(
    asking: Asking<'_>,
    session: &Session,
    reach: &Reach,
    request: &Reply,
    ours: u64,
) -> Result<Passed, Refused> {
    let raw = ours.to_string();
    let related = Client::in_session(asking.gateway, session).related(request);
    let edits = ReplyEdits {
        id: Some(&raw),
        handles: ReplyHandles { related_task: related.edit(), ..ReplyHandles::default() },
        meta_progress_token: progress_token(request).and(Some(&raw)),
        strip_private_meta: true,
        ..ReplyEdits::default()
    };
    let bytes = rewrite_reply(request, &edits)
        .map_err(|_| Refused::Because(INVALID_REQUEST, "the request cannot be passed on"))?;
    let n_bytes = request.document().text().len();
    let method = request.method().unwrap_or_default();
    let intent = Asked { grant: &session.grant, reach, method, n_bytes };
    let shadowed = Matter::of(request).shadow(reach, &session.grant, asking.version);
    let begun = Account::begin_asked(asking.gateway, intent, shadowed.as_deref()).await;
    let account = begun.map_err(|error| {
        tracing::error!(%error, "a server's request was refused because it could not be recorded");
        Refused::Because(INTERNAL_ERROR, "the gateway cannot record requests; go on without the client")
    })?;
    // From here on the client may act on it, whatever becomes of its answer.
    account.progress().hand_over(bytes.len(), asking.gateway.now_ms());
    if session.outstanding.record(ours, account) {
        Ok(Passed { bytes, ours })
    } else {
        // The session ended while it was recorded.
        Err(Refused::Because(INTERNAL_ERROR, "the client is gone; go on without it"))
    }
}

fn judge(asking: Asking<'_>, session: &Session, reach: &Reach, request: &Reply) -> Result<Matter, Refused> {
    let matter = Matter::of(request);
    match matter.judge(reach, &session.grant, asking.version) {
        Ok(()) => check_size(request).map(|()| matter),
        Err(denial) => {
            let n_bytes = request.document().text().len();
            let denied = Asked { grant: &session.grant, reach, method: &matter.method, n_bytes };
            account::denied_asked(asking.gateway, denied, denial.as_deref());
            Err(Refused::Closed)
        }
    }
}

fn check_size(request: &Reply) -> Result<(), Refused> {
    if request.document().text().len() > MAX_ASKED_BYTES {
        return Err(Refused::Because(INVALID_REQUEST, "the request is too large; send a smaller one"));
    }
    Ok(())
}

fn progress_token(request: &Reply) -> Option<&str> {
    let meta = request.params()?.get("_meta")?;
    Some(meta.get("progressToken")?.raw())
}

fn refuse(asking: Asking<'_>, id: &str, refused: &Refused) {
    let (code, text) = match refused {
        Refused::Closed => (METHOD_NOT_FOUND, "this channel is closed by policy; go on without the client"),
        Refused::Because(code, text) => (*code, *text),
    };
    answer_server(asking.lane, asking.version, answers::error(Some(id), code, text, None));
}
