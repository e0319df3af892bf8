//! The data folder: whether it is there, private and owned, and by which process.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Finding;

const CHECK: &str = "data folder";
/// Files with wrong rights that are named one by one.
const MAX_NAMED: usize = 5;

/// Looks at the folder.
#[must_use]
pub fn look(data: &Path, uid: u32) -> Vec<Finding> {
    let shown = data.display();
    let metadata = match std::fs::symlink_metadata(data) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return vec![Finding::ok(CHECK, format!("`{shown}` is not there yet; the gateway creates it"))];
        }
        Err(error) => {
            let advice = "run the doctor as the user who runs the gateway";
            return vec![Finding::problem(CHECK, format!("`{shown}` cannot be looked at: {error}"), advice)];
        }
    };
    if !metadata.is_dir() {
        let advice = "set `data` to a folder of its own";
        return vec![Finding::problem(CHECK, format!("`{shown}` is not a folder"), advice)];
    }
    let mut findings = Vec::new();
    if metadata.uid() != uid {
        let text = format!("`{shown}` belongs to another user");
        findings.push(Finding::problem(
            CHECK,
            text,
            "give it to the user who runs the gateway, or run as its owner",
        ));
    }
    findings.extend(open_files(data).into_iter().map(|path| {
        let advice = format!("close it: chmod go-rwx '{path}'");
        Finding::problem(CHECK, format!("`{path}` is open to other users"), advice)
    }));
    if findings.is_empty() {
        let owner =
            owner(data).map_or("no gateway runs on it".to_owned(), |pid| format!("process {pid} owns it"));
        findings.push(Finding::ok(CHECK, format!("`{shown}` is private; {owner}")));
    }
    findings
}

/// The folder and what lies in it and its folders, where others have any right; a few of them.
fn open_files(data: &Path) -> Vec<String> {
    let mut open = Vec::new();
    let mut folders = vec![data.to_path_buf()];
    let mut check = |path: &Path| {
        let mode = std::fs::symlink_metadata(path).map_or(0, |metadata| metadata.mode());
        if mode & 0o077 != 0 && open.len() < MAX_NAMED {
            open.push(path.display().to_string());
        }
    };
    check(data);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let kind = entry.file_type();
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                folders.push(entry.path());
            }
            // A socket's rights are those of its folder on every system that we know.
            if kind.is_ok_and(|kind| kind.is_dir() || kind.is_file()) {
                check(&entry.path());
            }
        }
    }
    open
}

/// The process that holds the folder's lock. It is read from the kernel's list, because trying the lock could keep
/// a gateway from starting at that moment.
#[must_use]
pub fn owner(data: &Path) -> Option<u32> {
    let inode = std::fs::metadata(data.join("lock")).ok()?.ino();
    holder(&std::fs::read_to_string("/proc/locks").ok()?, inode)
}

/// The holder of a whole-file lock: `1: FLOCK  ADVISORY  WRITE 1234 fe:01:567 0 EOF`.
fn holder(locks: &str, inode: u64) -> Option<u32> {
    let wanted = inode.to_string();
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, place, ..] = words.as_slice() else { return None };
        if place.rsplit(':').next() == Some(&wanted) { pid.parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::{holder, look, owner};
    use crate::doctor::Status;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn set_mode(path: &std::path::Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_private_folder_is_fine_and_an_open_file_in_it_is_not() {
        let uid = rustix::process::geteuid().as_raw();
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        assert_eq!(look(&data, uid)[0].status, Status::Ok);
        fs::create_dir_all(data.join("audit")).unwrap();
        set_mode(&data, 0o700);
        set_mode(&data.join("audit"), 0o700);
        assert_eq!(look(&data, uid)[0].status, Status::Ok);
        fs::write(data.join("audit/key"), "").unwrap();
        set_mode(&data.join("audit/key"), 0o640);
        let findings = look(&data, uid);
        assert_eq!((findings.len(), findings[0].status), (1, Status::Problem));
        assert!(findings[0].text.contains("audit/key"), "{findings:?}");
        assert_eq!(look(&data, uid + 1).len(), 2);
    }

    #[test]
    fn the_holder_of_a_lock_is_found() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 fe:01:567 0 EOF\n2: FLOCK  ADVISORY  READ 12 fe:01:567 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 13 fe:01:1567 0 EOF\n4: FLOCK  ADVISORY  WRITE 14 fe:01:567 0 EOF\n";
        assert_eq!(holder(locks, 567), Some(14));
        assert_eq!(holder(locks, 1), None);
    }

    #[test]
    fn a_folder_without_a_lock_has_no_owner() {
        let temporary = tempfile::tempdir().unwrap();
        assert_eq!(owner(temporary.path()), None);
    }
}
