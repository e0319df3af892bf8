//! Sealed statements about the log: one JSON object per statement, its seal last.
//! Must never be mistaken for another kind of statement: the kind is under the seal.

use crate::audit::key::AuditKey;
use crate::hex;
use json::{Document, Limits, ObjectWriter};

const MAC: &[u8] = b",\"mac\":\"";
const END: &[u8] = b"\"}";

/// Writes a statement; `fill` adds its fields.
pub(crate) fn write(kind: &str, key: &AuditKey, fill: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(384);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", kind).u64("format", 1);
    fill(&mut object);
    let mac = key.seal_statement(&out);
    out.extend_from_slice(MAC);
    hex::put(&mut out, &mac);
    out.extend_from_slice(END);
    out
}

/// A statement that was read.
#[derive(Debug)]
pub(crate) struct Statement {
    document: Document,
    covered: Vec<u8>,
    mac: [u8; 32],
}

impl Statement {
    /// Reads a statement of a kind; nothing when it is none of format 1.
    pub(crate) fn read(kind: &str, text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_end();
        let rest = text.strip_suffix(END)?;
        let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
        let mac = hex::read::<32>(digits)?;
        let covered = rest.strip_suffix(MAC)?.to_vec();
        let document = Document::scan(text.to_vec(), &Limits::default()).ok()?;
        let statement = Self { document, covered, mac };
        let is_known = statement.text("kind")? == kind && statement.number("format")? == 1;
        is_known.then_some(statement)
    }

    /// True when the folder's key sealed it.
    pub(crate) fn seal_is_right(&self, key: &AuditKey) -> bool {
        use subtle::ConstantTimeEq;
        key.seal_statement(&self.covered).ct_eq(&self.mac).into()
    }

    pub(crate) fn text(&self, key: &str) -> Option<String> {
        Some(self.document.root().get(key)?.as_str()?.into_owned())
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.document.root().get(key)?.as_number()?.as_u64()
    }

    pub(crate) fn hash(&self, key: &str) -> Option<[u8; 32]> {
        hex::read(self.text(key)?.as_bytes())
    }
}
