//! Drops values out of a document before it is kept. Must never keep a value that was to be dropped, nor a document
//! that cannot be read.

use super::secret::{counts_tokens, sounds_secret};
use json::{Document, Kind, Limits, Value};

/// A JSON Pointer in which `*` stands for any member or element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuePath(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Any,
    Named(String),
}

impl ValuePath {
    /// Reads a path; nothing when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts = match text {
            "" => Vec::new(),
            text => text.strip_prefix('/')?.split('/').map(Part::parse).collect::<Option<_>>()?,
        };
        Some(Self(parts))
    }

    fn fits(&self, place: &[String]) -> bool {
        self.0.len() == place.len() && self.0.iter().zip(place).all(|(part, name)| part.fits(name))
    }
}

impl Part {
    fn parse(text: &str) -> Option<Self> {
        // `~` is only there to write `~` and `/`.
        let is_escaped_well =
            text.split('~').skip(1).all(|rest| rest.starts_with('0') || rest.starts_with('1'));
        is_escaped_well.then(|| match text {
            "*" => Self::Any,
            text => Self::Named(text.replace("~1", "/").replace("~0", "~")),
        })
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(wanted) => wanted == name,
        }
    }
}

/// What is dropped out of a document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redaction<'a> {
    /// Where the operator said so.
    pub paths: &'a [&'a ValuePath],
    /// Texts and numbers that are longer as written.
    pub max_value_bytes: u64,
}

/// A document without what is to be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Its canonical text; nothing where all of it was dropped.
    pub text: Option<Vec<u8>>,
    /// Pointers to what was dropped; a `null` stands there.
    pub dropped: Vec<String>,
}

impl Kept {
    /// Nothing of a document.
    pub(super) fn nothing() -> Self {
        Self { text: None, dropped: vec![String::new()] }
    }
}

impl Redaction<'_> {
    /// What is kept of a document.
    pub(super) fn apply(&self, text: Vec<u8>) -> Kept {
        let Ok(document) = Document::scan(text, &Limits::default()) else { return Kept::nothing() };
        let mut walk = Walk { redaction: *self, place: Vec::new(), dropped: Vec::new(), spans: Vec::new() };
        walk.value(document.root());
        let Walk { dropped, spans, .. } = walk;
        if spans.is_empty() {
            return Kept { text: Some(canonical(&document)), dropped };
        }
        if dropped.first().is_some_and(String::is_empty) {
            return Kept::nothing();
        }
        let mut splicer = json::Splicer::new(document.text().as_bytes());
        for span in spans {
            if splicer.replace(span, &b"null"[..]).is_err() {
                return Kept::nothing();
            }
        }
        let Ok(spliced) = Document::scan(splicer.finish(), &Limits::default()) else {
            return Kept::nothing();
        };
        Kept { text: Some(canonical(&spliced)), dropped }
    }

    fn is_dropped(&self, place: &[String], value: Value<'_>) -> bool {
        if value.is_null() {
            return false;
        }
        if self.paths.iter().any(|path| path.fits(place)) {
            return true;
        }
        match value.kind() {
            // Two letters tell nothing; that something has a password is often what a rule asks.
            Kind::Null | Kind::Bool => false,
            Kind::Number => {
                self.is_long(value)
                    || place.last().is_some_and(|key| sounds_secret(key) && !counts_tokens(key))
            }
            Kind::String => self.is_long(value) || place.last().is_some_and(|key| sounds_secret(key)),
            Kind::Array | Kind::Object => place.last().is_some_and(|key| sounds_secret(key)),
        }
    }

    fn is_long(&self, value: Value<'_>) -> bool {
        value.raw().len() as u64 > self.max_value_bytes
    }
}

fn canonical(document: &Document) -> Vec<u8> {
    let mut out = Vec::with_capacity(document.text().len());
    json::canonical(document.root(), &mut out);
    out
}

struct Walk<'a> {
    redaction: Redaction<'a>,
    place: Vec<String>,
    dropped: Vec<String>,
    spans: Vec<json::Span>,
}

impl Walk<'_> {
    // The scan bounds the depth.
    fn value(&mut self, value: Value<'_>) {
        if self.redaction.is_dropped(&self.place, value) {
            self.dropped.push(pointer(&self.place));
            self.spans.push(value.span());
            return;
        }
        for member in value.members() {
            self.below(member.key.as_cow().into_owned(), member.value);
        }
        for (n, element) in value.elements().enumerate() {
            self.below(n.to_string(), element);
        }
    }

    fn below(&mut self, name: String, value: Value<'_>) {
        self.place.push(name);
        self.value(value);
        self.place.pop();
    }
}

fn pointer(place: &[String]) -> String {
    place.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str, paths: &[&str], max_value_bytes: u64) -> (Option<String>, Vec<String>) {
        let paths: Vec<_> = paths.iter().map(|path| ValuePath::parse(path).unwrap()).collect();
        let paths: Vec<_> = paths.iter().collect();
        let kept = Redaction { paths: &paths, max_value_bytes }.apply(text.as_bytes().to_vec());
        (kept.text.map(|text| String::from_utf8(text).unwrap()), kept.dropped)
    }

    fn check(text: &str, paths: &[&str], expected: &str, dropped: &[&str]) {
        let (kept, found) = apply(text, paths, 20);
        assert_eq!(kept.as_deref(), Some(expected), "{text}");
        assert_eq!(found, dropped, "{text}");
    }

    #[test]
    fn values_are_dropped_where_the_operator_said_so() {
        let text = r#"{"b":{"c":1,"d":2},"a":[{"x":1,"y":2},{"x":3}],"e/f":4}"#;
        check(text, &[], r#"{"a":[{"x":1,"y":2},{"x":3}],"b":{"c":1,"d":2},"e/f":4}"#, &[]);
        check(text, &["/b/c"], r#"{"a":[{"x":1,"y":2},{"x":3}],"b":{"c":null,"d":2},"e/f":4}"#, &["/b/c"]);
        let any = r#"{"a":[{"x":null,"y":2},{"x":null}],"b":{"c":1,"d":2},"e/f":4}"#;
        check(text, &["/a/*/x"], any, &["/a/0/x", "/a/1/x"]);
        check(text, &["/b", "/b/c"], r#"{"a":[{"x":1,"y":2},{"x":3}],"b":null,"e/f":4}"#, &["/b"]);
        check(
            text,
            &["/e~1f", "/none"],
            r#"{"a":[{"x":1,"y":2},{"x":3}],"b":{"c":1,"d":2},"e/f":null}"#,
            &["/e~1f"],
        );
        assert_eq!(apply(text, &[""], 20), (None, vec![String::new()]));
    }

    #[test]
    fn secrets_are_always_dropped() {
        check(
            r#"{"token":"t","deep":[{"apiKey":["a","b"],"Password":5,"pin":{"x":1}}],"max_tokens":7}"#,
            &[],
            r#"{"deep":[{"Password":null,"apiKey":null,"pin":null}],"max_tokens":7,"token":null}"#,
            &["/token", "/deep/0/apiKey", "/deep/0/Password", "/deep/0/pin"],
        );
        check(r#"{"has_password":true,"token":null}"#, &[], r#"{"has_password":true,"token":null}"#, &[]);
        // Written with an escape the key is the same.
        check(r#"{"t\u006fken":"t"}"#, &[], r#"{"token":null}"#, &["/token"]);
    }

    #[test]
    fn long_values_are_dropped() {
        check(r#"{"a":"123456789012345678"}"#, &[], r#"{"a":"123456789012345678"}"#, &[]);
        check(r#"{"a":"1234567890123456789"}"#, &[], r#"{"a":null}"#, &["/a"]);
        check(r#"[123456789012345678901]"#, &[], "[null]", &["/0"]);
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        for text in ["", "{", r#"{"a":1,"a":2}"#] {
            assert_eq!(apply(text, &[], 20), (None, vec![String::new()]), "{text}");
        }
    }

    #[test]
    fn paths_are_pointers() {
        for bad in ["a", "a/b", "/a~", "/a~2"] {
            assert_eq!(ValuePath::parse(bad), None, "{bad}");
        }
        assert!(ValuePath::parse("/a~0~1/*").unwrap().fits(&["a~/".to_owned(), "x".to_owned()]));
    }
}
