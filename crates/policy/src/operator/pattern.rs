//! Patterns of the `regex` operator: compiled once, linear in the text, with ASCII classes and a size limit.
//! Without ASCII classes `\d` would let other digits through that a server may read differently.

use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// A pattern longer than this is refused; the largest ones of real policies are far below.
const MAX_PATTERN_BYTES: usize = 4096;
/// Memory of one compiled pattern, so that no document makes the gateway large.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Compiles a pattern, or says why not.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes; use several conditions"));
    }
    // The pattern as written is compiled first: its errors are about what the author wrote.
    build(pattern)?;
    build(&with_ascii_classes(pattern))
}

fn build(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| explain(&error))
}

fn explain(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    if reason.contains("look-around") {
        return "the pattern uses look-around, which has no linear-time form; combine several conditions instead"
            .to_owned();
    }
    if reason.contains("backreferences") {
        return "the pattern uses backreferences, which have no linear-time form".to_owned();
    }
    if reason.contains("size limit") {
        return "the pattern is too large when compiled; use smaller repetitions".to_owned();
    }
    format!("the pattern is not valid: {reason}")
}

/// Rewrites the Perl classes and word boundaries to their ASCII meaning.
fn with_ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut bracket_depth = 0_usize;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped) => push_escape(&mut out, escaped, bracket_depth > 0),
                None => out.push('\\'),
            },
            '[' => {
                bracket_depth += 1;
                out.push('[');
                push_class_start(&mut out, &mut letters);
            }
            ']' => {
                bracket_depth = bracket_depth.saturating_sub(1);
                out.push(']');
            }
            other => out.push(other),
        }
    }
    out
}

/// Directly after `[` or `[^`, a `]` is a letter and closes nothing.
fn push_class_start(out: &mut String, letters: &mut Chars<'_>) {
    for letter in ['^', ']'] {
        if letters.as_str().starts_with(letter) {
            letters.next();
            out.push(letter);
        }
    }
}

fn push_escape(out: &mut String, escaped: char, in_brackets: bool) {
    let ascii = match (escaped, in_brackets) {
        ('d', _) => "[0-9]",
        ('D', _) => "[^0-9]",
        ('s', _) => r"[\t\n\v\f\r ]",
        ('S', _) => r"[^\t\n\v\f\r ]",
        // Without `-i`, case folding would add the Kelvin sign and the long s to the letters.
        ('w', false) => "(?-i:[0-9A-Za-z_])",
        ('W', false) => "(?-i:[^0-9A-Za-z_])",
        ('w', true) => "[0-9A-Za-z_]",
        ('W', true) => "[^0-9A-Za-z_]",
        ('b', false) => r"(?-u:\b)",
        ('B', false) => r"(?-u:\B)",
        _ => {
            out.push('\\');
            out.push(escaped);
            return;
        }
    };
    out.push_str(ascii);
}

/// Whether every alternative of the pattern starts at the start of the text. May say no where a human sees yes.
pub(crate) fn is_anchored(pattern: &str) -> bool {
    let mut depth = 0_usize;
    let mut at_start = true;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if at_start && letter != '^' {
            return pattern.starts_with(r"\A") && !pattern.contains('|');
        }
        at_start = false;
        match letter {
            '\\' => {
                letters.next();
            }
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => at_start = true,
            _ => {}
        }
    }
    !at_start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(compile(pattern).unwrap().is_match(text), expected, "{pattern} on {text}");
    }

    #[test]
    fn classes_are_ascii() {
        check(r"^\d$", "5", true);
        check(r"^\d$", "٥", false);
        check(r"^\D$", "٥", true);
        check(r"^\w+$", "aZ_9", true);
        check(r"^\w$", "é", false);
        check(r"^\W$", "é", true);
        check(r"^\s$", "\u{b}", true);
        check(r"^\s$", "\u{a0}", false);
        check(r"^\S$", "\u{a0}", true);
        check(r"^[\d.-]+$", "1.2-3", true);
        check(r"^[\d]$", "٥", false);
        check(r"^[^\d]$", "٥", true);
        check(r"^[^\w]$", "a", false);
        check(r"\bé", "é", false);
        check(r"\ba", "é a", true);
        check(r"^a\B", "ab", true);
    }

    #[test]
    fn case_folding_adds_no_letters_to_word_characters() {
        check(r"(?i)^\w$", "K", true);
        check(r"(?i)^\w$", "\u{212a}", false);
        check(r"(?i)^\W$", "\u{212a}", true);
    }

    #[test]
    fn the_rest_of_a_pattern_keeps_its_meaning() {
        check(r"^.$", "é", true);
        check(r"^[é]$", "é", true);
        check(r"^\\d$", r"\d", true);
        check(r"^\.$", ".", true);
        check(r"^\[\d\]$", "[5]", true);
        check(r"^[\]\d]$", "]", true);
        check(r"^[[:digit:]\s]$", " ", true);
        check(r"^[]\w]$", "]", true);
        check(r"^[]\w]$", ":", false);
        check(r"^[^]\w]$", ":", true);
        check(r"^\p{Greek}$", "α", true);
        check("^a\\x41$", "aA", true);
        check("(?x) ^ a  # a comment with \\d\n $", "a", true);
    }

    #[test]
    fn what_cannot_run_in_linear_time_is_refused() {
        for (pattern, part) in [
            ("(?=a)", "look-around"),
            ("(?<!a)b", "look-around"),
            (r"(a)\1", "backreferences"),
            ("(((a{100}){100}){100})", "too large"),
            ("[", "unclosed character class"),
        ] {
            let message = compile(pattern).unwrap_err();
            assert!(message.contains(part), "{pattern}: {message}");
        }
        assert!(compile(&"a".repeat(MAX_PATTERN_BYTES + 1)).is_err());
    }

    #[test]
    fn anchors() {
        for pattern in ["^a", "^a|^b", "^(a|b)", r"^\|a", "^[|]", r"\Aa", "^"] {
            assert!(is_anchored(pattern), "{pattern}");
        }
        for pattern in ["a", "a$", "^a|b", "(^a)", "", "^a|", ".*", "(?m)^a", r"\Aa|b"] {
            assert!(!is_anchored(pattern), "{pattern}");
        }
    }
}
