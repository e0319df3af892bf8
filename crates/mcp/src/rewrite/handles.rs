//! Opaque values that a client holds: what the server gave is put back in place of what the client was given.
//! It must never let the client's own form of such a value reach a server.

use super::{RewriteError, replace_text};
use crate::envelope::Message;
use json::Splicer;

/// The server's own opaque values, put back into a client's message.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandleEdits<'a> {
    /// Where a list goes on, as text.
    pub cursor: Option<&'a str>,
}

impl HandleEdits<'_> {
    pub(super) fn apply(&self, splicer: &mut Splicer<'_>, message: &Message) -> Result<(), RewriteError> {
        replace_text(splicer, "cursor", message.cursor(), self.cursor)
    }
}
