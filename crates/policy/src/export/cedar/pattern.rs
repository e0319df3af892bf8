//! Texts and patterns as Cedar writes them. A pattern that `like` does not match exactly so is none.

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// A text inside of a pattern, in which a star is a star.
pub(super) fn literal(text: &str) -> String {
    text.chars().map(|letter| if letter == '*' { r"\*".to_owned() } else { escaped(letter) }).collect()
}

fn escaped(letter: char) -> String {
    match letter {
        '"' | '\\' => format!("\\{letter}"),
        _ if letter.is_ascii_graphic() || letter == ' ' => letter.to_string(),
        _ if letter.is_alphanumeric() => letter.to_string(),
        _ => format!("\\u{{{:x}}}", u32::from(letter)),
    }
}

/// A glob, where each of its stars stands for any letters at all.
pub(super) fn of_glob(pattern: &str) -> Option<String> {
    let parts: Vec<&str> = pattern.split("**").collect();
    let is_plain = parts.iter().all(|part| !part.contains('*'));
    is_plain.then(|| parts.into_iter().map(literal).collect::<Vec<_>>().join("*"))
}

/// A regular expression that is a plain text, with or without anchors.
pub(super) fn of_regex(pattern: &str) -> Option<String> {
    let (start, rest) = pattern.strip_prefix('^').map_or(("*", pattern), |rest| ("", rest));
    let mut text = String::new();
    let mut end = "*";
    let rest = rest.strip_suffix(".*").filter(|rest| !rest.ends_with('\\')).unwrap_or(rest);
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.push(
                letters
                    .next()
                    .filter(char::is_ascii_punctuation)
                    .filter(|next| !matches!(next, '<' | '>'))?,
            ),
            '$' if letters.peek().is_none() && rest == pattern.strip_prefix('^').unwrap_or(pattern) => {
                end = ""
            }
            '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' => return None,
            _ => text.push(letter),
        }
    }
    Some(format!("{start}{}{end}", literal(&text)))
}
