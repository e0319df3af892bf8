//! The files of recordings: numbered segments in the folder `recordings`.
//! Must never take another file for a segment.

use super::Problem;
use std::io;
use std::path::{Path, PathBuf};

/// The folder within the data folder.
pub(super) const FOLDER: &str = "recordings";
const SUFFIX: &str = ".sealed";
const DIGITS: usize = 10;

/// One file of recordings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Segment {
    /// From 1.
    pub(super) number: u64,
    pub(super) path: PathBuf,
}

impl Segment {
    /// The segment of a number.
    pub(super) fn new(folder: &Path, number: u64) -> Self {
        Self { number, path: folder.join(format!("{number:0DIGITS$}{SUFFIX}")) }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The segments of a folder, oldest first; none where there is no folder.
pub(super) fn list(folder: &Path) -> Result<Vec<Segment>, Problem> {
    let fail = |error: io::Error| Problem::io("listing the recordings in", folder, &error);
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fail)?,
    };
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry.map_err(fail)?.path();
        if let Some(number) = path.file_name().and_then(|name| name.to_str()).and_then(number) {
            segments.push(Segment { number, path });
        }
    }
    segments.sort();
    Ok(segments)
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let is_ours = digits.len() >= DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_ours { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_segments_are_listed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["0000000010.sealed", "0000000009.sealed", "1.sealed", "0000000011.sealed.new", "key"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let numbers: Vec<u64> = list(folder.path()).unwrap().iter().map(|segment| segment.number).collect();
        assert_eq!(numbers, [9, 10]);
        assert!(Segment::new(folder.path(), 9).path.exists());
        assert_eq!(list(&folder.path().join("none")).unwrap(), []);
    }
}
