//! The first line of a `wrap` client on the owner's socket, and the owner's answer.
//! Bytes that need not be text (variables, folders) travel in hexadecimal.

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

/// Longest first line: an environment of a few hundred variables fits many times over.
pub const MAX_HELLO_BYTES: usize = 4 << 20;

/// What a `wrap` client wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Format of this line; only 1.
    pub format: u32,
    /// Id under which the server counts and is recorded.
    pub server: String,
    /// Grant under which the calls are judged.
    pub grant: String,
    /// A policy besides those that the grant has for the server.
    pub policy: Option<String>,
    /// Program and arguments.
    pub command: Vec<Raw>,
    /// The client's whole environment.
    pub env: Vec<(Raw, Raw)>,
    /// The client's working folder.
    pub cwd: Raw,
}

/// The owner's answer, one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Why the client is not served.
    pub error: Option<String>,
    /// What the person at the client should know.
    pub notes: Vec<String>,
}

/// Bytes in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw(String);

impl Raw {
    /// From what the operating system uses.
    #[must_use]
    pub fn new(text: &OsStr) -> Self {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(text.len() * 2);
        for byte in text.as_bytes() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// Back to what the operating system uses.
    ///
    /// # Errors
    /// Where it is no hexadecimal.
    pub fn os(&self) -> anyhow::Result<OsString> {
        let digits = self.0.as_bytes();
        let pairs = digits.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err(anyhow!("a value in the first line is cut off"));
        }
        let byte = |pair: &[u8]| {
            let text = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(text, 16).ok()
        };
        let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
        bytes.map(OsString::from_vec).context("a value in the first line is not hexadecimal")
    }

    /// Back to text.
    ///
    /// # Errors
    /// Where it is none.
    pub fn text(&self) -> anyhow::Result<String> {
        self.os()?.into_string().map_err(|_| anyhow!("the command holds bytes that are not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for bytes in [&b""[..], b"PATH", b"\xff\x00=\n", "ä".as_bytes()] {
            let raw = Raw::new(OsStr::from_bytes(bytes));
            assert_eq!(raw.os().unwrap().as_bytes(), bytes);
        }
        assert!(Raw("4".into()).os().is_err());
        assert!(Raw("zz".into()).os().is_err());
    }
}
