//! Members of objects and their keys. Must never compare keys other than after unescaping.

use std::borrow::Cow;
use std::fmt;

use crate::document::Document;
use crate::span::Span;
use crate::value::{Value, key_at};

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The key.
    pub key: Key<'a>,
    /// The value.
    pub value: Value<'a>,
}

impl Member<'_> {
    /// From the key's opening quote to the end of the value.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { start: self.key.span().start, end: self.value.span().end }
    }
}

/// The key of a member; comparing it with a `str` compares what it stands for, not how it is written.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    string: Value<'a>,
}

impl<'a> Key<'a> {
    pub(crate) fn new(string: Value<'a>) -> Self {
        Self { string }
    }

    /// The characters, borrowed from the text unless the key holds escapes.
    #[must_use]
    pub fn as_cow(&self) -> Cow<'a, str> {
        self.string.as_str().unwrap_or_default()
    }

    /// Where it stands, quotes included.
    #[must_use]
    pub fn span(&self) -> Span {
        self.string.span()
    }

    /// The key as written, quotes included.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.string.raw()
    }
}

impl PartialEq<str> for Key<'_> {
    fn eq(&self, other: &str) -> bool {
        if self.string.has_escapes() {
            return self.as_cow() == other;
        }
        let Span { start, end } = self.span();
        let bytes = self.string.document().text().as_bytes();
        // The length is compared first: most keys differ in it.
        end - start == other.len() + 2 && bytes.get(start + 1..end - 1) == Some(other.as_bytes())
    }
}

impl PartialEq<&str> for Key<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl fmt::Debug for Key<'_> {
    /// Says where it is, never its content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { start, end } = self.span();
        write!(f, "Key({start}..{end})")
    }
}

/// The members of an object in the order of the text.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    document: &'a Document,
    next: u32,
    end: u32,
}

impl<'a> Members<'a> {
    pub(crate) fn new(document: &'a Document, next: u32, end: u32) -> Self {
        Self { document, next, end }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        if self.next >= self.end {
            return None;
        }
        let key = key_at(self.document, self.next);
        let value = Value::new(self.document, self.document.tape().next(self.next));
        self.next = self.document.tape().next(value.index());
        Some(Member { key, value })
    }
}
