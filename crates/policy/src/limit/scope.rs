//! Per what a limit counts.

/// Per what a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Each access key, on each server.
    Grant,
    /// Each server.
    Server,
    /// Each tool of each server.
    Tool,
    /// Everything together.
    All,
}

impl Scope {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Server => "server",
            Self::Tool => "tool",
            Self::All => "all",
        }
    }
}
