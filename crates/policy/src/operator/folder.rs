//! `path_under`: a path is a folder or below it, as written.
//! Lexical only: links and what a file system makes of a name are the server's matter. What has a second reading
//! (`..`, encoded dots and slashes, backslashes, another case) is an error, which denies in every list.

use json::Value;

use super::{BadValue, Operator, Test, read_texts};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const PATH_UNDER: Operator = Operator {
    name: "path_under",
    doc: "The path is one of these folders or below it; `.` and doubled slashes do not count. Links are not followed.",
    value: "a folder such as `/srv/docs`, or a list of folders",
    errors: "the argument is no path with one reading: `..`, an encoded `.`, `/` or backslash, a backslash, a \
             control character, `~` at its start, relative where the folder is absolute (or the reverse), or the \
             folder in another case",
    negated: false,
    prepare,
};

/// A folder: its parts, and whether it starts at the root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    is_absolute: bool,
    parts: Vec<Box<str>>,
}

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let mut folders = Vec::new();
    for (element, text) in read_texts(value)? {
        let folder = is_plain(&text).then(|| Folder::new(&text)).ok_or_else(|| BadValue {
            code: code::BAD_VALUE,
            message: format!(
                "`{text}` is no folder; write it with `/` and without `..`, backslashes, escapes or `~`"
            ),
            element,
        })?;
        folders.push(folder);
    }
    Ok(Test::Under(folders))
}

pub(super) fn judge(folders: &[Folder], value: Datum<'_>) -> Truth {
    let Some(text) = value.text().filter(|text| is_plain(text)) else { return Truth::Error };
    folders.iter().fold(Truth::False, |answer, folder| answer.or(folder.judge(&text)))
}

impl Folder {
    fn new(text: &str) -> Self {
        Self { is_absolute: text.starts_with('/'), parts: parts(text).map(Box::from).collect() }
    }

    /// Whether it starts at the root.
    pub(crate) const fn is_absolute(&self) -> bool {
        self.is_absolute
    }

    /// The names that lead to it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(AsRef::as_ref)
    }

    fn judge(&self, path: &str) -> Truth {
        if path.starts_with('/') != self.is_absolute {
            return Truth::Error;
        }
        let mut own = parts(path);
        let mut has_other_case = false;
        for part in &self.parts {
            match own.next() {
                Some(next) if next == &**part => {}
                Some(next) if next.to_lowercase() == part.to_lowercase() => has_other_case = true,
                Some(_) | None => return Truth::False,
            }
        }
        if has_other_case { Truth::Error } else { Truth::True }
    }
}

/// The parts of a path that name something.
fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

/// Whether a path has one reading.
pub(crate) fn is_plain(path: &str) -> bool {
    let folded = path.to_ascii_lowercase();
    let is_encoded = ["%2e", "%2f", "%5c", "%25", "%00"].iter().any(|escape| folded.contains(escape));
    !path.is_empty()
        && !is_encoded
        && !path.starts_with('~')
        && !path.contains(|letter: char| letter.is_control() || letter == '\\')
        && path.split('/').all(|part| part != "..")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/srv/docs", True),
            ("/srv/docs/", True),
            ("/srv/docs/a/b.md", True),
            ("//srv/./docs//a", True),
            ("/srv/documents", False),
            ("/srv", False),
            ("/", False),
            ("/etc/passwd", False),
            ("/srv/docs/..", Error),
            ("/srv/docs/../docs/a", Error),
            ("/srv/docs/a..b", True),
            ("/srv/docs/...", True),
            ("/srv/docs/%2e%2E/x", Error),
            ("/srv/docs%2fa", Error),
            ("/srv/docs/%252e", Error),
            ("/srv/docs\\\\a", Error),
            ("/srv/docs\\u0000/a", Error),
            ("/SRV/docs/a", Error),
            ("srv/docs/a", Error),
            ("~/docs", Error),
            ("", Error),
        ] {
            check(&PATH_UNDER, "\"/srv/docs\"", &format!("\"{path}\""), [expected, expected]);
        }
        check(&PATH_UNDER, "[\"src\", \"./test/\"]", "\"test/a\"", [True, True]);
        check(&PATH_UNDER, "\"src\"", "\"/src/a\"", [Error, Error]);
        check(&PATH_UNDER, "\"/\"", "\"/a\"", [True, True]);
        check(&PATH_UNDER, "\"/a\"", "[\"/a\"]", [Error, Error]);
        check(&PATH_UNDER, "\"/a\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&PATH_UNDER, "\"/a/../b\"", "without `..`");
        refuses(&PATH_UNDER, "\"C:\\\\x\"", "no folder");
        refuses(&PATH_UNDER, "\"\"", "empty");
        refuses(&PATH_UNDER, "[\"/a\", 5]", "not a number");
    }
}
