//! Patterns of the older proxy, which its language's own library read, written so that ours reads the same texts.
//! What cannot be written so is refused; most patterns stay as they are.

use std::str::Chars;

/// The same pattern for our reader, or why there is none.
pub(super) fn translate(pattern: &str) -> Result<String, &'static str> {
    let mut writer = Writer { out: String::with_capacity(pattern.len()), letters: pattern.chars() };
    while let Some(letter) = writer.letters.next() {
        match letter {
            '\\' => writer.escape(false)?,
            '[' => writer.class()?,
            other => writer.out.push(other),
        }
    }
    Ok(writer.out)
}

struct Writer<'a> {
    out: String,
    letters: Chars<'a>,
}

impl Writer<'_> {
    fn next_is(&self, letter: char) -> bool {
        self.letters.as_str().starts_with(letter)
    }

    /// Takes the next letter over where it is this one.
    fn keep(&mut self, letter: char) -> bool {
        let is_next = self.next_is(letter);
        if is_next {
            self.letters.next();
            self.out.push(letter);
        }
        is_next
    }

    fn escape(&mut self, in_class: bool) -> Result<(), &'static str> {
        let Some(escaped) = self.letters.next() else {
            self.out.push('\\');
            return Ok(());
        };
        match escaped {
            'Q' | 'E' => return Err("`\\Q` is not known here; escape the letters one by one"),
            'C' => return Err("`\\C` is not known here; write `.`"),
            'b' | 'B' if !in_class && self.next_is('{') => {
                return Err("a `{` behind `\\b` has another meaning here; write `\\{`");
            }
            // The older reader's white space has no vertical tab.
            's' => self.out.push_str(if in_class { r"\t\n\f\r\x20" } else { r"[\t\n\f\r\x20]" }),
            'S' => self.out.push_str(r"[^\t\n\f\r\x20]"),
            // Here they are the edges of words.
            '<' | '>' => self.out.push(escaped),
            other => {
                self.out.push('\\');
                self.out.push(other);
            }
        }
        Ok(())
    }

    /// In ours, brackets nest and some doubled signs combine classes; in the older one they are letters.
    fn class(&mut self) -> Result<(), &'static str> {
        self.out.push('[');
        self.keep('^');
        if self.next_is(']') {
            self.letters.next();
            self.out.push_str(r"\]");
        }
        while let Some(letter) = self.letters.next() {
            match letter {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '\\' => self.escape(true)?,
                '[' if self.next_is(':') => self.named(),
                '[' | '&' | '~' => {
                    self.out.push('\\');
                    self.out.push(letter);
                }
                '-' if self.next_is('-') => {
                    return Err("`--` within brackets has another meaning here; write `\\-`");
                }
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    /// `[:alpha:]`, taken over to its end.
    fn named(&mut self) {
        self.out.push('[');
        for letter in self.letters.by_ref() {
            self.out.push(letter);
            if letter == ']' {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn most_patterns_stay_as_they_are() {
        for pattern in
            ["^feat/", r"^\d{4}-\w+$", "(?i)^a|b$", "[^a-z]", "[[:alpha:]_]", r"\.\[x\]", r"\bword\b", "é+"]
        {
            assert_eq!(translate(pattern).as_deref(), Ok(pattern));
        }
    }

    #[test]
    fn what_is_read_differently_is_written_differently() {
        for (pattern, expected) in [
            (r"a\sb", r"a[\t\n\f\r\x20]b"),
            (r"[\s,]", r"[\t\n\f\r\x20,]"),
            (r"[^\S]", r"[^[^\t\n\f\r\x20]]"),
            (r"\S", r"[^\t\n\f\r\x20]"),
            (r"\<b\>", "<b>"),
            ("[a&&b]", r"[a\&\&b]"),
            ("[[]", r"[\[]"),
            ("[]a]", r"[\]a]"),
            ("[^]a~]", r"[^\]a\~]"),
        ] {
            assert_eq!(translate(pattern).as_deref(), Ok(expected), "{pattern}");
        }
        for pattern in [r"\Qa.b\E", r"\C", "[a--b]", r"\b{2}"] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }

    /// Each translated pattern matches what the older reader's documentation says.
    #[test]
    fn translated_patterns_match_the_same_texts() {
        for (pattern, text, expected) in [
            (r"^\s$", "\u{b}", false),
            (r"^\s$", "\t", true),
            (r"^\S$", "\u{b}", true),
            (r"^[\S]$", "\u{b}", true),
            (r"^[a&&b]$", "&", true),
            (r"^[a&&b]$", "a", true),
            ("^[[]$", "[", true),
            (r"^\<$", "<", true),
        ] {
            let matches = regex::Regex::new(&translate(pattern).unwrap()).unwrap().is_match(text);
            assert_eq!(matches, expected, "{pattern} on {text:?}");
        }
    }
}
