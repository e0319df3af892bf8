//! Groups of tools that are asked about together: those of one server whose names begin with the same word.

use std::collections::BTreeMap;

/// Tools of one server whose names begin alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// `imaging/get`: the server and the word.
    pub id: String,
    /// The server.
    pub server: String,
    /// Its tools that were used, with the number of calls.
    pub tools: Vec<(String, u64)>,
}

impl Family {
    /// Calls of all its tools.
    #[must_use]
    pub fn n_calls(&self) -> u64 {
        self.tools.iter().map(|(_, n_calls)| n_calls).sum()
    }
}

/// The families of used tools.
#[must_use]
pub fn families<'a>(used: impl Iterator<Item = (&'a str, &'a str, u64)>) -> Vec<Family> {
    let mut found: BTreeMap<String, Family> = BTreeMap::new();
    for (server, tool, n_calls) in used {
        let id = format!("{server}/{}", first_word(tool));
        let family = found.entry(id.clone()).or_insert_with(|| Family {
            id,
            server: server.to_owned(),
            tools: Vec::new(),
        });
        family.tools.push((tool.to_owned(), n_calls));
    }
    found.into_values().collect()
}

/// `get` of `get_image`, `get-image`, `get.image` and `getImage`.
#[must_use]
pub fn first_word(tool: &str) -> String {
    let mut before_is_small = false;
    let end = tool.char_indices().find(|(_, letter)| {
        let is_end =
            matches!(letter, '_' | '-' | '.' | '/' | ':' | ' ') || (before_is_small && letter.is_uppercase());
        before_is_small = letter.is_lowercase();
        is_end
    });
    let word = end.and_then(|(at, _)| tool.get(..at)).unwrap_or(tool);
    if word.is_empty() { tool.to_owned() } else { word.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_that_begin_alike_are_asked_about_together() {
        for (tool, word) in [
            ("get_image", "get"),
            ("getImage", "get"),
            ("GET", "get"),
            ("delete-x", "delete"),
            ("_x", "_x"),
            ("a.b", "a"),
        ] {
            assert_eq!(first_word(tool), word, "{tool}");
        }
        let used = [("s", "get_a", 2), ("s", "getB", 3), ("s", "delete_a", 1), ("t", "get_a", 1)];
        let found = families(used.into_iter());
        let ids: Vec<_> = found.iter().map(|family| (family.id.as_str(), family.n_calls())).collect();
        assert_eq!(ids, [("s/delete", 1), ("s/get", 5), ("t/get", 1)]);
    }
}
