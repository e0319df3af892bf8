//! The log's files: numbered segments in the folder `audit`.
//! Must never take another file for a segment.

use std::io;
use std::path::{Path, PathBuf};

/// The folder within the data folder.
pub(crate) const FOLDER: &str = "audit";
const SUFFIX: &str = ".jsonl";
const DIGITS: usize = 10;

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
}

/// Where a segment is.
pub(crate) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:0DIGITS$}{SUFFIX}"))
}

/// The segments of an audit folder, oldest first.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
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
        for name in ["0000000010.jsonl", "0000000009.jsonl", "stub.json", "1.jsonl", "0000000011.jsonl.new"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let numbers: Vec<u64> = list(folder.path()).unwrap().iter().map(|segment| segment.number).collect();
        assert_eq!(numbers, [9, 10]);
        assert!(path(folder.path(), 9).exists());
    }
}
