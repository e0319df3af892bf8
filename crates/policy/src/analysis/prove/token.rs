//! The words of a statement, with their places.

use super::StatementError;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// As it was written; of a text what it says.
    pub(super) text: String,
    /// Where it starts, in bytes.
    pub(super) offset: usize,
}

/// The kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a path or an operator in letters.
    Word,
    /// A text, a number, a list or an object, as JSON.
    Value,
    /// A sign: `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `(`, `)`, `:`.
    Sign,
}

/// Splits a statement.
pub(super) fn split(text: &str) -> Result<Vec<Token>, StatementError> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(rest) = text.get(offset..).filter(|rest| !rest.is_empty()) {
        let start = rest.trim_start();
        offset += rest.len() - start.len();
        let Some(first) = start.chars().next() else { break };
        let (kind, length) = match first {
            '"' | '[' | '{' => (Kind::Value, value_length(start)),
            '0'..='9' | '-' => (Kind::Value, Some(word_length(start))),
            '(' | ')' | ':' | '~' => (Kind::Sign, Some(first.len_utf8())),
            '=' | '!' | '<' | '>' => (Kind::Sign, Some(sign_length(start))),
            letter if is_of_word(letter) => (Kind::Word, Some(word_length(start))),
            other => {
                let why = format!("`{other}` is no part of a statement");
                return Err(StatementError { offset, why, meant: None });
            }
        };
        let Some(own) = length.and_then(|length| start.get(..length)).filter(|own| !own.is_empty()) else {
            let why = "this text or list has no end".to_owned();
            return Err(StatementError { offset, why, meant: None });
        };
        tokens.push(Token { kind, text: own.to_owned(), offset });
        offset += own.len();
    }
    Ok(tokens)
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | '$' | '@')
}

/// A word; `[*]` is a part of a path.
fn word_length(text: &str) -> usize {
    let mut length = 0;
    while let Some(rest) = text.get(length..) {
        match rest.chars().next() {
            _ if rest.starts_with("[*]") => length += 3,
            Some(letter) if is_of_word(letter) || (letter == '+' && length > 0) => {
                length += letter.len_utf8()
            }
            Some(_) | None => break,
        }
    }
    length
}

fn sign_length(text: &str) -> usize {
    if text.starts_with("==") || text.starts_with("!=") || text.starts_with("<=") || text.starts_with(">=") {
        2
    } else {
        1
    }
}

/// A JSON text, list or object, up to its end.
fn value_length(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for (place, letter) in text.char_indices() {
        match (in_text, letter) {
            (true, _) if is_escaped => is_escaped = false,
            (true, '\\') => is_escaped = true,
            (true, '"') | (false, '"') => in_text = !in_text,
            (false, '[' | '{') => depth += 1,
            (false, ']' | '}') => depth = depth.checked_sub(1)?,
            (true | false, _) => {}
        }
        if depth == 0 && !in_text {
            return Some(place + letter.len_utf8());
        }
    }
    None
}
