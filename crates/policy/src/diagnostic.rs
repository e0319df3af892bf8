//! What the loader and the linter say about a document: one problem, its place, and what was probably meant.
//! Never holds the value of an argument, a token or a result: documents are written by operators.

use std::fmt;

use json::Location;

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
    /// Warning: a denying pattern leaves open what lies below what it covers.
    pub const NARROW_DENY: &str = "narrow-deny";
    /// Warning: another rule decides before this one can.
    pub const SHADOWED: &str = "shadowed";
    /// Warning: a rule that no call can make fire.
    pub const NEVER_FIRES: &str = "never-fires";
    /// Warning: a part that changes nothing.
    pub const NO_EFFECT: &str = "no-effect";
    /// Warning: limits of different tools count together.
    pub const SHARED_COUNTER: &str = "shared-counter";
    /// Warning: a limit per value of an argument without one over all values.
    pub const NO_TOTAL: &str = "no-total";
    /// Warning: a condition reads an argument that the tool's schema does not declare.
    pub const UNDECLARED_ARGUMENT: &str = "undeclared-argument";
    /// Warning: a `deny_if` compares an argument that a call may leave out.
    pub const OPTIONAL_ARGUMENT: &str = "optional-argument";
    /// Warning: a condition compares an argument with a type that its schema does not have.
    pub const NEVER_FITS: &str = "never-fits";
    /// Warning: a tool that does several things is ruled as a whole.
    pub const MULTIPLEXED: &str = "multiplexed";
    /// Warning: no known server has such a tool.
    pub const UNKNOWN_TOOL: &str = "unknown-tool";
    /// Warning: nothing names tools of a server.
    pub const UNNAMED_TOOLS: &str = "unnamed-tools";
}

/// A diagnostic before its line and column are known.
#[derive(Debug)]
pub(crate) struct Found {
    /// Where it is in the text.
    pub(crate) offset: usize,
    pub(crate) severity: Severity,
    pub(crate) pointer: String,
    pub(crate) message: String,
    pub(crate) suggestion: Option<String>,
    pub(crate) code: &'static str,
}

/// Sorts what was found by its place and gives it line and column, in one walk over the text.
pub(crate) fn locate(text: &[u8], mut found: Vec<Found>) -> Vec<Diagnostic> {
    found.sort_by_key(|found| found.offset);
    let (mut line, mut column, mut walked) = (1_u32, 1_u32, 0);
    let mut located = Vec::with_capacity(found.len());
    for Found { offset, severity, pointer, message, suggestion, code } in found {
        let step = Location::of(text.get(walked..).unwrap_or_default(), offset.saturating_sub(walked));
        column = if step.line == 1 { column.saturating_add(step.column - 1) } else { step.column };
        line = line.saturating_add(step.line - 1);
        walked = offset.max(walked);
        located.push(Diagnostic { severity, pointer, line, column, message, suggestion, code });
    }
    located
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
    fn one_walk_finds_every_place() {
        let text = "{\n é: [\r\n\n 1 ], \u{1f600} 2 }".as_bytes();
        let offsets = [7, 0, text.len(), 3, 3, text.len() + 9, 12];
        let found = offsets.map(|offset| Found {
            offset,
            severity: Severity::Warning,
            pointer: offset.to_string(),
            message: String::new(),
            suggestion: None,
            code: code::SYNTAX,
        });
        for diagnostic in locate(text, found.into()) {
            let Location { line, column } = Location::of(text, diagnostic.pointer.parse().unwrap());
            assert_eq!((diagnostic.line, diagnostic.column), (line, column), "{}", diagnostic.pointer);
        }
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
