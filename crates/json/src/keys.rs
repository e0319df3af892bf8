//! Finds duplicate keys of objects while they are scanned. Must never compare every key with every other of a
//! large object: an attacker chooses the keys, and may choose them so that their hashes are equal.

use crate::string::{eight_at, unescape};
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
        if self.entries.len() == self.entries.capacity() {
            self.grow();
        }
        self.entries.push(u64::from(hash) << 32 | u64::from(index));
        is_new
    }

    #[cold]
    fn is_new(&self, text: &str, tape: &Tape, index: u32, hash: u32) -> bool {
        let earlier = self.entries.get(self.base..).unwrap_or_default();
        let is_same = |entry: u64| key_text(text, tape, index_of(entry)) == key_text(text, tape, index);
        !earlier.iter().any(|&entry| hash_of(entry) == hash && is_same(entry))
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

    /// Memory for more keys, by half: twice would be too much beside a tape for the same text.
    #[cold]
    fn grow(&mut self) {
        self.entries.reserve_exact(self.entries.len() / 2 + 32);
    }

    #[cold]
    fn find_duplicate(&mut self, text: &str, tape: &Tape) -> Option<u32> {
        let entries = self.entries.get_mut(self.base..).unwrap_or_default();
        entries.sort_unstable();
        let runs = entries.chunk_by_mut(|left, right| hash_of(*left) == hash_of(*right));
        runs.filter(|run| run.len() > 1).filter_map(|run| first_duplicate(text, tape, run)).min()
    }
}

/// The hash of the key of an entry.
fn hash_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

/// The place on the tape of the key of an entry.
fn index_of(entry: u64) -> u32 {
    entry as u32
}

/// The lowest index among keys of equal hash that repeats an earlier key. Sorts them; in place, because all keys
/// of a large object may have the same hash.
fn first_duplicate(text: &str, tape: &Tape, run: &mut [u64]) -> Option<u32> {
    let key = |entry: u64| key_text(text, tape, index_of(entry));
    run.sort_unstable_by(|left, right| key(*left).cmp(&key(*right)).then(left.cmp(right)));
    let same = run.chunk_by(|left, right| key(*left) == key(*right));
    same.filter_map(|same| same.get(1)).map(|repeat| index_of(*repeat)).min()
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

/// The hash of a key without escapes that stands at `start..end`.
#[inline(always)]
pub(crate) fn hash_plain(bytes: &[u8], start: usize, end: usize) -> u32 {
    let len = end - start;
    let ends = (eight_at(bytes, start), eight_at(bytes, start + len.saturating_sub(8)));
    let (Some(head), Some(tail)) = ends else { return hash(bytes.get(start..end).unwrap_or_default()) };
    // What follows a short key is no part of it.
    let mask = u64::MAX.checked_shr(8 * 8_u32.saturating_sub(len as u32)).unwrap_or(0);
    mix(head & mask, tail & mask, len)
}

/// The hash of a key with escapes, given what stands between its quotes.
#[cold]
pub(crate) fn hash_escaped(raw: &str) -> u32 {
    hash(unescape(raw).as_bytes())
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
