//! Who could change a file: by writing to it, or by writing to a folder above it and putting another in its place.
//! It reads owners and modes only; access control lists are not seen.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::users::{User, Users};

/// A file or folder on the way to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// It.
    pub path: PathBuf,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its mode.
    pub mode: u32,
    /// Whether it lies above the file in question.
    pub is_above: bool,
}

/// The file itself and all folders above it, links resolved.
///
/// # Errors
/// When one of them cannot be looked at.
pub fn steps(path: &Path) -> io::Result<Vec<Step>> {
    let resolved = std::fs::canonicalize(path)?;
    let look = |(index, path): (usize, &Path)| {
        let metadata = std::fs::metadata(path)?;
        let (uid, gid, mode) = (metadata.uid(), metadata.gid(), metadata.mode());
        Ok(Step { path: path.to_path_buf(), uid, gid, mode, is_above: index > 0 })
    };
    resolved.ancestors().enumerate().map(look).collect()
}

impl Step {
    /// In a folder with the sticky bit everybody may add, but only owners may replace.
    fn is_protected(&self) -> bool {
        self.is_above && self.mode & 0o1000 != 0
    }

    /// Who besides this user and root could write here, if anybody.
    #[must_use]
    pub fn strangers(&self, user: &User, users: &Users) -> Option<String> {
        if self.uid != user.uid && self.uid != 0 {
            return Some(format!("user `{}`, who owns it", users.name_of(self.uid)));
        }
        if self.is_protected() {
            return None;
        }
        if self.mode & 0o002 != 0 {
            return Some("every user".to_owned());
        }
        if self.mode & 0o020 != 0 && !users.is_private(self.gid, user) {
            return Some(format!("group `{}`", users.name_of_group(self.gid)));
        }
        None
    }

    /// Whether this user could write here.
    #[must_use]
    pub fn is_writable_by(&self, user: &User) -> bool {
        if user.uid == 0 || user.uid == self.uid {
            // An owner can give himself what the mode does not give.
            return true;
        }
        !self.is_protected() && self.mode & self.class_bits(user) & 0o222 != 0
    }

    /// Whether this user could read it, as far as it alone decides.
    #[must_use]
    pub fn is_readable_by(&self, user: &User) -> bool {
        let wanted = if self.is_above { 0o111 } else { 0o444 };
        user.uid == 0 || user.uid == self.uid || self.mode & self.class_bits(user) & wanted != 0
    }

    /// The mode's bits that apply to a user who is not the owner.
    fn class_bits(&self, user: &User) -> u32 {
        if user.gids.contains(&self.gid) { 0o070 } else { 0o007 }
    }
}

#[cfg(test)]
mod tests {
    use super::Step;
    use crate::doctor::users::Users;
    use std::path::PathBuf;

    fn step(uid: u32, gid: u32, mode: u32, is_above: bool) -> Step {
        Step { path: PathBuf::from("/x"), uid, gid, mode, is_above }
    }

    fn users() -> Users {
        Users::parse(
            "root:x:0:0::/:\nalice:x:1000:1000::/:\nagent:x:1002:50::/:",
            "alice:x:1000:\nstaff:x:50:alice",
        )
    }

    #[test]
    fn strangers_are_named() {
        let users = users();
        let alice = users.find("alice").unwrap();
        for (step, expected) in [
            (step(1000, 1000, 0o600, false), None),
            (step(0, 0, 0o755, true), None),
            (step(1000, 1000, 0o664, false), None),
            (step(1000, 50, 0o664, false), Some("group `staff`")),
            (step(1000, 1000, 0o666, false), Some("every user")),
            (step(1002, 50, 0o600, false), Some("user `agent`, who owns it")),
            (step(0, 0, 0o41777, true), None),
            (step(0, 0, 0o40777, true), Some("every user")),
            (step(1000, 1000, 0o41777, false), Some("every user")),
        ] {
            assert_eq!(step.strangers(&alice, &users).as_deref(), expected, "{step:?}");
        }
    }

    #[test]
    fn what_one_user_may_do() {
        let users = users();
        let agent = users.find("agent").unwrap();
        for (step, writes, reads) in [
            (step(1000, 1000, 0o600, false), false, false),
            (step(1000, 1000, 0o644, false), false, true),
            (step(1000, 50, 0o660, false), true, true),
            (step(1000, 50, 0o606, false), false, false),
            (step(1000, 1000, 0o666, false), true, true),
            (step(1002, 50, 0o000, false), true, true),
            (step(0, 0, 0o41777, true), false, true),
            (step(1000, 1000, 0o40700, true), false, false),
        ] {
            assert_eq!(
                (step.is_writable_by(&agent), step.is_readable_by(&agent)),
                (writes, reads),
                "{step:?}"
            );
        }
        let root = users.find("root").unwrap();
        assert!(step(1000, 1000, 0o600, false).is_writable_by(&root));
    }
}
