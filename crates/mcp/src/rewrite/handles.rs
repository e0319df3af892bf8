//! Opaque values that a client holds: what the server gave is put back in place of what the client was given.
//! It must never let the client's own form of such a value reach a server.

use super::{RewriteError, replace, replace_text};
use crate::envelope::{Message, keys};
use crate::reply::Reply;
use crate::tasks;
use json::Splicer;

/// The server's own opaque values, put back into a client's message.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandleEdits<'a> {
    /// Where a list goes on, as text.
    pub cursor: Option<&'a str>,
    /// The state of the round that a call goes on with (2026-07-28).
    pub request_state: StateEdit<'a>,
    /// The answers of a round or for a task, raw.
    pub input_responses: Option<&'a str>,
    /// The task that is asked about, as text.
    pub task_id: Option<&'a str>,
    /// The task that the message belongs to, as text.
    pub related_task: Option<&'a str>,
    /// The tasks that a subscription asks about, a raw array.
    pub task_ids: Option<&'a str>,
}

/// The client's own forms of opaque values, put into a server's message.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReplyHandles<'a> {
    /// The task that a result or notification tells of, as text.
    pub task_id: Option<&'a str>,
    /// The task that the message belongs to.
    pub related_task: RelatedEdit<'a>,
    /// The tasks that a subscription tells of, a raw array.
    pub task_ids: Option<&'a str>,
}

/// What becomes of the task that a server's message belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub enum RelatedEdit<'a> {
    /// Nothing: there is none.
    #[default]
    Keep,
    /// The client's own takes its place, as text.
    Put(&'a str),
    /// It goes: the client has no such task.
    Remove,
}

impl ReplyHandles<'_> {
    pub(super) fn apply(&self, splicer: &mut Splicer<'_>, reply: &Reply) -> Result<(), RewriteError> {
        let told = tasks::of_result(reply).or_else(|| tasks::of_notice(reply));
        replace_text(splicer, "taskId", told, self.task_id)?;
        if let Some(raw) = self.task_ids {
            let ids = tasks::listened(reply.params()).ok_or(RewriteError::Missing("taskIds"))?;
            splicer.replace(ids.span(), raw.as_bytes().to_vec())?;
        }
        for meta in tasks::holders(reply).filter_map(|holder| holder.get("_meta")) {
            let Some(related) = meta.get(keys::RELATED_TASK) else { continue };
            match self.related_task {
                RelatedEdit::Keep => {}
                RelatedEdit::Put(id) => replace_text(splicer, "taskId", related.get("taskId"), Some(id))?,
                RelatedEdit::Remove => {
                    splicer.remove_member(&meta, keys::RELATED_TASK)?;
                }
            }
        }
        Ok(())
    }
}

/// What becomes of `params.requestState`.
#[derive(Clone, Copy, Debug, Default)]
pub enum StateEdit<'a> {
    /// Nothing.
    #[default]
    Keep,
    /// The server's own takes its place, raw.
    Put(&'a str),
    /// It goes: the server gave none.
    Remove,
}

impl<'a> HandleEdits<'a> {
    pub(super) fn apply(&self, splicer: &mut Splicer<'a>, message: &Message) -> Result<(), RewriteError> {
        replace_text(splicer, "cursor", message.cursor(), self.cursor)?;
        replace(splicer, "inputResponses", message.input_responses(), self.input_responses)?;
        let member = |key| message.params().and_then(|params| params.get(key));
        replace_text(splicer, "taskId", member("taskId"), self.task_id)?;
        replace(splicer, "taskIds", tasks::listened(message.params()), self.task_ids)?;
        let related = tasks::related_to(message).and_then(|related| related.get("taskId"));
        replace_text(splicer, "taskId", related, self.related_task)?;
        match self.request_state {
            StateEdit::Keep => Ok(()),
            StateEdit::Put(raw) => replace(splicer, "requestState", message.request_state(), Some(raw)),
            StateEdit::Remove => {
                let params = message.params().filter(|_| message.request_state().is_some());
                let params = params.ok_or(RewriteError::Missing("requestState"))?;
                Ok(splicer.remove_member(&params, "requestState").map(|_| ())?)
            }
        }
    }
}
