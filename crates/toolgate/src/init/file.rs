//! Reads and replaces a client's configuration file, keeping copies of how it was.
//! A file that changed since it was read is never overwritten, and a copy never replaces another one.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use json::{Document, Limits, Location};

/// What a copy's name ends in; further copies have `.2`, `.3` behind it.
const COPY_SUFFIX: &str = ".toolgate-backup";
/// Copies that are kept of one file.
const MAX_COPIES: u32 = 99;

/// A client's file as it was read.
#[derive(Debug)]
pub struct Original {
    /// The file itself, links resolved, so that a link stays a link.
    pub path: PathBuf,
    /// Its content.
    pub document: Document,
}

/// Reads a client's file.
///
/// # Errors
/// When it cannot be read or is not strict JSON, with the place.
pub fn read(path: &Path) -> anyhow::Result<Original> {
    let resolved = fs::canonicalize(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let text = fs::read(&resolved).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Original { document: scan(&text, path)?, path: resolved })
}

fn scan(text: &[u8], path: &Path) -> anyhow::Result<Document> {
    Document::scan(text.to_vec(), &Limits::default()).map_err(|error| {
        let place = Location::of(text, error.offset);
        anyhow::anyhow!(
            "`{}` is not plain JSON: {} at {place}; comments and trailing commas must be taken out first",
            path.display(),
            error.kind
        )
    })
}

/// Keeps a copy of the file beside it.
///
/// # Errors
/// When the copy cannot be written in full.
pub fn keep_copy(original: &Original) -> anyhow::Result<PathBuf> {
    let mode = fs::metadata(&original.path)?.permissions().mode() & 0o777;
    let is_taken = |number: &u32| copy_path(&original.path, *number).symlink_metadata().is_ok();
    let number = (1..=MAX_COPIES).rev().find(is_taken).unwrap_or(0) + 1;
    if number > MAX_COPIES {
        bail!("there are {MAX_COPIES} copies of `{}` already; remove old ones", original.path.display());
    }
    let copy = copy_path(&original.path, number);
    create_new(&copy, mode, original.document.text().as_bytes())
        .with_context(|| format!("cannot write `{}`", copy.display()))?;
    Ok(copy)
}

/// The copies of a file that parse, newest first.
///
/// # Errors
/// When a copy is there but cannot be read.
pub fn copies(path: &Path) -> anyhow::Result<Vec<(PathBuf, Document)>> {
    let mut found = Vec::new();
    for number in (1..=MAX_COPIES).rev() {
        let copy = copy_path(path, number);
        if copy.is_file() {
            let text = fs::read(&copy).with_context(|| format!("cannot read `{}`", copy.display()))?;
            let document = scan(&text, &copy)?;
            found.push((copy, document));
        }
    }
    Ok(found)
}

/// Replaces the file in one step, unless it changed since it was read.
///
/// # Errors
/// When it changed or cannot be written; it then is as it was.
pub fn replace(original: &Original, text: &[u8]) -> anyhow::Result<()> {
    let path = &original.path;
    let now = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    if now != original.document.text().as_bytes() {
        bail!(
            "`{}` was changed by another program meanwhile; nothing was written, run this again",
            path.display()
        );
    }
    let mode = fs::metadata(path)?.permissions().mode() & 0o777;
    write_in_one_step(path, mode, text).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a whole file beside its place and then renames it there.
///
/// # Errors
/// When that fails; what was there before is untouched.
pub fn write_in_one_step(path: &Path, mode: u32, text: &[u8]) -> io::Result<()> {
    let temporary = with_suffix(path, &format!(".toolgate-{}", std::process::id()));
    // Left behind by a run that was killed; its process id is ours now.
    if temporary.exists() {
        fs::remove_file(&temporary)?;
    }
    let written = create_new(&temporary, mode, text).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn create_new(path: &Path, mode: u32, text: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // The umask took rights away that the original has.
    let written = file
        .set_permissions(fs::Permissions::from_mode(mode))
        .and_then(|()| file.write_all(text))
        .and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(path);
    }
    written
}

fn copy_path(path: &Path, number: u32) -> PathBuf {
    let suffix = if number == 1 { COPY_SUFFIX.to_owned() } else { format!("{COPY_SUFFIX}.{number}") };
    with_suffix(path, &suffix)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::{copies, keep_copy, read, replace};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_replaced_file_keeps_its_rights_and_its_link_and_has_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        fs::write(&real, "{}").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let original = read(&link).unwrap();
        let copy = keep_copy(&original).unwrap();
        replace(&original, b"[1]").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"[1]");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&copy).unwrap(), b"{}");
        for file in [&real, &copy] {
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o640);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no temporary file stays");
    }

    #[test]
    fn copies_never_replace_each_other_and_come_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mcp.json");
        for text in ["1", "2", "3"] {
            fs::write(&file, text).unwrap();
            keep_copy(&read(&file).unwrap()).unwrap();
        }
        let found = copies(&read(&file).unwrap().path).unwrap();
        let texts: Vec<&str> = found.iter().map(|(_, document)| document.text()).collect();
        assert_eq!(texts, ["3", "2", "1"]);
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mcp.json");
        fs::write(&file, "{}").unwrap();
        let original = read(&file).unwrap();
        fs::write(&file, "{\"new\": 1}").unwrap();
        let error = replace(&original, b"[]").unwrap_err();
        assert!(error.to_string().contains("changed by another program"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), b"{\"new\": 1}");
    }

    #[test]
    fn comments_are_refused_with_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mcp.json");
        fs::write(&file, "{\n  // mine\n  \"servers\": {}\n}").unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.contains("line 2, column 3") && error.contains("comments"), "{error}");
    }
}
