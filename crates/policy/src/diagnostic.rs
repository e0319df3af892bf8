//! What the loader and the linter say about a document: one problem, its place, and what was probably meant.
//! Never holds the value of an argument, a token or a result: documents are written by operators.

use std::fmt;

/// Whether a document with this diagnostic still loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document loads; something in it is probably not what was meant.
    Warning,
}

/// One problem of a policy document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the document is refused.
    pub severity: Severity,
    /// JSON Pointer (RFC 6901) to the place; empty for the whole document.
    pub pointer: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
    /// What is wrong and what to do about it.
    pub message: String,
    /// What was probably meant, when something similar is known.
    pub suggestion: Option<String>,
    /// A stable name of the kind of problem, from [`code`].
    pub code: &'static str,
}

/// The stable names of the kinds of problems.
pub mod code {
    /// The text is not one JSON value.
    pub const SYNTAX: &str = "syntax";
    /// An object has the same key twice.
    pub const DUPLICATE_KEY: &str = "duplicate-key";
    /// A key that the language does not have.
    pub const UNKNOWN_KEY: &str = "unknown-key";
    /// A value that is none of the listed ones.
    pub const UNKNOWN_VALUE: &str = "unknown-value";
    /// Part of the language, but this version cannot enforce it.
    pub const NOT_BUILT: &str = "not-built";
    /// A value of the wrong JSON type.
    pub const WRONG_TYPE: &str = "wrong-type";
    /// A key that must be there is absent.
    pub const MISSING_KEY: &str = "missing-key";
    /// A value of the right type that makes no sense.
    pub const BAD_VALUE: &str = "bad-value";
    /// Two parts of the document contradict each other.
    pub const CONFLICT: &str = "conflict";
    /// Warning: a restriction is the only thing that names a tool.
    pub const OPENS_TOOL: &str = "opens-tool";
    /// Warning: the document denies every tool.
    pub const DENIES_ALL: &str = "denies-all";
    /// Warning: a pattern of an allowing rule can match anywhere in the text.
    pub const UNANCHORED: &str = "unanchored";
    /// Warning: another rule decides before this one can.
    pub const SHADOWED: &str = "shadowed";
    /// Warning: a rule that no call can make fire.
    pub const NEVER_FIRES: &str = "never-fires";
    /// Warning: a part that changes nothing.
    pub const NO_EFFECT: &str = "no-effect";
    /// Warning: limits of different tools count together.
    pub const SHARED_COUNTER: &str = "shared-counter";
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the top level" } else { &self.pointer };
        write!(formatter, "{}: {} at {place}", self.severity, self.message)?;
        write!(formatter, " (line {}, column {})", self.line, self.column)?;
        match &self.suggestion {
            Some(meant) => write!(formatter, "; did you mean `{meant}`?"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pointer: &str, suggestion: Option<&str>, expected: &str) {
        let diagnostic = Diagnostic {
            severity: Severity::Error,
            pointer: pointer.to_owned(),
            line: 3,
            column: 7,
            message: "unknown key `maxx`".to_owned(),
            suggestion: suggestion.map(str::to_owned),
            code: code::UNKNOWN_KEY,
        };
        assert_eq!(diagnostic.to_string(), expected);
    }

    #[test]
    fn reads_as_one_line() {
        check("/tools/x/maxx", None, "error: unknown key `maxx` at /tools/x/maxx (line 3, column 7)");
        check(
            "/tools/x/maxx",
            Some("max"),
            "error: unknown key `maxx` at /tools/x/maxx (line 3, column 7); did you mean `max`?",
        );
        check("", None, "error: unknown key `maxx` at the top level (line 3, column 7)");
    }
}
