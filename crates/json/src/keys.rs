//! Finds duplicate keys of objects while they are scanned. Must never compare every key with every other of a
//! large object: an attacker chooses the keys, and may choose them so that their hashes are equal.

use crate::string::unescape;
use crate::tape::Tape;

/// Objects up to this many members are checked member by member, larger ones once, when they close.
const FEW: usize = 32;

/// Hashes of the keys of all open objects.
pub(crate) struct Keys {
    /// For each open object what it replaced (its parent's `base` and `seen`), then its keys: hash, tape index.
    entries: Vec<u64>,
    /// Where the keys of the innermost object begin.
    base: usize,
    /// One bit for each value of six bits of hash that the innermost object already has.
    seen: u64,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::with_capacity(32), base: 0, seen: 0 }
    }

    /// An object opens.
    #[inline]
    pub(crate) fn open(&mut self) {
        self.entries.extend_from_slice(&[self.base as u64, self.seen]);
        self.base = self.entries.len();
        self.seen = 0;
    }

    /// The number of members of the innermost object so far.
    #[inline(always)]
    pub(crate) fn count(&self) -> usize {
        self.entries.len() - self.base
    }

    /// Adds the key at `index`, whose hash is known; false if it is known already to be a duplicate.
    #[inline(always)]
    pub(crate) fn add(&mut self, text: &str, tape: &Tape, index: u32, hash: u32) -> bool {
        let bit = 1_u64 << (hash >> 26);
        let is_new = self.seen & bit == 0 || self.count() > FEW || self.is_new(text, tape, index, hash);
        self.seen |= bit;
        self.entries.push(u64::from(hash) << 32 | u64::from(index));
        is_new
    }

    #[cold]
    fn is_new(&self, text: &str, tape: &Tape, index: u32, hash: u32) -> bool {
        let earlier = self.entries.get(self.base..).unwrap_or_default();
        !earlier
            .iter()
            .any(|&entry| (entry >> 32) as u32 == hash && same_key(text, tape, entry as u32, index))
    }

    /// The innermost object closes; returns the index of its first duplicate key, if it has one.
    #[inline]
    pub(crate) fn close(&mut self, text: &str, tape: &Tape) -> Option<u32> {
        let duplicate = if self.count() > FEW { self.find_duplicate(text, tape) } else { None };
        self.entries.truncate(self.base);
        self.seen = self.entries.pop().unwrap_or(0);
        self.base = self.entries.pop().unwrap_or(0) as usize;
        duplicate
    }

    #[cold]
    fn find_duplicate(&mut self, text: &str, tape: &Tape) -> Option<u32> {
        let entries = self.entries.get_mut(self.base..).unwrap_or_default();
        entries.sort_unstable();
        entries
            .chunk_by(|a, b| a >> 32 == b >> 32)
            .filter(|run| run.len() > 1)
            .filter_map(|run| first_duplicate(text, tape, run))
            .min()
    }
}

/// The lowest index among keys of equal hash that repeats an earlier key.
fn first_duplicate(text: &str, tape: &Tape, run: &[u64]) -> Option<u32> {
    let mut keys: Vec<_> =
        run.iter().map(|&entry| (key_text(text, tape, entry as u32), entry as u32)).collect();
    keys.sort_unstable();
    let repeats = keys.chunk_by(|a, b| a.0 == b.0).filter_map(|same| same.get(1));
    repeats.map(|(_, index)| *index).min()
}

/// What stands between the quotes of the key at `index`.
#[inline(always)]
fn raw_key<'t>(text: &'t str, tape: &Tape, index: u32) -> &'t str {
    let end = tape.end(index).unwrap_or(0);
    text.get(tape.start(index) + 1..end.saturating_sub(1)).unwrap_or_default()
}

fn key_text<'t>(text: &'t str, tape: &Tape, index: u32) -> std::borrow::Cow<'t, str> {
    unescape(raw_key(text, tape, index))
}

fn same_key(text: &str, tape: &Tape, left: u32, right: u32) -> bool {
    key_text(text, tape, left) == key_text(text, tape, right)
}

/// The hash of a key without escapes that stands at `start..end`.
#[inline(always)]
pub(crate) fn hash_plain(bytes: &[u8], start: usize, end: usize) -> u32 {
    let len = end - start;
    let ends = (eight_at(bytes, start), eight_at(bytes, start + len.saturating_sub(8)));
    let (Some(head), Some(tail)) = ends else { return hash(bytes.get(start..end).unwrap_or_default()) };
    // What follows a short key is no part of it.
    let mask = u64::MAX >> (8 * 8_usize.saturating_sub(len)).min(63);
    mix(head & mask, tail & mask, len)
}

/// The hash of a key with escapes, given what stands between its quotes.
#[cold]
pub(crate) fn hash_escaped(raw: &str) -> u32 {
    hash(unescape(raw).as_bytes())
}

#[inline(always)]
fn eight_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A hash of length, first and last bytes. Keys that differ only in the middle collide, which costs time, not
/// correctness.
#[cold]
fn hash(bytes: &[u8]) -> u32 {
    let padded = |bytes: &[u8]| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(eight)
    };
    let tail = bytes.last_chunk::<8>().map_or(bytes, <[u8; 8]>::as_slice);
    mix(padded(bytes), padded(tail), bytes.len())
}

#[inline(always)]
fn mix(head: u64, tail: u64, len: usize) -> u32 {
    let mixed = (head ^ tail.rotate_left(29)).wrapping_add(len as u64);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
