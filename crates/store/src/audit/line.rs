//! One record as a sealed line: number and time before what it says, the chain and the seal behind.
//! Must never change layout under one format version: the hash is over the bytes as they stand.

use crate::audit::key::{AuditKey, MAC_BYTES};
use crate::hex;
use crate::id::CallId;
use crate::time::Timestamp;
use sha2::{Digest, Sha256};

const SEQ: &[u8] = b"{\"seq\":";
const TIME: &[u8] = b",\"time\":\"";
const KIND: &[u8] = b"\",\"kind\":\"";
const CALL: &[u8] = b"\",\"call\":\"";
const PREV: &[u8] = b",\"prev\":\"";
const HASH: &[u8] = b"\",\"hash\":\"";
const MAC: &[u8] = b"\",\"mac\":\"";
const END: &[u8] = b"\"}";
/// Characters of a time.
const TIME_LEN: usize = 24;

/// Where a chain stands: what the next record builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The next record's number.
    pub(crate) next_seq: u64,
    /// The last record's hash; zeros before the first.
    pub(crate) prev: [u8; 32],
}

impl Chain {
    /// Before the first record.
    pub(crate) const START: Self = Self { next_seq: 1, prev: [0; 32] };

    /// Appends a record to `out` as a line; `body` is its object, beginning with `kind`.
    pub(crate) fn seal(&mut self, out: &mut Vec<u8>, time: &str, body: &[u8], key: &AuditKey) {
        let start = out.len();
        let said = body.strip_prefix(b"{").and_then(|body| body.strip_suffix(b"}")).unwrap_or_default();
        out.extend_from_slice(SEQ);
        put_number(out, self.next_seq);
        for part in [TIME, time.as_bytes(), b"\",", said, PREV] {
            out.extend_from_slice(part);
        }
        hex::put(out, &self.prev);
        let hash: [u8; 32] = Sha256::digest(out.get(start..).unwrap_or_default()).into();
        out.extend_from_slice(HASH);
        hex::put(out, &hash);
        out.extend_from_slice(MAC);
        hex::put(out, &key.seal(&hash));
        out.extend_from_slice(END);
        out.push(b'\n');
        *self = Self { next_seq: self.next_seq.saturating_add(1), prev: hash };
    }
}

fn put_number(out: &mut Vec<u8>, value: u64) {
    use std::io::Write;
    // Writing to a Vec does not fail.
    let _ = write!(out, "{value}");
}

/// A line that has the layout of a sealed record. Whether it is intact is for the caller to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealed<'a> {
    pub(crate) seq: u64,
    pub(crate) time: Timestamp,
    pub(crate) kind: &'a str,
    pub(crate) call: Option<CallId>,
    pub(crate) prev: [u8; 32],
    pub(crate) hash: [u8; 32],
    mac: [u8; MAC_BYTES],
    /// What the hash covers.
    covered: &'a [u8],
}

impl<'a> Sealed<'a> {
    /// Reads a line without its line feed.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_suffix(END)?;
        let (rest, mac) = take_hex::<MAC_BYTES>(rest, MAC)?;
        let (covered, hash) = take_hex::<32>(rest, HASH)?;
        let (_, prev) = take_hex::<32>(covered, PREV)?;
        let front = covered.strip_prefix(SEQ)?;
        let n_digits = front.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (seq, front) = front.split_at_checked(n_digits)?;
        let (time, front) = front.strip_prefix(TIME)?.split_at_checked(TIME_LEN)?;
        let (kind, front) = until_quote(front.strip_prefix(KIND)?)?;
        let call = front.strip_prefix(CALL).and_then(until_quote).and_then(|(call, _)| CallId::parse(call));
        let seq = std::str::from_utf8(seq).ok()?.parse().ok()?;
        let time = Timestamp::parse(std::str::from_utf8(time).ok()?)?;
        Some(Self { seq, time, kind, call, prev, hash, mac, covered })
    }

    /// True when the hash is the hash of the line.
    pub(crate) fn hash_is_right(&self) -> bool {
        let hash: [u8; 32] = Sha256::digest(self.covered).into();
        hash == self.hash
    }

    /// True when the folder's key sealed the hash.
    pub(crate) fn seal_is_right(&self, key: &AuditKey) -> bool {
        use subtle::ConstantTimeEq;
        key.seal(&self.hash).ct_eq(&self.mac).into()
    }

    /// Where the chain stands behind this record.
    pub(crate) fn chain(&self) -> Chain {
        Chain { next_seq: self.seq.saturating_add(1), prev: self.hash }
    }
}

/// Splits hex digits and the label before them off the end.
fn take_hex<'a, const N: usize>(bytes: &'a [u8], label: &[u8]) -> Option<(&'a [u8], [u8; N])> {
    let (rest, digits) = bytes.split_at_checked(bytes.len().checked_sub(2 * N)?)?;
    Some((rest.strip_suffix(label)?, hex::read(digits)?))
}

/// A word up to the quote behind it, which stays.
fn until_quote(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|byte| *byte == b'"')?;
    let (word, rest) = bytes.split_at_checked(at)?;
    Some((std::str::from_utf8(word).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(chain: &mut Chain, body: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let time = Timestamp::from_ms(1_795_180_251_007).to_string();
        chain.seal(&mut out, &time, body.as_bytes(), &AuditKey::from_secret(&[7; 32]));
        assert_eq!(out.pop(), Some(b'\n'));
        out
    }

    #[test]
    fn a_line_reads_back() {
        let mut chain = Chain::START;
        let id = CallId::new(0x5f2c, 17);
        let first = line(&mut chain, r#"{"kind":"start","version":"1"}"#);
        let second = line(&mut chain, &format!(r#"{{"kind":"intent","call":"{id}","tool":"a\"b"}}"#));
        let (first, second) = (Sealed::parse(&first).unwrap(), Sealed::parse(&second).unwrap());
        assert_eq!((first.seq, first.kind, first.call, first.prev), (1, "start", None, [0; 32]));
        assert_eq!((second.seq, second.kind, second.call), (2, "intent", Some(id)));
        assert_eq!((second.prev, second.time), (first.hash, Timestamp::from_ms(1_795_180_251_007)));
        assert!(second.hash_is_right() && second.seal_is_right(&AuditKey::from_secret(&[7; 32])));
        assert!(!second.seal_is_right(&AuditKey::from_secret(&[8; 32])));
        assert_eq!(second.chain(), chain);
    }

    #[test]
    fn a_line_is_one_json_object() {
        let mut chain = Chain::START;
        let text = line(&mut chain, r#"{"kind":"start"}"#);
        let document = json::Document::scan(text, &json::Limits::default()).unwrap();
        let keys: Vec<String> =
            document.root().members().map(|member| member.key.as_cow().into_owned()).collect();
        assert_eq!(keys, ["seq", "time", "kind", "prev", "hash", "mac"]);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let mut chain = Chain::START;
        let whole = line(&mut chain, r#"{"kind":"denied","rule":"(hidden)"}"#);
        let key = AuditKey::from_secret(&[7; 32]);
        for at in 0..whole.len() {
            for flip in [1, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= flip;
                let intact = Sealed::parse(&changed)
                    .is_some_and(|sealed| sealed.hash_is_right() && sealed.seal_is_right(&key));
                assert!(!intact, "byte {at} ^ {flip}");
            }
        }
    }
}
