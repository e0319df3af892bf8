//! One recorded call. Must never be printed with its values by accident: `Debug` leaves them out.

use std::fmt;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The call was let through.
    Allow,
    /// It was denied.
    Deny,
}

impl Effect {
    /// Its name, as in the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// One call as it was judged.
///
/// A value that was dropped stands as `null` in its document, and its pointer is in the list beside it: what is there,
/// and everything below, is not known. The pointer of a whole document is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Recording {
    /// Grows with each recording of a data folder. Recordings are written when their calls end, so that a file need
    /// not be in this order.
    pub seq: u64,
    /// When it was decided: milliseconds since 1970-01-01 UTC.
    pub time_ms: u64,
    /// The call's id, as in the audit log.
    pub call: String,
    /// Whose it was.
    pub grant: String,
    /// The grant's labels at that time.
    pub labels: Vec<String>,
    /// The server.
    pub server: String,
    /// The tool, as the agent named it to the server.
    pub tool: String,
    /// The hash of the tool's definition; empty where the tool is not known.
    pub definition: String,
    /// What was decided.
    pub effect: Effect,
    /// The rule that denied it; empty for an allow.
    pub rule: String,
    /// The canonical JSON text of the arguments as judged; nothing where the call had none or they were not kept.
    pub arguments: Option<Vec<u8>>,
    /// Pointers into the arguments whose values were dropped.
    pub redacted: Vec<String>,
    /// The canonical JSON text of the result; nothing where there was none or it was not kept.
    pub result: Option<Vec<u8>>,
    /// Pointers into the result whose values were dropped.
    pub redacted_result: Vec<String>,
    /// Whether the server said that the call failed; nothing where no whole answer came.
    pub is_error: Option<bool>,
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("seq", &self.seq)
            .field("call", &self.call)
            .field("server", &self.server)
            .field("tool", &self.tool)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}
