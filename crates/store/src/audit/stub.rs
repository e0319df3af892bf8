//! The stub: what retention leaves of the segments that it removed.
//! Must never be written after the segments that it stands for are gone.

use crate::audit::AuditError;
use crate::audit::key::AuditKey;
use crate::audit::line::Chain;
use crate::audit::statement::{self, Statement};
use crate::error::OpenError;
use crate::files;
use crate::hex;
use crate::time::Timestamp;
use std::path::Path;

/// Its file in the audit folder.
const FILE: &str = "stub.json";
const KIND: &str = "stub";

/// What stands for all removed segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stub {
    /// The last removed segment.
    pub(crate) segment: u64,
    /// Where the chain stood behind it.
    pub(crate) chain: Chain,
    /// False when the folder's key did not seal it; true also when no key was at hand.
    pub(crate) seal_is_right: bool,
}

impl Stub {
    /// Reads the stub of an audit folder; nothing when nothing was removed yet.
    pub(crate) fn read(folder: &Path, key: Option<&AuditKey>) -> Result<Option<Self>, AuditError> {
        let path = folder.join(FILE);
        let Some(content) = files::read_if_there(&path)? else { return Ok(None) };
        let stub = Statement::read(KIND, &content).and_then(|statement| {
            Some(Self {
                segment: statement.number("segment")?,
                chain: Chain {
                    next_seq: statement.number("seq")?.checked_add(1)?,
                    prev: statement.hash("hash")?,
                },
                seal_is_right: key.is_none_or(|key| statement.seal_is_right(key)),
            })
        });
        let malformed = || AuditError::Malformed { path, problem: "it is no stub of format 1" };
        stub.map(Some).ok_or_else(malformed)
    }

    /// Writes the stub of an audit folder anew.
    pub(crate) fn write(
        folder: &Path,
        key: &AuditKey,
        segment: u64,
        chain: Chain,
        now: Timestamp,
    ) -> Result<(), OpenError> {
        let mut content = statement::write(KIND, key, |object| {
            object.u64("segment", segment).u64("seq", chain.next_seq.saturating_sub(1));
            object.str("hash", &hex::text(&chain.prev)).str("time", &now.to_string());
        });
        content.push(b'\n');
        files::replace(&folder.join(FILE), &content)
    }
}
