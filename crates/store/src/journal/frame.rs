//! Frames: what one write appends, with a checksum over it.
//! Must never hand out a payload that is not exactly what was written.

use crate::time::Timestamp;

/// The first line of the file.
pub(crate) const HEADER: &[u8] = b"toolgate counters journal 1\n";
/// The header without its number.
pub(crate) const TITLE: &[u8] = b"toolgate counters journal ";
/// The newest format known here.
pub(crate) const KNOWN: u32 = 1;

/// Marks the beginning of a frame, so that whole ones are found behind a damaged one.
const MAGIC: [u8; 4] = *b"\xA7TGf";
/// Magic, checksum; then, under the checksum: length, number, synced number, time, and the payload.
pub(crate) const FRAME_HEAD: usize = 4 + 8 + COVERED_HEAD;
const COVERED_HEAD: usize = 4 + 8 + 8 + 8;

/// One frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    /// Numbers frames of a journal over its whole life; a snapshot's frames share one.
    pub(crate) seq: u64,
    /// The highest number known to be on disk when this was written.
    pub(crate) synced: u64,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// The records.
    pub(crate) payload: &'a [u8],
    /// Bytes of the whole frame.
    pub(crate) length: usize,
}

/// Reserves room for a frame's head, which [`close`] fills in.
pub(crate) fn open(out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&MAGIC);
    out.resize(FRAME_HEAD, 0);
}

/// Fills in the head of the one frame in a buffer; false when the payload is longer than a frame can be.
#[must_use]
pub(crate) fn close(out: &mut [u8], seq: u64, synced: u64, at: Timestamp) -> bool {
    let Some(length) = out.len().checked_sub(FRAME_HEAD).and_then(|length| u32::try_from(length).ok()) else {
        return false;
    };
    let Some(([_, _, _, _, check @ ..], covered)) = out.split_first_chunk_mut::<12>() else { return false };
    let Some((fields, _)) = covered.split_first_chunk_mut::<COVERED_HEAD>() else { return false };
    let numbers = [seq.to_le_bytes(), synced.to_le_bytes(), at.as_ms().to_le_bytes()];
    let written = length.to_le_bytes().into_iter().chain(numbers.into_iter().flatten());
    fields.iter_mut().zip(written).for_each(|(place, byte)| *place = byte);
    *check = checksum(covered);
    true
}

fn checksum(covered: &[u8]) -> [u8; 8] {
    let hash = blake3::hash(covered);
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start; nothing unless it is whole and right.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (check, covered) = bytes.strip_prefix(&MAGIC)?.split_first_chunk::<8>()?;
        let (length, rest) = covered.split_first_chunk::<4>()?;
        let n_payload = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let covered = covered.get(..COVERED_HEAD.checked_add(n_payload)?)?;
        if checksum(covered) != *check {
            return None;
        }
        let (seq, rest) = rest.split_first_chunk::<8>()?;
        let (synced, rest) = rest.split_first_chunk::<8>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        Some(Self {
            seq: u64::from_le_bytes(*seq),
            synced: u64::from_le_bytes(*synced),
            at: Timestamp::from_ms(u64::from_le_bytes(*at)),
            payload: rest.get(..n_payload)?,
            length: FRAME_HEAD + n_payload,
        })
    }
}

/// The whole frames anywhere in some bytes.
pub(crate) fn find_all(bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| **window == MAGIC);
    starts.filter_map(|(at, _)| Frame::read(bytes.get(at..)?))
}
