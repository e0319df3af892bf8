//! The seal of one segment: its head, its key and its nonces.
//!
//! Must never seal two things with one key and nonce: each segment has a key of its own, from random bytes that are
//! drawn when it begins, nobody goes on with a segment after a failed write or a restart, and within one the nonce is
//! the number of what is sealed.

use super::Problem;
use super::key::{ID_BYTES, Key, random};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::path::Path;

const TITLE: &[u8] = b"toolgate recordings ";
/// The newest format that this program knows.
const KNOWN: u32 = 1;
const SALT_BYTES: usize = 32;
const MAC_BYTES: usize = 16;
/// Title, number, end of the line.
const LINE_BYTES: usize = TITLE.len() + 2;

/// Bytes of a segment's head.
pub(super) const HEAD_BYTES: usize = LINE_BYTES + SALT_BYTES + ID_BYTES + MAC_BYTES;

/// What is sealed; kinds never share a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A recording.
    Recording,
    /// The end of a segment.
    End,
    /// The end that was put to a segment whose writer did not live to.
    LateEnd,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Recording => 0,
            Self::End => 1,
            Self::LateEnd => 2,
        }
    }
}

/// Seals and opens what is in one segment.
pub(super) struct Seal {
    key: LessSafeKey,
    /// The segment's number: a part of what is sealed, so that no segment passes for another.
    number: u64,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", self.number)
    }
}

impl Seal {
    /// The seal of a new segment, and the head to begin its file with.
    pub(super) fn begin(key: &Key, number: u64, path: &Path) -> Result<(Self, Vec<u8>), Problem> {
        let mut head = TITLE.to_vec();
        head.extend_from_slice(format!("{KNOWN}\n").as_bytes());
        head.extend_from_slice(&random(path)?);
        head.extend_from_slice(&key.id());
        let mac: [u8; MAC_BYTES] = key.seal_head(&covered(&head, number));
        let seal = Self::new(key, number, &head, path)?;
        head.extend_from_slice(&mac);
        Ok((seal, head))
    }

    /// The seal of a segment that begins with these bytes.
    pub(super) fn read(key: &Key, number: u64, head: &[u8], path: &Path) -> Result<Self, Problem> {
        check_format(head, path)?;
        let Some((covers, mac)) = head.split_last_chunk::<MAC_BYTES>().filter(|_| head.len() == HEAD_BYTES)
        else {
            return Err(Problem::damaged(path, 0, "its head is cut"));
        };
        if covers.last_chunk() != Some(&key.id()) {
            return Err(Problem::WrongKey { path: path.to_path_buf() });
        }
        if key.seal_head(&covered(covers, number)) != *mac {
            return Err(Problem::damaged(path, 0, "its head was changed, or it has another segment's name"));
        }
        Self::new(key, number, covers, path)
    }

    fn new(key: &Key, number: u64, head: &[u8], path: &Path) -> Result<Self, Problem> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key.of_segment(&covered(head, number)));
        // The length is the algorithm's own, so this does not happen.
        let key = key.map_err(|_| Problem::damaged(path, 0, "its key cannot be derived"))?;
        Ok(Self { key: LessSafeKey::new(key), number })
    }

    /// Seals the bytes from `start` on in place and appends the tag; false when they are more than can be.
    #[must_use]
    pub(super) fn close(&self, kind: Kind, n: u64, bytes: &mut Vec<u8>, start: usize) -> bool {
        let Some(plain) = bytes.get_mut(start..) else { return false };
        match self.key.seal_in_place_separate_tag(nonce(kind, n), self.place(kind, n), plain) {
            Ok(tag) => {
                bytes.extend_from_slice(tag.as_ref());
                true
            }
            Err(_) => false,
        }
    }

    /// Opens in place what was sealed at this place; nothing when it is not that.
    pub(super) fn open<'a>(&self, kind: Kind, n: u64, sealed: &'a mut [u8]) -> Option<&'a [u8]> {
        let opened = self.key.open_in_place(nonce(kind, n), self.place(kind, n), sealed).ok()?;
        Some(opened)
    }

    /// What is sealed along: where it belongs.
    fn place(&self, kind: Kind, n: u64) -> Aad<[u8; 17]> {
        let mut place = [0; 17];
        let bytes = self.number.to_le_bytes().into_iter().chain(n.to_le_bytes()).chain([kind.byte()]);
        place.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        Aad::from(place)
    }
}

fn nonce(kind: Kind, n: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let written = n.to_le_bytes().into_iter().chain([kind.byte()]);
    bytes.iter_mut().zip(written).for_each(|(place, byte)| *place = byte);
    Nonce::assume_unique_for_key(bytes)
}

fn covered(head: &[u8], number: u64) -> Vec<u8> {
    [&number.to_le_bytes(), head].concat()
}

fn check_format(head: &[u8], path: &Path) -> Result<(), Problem> {
    let line = head.strip_prefix(TITLE).and_then(|rest| rest.split(|byte| *byte == b'\n').next());
    let number = line.and_then(|line| std::str::from_utf8(line).ok()).and_then(|line| line.parse().ok());
    match number {
        Some(KNOWN) => Ok(()),
        Some(found) if found > KNOWN => Err(Problem::Newer { path: path.to_path_buf(), found, known: KNOWN }),
        Some(_) | None => Err(Problem::damaged(path, 0, "it does not begin as a file of recordings does")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(digit: &str) -> Key {
        Key::parse(&digit.repeat(64), "test").unwrap()
    }

    fn begin(number: u64) -> (Seal, Vec<u8>) {
        Seal::begin(&key("a"), number, Path::new("x")).unwrap()
    }

    fn read(key: &Key, number: u64, head: &[u8]) -> Result<Seal, Problem> {
        Seal::read(key, number, head, Path::new("x"))
    }

    #[test]
    fn what_was_sealed_opens_only_at_its_place() {
        let (seal, head) = begin(7);
        let mut sealed = b"..planted".to_vec();
        assert!(seal.close(Kind::Recording, 3, &mut sealed, 2));
        assert!(sealed.starts_with(b"..") && !sealed.windows(7).any(|window| window == b"planted"));
        let again = read(&key("a"), 7, &head).unwrap();
        let open = |kind, n| again.open(kind, n, &mut sealed[2..].to_vec()).map(<[u8]>::to_vec);
        assert_eq!(open(Kind::Recording, 3).as_deref(), Some(&b"planted"[..]));
        assert_eq!(open(Kind::Recording, 4), None);
        assert_eq!(open(Kind::End, 3), None);
        let (other, _) = begin(7);
        assert_eq!(other.open(Kind::Recording, 3, &mut sealed[2..].to_vec()), None);
    }

    #[test]
    fn every_bit_of_a_head_counts() {
        let (_, head) = begin(7);
        for at in 0..head.len() {
            for bit in 0..8 {
                let mut changed = head.clone();
                changed[at] ^= 1 << bit;
                assert!(read(&key("a"), 7, &changed).is_err(), "byte {at} bit {bit}");
            }
            assert!(read(&key("a"), 7, &head[..at]).is_err(), "{at}");
        }
        assert!(read(&key("a"), 8, &head).is_err());
    }

    #[test]
    fn a_wrong_key_and_a_newer_format_are_named() {
        let (_, head) = begin(7);
        assert!(matches!(read(&key("b"), 7, &head), Err(Problem::WrongKey { .. })));
        for (number, is_newer) in [("2", true), ("10", true), ("0", false), ("x", false)] {
            let newer = [TITLE, number.as_bytes(), b"\n", &[0; 80]].concat();
            assert_eq!(matches!(read(&key("a"), 7, &newer), Err(Problem::Newer { .. })), is_newer);
        }
    }
}
