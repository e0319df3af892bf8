//! Per what a limit counts: the access key, the server, the tool, and values of arguments.
//! One scope has one text, in whatever order a document lists its words, because the text is part of the key.

use std::sync::Arc;

/// Per what a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    text: Arc<str>,
    words: Vec<ScopeWord>,
    arguments: Vec<Arc<str>>,
}

/// One word of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeWord {
    /// Servers together.
    All,
    /// Each server.
    Server,
    /// Each access key, on each server.
    Grant,
    /// Each session of an access key, on each server.
    Session,
    /// Each tool of each server.
    Tool,
}

impl ScopeWord {
    /// As a document writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Server => "server",
            Self::Grant => "grant",
            Self::Session => "session",
            Self::Tool => "tool",
        }
    }
}

impl Scope {
    /// The scope of these words and the values of these arguments, each once.
    pub(crate) fn new(mut words: Vec<ScopeWord>, mut arguments: Vec<Arc<str>>) -> Self {
        words.sort_unstable();
        arguments.sort_unstable();
        let names = words.iter().map(|word| word.as_str()).chain(arguments.iter().map(|path| &**path));
        let text = Arc::from(names.collect::<Vec<_>>().join("+"));
        Self { text, words, arguments }
    }

    /// The scope of each access key.
    pub(crate) fn grant() -> Self {
        Self::new(vec![ScopeWord::Grant], Vec::new())
    }

    /// Its words and paths, joined by `+`, always in one order.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it has this word.
    #[must_use]
    pub fn has(&self, word: ScopeWord) -> bool {
        self.words.contains(&word)
    }

    /// The paths of the arguments whose values count apart.
    #[must_use]
    pub fn arguments(&self) -> &[Arc<str>] {
        &self.arguments
    }

    /// Whether an access key shares it with no other.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.has(ScopeWord::Grant) || self.has(ScopeWord::Session)
    }

    /// Its words and paths, as a document lists them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.as_str()).chain(self.arguments.iter().map(|path| &**path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_scope_has_one_text() {
        let scope = |words: &[ScopeWord], paths: &[&str]| {
            let paths = paths.iter().map(|path| Arc::from(*path)).collect();
            Scope::new(words.to_vec(), paths).as_str().to_owned()
        };
        assert_eq!(Scope::grant().as_str(), "grant");
        assert_eq!(scope(&[ScopeWord::Tool, ScopeWord::Grant], &[]), "grant+tool");
        assert_eq!(scope(&[ScopeWord::All], &["args.b", "args.a"]), "all+args.a+args.b");
    }
}
