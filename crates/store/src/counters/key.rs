//! The key of a counter: what makes two limits count together.
//! Must never be ambiguous: different parts give different keys.

use crate::audit::Digest;
use std::fmt;
use std::sync::Arc;

/// The unit of limits that count calls; any other is the sum of amounts, which are values and kept out of the audit.
const CALLS: &str = "calls";

/// (policy, server unless all servers count together, counter, unit, values of the scope); history belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CounterKey {
    text: Arc<str>,
    counts_calls: bool,
}

impl CounterKey {
    /// The key of these parts; `server` is absent when the scope is `all`, `unit` is `calls` or names a cost.
    #[must_use]
    pub fn new(policy: &str, server: Option<&str>, counter: &str, unit: &str, scope: &[&str]) -> Self {
        let mut text = Vec::with_capacity(96);
        text.push(b'[');
        json::write_string(&mut text, policy);
        text.push(b',');
        match server {
            Some(server) => json::write_string(&mut text, server),
            None => text.extend_from_slice(b"null"),
        }
        for part in [counter, unit].iter().chain(scope) {
            text.push(b',');
            json::write_string(&mut text, part);
        }
        text.push(b']');
        Self { text: String::from_utf8_lossy(&text).into(), counts_calls: unit == CALLS }
    }

    /// The key for some values of arguments: one of the family that this key names. Only their digest is kept.
    #[must_use]
    pub fn of_values(&self, values: Digest) -> Self {
        let start = self.text.strip_suffix(']').unwrap_or(&self.text);
        let text = format!("{start},[\"{}\"]]", values.to_hex()).into();
        Self { text, counts_calls: self.counts_calls }
    }

    /// The key as a JSON array of its parts.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True when it counts calls, so that its amounts hold nothing of the arguments.
    #[must_use]
    pub fn counts_calls(&self) -> bool {
        self.counts_calls
    }

    /// The shared text.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

/// What the keys of a family have in common; nothing for a key without values.
pub(crate) fn family(key: &str) -> Option<&str> {
    // INVARIANT: only `of_values` makes an inner list, always the last part, of hex digits. A quote within a part has
    // a backslash before it, so no other key ends like this.
    let inner = key.strip_suffix("\"]]")?;
    inner.rsplit_once(",[\"").map(|(family, _)| family)
}

impl fmt::Display for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_parts_give_different_keys() {
        let key = |server, counter: &str, scope: &[&str]| {
            CounterKey::new("p", server, counter, "calls", scope).as_str().to_owned()
        };
        assert_eq!(key(Some("s"), "c", &["g"]), r#"["p","s","c","calls","g"]"#);
        assert_eq!(key(None, "c", &[]), r#"["p",null,"c","calls"]"#);
        assert_ne!(key(Some("s"), "c\",\"d", &[]), key(Some("s"), "c", &["d"]));
        assert_ne!(key(Some("null"), "c", &[]), key(None, "c", &[]));
    }

    #[test]
    fn keys_of_values_are_a_family() {
        let digest = |text: &str| crate::audit::AuditKey::from_secret(&[7; 32]).digest(text.as_bytes());
        let key = |scope: &[&str]| CounterKey::new("p", Some("s"), "c", "calls", scope);
        let account = key(&["grant+args.a", "g"]);
        let (one, two) = (account.of_values(digest("[5]")), account.of_values(digest("[\"5\"]")));
        assert_ne!(one, two);
        assert_eq!(one, account.of_values(digest("[5]")));
        assert!(family(one.as_str()).is_some());
        assert_eq!(family(one.as_str()), family(two.as_str()));
        let other = key(&["grant+args.a", "h"]).of_values(digest("[5]"));
        assert_ne!(family(one.as_str()), family(other.as_str()));
        for scope in [&[][..], &["g"], &["[\"a\"]"], &["\"]"], &[",[\"", "\"]]"], &["\\\"]]"]] {
            assert_eq!(family(key(scope).as_str()), None, "{scope:?}");
        }
    }
}
