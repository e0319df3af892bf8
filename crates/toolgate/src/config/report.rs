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

    /// Line and column, both from 1, of a byte offset.
    #[must_use]
    pub fn locate(&self, offset: usize) -> (u32, u32) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.get(line_start..).map_or(0, |text| text.chars().count()) + 1;
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    fn add(&self, severity: Severity, place: &Place, message: String, suggestion: Option<String>) {
        let (line, column) = self.locate(place.start);
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
