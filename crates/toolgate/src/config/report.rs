//! Collects the problems of one TOML file and turns byte spans into lines and columns.
//! It must never stop at the first problem: an operator sees all of them at once.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::problem::{Problem, Severity};

/// A byte range of the file.
pub type Place = Range<usize>;

/// The problems of one file so far.
#[derive(Debug)]
pub struct Report<'a> {
    file: &'a Path,
    text: &'a str,
    problems: RefCell<Vec<Problem>>,
}

impl<'a> Report<'a> {
    /// An empty report on a file with this content.
    #[must_use]
    pub fn new(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, problems: RefCell::new(Vec::new()) }
    }

    /// Adds an error at a place.
    pub fn error(&self, place: &Place, message: impl Into<String>) {
        self.add(Severity::Error, place, message.into(), None);
    }

    /// Adds an error with the word that was probably meant.
    pub fn error_with(&self, place: &Place, message: impl Into<String>, suggestion: Option<&str>) {
        self.add(Severity::Error, place, message.into(), suggestion.map(str::to_owned));
    }

    /// Adds a warning at a place.
    pub fn warn(&self, place: &Place, message: impl Into<String>) {
        self.add(Severity::Warning, place, message.into(), None);
    }

    /// Everything that was added.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// A path of the file made absolute: relative ones are relative to the file's folder.
    #[must_use]
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn add(&self, severity: Severity, place: &Place, message: String, suggestion: Option<String>) {
        let json::Location { line, column } = json::Location::of(self.text.as_bytes(), place.start);
        self.problems.borrow_mut().push(Problem {
            file: self.file.to_path_buf(),
            line: Some(line),
            column: Some(column),
            severity,
            code: None,
            pointer: None,
            message,
            suggestion,
        });
    }
}
