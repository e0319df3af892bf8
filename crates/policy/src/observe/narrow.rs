//! The tightest condition on one argument that its observed values support.
//! Must never make a condition that one of the observed values does not meet.

use json::Decimal;

use super::leaf::{Leaf, quoted};

/// So many different values become a list; of more only what they have in common is stated.
const MAX_LISTED: usize = 8;
/// Each listed value was seen so often on average, so that the list is probably complete.
const SEEN_EACH: u64 = 5;

/// A condition and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Narrowed {
    /// Comparisons as `"op": …, "value": …`, all to hold.
    pub(super) comparisons: Vec<String>,
    /// What was seen.
    pub(super) reason: String,
    /// Whether nothing that is not in the condition can be a value.
    pub(super) is_listed: bool,
}

impl Leaf {
    /// What can be stated; nothing where the values have nothing in common.
    pub(super) fn narrow(&self) -> Option<Narrowed> {
        if self.is_spoiled || self.n_values == 0 {
            return None;
        }
        let kind = self.kinds.only()?;
        self.listed().or_else(|| self.common()).or_else(|| self.ranged()).or_else(|| self.short()).or_else(
            || {
                (kind != "object" && !self.has_inexact).then(|| Narrowed {
                    comparisons: vec![comparison("type", &quoted(kind))],
                    reason: format!("always of the type {kind}"),
                    is_listed: false,
                })
            },
        )
    }

    fn listed(&self) -> Option<Narrowed> {
        let values =
            self.values.as_ref().filter(|values| !values.is_empty() && values.len() <= MAX_LISTED)?;
        let is_number = self.kinds.number && values.len() > 1;
        if is_number || self.n_values < SEEN_EACH * values.len() as u64 {
            return None;
        }
        let list: Vec<&str> = values.iter().map(String::as_str).collect();
        let (comparison, reason) = match &list[..] {
            [one] => (comparison("eq", one), format!("always {one}")),
            many => (
                comparison("in", &format!("[{}]", many.join(", "))),
                format!("always one of {}", many.join(", ")),
            ),
        };
        Some(Narrowed { comparisons: vec![comparison], reason, is_listed: true })
    }

    /// What all texts have in common: a folder, hosts, a beginning.
    fn common(&self) -> Option<Narrowed> {
        let mut narrowed = Narrowed { comparisons: Vec::new(), reason: String::new(), is_listed: false };
        let texts = &self.texts;
        let mut state = |comparison: String, reason: String| {
            narrowed.comparisons.push(comparison);
            narrowed.reason = if narrowed.reason.is_empty() {
                reason
            } else {
                format!("{}, and {reason}", narrowed.reason)
            };
        };
        if !texts.has_other_than_paths {
            let folder = texts.folder.as_ref().filter(|folder| !folder.is_empty())?;
            let folder = quoted(&format!("/{}", folder.join("/")));
            state(comparison("path_under", &folder), format!("always a path below {folder}"));
            return Some(narrowed);
        }
        if !texts.has_other_than_urls && texts.hosts.len() <= MAX_LISTED {
            let hosts: Vec<String> = texts.hosts.iter().map(|host| quoted(host)).collect();
            let hosts = hosts.join(", ");
            state(comparison("host_in", &format!("[{hosts}]")), format!("always a URL at {hosts}"));
        }
        if let Some(prefix) = texts.prefix.as_deref().and_then(boundary) {
            let prefix = quoted(prefix);
            state(comparison("prefix", &prefix), format!("always began with {prefix}"));
        }
        Some(narrowed).filter(|narrowed| !narrowed.comparisons.is_empty())
    }

    /// At most twice the largest number, and not negative where none was.
    fn ranged(&self) -> Option<Narrowed> {
        let (low, high) = self.range.filter(|_| !self.has_inexact)?;
        let zero = Decimal::ZERO;
        let doubled = if high > zero {
            high.checked_add(&high).filter(|sum| crate::number::exact_text(&sum.to_string()).is_some())?
        } else {
            zero
        };
        let mut comparisons = vec![comparison("lte", &doubled.to_string())];
        let mut reason = format!("at most {high}; the bound is twice that");
        if high <= zero {
            reason = "never above 0".to_owned();
        }
        if low >= zero {
            comparisons.push(comparison("gte", "0"));
            reason.push_str(", and never negative");
        }
        Some(Narrowed { comparisons, reason, is_listed: false })
    }

    fn short(&self) -> Option<Narrowed> {
        if !self.kinds.array {
            return None;
        }
        let most = self.longest_list.saturating_mul(2).max(1);
        let reason = format!("at most {} elements; the bound is twice that", self.longest_list);
        Some(Narrowed {
            comparisons: vec![comparison("len_lte", &most.to_string())],
            reason,
            is_listed: false,
        })
    }
}

fn comparison(operator: &str, value: &str) -> String {
    format!("\"op\": {}, \"value\": {value}", quoted(operator))
}

/// The part of a common beginning that ends where a name does: behind the authority of a URL, or behind a folder.
fn boundary(prefix: &str) -> Option<&str> {
    let start = prefix.find("://").map_or(0, |at| at + 3);
    let end = prefix.rfind('/').filter(|end| *end > start)?;
    prefix.get(..=end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    fn check(values: &[&str], times: usize, expected: &str) {
        let mut leaf = Leaf::default();
        for _ in 0..times {
            values.iter().for_each(|value| leaf.note(document(value).root()));
        }
        let narrowed = leaf.narrow().map(|narrowed| narrowed.comparisons.join("; ")).unwrap_or_default();
        assert_eq!(narrowed.replace("\"op\": ", "").replace(", \"value\":", ""), expected, "{values:?}");
    }

    #[test]
    fn what_values_have_in_common() {
        check(&[r#""ct""#, r#""mr""#], 10, r#""in" ["ct", "mr"]"#);
        check(&[r#""ct""#], 10, r#""eq" "ct""#);
        check(&[r#""ct""#, r#""mr""#], 1, r#""type" "string""#);
        check(&["true"], 10, r#""eq" true"#);
        check(&["true", "false"], 10, r#""in" [false, true]"#);
        check(&["3"], 10, r#""eq" 3"#);
        check(&["3", "7"], 10, r#""lte" 14; "gte" 0"#);
        check(&["-3", "-7.5"], 1, r#""lte" 0"#);
        check(&["9007199254740993", "1"], 1, "");
        check(&[r#""s3://in/a/1""#, r#""s3://in/a/2""#], 1, r#""prefix" "s3://in/a/""#);
        check(&[r#""s3://in-a/1""#, r#""s3://in-b/2""#], 1, r#""type" "string""#);
        check(&[r#""/srv/a""#, r#""/srv/b/c""#], 1, r#""path_under" "/srv""#);
        check(&[r#""/a""#, r#""/b""#], 1, r#""type" "string""#);
        let url = r#""host_in" ["a.example"]; "prefix" "https://a.example/v1/""#;
        check(&[r#""https://a.example/v1/x""#, r#""https://a.example/v1/y""#], 1, url);
        check(&["[1]", "[1, 2, 3]"], 1, r#""len_lte" 6"#);
        check(&["1", "\"1\""], 10, "");
        check(&[r#"{"a": 1}"#], 10, "");
    }
}
