//! Small steps on files: private creation, replacing by rename, syncing folders, free space.
//! Must never create a file or folder that other users can read.

use crate::error::OpenError;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Only the owner reads and writes.
const FILE_MODE: u32 = 0o600;
/// Only the owner enters.
const FOLDER_MODE: u32 = 0o700;

/// Creates a file that must not exist yet.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Opens a file for reading and writing, creating it when needed.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)
}

/// Opens an existing file for reading and writing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Creates a folder and its parents, and closes it to others.
pub(crate) fn private_folder(path: &Path) -> Result<(), OpenError> {
    let fail = |error: io::Error| OpenError::io("creating the folder", path, &error);
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path).map_err(fail)?;
    let mode = path.metadata().map_err(fail)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE)).map_err(fail)?;
    }
    Ok(())
}

/// Writes a file anew so that after a crash either the old or the new content is there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), OpenError> {
    let temporary = path.with_extension("new");
    let written = write_synced(&temporary, content).and_then(|()| rename(&temporary, path));
    written.map_err(|error| {
        // What is left of the attempt is of no use; the error is what matters.
        let _ = std::fs::remove_file(&temporary);
        OpenError::io("writing", path, &error)
    })
}

fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    remove_if_there(path)?;
    let mut file = create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Renames and makes the new name durable.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file; none is fine.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// A whole file; nothing when there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(OpenError::io("reading", path, &error)),
    }
}

/// Bytes that this user can still write on the volume of a path.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let volume = rustix::fs::statvfs(path)?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}
