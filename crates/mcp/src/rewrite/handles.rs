//! Opaque values that a client holds: what the server gave is put back in place of what the client was given.
//! It must never let the client's own form of such a value reach a server.

use super::{RewriteError, replace, replace_text};
use crate::envelope::Message;
use json::Splicer;

/// The server's own opaque values, put back into a client's message.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandleEdits<'a> {
    /// Where a list goes on, as text.
    pub cursor: Option<&'a str>,
    /// The state of the round that a call goes on with (2026-07-28).
    pub request_state: StateEdit<'a>,
    /// The answers of a round, raw.
    pub input_responses: Option<&'a str>,
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
