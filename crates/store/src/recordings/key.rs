//! The key of recordings. Must never leave its file, be logged, or be made anew where recordings exist that it sealed.

use super::{Problem, segment};
use crate::{files, hex};
use std::fmt;
use std::path::{Path, PathBuf};

/// The file in the data folder, where no other key is configured.
const KEY_FILE: &str = "recordings.key";
const N_BYTES: usize = 32;

/// Bytes by which a key is told from others.
pub(super) const ID_BYTES: usize = 8;

/// What seals and opens recordings.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    segments: [u8; N_BYTES],
    heads: [u8; N_BYTES],
    id: [u8; ID_BYTES],
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Key {
    /// Reads a key as 64 hexadecimal digits; `what` names where they come from.
    ///
    /// # Errors
    /// [`Problem::NotAKey`].
    pub fn parse(digits: &str, what: &str) -> Result<Self, Problem> {
        let digits = digits.trim().to_ascii_lowercase();
        let secret = hex::read::<N_BYTES>(digits.as_bytes());
        secret
            .map(|secret| Self::from_secret(&secret))
            .ok_or_else(|| Problem::NotAKey { what: what.to_owned() })
    }

    /// Where the key of a data folder is, unless another is configured.
    #[must_use]
    pub fn file(data_folder: &Path) -> PathBuf {
        data_folder.join(KEY_FILE)
    }

    /// The key in a data folder; nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn load(data_folder: &Path) -> Result<Option<Self>, Problem> {
        let path = Self::file(data_folder);
        let content = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            content => content.map_err(|error| Problem::io("reading", &path, &error))?,
        };
        Self::parse(&content, &format!("`{}`", path.display())).map(Some)
    }

    /// The key in a data folder, made where there is none and nothing was recorded yet.
    ///
    /// # Errors
    /// As [`Key::load`]; [`Problem::NoKey`] where there are recordings without it.
    pub fn load_or_create(data_folder: &Path) -> Result<Self, Problem> {
        if let Some(key) = Self::load(data_folder)? {
            return Ok(key);
        }
        let path = Self::file(data_folder);
        if !segment::list(&data_folder.join(segment::FOLDER))?.is_empty() {
            return Err(Problem::NoKey { path });
        }
        let secret = random(&path)?;
        let digits = format!("{}\n", hex::text(&secret));
        files::replace(&path, digits.as_bytes()).map_err(|error| Problem::Io {
            doing: "making a key in",
            path: path.clone(),
            reason: error.to_string(),
            is_full: matches!(error, crate::OpenError::DiskFull { .. }),
        })?;
        Ok(Self::from_secret(&secret))
    }

    fn from_secret(secret: &[u8; N_BYTES]) -> Self {
        let id = blake3::derive_key("toolgate recordings 1 key id", secret);
        Self {
            segments: blake3::derive_key("toolgate recordings 1 segments", secret),
            heads: blake3::derive_key("toolgate recordings 1 heads", secret),
            id: id.first_chunk().copied().unwrap_or_default(),
        }
    }

    /// What tells it from other keys, which tells nothing of it.
    pub(super) fn id(&self) -> [u8; ID_BYTES] {
        self.id
    }

    /// The key of one segment.
    pub(super) fn of_segment(&self, head: &[u8]) -> [u8; N_BYTES] {
        *blake3::keyed_hash(&self.segments, head).as_bytes()
    }

    /// The seal of a segment's head.
    pub(super) fn seal_head<const N: usize>(&self, head: &[u8]) -> [u8; N] {
        blake3::keyed_hash(&self.heads, head).as_bytes().first_chunk().copied().unwrap_or([0; N])
    }
}

/// Random bytes for something at a path.
pub(super) fn random(path: &Path) -> Result<[u8; N_BYTES], Problem> {
    let mut bytes = [0; N_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Problem::Io {
        doing: "drawing random bytes for",
        path: path.to_path_buf(),
        reason: error.to_string(),
        is_full: false,
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Key::load(folder.path()).unwrap().is_none());
        let key = Key::load_or_create(folder.path()).unwrap();
        assert!(Key::load_or_create(folder.path()).unwrap() == key);
        let mode = Key::file(folder.path()).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert!(Key::load_or_create(other.path()).unwrap() != key);
    }

    #[test]
    fn no_key_is_made_beside_recordings() {
        let folder = tempfile::tempdir().unwrap();
        let segments = folder.path().join(segment::FOLDER);
        std::fs::create_dir(&segments).unwrap();
        std::fs::write(segments.join("0000000001.sealed"), "").unwrap();
        let problem = Key::load_or_create(folder.path()).unwrap_err();
        assert!(matches!(problem, Problem::NoKey { .. }), "{problem}");
    }

    #[test]
    fn only_64_digits_are_a_key_and_no_message_holds_them() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(
            Key::parse(&format!(" {digits}\n"), "x").unwrap()
                == Key::parse(&digits.to_uppercase(), "x").unwrap()
        );
        for bad in ["", "0123456789abcdef", &format!("{digits}0"), "password"] {
            let said = Key::parse(bad, "`env:KEY`").unwrap_err().to_string();
            assert!(said.contains("`env:KEY`") && (bad.is_empty() || !said.contains(bad)), "{said}");
        }
    }
}
