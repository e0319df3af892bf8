//! The files that the tidy rules look at: this repository, or a made-up one for a rule's own test.
//!
//! Must never: follow build output, virtual environments or the version control's own folder.

use crate::mask;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing that anybody wrote by hand.
const SKIPPED: &[&str] = &["target", ".git", "node_modules", "__pycache__", "proptest-regressions"];

/// Files that mark a folder as made by a tool: a virtual environment, a cache.
const MARKS: &[&str] = &["pyvenv.cfg", "CACHEDIR.TAG"];

/// One file: its path from the root with `/`, and its text (empty when it is not UTF-8).
pub struct File {
    pub path: String,
    pub text: String,
}

/// A set of files.
pub struct Tree {
    pub files: Vec<File>,
}

/// One violation, with the place and what to do.
pub struct Finding {
    pub path: String,
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl File {
    /// The text with comments and literals blanked, so that only code is left.
    pub fn code(&self) -> String {
        mask::code(&self.text)
    }

    /// True for Rust source.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// True for files that hold nothing but tests. The fixtures are whole programs that tests start.
    pub fn is_test(&self) -> bool {
        if self.path.starts_with("tests/fixtures/") {
            return false;
        }
        self.path.split('/').any(|part| part == "tests") || self.path.ends_with("/tests.rs")
    }

    /// The crate under `crates/` that the file belongs to.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// The name without its folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// A finding at a byte offset of this file.
    pub fn finding(&self, offset: usize, message: impl Into<String>) -> Finding {
        let before = self.text.as_bytes().iter().take(offset);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Finding { path: self.path.clone(), line, message: message.into() }
    }
}

impl Tree {
    /// This repository.
    pub fn here() -> Tree {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut files = Vec::new();
        collect(&root, "", &mut files);
        files.sort_by(|a: &File, b: &File| a.path.cmp(&b.path));
        let n_rust = files.iter().filter(|file| file.is_rust()).count();
        assert!(n_rust > 20, "only {n_rust} Rust files found under {}", root.display());
        Tree { files }
    }

    /// A made-up tree.
    pub fn of(files: &[(&str, &str)]) -> Tree {
        let file = |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Tree { files: files.iter().map(file).collect() }
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// True when a file or a folder of that path exists.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty() || self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let on_disk: PathBuf = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        let made_by_tool =
            SKIPPED.contains(&name.as_str()) || MARKS.iter().any(|mark| on_disk.join(mark).exists());
        if kind.is_dir() && !made_by_tool {
            collect(&on_disk, &format!("{path}/"), files);
        } else if kind.is_file() {
            let text = fs::read(&on_disk).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            files.push(File { path, text: text.unwrap_or_default() });
        }
    }
}

/// Fails with every finding, one per line.
pub fn assert_none(findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} finding(s):\n{}", lines.len(), lines.join("\n"));
}

/// Fails unless the findings are exactly these, each given as `path:line: part of the message`.
pub fn assert_found(findings: &[Finding], expected: &[&str]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    let matches = lines.len() == expected.len()
        && lines.iter().zip(expected).all(|(line, wanted)| {
            let (place, part) = wanted.rsplit_once(": ").expect("expected findings are `path:line: part`");
            line.starts_with(&format!("{place}: ")) && line.contains(part)
        });
    assert!(matches, "found:\n{}\nexpected:\n{}", lines.join("\n"), expected.join("\n"));
}
