//! Writes what people and programs read: text with colours on a terminal, or one JSON value per line.
//! It must never write the value of an argument, a token or a result unless the operator asked for it.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::config::problem::{Problem, Severity};

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good news.
    Good,
    /// Bad news.
    Bad,
    /// Attention.
    Warning,
    /// A heading or name.
    Strong,
    /// Of less weight.
    Quiet,
}

/// Where a command writes and how.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
    color: bool,
}

impl Output {
    /// Output to the standard streams.
    #[must_use]
    pub fn new(json: bool, when: When) -> Self {
        let color = match when {
            When::Always => true,
            When::Never => false,
            When::Auto => io::stdout().is_terminal() && terminal_wants_color(),
        };
        Self { json, color: color && !json }
    }

    /// Whether programs read this.
    #[must_use]
    pub fn is_json(self) -> bool {
        self.json
    }

    /// One line of text.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn line(self, text: impl Display) -> io::Result<()> {
        writeln!(io::stdout().lock(), "{text}")
    }

    /// One JSON value on a line of its own.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn value(self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string(value).map_err(io::Error::other)?)
    }

    /// A value for programs, or the same in words for people.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn tell(self, value: &impl Serialize, words: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.json { self.value(value) } else { words() }
    }

    /// A question without a line's end, so that the answer stands beside it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub fn ask(self, question: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        write!(stdout, "{question} ")?;
        stdout.flush()
    }

    /// Text in the colour of its meaning.
    #[must_use]
    pub fn paint(self, tone: Tone, text: impl Display) -> String {
        if !self.color {
            return text.to_string();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Warning => "33",
            Tone::Strong => "1",
            Tone::Quiet => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A problem as `file:line:column: error: message`.
    #[must_use]
    pub fn problem(self, problem: &Problem) -> String {
        let (tone, word) = match problem.severity {
            Severity::Error => (Tone::Bad, "error:"),
            Severity::Warning => (Tone::Warning, "warning:"),
        };
        plain(&problem.to_string()).replacen(word, &self.paint(tone, word), 1)
    }
}

/// Text that cannot repaint the terminal or run backwards on it: names in foreign files are not to be trusted.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_hidden = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().map(|c| if c.is_control() || is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// A number of things: `1 policy`, `2 policies`, `0 errors`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    };
    format!("{number} {}", if number == 1 { noun } else { &plural })
}

fn terminal_wants_color() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_set("NO_COLOR") && !is_dumb
}

#[cfg(test)]
mod tests {
    use super::{count, plain};

    #[test]
    fn foreign_text_cannot_repaint_the_terminal() {
        for (text, expected) in [
            ("plain ü 漢", "plain ü 漢"),
            ("a\u{1b}[2Jb\n", "a\u{fffd}[2Jb\u{fffd}"),
            ("a\u{202e}b\u{9b}c", "a\u{fffd}b\u{fffd}c"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn things_are_counted_as_people_say_it() {
        for (number, noun, expected) in [
            (0, "error", "0 errors"),
            (1, "error", "1 error"),
            (2, "policy", "2 policies"),
            (1, "policy", "1 policy"),
        ] {
            assert_eq!(count(number, noun), expected);
        }
    }
}
