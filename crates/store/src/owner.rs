//! The data folder and its one owner.
//! Must never let two processes write to a folder, nor touch a folder that is not ours.

use crate::error::OpenError;
use crate::files;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const FORMAT: &str = "format";
/// What the file `format` says before its number.
const TITLE: &str = "toolgate data folder ";
/// The newest format of the folder as a whole that this program knows.
const KNOWN: u32 = 1;

/// A data folder that this process owns until the value is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    is_new: bool,
    _lock: File,
}

impl DataFolder {
    /// Creates or opens a folder as its one owner.
    ///
    /// # Errors
    /// When another process owns it, when it is something else or newer, or the system refuses.
    pub fn open_owner(path: &Path) -> Result<Self, OpenError> {
        refuse_foreign(path)?;
        files::private_folder(path)?;
        let lock = take_lock(path)?;
        refuse_foreign(path)?;
        let is_new = check_format(path)?.is_none();
        Ok(Self { path: path.to_path_buf(), is_new, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// True until [`DataFolder::complete`]: nothing has been kept here before.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Says that all files of a new folder are there; from now on a missing one is an error.
    pub(crate) fn complete(&mut self) -> Result<(), OpenError> {
        if self.is_new {
            files::replace(&self.file(FORMAT), format!("{TITLE}{KNOWN}\n").as_bytes())?;
            self.is_new = false;
        }
        Ok(())
    }
}

/// A folder that holds something and neither our format nor our lock is somebody else's.
fn refuse_foreign(path: &Path) -> Result<(), OpenError> {
    if !path.exists() {
        return Ok(());
    }
    let entries =
        std::fs::read_dir(path).map_err(|error| OpenError::io("reading the folder", path, &error))?;
    let is_empty = entries.count() == 0;
    if is_empty || path.join(LOCK).is_file() || path.join(FORMAT).is_file() {
        return Ok(());
    }
    Err(OpenError::NotOurs { path: path.to_path_buf() })
}

fn take_lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK);
    let fail = |error: io::Error| OpenError::io("locking", &path, &error);
    let mut file = files::open_or_create(&path).map_err(fail)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return Err(OpenError::Locked { path: folder.to_path_buf(), holder: holder(&mut file) });
        }
        Err(error) => return Err(fail(error.into())),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(fail)?;
    // The id only helps people; a full disk must not keep the gateway from starting here.
    let _ = write!(file, "{}", std::process::id());
    Ok(file)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let is_read = file.read_to_string(&mut text).is_ok();
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_read && is_id { text } else { "of an unknown id".to_owned() }
}

/// The format of a folder; nothing when it has none yet.
///
/// # Errors
/// When it is newer than this program, or unreadable.
pub(crate) fn check_format(folder: &Path) -> Result<Option<u32>, OpenError> {
    let path = folder.join(FORMAT);
    let Some(content) = files::read_if_there(&path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&content);
    let number = text.trim_end().strip_prefix(TITLE).and_then(|number| number.parse().ok());
    match number {
        Some(found) if found <= KNOWN => Ok(Some(found)),
        Some(found) => Err(OpenError::Newer { path, found, known: KNOWN }),
        None => Err(OpenError::Damaged { path, offset: 0, problem: "it does not name a format" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_second_owner_is_told_who_holds_it() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let first = DataFolder::open_owner(&path).unwrap();
        let error = DataFolder::open_owner(&path).unwrap_err().to_string();
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        assert!(error.contains("stop it"), "{error}");
        drop(first);
        DataFolder::open_owner(&path).unwrap();
    }

    #[test]
    fn folder_and_files_are_private() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut folder = DataFolder::open_owner(&path).unwrap();
        folder.complete().unwrap();
        assert_eq!((mode(&path), mode(&path.join(LOCK)), mode(&path.join(FORMAT))), (0o700, 0o600, 0o600));
    }

    #[test]
    fn somebody_elses_folder_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join("thesis.txt"), "x").unwrap();
        let error = DataFolder::open_owner(parent.path()).unwrap_err();
        assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
        assert!(!parent.path().join(LOCK).exists());
    }

    fn open_with_format(content: &str) -> Result<DataFolder, OpenError> {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join(FORMAT), content).unwrap();
        DataFolder::open_owner(parent.path())
    }

    #[test]
    fn a_newer_or_broken_format_is_refused() {
        assert!(!open_with_format("toolgate data folder 1\n").unwrap().is_new());
        assert!(matches!(
            open_with_format("toolgate data folder 2\n"),
            Err(OpenError::Newer { found: 2, .. })
        ));
        assert!(matches!(open_with_format("something"), Err(OpenError::Damaged { .. })));
    }
}
