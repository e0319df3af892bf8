//! What the operator asked to be recorded. Must never record a tool that no pattern names.

use super::redact::{Redaction, ValuePath};
use super::{Key, Retention};

/// Letters in which `*` stands for any letters, none included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Whether a whole text fits.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        let mut parts = rest.split('*').peekable();
        // Each part as early as it can be leaves the most for the rest; the last must be at the end.
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return text.ends_with(part);
            }
            match text.split_once(part) {
                Some((_, after)) => text = after,
                None => return false,
            }
        }
        true
    }
}

/// Tools of servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    server: Pattern,
    tool: Pattern,
}

impl Tools {
    /// Reads `SERVER/TOOL`, either with `*`; nothing when it has not both.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (server, tool) =
            text.split_once('/').filter(|(server, tool)| !server.is_empty() && !tool.is_empty())?;
        Some(Self { server: Pattern::new(server), tool: Pattern::new(tool) })
    }

    /// Whether a tool is one of them.
    #[must_use]
    pub fn fit(&self, server: &str, tool: &str) -> bool {
        self.server.fits(server) && self.tool.fits(tool)
    }
}

/// Values of tools that are dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redact {
    /// Of which tools.
    pub tools: Tools,
    /// Where in the arguments or the result.
    pub paths: Vec<ValuePath>,
}

/// Where the key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// The data folder, where it is made when there is none.
    DataFolder,
    /// The configuration; read already.
    Given(Key),
}

/// What is recorded, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The key.
    pub key: KeySource,
    /// Tools whose calls are recorded.
    pub tools: Vec<Tools>,
    /// Of these, tools whose calls are not.
    pub except: Vec<Tools>,
    /// Tools whose results are recorded too, where their calls are.
    pub results: Vec<Tools>,
    /// What is dropped out of arguments.
    pub redact: Vec<Redact>,
    /// What is dropped out of results.
    pub redact_results: Vec<Redact>,
    /// A longer text or number is dropped.
    pub max_value_bytes: u64,
    /// Of a longer recording first the result is dropped, then the arguments.
    pub max_record_bytes: u64,
    /// How long recordings are kept.
    pub retention: Retention,
    /// Nothing is recorded while the volume has less free.
    pub min_free_bytes: u64,
}

/// What is wanted of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its result too.
    pub result: bool,
}

impl Plan {
    /// What is wanted of a tool's calls; nothing where they are not recorded.
    #[must_use]
    pub fn wanted(&self, server: &str, tool: &str) -> Option<Wanted> {
        let is_in = |list: &[Tools]| list.iter().any(|tools| tools.fit(server, tool));
        let is_recorded = is_in(&self.tools) && !is_in(&self.except);
        is_recorded.then(|| Wanted { result: is_in(&self.results) })
    }

    pub(super) fn redaction<'a>(
        &self,
        redact: &'a [Redact],
        server: &str,
        tool: &str,
        paths: &'a mut Vec<&'a ValuePath>,
    ) -> Redaction<'a> {
        let of_tool = redact.iter().filter(|redact| redact.tools.fit(server, tool));
        paths.extend(of_tool.flat_map(|redact| &redact.paths));
        Redaction { paths, max_value_bytes: self.max_value_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "abc", true),
            ("get_*", "get_", true),
            ("get_*", "get_a", true),
            ("get_*", "forget_a", false),
            ("*_a", "get_a", true),
            ("*_a", "get_a_b", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c-c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a**a", "aa", true),
            ("*ab", "aab", true),
            ("*é*", "caf\u{e9}s", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), fits, "{pattern} {text}");
        }
    }

    fn tools(texts: &[&str]) -> Vec<Tools> {
        texts.iter().map(|text| Tools::parse(text).unwrap()).collect()
    }

    #[test]
    fn only_what_is_named_and_not_excepted_is_wanted() {
        let plan = Plan {
            key: KeySource::DataFolder,
            tools: tools(&["imaging/*", "git*/get_*"]),
            except: tools(&["*/get_secret"]),
            results: tools(&["imaging/get_*", "other/*"]),
            redact: Vec::new(),
            redact_results: Vec::new(),
            max_value_bytes: 100,
            max_record_bytes: 100,
            retention: Retention::default(),
            min_free_bytes: 0,
        };
        for (server, tool, wanted) in [
            ("imaging", "start", Some(false)),
            ("imaging", "get_a", Some(true)),
            ("imaging", "get_secret", None),
            ("github", "get_a", Some(false)),
            ("github", "put_a", None),
            ("other", "get_a", None),
        ] {
            let wanted = wanted.map(|result| Wanted { result });
            assert_eq!(plan.wanted(server, tool), wanted, "{server} {tool}");
        }
        for bad in ["", "imaging", "/x", "x/"] {
            assert_eq!(Tools::parse(bad), None, "{bad}");
        }
        assert!(Tools::parse("a/b/c").unwrap().fit("a", "b/c"));
    }
}
