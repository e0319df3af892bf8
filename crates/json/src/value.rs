//! A value inside a document. Must never allocate unless a string with escapes is asked for.

use std::borrow::Cow;
use std::fmt;

use crate::document::Document;
use crate::literal::number_end;
use crate::member::{Key, Member, Members};
use crate::number::Number;
use crate::span::Span;
use crate::string::unescape;
use crate::tape::Tag;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A value inside a document; copying it copies a reference.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    document: &'a Document,
    index: u32,
}

impl<'a> Value<'a> {
    pub(crate) fn new(document: &'a Document, index: u32) -> Self {
        Self { document, index }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.document.tape().tag(self.index) {
            Tag::Literal if self.first_byte() == Some(b'n') => Kind::Null,
            Tag::Literal => Kind::Bool,
            Tag::Number => Kind::Number,
            Tag::Plain | Tag::Escaped => Kind::String,
            Tag::Array | Tag::WideArray => Kind::Array,
            Tag::Object | Tag::WideObject => Kind::Object,
        }
    }

    fn first_byte(&self) -> Option<u8> {
        self.document.text().as_bytes().get(self.document.tape().start(self.index)).copied()
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        matches!(self.document.tape().tag(self.index), Tag::Object | Tag::WideObject)
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self.document.tape().tag(self.index), Tag::Array | Tag::WideArray)
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        matches!(self.document.tape().tag(self.index), Tag::Plain | Tag::Escaped)
    }

    /// Whether it is a string that is written with escapes.
    pub(crate) fn has_escapes(&self) -> bool {
        self.document.tape().tag(self.index) == Tag::Escaped
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.document.tape().tag(self.index) == Tag::Number
    }

    /// `true` or `false`; nothing for other kinds.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.document.tape().tag(self.index) {
            Tag::Literal => match self.first_byte() {
                Some(b't') => Some(true),
                Some(b'f') => Some(false),
                _ => None,
            },
            Tag::Number
            | Tag::Plain
            | Tag::Escaped
            | Tag::Array
            | Tag::WideArray
            | Tag::Object
            | Tag::WideObject => None,
        }
    }

    /// The characters of a string, borrowed from the text unless it holds escapes; nothing for other kinds.
    #[must_use]
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        if !self.is_string() {
            return None;
        }
        let inside = self.raw().get(1..)?.strip_suffix('"')?;
        Some(if self.has_escapes() { unescape(inside) } else { Cow::Borrowed(inside) })
    }

    /// The number; nothing for other kinds.
    #[must_use]
    pub fn as_number(&self) -> Option<Number<'a>> {
        self.is_number().then(|| Number::new(self.raw()))
    }

    /// The value of the member with this key; nothing where there is none or this is no object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.member(key).map(|member| member.value)
    }

    /// The member with this key; nothing where there is none or this is no object.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<Member<'a>> {
        self.members().find(|member| member.key == *key)
    }

    /// The members of an object in the order of the text; none for other kinds.
    #[must_use]
    pub fn members(&self) -> Members<'a> {
        let (next, end) = if self.is_object() { self.document.tape().inside(self.index) } else { (0, 0) };
        Members::new(self.document, next, end)
    }

    /// The elements of an array in their order; none for other kinds.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        let (next, end) = if self.is_array() { self.document.tape().inside(self.index) } else { (0, 0) };
        Elements { document: self.document, next, end }
    }

    /// The number of members or elements, 0 for other kinds. Walks over them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members().count() + self.elements().count()
    }

    /// Whether it has no members or elements, which holds for every value that is no container.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members().next().is_none() && self.elements().next().is_none()
    }

    /// Where its text stands; a string's quotes and a container's brackets belong to it.
    #[must_use]
    pub fn span(&self) -> Span {
        let tape = self.document.tape();
        let start = tape.start(self.index);
        let end = tape.end(self.index).unwrap_or_else(|| self.scalar_end(start));
        Span { start, end }
    }

    fn scalar_end(&self, start: usize) -> usize {
        match self.first_byte() {
            Some(b't' | b'n') => start + 4,
            Some(b'f') => start + 5,
            _ => number_end(self.document.text().as_bytes(), start),
        }
    }

    /// Its text as written.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        let Span { start, end } = self.span();
        self.document.text().get(start..end).unwrap_or_default()
    }

    /// A number that no other value of the same document has.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The document that it is in.
    #[must_use]
    pub fn document(&self) -> &'a Document {
        self.document
    }

    /// The value that a JSON pointer (RFC 6901) names, starting here; nothing where there is none.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<Value<'a>> {
        if pointer.is_empty() {
            return Some(*self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(*self, |value, token| value.step(token))
    }

    /// Follows one reference token of a pointer.
    fn step(&self, token: &str) -> Option<Value<'a>> {
        if self.is_array() {
            return self.elements().nth(array_index(token)?);
        }
        if !token.contains('~') {
            return self.get(token);
        }
        let is_escaped = token.split('~').skip(1).all(|part| part.starts_with(['0', '1']));
        if is_escaped { self.get(&token.replace("~1", "/").replace("~0", "~")) } else { None }
    }
}

/// An array index as RFC 6901 writes it: digits without a leading zero.
fn array_index(token: &str) -> Option<usize> {
    let is_plain =
        token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if is_plain { token.parse().ok() } else { None }
}

impl fmt::Debug for Value<'_> {
    /// Says what and where it is, never its content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { start, end } = self.span();
        write!(f, "{:?}({start}..{end})", self.kind())
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    document: &'a Document,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.next >= self.end {
            return None;
        }
        let value = Value::new(self.document, self.next);
        self.next = self.document.tape().next(self.next);
        Some(value)
    }
}

/// The key of a member; used by [`Members`].
pub(crate) fn key_at(document: &Document, index: u32) -> Key<'_> {
    Key::new(Value::new(document, index))
}
