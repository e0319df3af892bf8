//! Cuts the text of an expression into names, numbers, texts and signs, each with its place.
//! Knows the spelling of CEL and nothing of its meaning; never guesses where a text ends.

use super::mistake::Mistake;

/// One piece of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) what: What,
    /// Where it starts, in bytes.
    pub(super) offset: usize,
}

/// What a piece is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A name, or a word such as `true`.
    Name(String),
    /// A number as it is written.
    Number(String),
    /// A text, without its quotes and escapes.
    Text(String),
    /// A sign of one or two characters.
    Sign(&'static str),
    /// The end of the expression.
    End,
}

/// All signs; of two that start alike the longer stands first.
const SIGNS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "+", "-", "*", "/", "%", ".", ",", "(", ")",
    "[", "]", "{", "}",
];

/// All pieces of a text; the last is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Mistake> {
    let mut reader = Reader { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        reader.skip_space();
        let offset = reader.at;
        let what = reader.next()?;
        let is_end = what == What::End;
        tokens.push(Token { what, offset });
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += letter.len_utf8();
        Some(letter)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|letter| !wanted(letter)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Skips spaces and comments.
    fn skip_space(&mut self) {
        loop {
            self.take_while(|letter| matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{c}'));
            if !self.rest().starts_with("//") {
                return;
            }
            self.take_while(|letter| letter != '\n');
        }
    }

    fn next(&mut self) -> Result<What, Mistake> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(What::End) };
        if matches!(first, '"' | '\'') {
            return self.quoted(false);
        }
        let mut letters = rest.chars().skip(1);
        if matches!(first, 'r' | 'R') && matches!(letters.next(), Some('"' | '\'')) {
            self.take();
            return self.quoted(true);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let name = self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            return Ok(What::Name(name.to_owned()));
        }
        let is_fraction =
            rest.starts_with('.') && rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit());
        if first.is_ascii_digit() || is_fraction {
            return self.number();
        }
        match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => {
                self.at += sign.len();
                Ok(What::Sign(sign))
            }
            None => Err(self.strange(first)),
        }
    }

    fn strange(&self, letter: char) -> Mistake {
        let message = format!("`{}` has no meaning in an expression", letter.escape_debug());
        let meant = match letter {
            '=' => Some("=="),
            '&' => Some("&&"),
            '|' => Some("||"),
            _ => None,
        };
        Mistake::new(self.at, message).meant(meant)
    }

    /// A number in the grammar of JSON, so that it has one exact value.
    fn number(&mut self) -> Result<What, Mistake> {
        let start = self.at;
        self.take_while(|letter| letter.is_ascii_digit());
        let is_call = |rest: &str| !rest.chars().nth(1).is_some_and(|next| next.is_ascii_digit());
        if self.peek() == Some('.') && !is_call(self.rest()) {
            self.take();
            self.take_while(|letter| letter.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.take();
            if matches!(self.peek(), Some('+' | '-')) {
                self.take();
            }
            self.take_while(|letter| letter.is_ascii_digit());
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        let written = if written.starts_with('.') { format!("0{written}") } else { written.to_owned() };
        if self.peek().is_some_and(|next| next.is_ascii_alphanumeric() || next == '_') {
            let message = "numbers are written as JSON writes them: no `0x`, no `u` behind them";
            return Err(Mistake::new(start, message));
        }
        Ok(What::Number(written))
    }

    /// A text, once its quote is next.
    fn quoted(&mut self, is_raw: bool) -> Result<What, Mistake> {
        let start = self.at;
        let quote = self.take().unwrap_or('"');
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let is_long = self.text.get(start..).is_some_and(|rest| rest.starts_with(&triple));
        if is_long {
            self.at = start + 3;
        }
        let end = if is_long { triple } else { quote.to_string() };
        let mut text = String::new();
        loop {
            if self.rest().starts_with(&end) {
                self.at += end.len();
                return Ok(What::Text(text));
            }
            let at = self.at;
            match self.take() {
                None => {
                    return Err(Mistake::new(
                        start,
                        format!("the text that starts here has no closing `{end}`"),
                    ));
                }
                Some('\n' | '\r') if !is_long => {
                    let message =
                        "a text in single quotes ends on its line; write `\\n`, or three quotes around it";
                    return Err(Mistake::new(at, message));
                }
                Some('\\') if !is_raw => text.push(self.escape(at)?),
                Some(letter) => text.push(letter),
            }
        }
    }

    /// What an escape stands for, once its backslash is read.
    fn escape(&mut self, at: usize) -> Result<char, Mistake> {
        let wrong = || Mistake::new(at, "no such escape; a backslash itself is written `\\\\`");
        let letter = self.take().ok_or_else(wrong)?;
        let code = match letter {
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            '\\' | '?' | '"' | '\'' | '`' => Some(u32::from(letter)),
            'x' | 'X' => self.digits(2, 16),
            'u' => self.digits(4, 16),
            'U' => self.digits(8, 16),
            '0'..='3' => self.digits(2, 8).map(|rest| letter.to_digit(8).unwrap_or_default() * 64 + rest),
            _ => None,
        };
        code.and_then(char::from_u32).ok_or_else(wrong)
    }

    /// Exactly so many digits.
    fn digits(&mut self, n_digits: usize, radix: u32) -> Option<u32> {
        let mut number: u32 = 0;
        for _ in 0..n_digits {
            number = number.checked_mul(radix)?.checked_add(self.take()?.to_digit(radix)?)?;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[What]) {
        let found: Vec<_> = tokens(text).unwrap().into_iter().map(|token| token.what).collect();
        assert_eq!(found.split_last().unwrap(), (&What::End, expected), "{text}");
    }

    fn text(text: &str) -> What {
        What::Text(text.to_owned())
    }

    #[test]
    fn names_numbers_and_signs() {
        let name = |name: &str| What::Name(name.to_owned());
        let number = |number: &str| What::Number(number.to_owned());
        check("a.b<=5", &[name("a"), What::Sign("."), name("b"), What::Sign("<="), number("5")]);
        check("1.5e-3 .5", &[number("1.5e-3"), number("0.5")]);
        check("_a1 // b\n c", &[name("_a1"), name("c")]);
        check("!a", &[What::Sign("!"), name("a")]);
        check("a!=r", &[name("a"), What::Sign("!="), name("r")]);
    }

    #[test]
    fn texts_and_escapes() {
        check(r#"'a"b' "a'b""#, &[text("a\"b"), text("a'b")]);
        check(r"'\x41\u00e9\U0001F600\101\n\\'", &[text("A\u{e9}\u{1f600}A\n\\")]);
        check(r"r'\d+' R'\'", &[text(r"\d+"), text(r"\")]);
        check("'''a'\n''b'''", &[text("a'\n''b")]);
        check("''", &[text("")]);
    }

    #[test]
    fn what_cannot_be_read_has_a_place() {
        for (text, offset) in [
            ("a == 'b", 5),
            ("'a\nb'", 2),
            (r"'\d'", 1),
            (r"'\ud800'", 1),
            (r"'\x4'", 1),
            ("5u", 0),
            ("0x1F", 0),
            ("a = b", 2),
            ("a & b", 2),
            ("a # b", 2),
            ("é", 0),
        ] {
            assert_eq!(tokens(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
