//! Bearer tokens of grants: minted here, shown once, kept only as a hash.
//! Must never print a token by accident.

use crate::error::OpenError;
use crate::hex;
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::RangeInclusive;

/// What every token begins with, so that scanners for leaked secrets know it.
const PREFIX: &str = "tg_";
/// How long a token may be: files may hold the hash of one that the operator drew elsewhere, which has to be long
/// enough not to be guessed and short enough not to cost a hash of megabytes.
const LENGTHS: RangeInclusive<usize> = 32..=256;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A bearer token of 256 random bits. Only [`Token::expose`] shows it.
pub struct Token(String);

impl Token {
    /// Draws a new token.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn mint() -> Result<Self, OpenError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| OpenError::Io {
            doing: "drawing random bytes from",
            path: "/dev/urandom".into(),
            reason: error.to_string(),
        })?;
        Ok(Self(format!("{PREFIX}{}", base64url(&bytes))))
    }

    /// The token itself, to be shown to its owner once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// The SHA-256 of a token: what files and the database hold, and by which a grant is found. How long a comparison
/// of two takes tells nothing of use: nobody can choose a token by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of what a client presents; nothing when it cannot be a token of ours.
    #[must_use]
    pub fn of(presented: &str) -> Option<Self> {
        let is_token =
            LENGTHS.contains(&presented.len()) && presented.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self(Sha256::digest(presented.as_bytes()).into()))
    }

    /// A hash that was kept elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`fmt::Display`] wrote: 64 lower-case hex digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::read(text.as_bytes()).map(Self)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::text(&self.0))
    }
}

/// Base64 for URLs, without padding.
fn base64url(bytes: &[u8]) -> String {
    let character = |six_bits: u32| ALPHABET.get(six_bits as usize & 63).copied().map_or('A', char::from);
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 4];
        group.iter_mut().skip(1).zip(chunk).for_each(|(place, byte)| *place = *byte);
        let bits = u32::from_be_bytes(group);
        // A chunk of n bytes fills n + 1 characters.
        (0..=chunk.len()).for_each(|n| out.push(character(bits >> (18 - 6 * n))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_as_in_the_rfc() {
        let cases = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(base64url(plain.as_bytes()), coded);
        }
        assert_eq!(base64url(&[0xFB, 0xFF, 0xBF]), "-_-_");
    }

    #[test]
    fn a_token_is_found_by_its_hash_only() {
        let (token, other) = (Token::mint().unwrap(), Token::mint().unwrap());
        assert_eq!(token.expose().len(), 46);
        assert_eq!(TokenHash::of(token.expose()), Some(token.hash()));
        assert_ne!(token.hash(), other.hash());
        assert_eq!(TokenHash::from_hex(&token.hash().to_string()), Some(token.hash()));
        assert!(!format!("{token:?}").contains(token.expose()));
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_unhashed() {
        let token = Token::mint().unwrap();
        let text = token.expose();
        let (short, long) = ("A".repeat(31), "A".repeat(257));
        for bad in ["", "tg_", &short, &long, &format!("{text} "), &format!("{text}ä")] {
            assert_eq!(TokenHash::of(bad), None, "{bad}");
        }
    }
}
