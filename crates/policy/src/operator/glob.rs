//! `glob`: the whole text matches a pattern with `*` (no `/`) and `**` (anything).
//! Matches what is written; a path with `..` is the matter of `path_under`.

use json::Value;
use regex::{Regex, RegexBuilder};

use super::{BadValue, Operator, Test, read_text};
use crate::diagnostic::code;

pub(super) const GLOB: Operator = Operator {
    name: "glob",
    doc: "The whole text matches; `*` stands for any letters but `/`, `**` for any letters at all.",
    value: "a pattern, not empty",
    errors: "the argument is no text",
    negated: false,
    prepare,
};

/// A longer pattern is refused; real ones are far below.
const MAX_PATTERN_BYTES: usize = 1024;
/// Memory of one compiled pattern.
const MAX_COMPILED_BYTES: usize = 1 << 20;

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let text = read_text(value)?;
    let bad = |message: &str| BadValue { code: code::BAD_VALUE, message: message.to_owned(), element: None };
    if text.contains(['?', '[', ']', '{', '}']) {
        return Err(bad("of the wildcards there are only `*` and `**`; for others write a `regex`"));
    }
    let regex = compile(&text).ok_or_else(|| bad("the pattern is too large; use several conditions"))?;
    Ok(Test::Matches { pattern: text, regex, is_glob: true })
}

/// The pattern as one that matches whole texts; nothing when it is too large.
fn compile(pattern: &str) -> Option<Regex> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return None;
    }
    let mut source = String::from(r"\A");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '*' {
            source.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
            continue;
        }
        let mut n_stars = 1;
        while letters.next_if_eq(&'*').is_some() {
            n_stars += 1;
        }
        source.push_str(if n_stars == 1 { "[^/]*" } else { ".*" });
    }
    source.push_str(r"\z");
    let mut builder = RegexBuilder::new(&source);
    builder.dot_matches_new_line(true).size_limit(MAX_COMPILED_BYTES).build().ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn stars() {
        check(&GLOB, "\"/w/*.md\"", "\"/w/a.md\"", [True, True]);
        check(&GLOB, "\"/w/*.md\"", "\"/w/a/b.md\"", [False, False]);
        check(&GLOB, "\"/w/**.md\"", "\"/w/a/b.md\"", [True, True]);
        check(&GLOB, "\"/w/*\"", "\"/w/\"", [True, True]);
        check(&GLOB, "\"a\"", "\"xa\"", [False, False]);
        check(&GLOB, "\"a*\"", "\"a\\nb\"", [True, True]);
        check(&GLOB, "\"a.(b)+\"", "\"a.(b)+\"", [True, True]);
        check(&GLOB, "\"日*\"", "\"日記\"", [True, True]);
        check(&GLOB, "\"a\"", "7", [Error, Error]);
        check(&GLOB, "\"a\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&GLOB, "\"\"", "empty");
        refuses(&GLOB, "\"a?\"", "wildcards");
        refuses(&GLOB, "[]", "not an array");
        let long = format!("\"{}\"", "a".repeat(MAX_PATTERN_BYTES + 1));
        refuses(&GLOB, &long, "too large");
    }
}
