//! The folder's secret: it seals audit records and keys the digests of arguments.
//! Must never leave its file, be logged, or be made anew where records exist that it sealed.

use crate::error::OpenError;
use crate::files;
use crate::handle_seal::HandleSeal;
use crate::hex;
use std::fmt;
use std::path::Path;

/// The key's file in the data folder.
pub(crate) const KEY_FILE: &str = "audit.key";
const TITLE: &str = "toolgate audit key 1\n";

/// Bytes of a record's seal.
pub(crate) const MAC_BYTES: usize = 16;

/// A keyed digest of a call's canonical arguments: equal arguments have equal digests within one data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl Digest {
    /// A digest without a key, for what is compared in memory and never kept.
    pub(crate) fn rehearsed(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The digest as hex digits.
    pub(crate) fn to_hex(self) -> String {
        hex::text(&self.0)
    }
}

/// Keys derived from the folder's secret, one per purpose.
#[derive(Clone)]
pub struct AuditKey {
    records: [u8; 32],
    statements: [u8; 32],
    arguments: [u8; 32],
    handles: [u8; 32],
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey")
    }
}

impl AuditKey {
    pub(crate) fn from_secret(secret: &[u8; 32]) -> Self {
        Self {
            records: blake3::derive_key("toolgate audit 1 records", secret),
            statements: blake3::derive_key("toolgate audit 1 statements", secret),
            arguments: blake3::derive_key("toolgate audit 1 arguments", secret),
            handles: blake3::derive_key("toolgate handles 1", secret),
        }
    }

    /// Makes a folder's secret; the folder must be new.
    pub(crate) fn create(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(KEY_FILE);
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| OpenError::Io {
            doing: "drawing random bytes for",
            path: path.clone(),
            reason: error.to_string(),
        })?;
        files::replace(&path, format!("{TITLE}{}\n", hex::text(&secret)).as_bytes())?;
        Ok(Self::from_secret(&secret))
    }

    /// Reads a folder's secret; nothing when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is no key of a known format.
    pub fn load(folder: &Path) -> Result<Option<Self>, OpenError> {
        let path = folder.join(KEY_FILE);
        let Some(content) = files::read_if_there(&path)? else { return Ok(None) };
        let secret = content
            .strip_prefix(TITLE.as_bytes())
            .and_then(|rest| rest.strip_suffix(b"\n"))
            .and_then(hex::read::<32>);
        match secret {
            Some(secret) => Ok(Some(Self::from_secret(&secret))),
            None => Err(OpenError::Damaged { path, offset: 0, problem: "it is no audit key of format 1" }),
        }
    }

    /// The seal of a record with this hash.
    pub(crate) fn seal(&self, hash: &[u8; 32]) -> [u8; MAC_BYTES] {
        let mac = blake3::keyed_hash(&self.records, hash);
        mac.as_bytes().first_chunk().copied().unwrap_or_default()
    }

    /// The seal of a statement about the log: a head, a stub, an export.
    pub(crate) fn seal_statement(&self, text: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.statements, text).as_bytes()
    }

    /// The seal of something that a client holds for the gateway. Each part counts with its length, so that no two
    /// lists of parts are sealed alike.
    pub(crate) fn seal_handle(&self, parts: &[&str]) -> HandleSeal {
        let mut hasher = blake3::Hasher::new_keyed(&self.handles);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        HandleSeal::new(hasher.finalize().as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// The digest of canonical arguments.
    pub(crate) fn digest(&self, canonical: &[u8]) -> Digest {
        Digest(*blake3::keyed_hash(&self.arguments, canonical).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_and_folders_differ() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = AuditKey::create(a.path()).unwrap();
        let other = AuditKey::create(b.path()).unwrap();
        let again = AuditKey::load(a.path()).unwrap().unwrap();
        assert_eq!(key.digest(b"{}"), again.digest(b"{}"));
        assert_ne!(key.digest(b"{}"), other.digest(b"{}"));
        assert_ne!(key.seal(&[0; 32]), other.seal(&[0; 32]));
        assert_ne!(key.seal_handle(&["a"]), other.seal_handle(&["a"]));
        assert_eq!(key.seal_handle(&["a"]), again.seal_handle(&["a"]));
        assert!(AuditKey::load(&a.path().join("none")).unwrap().is_none());
    }

    #[test]
    fn no_two_lists_of_parts_are_sealed_alike() {
        let key = AuditKey::from_secret(&[7; 32]);
        let lists: [&[&str]; 6] = [&[], &[""], &["", ""], &["ab", "c"], &["a", "bc"], &["abc"]];
        for (n, one) in lists.iter().enumerate() {
            for (m, other) in lists.iter().enumerate() {
                assert_eq!(key.seal_handle(one) == key.seal_handle(other), n == m, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_cut_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        AuditKey::create(folder.path()).unwrap();
        let path = folder.path().join(KEY_FILE);
        let whole = std::fs::read(&path).unwrap();
        for n_bytes in 0..whole.len() {
            std::fs::write(&path, &whole[..n_bytes]).unwrap();
            assert!(AuditKey::load(folder.path()).is_err(), "{n_bytes}");
        }
    }
}
