//! `prefix` and `suffix`: how a text starts or ends, byte by byte.
//! Says nothing of what a server makes of the text: for folders there is `path_under`, for hosts `host_in`.

use json::Value;

use super::{BadValue, Operator, Test, read_text};
use crate::datum::Datum;
use crate::truth::Truth;

pub(super) const PREFIX: Operator = Operator {
    name: "prefix",
    doc: "The text starts with this one.",
    value: "a text, not empty",
    errors: "the argument is no text",
    negated: false,
    prepare: |value| prepare(value, End::Start),
};

pub(super) const SUFFIX: Operator = Operator {
    name: "suffix",
    doc: "The text ends with this one.",
    value: "a text, not empty",
    errors: "the argument is no text",
    negated: false,
    prepare: |value| prepare(value, End::End),
};

/// Which end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Start,
    End,
}

fn prepare(value: Value<'_>, end: End) -> Result<Test, BadValue> {
    Ok(Test::Affix { end, wanted: read_text(value)? })
}

pub(super) fn judge(end: End, wanted: &str, value: Datum<'_>) -> Truth {
    let Some(text) = value.text() else { return Truth::Error };
    Truth::from_bool(match end {
        End::Start => text.starts_with(wanted),
        End::End => text.ends_with(wanted),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn each_end() {
        check(&PREFIX, "\"s3://in/\"", "\"s3://in/a\"", [True, True]);
        check(&PREFIX, "\"s3://in/\"", "\"s3://in\"", [False, False]);
        check(&PREFIX, "\"a\"", "\"A\"", [False, False]);
        check(&SUFFIX, "\".md\"", "\"a.md\"", [True, True]);
        check(&SUFFIX, "\".md\"", "\"a.md\\n\"", [False, False]);
        check(&SUFFIX, "\"é\"", "\"caf\\u00e9\"", [True, True]);
        check(&SUFFIX, "\"é\"", "\"cafe\\u0301\"", [False, False]);
        check(&PREFIX, "\"1\"", "12", [Error, Error]);
        check(&PREFIX, "\"a\"", "[\"a\"]", [Error, Error]);
        check(&SUFFIX, "\"a\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&PREFIX, "\"\"", "empty");
        refuses(&SUFFIX, "5", "must be a string, not a number");
    }
}
