//! Patterns of texts: `*` stands for any letters of one segment, `**` for any letters at all, everything else for
//! itself. Compiled once, linear in the text.

use regex::bytes::{Regex, RegexBuilder};

/// What ends a segment of a URI.
pub(super) const SEGMENT_ENDS: [char; 3] = ['/', '?', '#'];
/// Memory of one compiled pattern; the loader bounds its length.
const MAX_COMPILED_BYTES: usize = 4 << 20;

/// What `*` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Star {
    /// Any letters but `/`, `?` and `#`.
    Segment,
    /// Any letters.
    Anything,
}

/// One piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// Itself.
    Letter(char),
    /// Any letters of one segment.
    Segment,
    /// Any letters.
    Anything,
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Glob {
    regex: Regex,
    tokens: Vec<Token>,
}

impl Glob {
    /// Compiles a pattern; nothing when it is too large. Only the case of ASCII letters can be ignored.
    pub(super) fn new(text: &str, star: Star, ignores_case: bool) -> Option<Self> {
        let tokens = tokens(text, star);
        let mut source = String::from(r"\A");
        for token in &tokens {
            match token {
                Token::Letter(letter) => source.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
                Token::Segment => source.push_str("[^/?#]*"),
                Token::Anything => source.push_str(".*"),
            }
        }
        source.push_str(r"\z");
        let regex = RegexBuilder::new(&source)
            // Bytes of UTF-8 match as the letters do, and compile to a fraction of the size.
            .unicode(false)
            .dot_matches_new_line(true)
            .case_insensitive(ignores_case)
            .size_limit(MAX_COMPILED_BYTES)
            .build()
            .ok()?;
        Some(Self { regex, tokens })
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text.as_bytes())
    }

    /// Its pieces.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

fn tokens(text: &str, star: Star) -> Vec<Token> {
    let mut tokens = Vec::new();
    for letter in text.chars() {
        match (letter, tokens.last_mut()) {
            ('*', Some(last @ (Token::Segment | Token::Anything))) => *last = Token::Anything,
            ('*', _) if star == Star::Segment => tokens.push(Token::Segment),
            ('*', _) => tokens.push(Token::Anything),
            (letter, _) => tokens.push(Token::Letter(letter)),
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        let glob = Glob::new(pattern, Star::Segment, false).unwrap();
        assert_eq!(glob.matches(text), expected, "{pattern} on {text}");
    }

    #[test]
    fn a_star_stays_in_its_segment() {
        check("file:///a/*", "file:///a/b", true);
        check("file:///a/*", "file:///a/", true);
        check("file:///a/*", "file:///a/b/c", false);
        check("file:///a/*", "file:///a/b?c", false);
        check("file:///a/*", "file:///a/b#c", false);
        check("file:///a/*", "xfile:///a/b", false);
        check("file:///a/*.md", "file:///a/b.md", true);
        check("file:///a/*.md", "file:///a/bxmd", false);
        check("file:///a/*.md", "file:///a/b.md\n", false);
    }

    #[test]
    fn two_stars_cross_everything() {
        check("file:///a/**", "file:///a/b/c?d#e\nf", true);
        check("**/.env", "file:///a/.env", true);
        check("**/.env", "file:///a/.envs", false);
        check("a***b", "a/b", true);
    }

    #[test]
    fn other_letters_are_themselves() {
        check("x://a?b[1](c)|d^$", "x://a?b[1](c)|d^$", true);
        check("x://a?b", "x://b", false);
        check("x://a.b", "x://acb", false);
        check("x://日*ü", "x://日記ü", true);
        check("x://日*ü", "x://日記u", false);
        check("x://*", "x://\u{2028}\u{10ffff}", true);
    }

    #[test]
    fn names_have_no_segments_and_case_counts_unless_it_is_ignored() {
        assert!(Glob::new("a*", Star::Anything, false).unwrap().matches("a/b"));
        assert!(!Glob::new("A*", Star::Anything, false).unwrap().matches("ab"));
        assert!(Glob::new("A*", Star::Anything, true).unwrap().matches("ab"));
    }
}
