//! The hash of a content: of a policy revision, a stack, a tool definition.
//! Never a secret and never keyed; digests of arguments are the store's matter.

use std::fmt;

/// 32 bytes of BLAKE3, shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// A hash that was computed elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`fmt::Display`] wrote; `None` unless it is exactly 64 lower-case hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        blake3::Hash::from_hex(text).ok().map(|hash| Self(*hash.as_bytes()))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_comes_back() {
        let hash = Hash::of(b"content");
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        assert_ne!(hash, Hash::of(b"content "));
    }

    #[test]
    fn only_its_own_spelling_is_read() {
        let text = Hash::of(b"content").to_string();
        for bad in [
            text.to_uppercase(),
            text.replacen(char::is_alphanumeric, "", 1),
            format!("{text}0"),
            "g".repeat(64),
        ] {
            assert_eq!(Hash::from_hex(&bad), None, "{bad}");
        }
    }
}
