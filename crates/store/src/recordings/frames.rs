//! The frames of a segment: recordings, then its end. Must never hand on what is not sealed at exactly its place.
//!
//! A frame is its length (4 bytes, little-endian, two bits of it for the kind) and the sealed bytes. The frame of the
//! end has the number of recordings in clear before the sealed bytes, because its nonce depends on it.

use super::seal::{HEAD_BYTES, Kind, Seal};
use super::{Key, Problem, Segment};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const END_BIT: u32 = 1 << 31;
const LATE_BIT: u32 = 1 << 30;
const LENGTH_BYTES: usize = 4;
/// No frame is longer: what says so is damage.
const MAX_FRAME: u32 = LATE_BIT - 1;
const SPAN_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
/// Bytes of the frame of an end.
pub(super) const END_BYTES: usize = LENGTH_BYTES + 8 + SPAN_BYTES + TAG_BYTES;
const END_LENGTH: u32 = (END_BYTES - LENGTH_BYTES) as u32;
const READ_AHEAD: usize = 256 * 1024;

/// What a segment holds, as its end says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Recordings.
    pub n: u64,
    /// The earliest time among them.
    pub first_ms: u64,
    /// The latest.
    pub last_ms: u64,
    /// The highest number of a recording.
    pub last_seq: u64,
}

impl Span {
    /// With one more recording.
    pub(super) fn and(self, time_ms: u64, seq: u64) -> Self {
        Self {
            n: self.n + 1,
            first_ms: if self.n == 0 { time_ms } else { self.first_ms.min(time_ms) },
            last_ms: self.last_ms.max(time_ms),
            last_seq: self.last_seq.max(seq),
        }
    }
}

/// Appends the frame of the recording with this number in its segment; false when it is longer than can be.
#[must_use]
pub(super) fn put(out: &mut Vec<u8>, seal: &Seal, n: u64, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    write(out);
    let is_closed = seal.close(Kind::Recording, n, out, start + LENGTH_BYTES);
    let length = u32::try_from(out.len() - start - LENGTH_BYTES).ok().filter(|length| *length <= MAX_FRAME);
    match (length, out.get_mut(start..).and_then(<[u8]>::first_chunk_mut)) {
        (Some(length), Some(place)) if is_closed => *place = length.to_le_bytes(),
        _ => {
            out.truncate(start);
            return false;
        }
    }
    true
}

/// Appends the frame of the end; false when it cannot be sealed.
#[must_use]
pub(super) fn put_end(out: &mut Vec<u8>, seal: &Seal, kind: Kind, span: Span) -> bool {
    let bits = if kind == Kind::LateEnd { END_BIT | LATE_BIT } else { END_BIT };
    out.extend_from_slice(&(bits | END_LENGTH).to_le_bytes());
    out.extend_from_slice(&span.n.to_le_bytes());
    let start = out.len();
    [span.first_ms, span.last_ms, span.last_seq].iter().for_each(|field| out.extend(field.to_le_bytes()));
    seal.close(kind, span.n, out, start)
}

/// What comes next in a segment.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// The bytes of a recording.
    Recording(&'a [u8]),
    /// The end that its writer put.
    End(Span),
    /// Nothing more: so many bytes follow, which are no whole frame.
    Torn(u64),
}

/// Reads the frames of a segment from the first to the last.
#[derive(Debug)]
pub(super) struct Frames {
    file: BufReader<File>,
    segment: Segment,
    seal: Seal,
    /// Where the next frame begins.
    offset: u64,
    /// Recordings before it.
    n: u64,
    frame: Vec<u8>,
}

impl Frames {
    /// Opens a segment.
    pub(super) fn open(segment: &Segment, key: &Key) -> Result<Self, Problem> {
        let path = segment.path();
        let fail = |error: io::Error| Problem::io("reading", path, &error);
        let mut file = BufReader::with_capacity(READ_AHEAD, File::open(path).map_err(fail)?);
        let mut head = Vec::with_capacity(HEAD_BYTES);
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(fail)?;
        let seal = Seal::read(key, segment.number, &head, path)?;
        let offset = HEAD_BYTES as u64;
        Ok(Self { file, segment: segment.clone(), seal, offset, n: 0, frame: Vec::new() })
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The seal of the segment.
    pub(super) fn into_seal(self) -> Seal {
        self.seal
    }

    /// The next frame. After the end, a torn frame or a problem there is nothing to come.
    pub(super) fn next(&mut self) -> Result<Found<'_>, Problem> {
        let length = match self.fill(LENGTH_BYTES)?.first_chunk() {
            Some(length) => u32::from_le_bytes(*length),
            None => return Ok(Found::Torn(self.frame.len() as u64)),
        };
        if length & END_BIT != 0 {
            return self.end(length);
        }
        let n_bytes = (length & MAX_FRAME) as usize;
        if length > MAX_FRAME || n_bytes < TAG_BYTES {
            return Err(self.damaged("a frame has an impossible length"));
        }
        if self.fill(n_bytes)?.len() < n_bytes {
            return Ok(Found::Torn((LENGTH_BYTES + self.frame.len()) as u64));
        }
        let problem = self.damaged("a recording is not as it was sealed, or not at its place");
        let opened = self.seal.open(Kind::Recording, self.n, &mut self.frame).ok_or(problem)?;
        self.n += 1;
        self.offset += (LENGTH_BYTES + n_bytes) as u64;
        Ok(Found::Recording(opened))
    }

    fn end(&mut self, length: u32) -> Result<Found<'_>, Problem> {
        if length & MAX_FRAME != END_LENGTH {
            return Err(self.damaged("its end has an impossible length"));
        }
        if self.fill(END_LENGTH as usize)?.len() < END_LENGTH as usize {
            return Ok(Found::Torn((LENGTH_BYTES + self.frame.len()) as u64));
        }
        let kind = if length & LATE_BIT == 0 { Kind::End } else { Kind::LateEnd };
        let span = read_end(&self.seal, kind, &mut self.frame).filter(|span| span.n == self.n);
        let span = span.ok_or_else(|| self.damaged("its end does not fit what is before it"))?;
        self.offset += END_BYTES as u64;
        match self.fill(1)?.is_empty() {
            true => Ok(Found::End(span)),
            false => Err(self.damaged("something follows its end")),
        }
    }

    /// Reads so many bytes, or as many as there are.
    fn fill(&mut self, n_bytes: usize) -> Result<&[u8], Problem> {
        self.frame.clear();
        let read = self.file.by_ref().take(n_bytes as u64).read_to_end(&mut self.frame);
        read.map_err(|error| Problem::io("reading", self.segment.path(), &error))?;
        Ok(&self.frame)
    }

    fn damaged(&self, problem: &'static str) -> Problem {
        Problem::damaged(self.segment.path(), self.offset, problem)
    }
}

fn read_end(seal: &Seal, kind: Kind, frame: &mut [u8]) -> Option<Span> {
    let (n, sealed) = frame.split_first_chunk_mut::<8>()?;
    let n = u64::from_le_bytes(*n);
    let (fields, _) = seal.open(kind, n, sealed)?.as_chunks::<8>();
    let [first_ms, last_ms, last_seq] = fields.first_chunk()?.map(u64::from_le_bytes);
    Some(Span { n, first_ms, last_ms, last_seq })
}

/// The span of a segment by its end alone; nothing when it has none that is right.
pub(super) fn quick_span(segment: &Segment, key: &Key) -> Result<Option<Span>, Problem> {
    let seal = Frames::open(segment, key)?.into_seal();
    let fail = |error: io::Error| Problem::io("reading", segment.path(), &error);
    let mut tail = tail(segment.path()).map_err(fail)?;
    let Some((length, frame)) = tail.split_first_chunk_mut::<LENGTH_BYTES>() else { return Ok(None) };
    let kind = match u32::from_le_bytes(*length) {
        length if length == END_BIT | END_LENGTH => Kind::End,
        length if length == END_BIT | LATE_BIT | END_LENGTH => Kind::LateEnd,
        _ => return Ok(None),
    };
    Ok(read_end(&seal, kind, frame))
}

/// The bytes of a file where its end would be; none when it is too short.
fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut tail = Vec::new();
    if file.metadata()?.len() >= (HEAD_BYTES + END_BYTES) as u64 {
        file.seek(SeekFrom::End(-(END_BYTES as i64)))?;
        file.read_to_end(&mut tail)?;
    }
    Ok(tail)
}
