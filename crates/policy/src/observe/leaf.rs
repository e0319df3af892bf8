//! One argument over all calls: of which types its values were, which ones, how long, how large.
//! Must never hold more of them than it may repeat: a set that grows too large is forgotten.

use std::collections::BTreeSet;

use json::{Decimal, Kind, Value};

use crate::channel::{HostPattern, NamedHost};
use crate::number;
use crate::operator::is_plain_path;

/// Distinct values that are kept.
const MAX_VALUES: usize = 64;
/// Longer texts are not worth repeating in a document.
const MAX_TEXT: usize = 200;

/// An argument, or the elements of one that is a list.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    /// Calls in which it was there and not null.
    pub(super) n_calls: u64,
    /// Its values: as many as calls, but for elements of lists.
    pub(super) n_values: u64,
    pub(super) kinds: Kinds,
    /// The distinct values as JSON; nothing where there are too many, or one is too long or no scalar.
    pub(super) values: Option<BTreeSet<String>>,
    pub(super) texts: Texts,
    /// The smallest and the largest number; nothing where one is not exact.
    pub(super) range: Option<(Decimal, Decimal)>,
    pub(super) has_inexact: bool,
    pub(super) longest_list: usize,
    /// Whether some of it cannot be reached by a path, so that nothing is to be said of it.
    pub(super) is_spoiled: bool,
}

/// The types of values.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) boolean: bool,
    pub(super) number: bool,
    pub(super) fraction: bool,
    pub(super) string: bool,
    pub(super) array: bool,
    pub(super) object: bool,
}

impl Kinds {
    /// The one type of all values, as the operator `type` names it.
    pub(super) const fn only(self) -> Option<&'static str> {
        match self {
            Self { boolean: true, number: false, string: false, array: false, object: false, .. } => {
                Some("boolean")
            }
            Self {
                boolean: false,
                number: true,
                string: false,
                array: false,
                object: false,
                fraction: false,
            } => Some("integer"),
            Self { boolean: false, number: true, string: false, array: false, object: false, .. } => {
                Some("number")
            }
            Self { boolean: false, number: false, string: true, array: false, object: false, .. } => {
                Some("string")
            }
            Self { boolean: false, number: false, string: false, array: true, object: false, .. } => {
                Some("array")
            }
            Self { boolean: false, number: false, string: false, array: false, object: true, .. } => {
                Some("object")
            }
            Self { .. } => None,
        }
    }
}

/// What all texts have in common.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The beginning of all; nothing before the first.
    pub(super) prefix: Option<String>,
    /// The folder that all are below, as far as all are absolute paths with one reading.
    pub(super) folder: Option<Vec<String>>,
    pub(super) has_other_than_paths: bool,
    /// The hosts, as far as all are URLs with one reading.
    pub(super) hosts: BTreeSet<String>,
    pub(super) has_other_than_urls: bool,
}

impl Leaf {
    /// Notes a value that is not null.
    pub(super) fn note(&mut self, value: Value<'_>) {
        self.n_values += 1;
        match value.kind() {
            Kind::Null => {}
            Kind::Bool => self.kinds.boolean = true,
            Kind::Number => self.note_number(value),
            Kind::String => {
                self.kinds.string = true;
                self.texts.note(&value.as_str().unwrap_or_default());
            }
            Kind::Array => {
                self.kinds.array = true;
                self.longest_list = self.longest_list.max(value.len());
            }
            Kind::Object => self.kinds.object = true,
        }
        self.note_distinct(value);
    }

    fn note_number(&mut self, value: Value<'_>) {
        self.kinds.number = true;
        let Some(exact) = number::exact(value) else {
            self.has_inexact = true;
            return;
        };
        self.kinds.fraction |= !exact.is_integer();
        self.range = Some(self.range.map_or((exact, exact), |(low, high)| (low.min(exact), high.max(exact))));
    }

    fn note_distinct(&mut self, value: Value<'_>) {
        if self.n_values == 1 {
            self.values = Some(BTreeSet::new());
        }
        let Some(values) = &mut self.values else { return };
        let is_kept = scalar(value).is_some_and(|text| values.contains(&text) || values.insert(text));
        if !is_kept || values.len() > MAX_VALUES {
            self.values = None;
        }
    }

    /// Whether no allowed call had this value, but all had one of its type; both certain.
    pub(super) fn never_had(&self, value: Value<'_>) -> bool {
        let kind = match value.kind() {
            Kind::Bool => ["boolean", "boolean"],
            Kind::Number => ["integer", "number"],
            Kind::String => ["string", "string"],
            Kind::Null | Kind::Array | Kind::Object => return false,
        };
        // A comparison with a value of another type is an error, which would deny what was allowed.
        let is_same_type = self.kinds.only().is_some_and(|only| kind.contains(&only));
        let text = scalar(value).filter(|_| is_same_type);
        text.is_some_and(|text| self.values.as_ref().is_some_and(|values| !values.contains(&text)))
    }
}

/// A scalar as JSON, equal for equal values; nothing where it is none, not exact, or long.
pub(super) fn scalar(value: Value<'_>) -> Option<String> {
    match value.kind() {
        Kind::Bool => Some(value.raw().to_owned()),
        Kind::Number => number::exact(value).map(|number| number.to_string()),
        Kind::String => {
            let text = value.as_str()?;
            (text.len() <= MAX_TEXT && !text.is_empty()).then(|| quoted(&text))
        }
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

impl Texts {
    fn note(&mut self, text: &str) {
        let common = match &self.prefix {
            Some(prefix) => common(prefix, text).to_owned(),
            None => text.to_owned(),
        };
        self.prefix = Some(common);
        self.note_path(text);
        self.note_url(text);
    }

    fn note_path(&mut self, text: &str) {
        if !text.starts_with('/') || !is_plain_path(text) {
            self.has_other_than_paths = true;
        }
        if self.has_other_than_paths {
            return;
        }
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let mut parts: Vec<String> = parts.map(String::from).collect();
        // The last part is a file, or a folder that is meant itself.
        parts.pop();
        self.folder = Some(match self.folder.take() {
            None => parts,
            Some(folder) => {
                let same = folder.iter().zip(&parts).take_while(|(one, other)| one == other).count();
                folder.into_iter().take(same).collect()
            }
        });
    }

    fn note_url(&mut self, text: &str) {
        if self.has_other_than_urls {
            return;
        }
        match host_of(text) {
            Some(host) if self.hosts.len() < MAX_VALUES => {
                self.hosts.insert(host);
            }
            Some(_) | None => self.has_other_than_urls = true,
        }
    }
}

/// The host of a URL of the web, as the operator `host_in` takes it, where it has one reading.
fn host_of(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let named = NamedHost::of_url(text)?;
    HostPattern::parse(&host).is_ok_and(|pattern| pattern.is_at(&named)).then_some(host)
}

/// The common beginning of two texts.
fn common<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map(|((at, _), _)| at);
    let length = same.unwrap_or_else(|| one.len().min(other.len()));
    one.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    fn leaf(values: &[&str]) -> Leaf {
        let mut leaf = Leaf::default();
        values.iter().for_each(|value| leaf.note(document(value).root()));
        leaf
    }

    #[test]
    fn texts_have_a_beginning_a_folder_and_hosts_in_common() {
        let paths = leaf(&[r#""/srv/docs/a.md""#, r#""/srv/docs//b/c""#]).texts;
        assert_eq!(paths.prefix.as_deref(), Some("/srv/docs/"));
        assert_eq!(paths.folder.as_deref(), Some(&["srv".to_owned(), "docs".to_owned()][..]));
        assert!(!paths.has_other_than_paths && paths.has_other_than_urls);
        assert!(leaf(&[r#""/srv/../etc""#]).texts.has_other_than_paths);
        let urls = leaf(&[r#""https://A.example/x""#, r#""https://b.example:8443""#]).texts;
        assert!(urls.hosts.iter().eq(["a.example", "b.example:8443"]) && !urls.has_other_than_urls);
        assert!(leaf(&[r#""https://a.example@b.example/""#]).texts.has_other_than_urls);
        assert_eq!(leaf(&[r#""äb""#, r#""äc""#]).texts.prefix.as_deref(), Some("ä"));
        assert_eq!(leaf(&[r#""ab""#, r#""a""#]).texts.prefix.as_deref(), Some("a"));
    }

    #[test]
    fn distinct_values_are_kept_as_long_as_they_are_few() {
        let mixed = leaf(&["1", "1.0", "\"a\""]);
        assert!(mixed.values.as_ref().unwrap().iter().eq(["\"a\"", "1"]));
        assert!(!mixed.never_had(document("2").root()), "what is not of one type tells nothing");
        let one = leaf(&["1", "1.0"]);
        assert!(one.never_had(document("2").root()) && !one.never_had(document("1e0").root()));
        assert!(!one.never_had(document("\"a\"").root()));
        assert!(leaf(&["1", "[]"]).values.is_none() && leaf(&["9007199254740993"]).values.is_none());
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let many = leaf(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(many.values.is_none() && !many.never_had(document("1000").root()));
        assert_eq!(
            many.range.map(|(low, high)| (low.to_string(), high.to_string())),
            Some(("0".into(), "99".into()))
        );
    }
}
