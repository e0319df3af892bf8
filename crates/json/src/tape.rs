//! The tape: one entry of one or two words for each value and key, in the order of the text.
//! Must never be longer than one word for each byte of text: an array of scalars takes one word for two bytes, a
//! container inside a container two for two. That, and memory that is reserved once for large texts, bounds it
//! to four times the text.
//!
//! The first word of an entry is its tag (3 bits) and the offset at which it starts (29 bits).
//! - Literals and numbers have no second word; their end is found in the text.
//! - Strings: the second word is the offset behind the closing quote.
//! - Containers: the second word is the number of words (16 bits, the entry included) and of bytes (16 bits).
//!   Where one of them does not fit, the tag says "wide", the second word is the number of words alone, and the
//!   last of these words is the offset behind the closing bracket.

/// Longest text in bytes: what 29 bits of offset can address.
pub(crate) const MAX_TEXT_BYTES: usize = 1 << OFFSET_BITS;

const OFFSET_BITS: u32 = 29;
const OFFSET_MASK: u32 = (1 << OFFSET_BITS) - 1;
/// Where the count of bytes ends and the count of words begins in the second word of a narrow container.
const NARROW_BITS: u32 = 16;
const NARROW_MAX: usize = (1 << NARROW_BITS) - 1;

/// A tape for a text of this size may grow by doubling and still stay within four times the text and 64 KiB.
const SMALL_TEXT_BYTES: usize = 16 * 1024;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Literal,
    Number,
    Plain,
    Escaped,
    Array,
    WideArray,
    Object,
    WideObject,
}

impl Tag {
    /// The first word of an entry with this tag.
    #[inline(always)]
    pub(crate) fn word(self, start: usize) -> u32 {
        (self as u32) << OFFSET_BITS | (start as u32 & OFFSET_MASK)
    }

    #[inline(always)]
    fn of(word: u32) -> Self {
        match word >> OFFSET_BITS {
            0 => Self::Literal,
            1 => Self::Number,
            2 => Self::Plain,
            3 => Self::Escaped,
            4 => Self::Array,
            5 => Self::WideArray,
            6 => Self::Object,
            _ => Self::WideObject,
        }
    }

    fn wide(self) -> Self {
        match self {
            Self::Object | Self::WideObject => Self::WideObject,
            Self::Literal | Self::Number | Self::Plain | Self::Escaped | Self::Array | Self::WideArray => {
                Self::WideArray
            }
        }
    }
}

/// The words of a scanned text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    words: Vec<u32>,
}

impl Tape {
    /// An empty tape with the memory that a usual small text of this size needs.
    pub(crate) fn for_text(bytes: &[u8]) -> Self {
        Self { words: Vec::with_capacity(bytes.len().min(SMALL_TEXT_BYTES) / 3 + 16) }
    }

    /// Makes room for two words, given what the text still holds.
    #[inline(always)]
    pub(crate) fn make_room(&mut self, rest: &[u8]) {
        if self.words.capacity() - self.words.len() < 2 {
            self.grow(rest);
        }
    }

    /// A tape for a small text doubles. One for a large text grows once, to what the rest of the text can need:
    /// growing again would hold the old and the new memory at once.
    #[cold]
    fn grow(&mut self, rest: &[u8]) {
        if rest.len() <= SMALL_TEXT_BYTES {
            self.words.reserve(2);
        } else {
            self.words.reserve_exact(max_words(rest));
        }
    }

    /// The number of words; also the index of the next entry.
    #[inline(always)]
    pub(crate) fn len(&self) -> u32 {
        self.words.len() as u32
    }

    /// Appends an entry of one word.
    #[inline(always)]
    pub(crate) fn push(&mut self, tag: Tag, start: usize) {
        self.words.push(tag.word(start));
    }

    /// Appends an entry of two words.
    #[inline(always)]
    pub(crate) fn push_pair(&mut self, tag: Tag, start: usize, second: u32) {
        self.words.extend_from_slice(&[tag.word(start), second]);
    }

    /// Completes the container at `index`, whose closing bracket is the byte before `end`, and returns what its
    /// second word held until now.
    #[inline]
    pub(crate) fn close(&mut self, index: u32, end: usize) -> u32 {
        let n_words = self.words.len() - index as usize;
        let n_bytes = end - self.start(index);
        if n_words <= NARROW_MAX && n_bytes <= NARROW_MAX {
            self.replace_second(index, (n_words as u32) << NARROW_BITS | n_bytes as u32)
        } else {
            self.close_wide(index, end)
        }
    }

    #[cold]
    fn close_wide(&mut self, index: u32, end: usize) -> u32 {
        self.words.push(end as u32);
        let n_words = self.words.len() as u32 - index;
        let (tag, start) = (self.tag(index), self.start(index));
        if let Some(first) = self.words.get_mut(index as usize) {
            *first = tag.wide().word(start);
        }
        self.replace_second(index, n_words)
    }

    #[inline(always)]
    fn replace_second(&mut self, index: u32, second: u32) -> u32 {
        match self.words.get_mut(index as usize + 1) {
            Some(word) => std::mem::replace(word, second),
            None => 0,
        }
    }

    #[inline(always)]
    fn word(&self, index: u32) -> u32 {
        self.words.get(index as usize).copied().unwrap_or(0)
    }

    /// What the entry at `index` is.
    #[inline(always)]
    pub(crate) fn tag(&self, index: u32) -> Tag {
        Tag::of(self.word(index))
    }

    /// Where the entry starts in the text.
    #[inline(always)]
    pub(crate) fn start(&self, index: u32) -> usize {
        (self.word(index) & OFFSET_MASK) as usize
    }

    /// Where a string or container ends in the text; nothing for other entries.
    pub(crate) fn end(&self, index: u32) -> Option<usize> {
        let second = self.word(index + 1);
        match self.tag(index) {
            Tag::Literal | Tag::Number => None,
            Tag::Plain | Tag::Escaped => Some(second as usize),
            Tag::Array | Tag::Object => Some(self.start(index) + (second as usize & NARROW_MAX)),
            Tag::WideArray | Tag::WideObject => Some(self.word(index + second - 1) as usize),
        }
    }

    /// The index behind the entry and everything in it.
    #[inline]
    pub(crate) fn next(&self, index: u32) -> u32 {
        match self.tag(index) {
            Tag::Literal | Tag::Number => index + 1,
            Tag::Plain | Tag::Escaped => index + 2,
            Tag::Array | Tag::Object => index + (self.word(index + 1) >> NARROW_BITS),
            Tag::WideArray | Tag::WideObject => index + self.word(index + 1),
        }
    }

    /// The indexes of the first entry inside a container and behind the last one; an empty range for the rest.
    pub(crate) fn inside(&self, index: u32) -> (u32, u32) {
        let next = self.next(index);
        match self.tag(index) {
            Tag::Array | Tag::Object => (index + 2, next),
            Tag::WideArray | Tag::WideObject => (index + 2, next - 1),
            Tag::Literal | Tag::Number | Tag::Plain | Tag::Escaped => (next, next),
        }
    }

    /// Bytes that the tape occupies, unused capacity included.
    pub(crate) fn size_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u32>()
    }

    /// Gives memory back where much of it is unused.
    pub(crate) fn trim(&mut self) {
        if self.words.capacity() > SMALL_TEXT_BYTES && self.words.capacity() > 2 * self.words.len() {
            self.words.shrink_to_fit();
        }
    }
}

/// A bound on the words for the rest of a text, the better of two.
///
/// - Each value and key stands behind a comma, colon or opening bracket, and takes a word; strings and containers
///   take two.
/// - A number takes a word and at least a byte, strings and containers two of each; commas and colons take none.
///
/// Of wide containers, which take a third word, each depth has at most one in 64 KiB.
fn max_words(rest: &[u8]) -> usize {
    /// So many bytes can be counted in eight bits.
    const CHUNK: usize = 32;
    let (mut n_separators, mut n_halves) = (0, 0);
    let (chunks, last) = rest.as_chunks::<CHUNK>();
    for chunk in chunks {
        // Sums instead of branches, so that the compiler counts many bytes at once.
        let separators = chunk.iter().map(|&byte| u8::from(byte == b',') + u8::from(byte == b':'));
        let opens = |byte: u8| u8::from(byte == b'[') + u8::from(byte == b'{');
        let halves = chunk.iter().map(|&byte| opens(byte) * 4 + u8::from(byte == b'"'));
        n_separators += usize::from(separators.sum::<u8>());
        n_halves += usize::from(halves.sum::<u8>());
    }
    let by_place = n_separators + n_halves / 2 + 2 * last.len();
    by_place.min(rest.len() - n_separators) + rest.len() / 1024 + 64
}
