//! The second path of an upstream: in the first HTTP transport (2024-11-05) a server's stream names where messages
//! are posted to.
//!
//! Must never: lead to another scheme, host or port than the operator configured, or show what the server wrote, which
//! holds the session.

use super::target::{Plaintext, Target};
use hyper::Uri;
use std::fmt;
use std::sync::Arc;

/// Longest endpoint that is taken: a path with a session id, which some servers sign.
const MAX_BYTES: usize = 2048;

/// Why a server's endpoint is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Longer than any real one.
    #[error("the server's endpoint is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Not a url, or one with a fragment, a user name or characters that no url has.
    #[error("the server's endpoint is not a plain url of visible ascii without fragment and user name")]
    Syntax,
    /// Another scheme, host or port.
    #[error(
        "the server's endpoint leads to another scheme, host or port than configured, where nothing is sent"
    )]
    Elsewhere,
}

/// A path and query of one upstream that its server named.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) path: Uri,
    pub(super) origin: Arc<str>,
}

impl Endpoint {
    /// Reads what the server wrote, relative to the configured url.
    pub(super) fn resolve(base: &Target, text: &str) -> Result<Endpoint, EndpointError> {
        if text.len() > MAX_BYTES {
            return Err(EndpointError::TooLong);
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\';
        if text.is_empty() || !text.bytes().all(is_plain) {
            return Err(EndpointError::Syntax);
        }
        let target = Target::parse(&absolute(base, text)?, Plaintext::Anywhere);
        let target = target.map_err(|_| EndpointError::Syntax)?;
        if target.origin != base.origin {
            return Err(EndpointError::Elsewhere);
        }
        Ok(Endpoint { path: target.path, origin: Arc::clone(&base.origin) })
    }
}

/// The whole url that `text` stands for (RFC 3986, section 5.2, without the removal of dots, which is the server's).
fn absolute(base: &Target, text: &str) -> Result<String, EndpointError> {
    let (scheme, _) = base.origin.split_once(':').ok_or(EndpointError::Syntax)?;
    let first = text.split(['/', '?']).next().unwrap_or_default();
    Ok(if first.contains(':') {
        text.to_owned()
    } else if text.starts_with("//") {
        format!("{scheme}:{text}")
    } else if text.starts_with('/') {
        format!("{}{text}", base.origin)
    } else if text.starts_with('?') {
        format!("{}{}{text}", base.origin, base.path.path())
    } else {
        let folder = base.path.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{}{folder}/{text}", base.origin)
    })
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Endpoint").field(&self.origin).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointError};
    use crate::http::{Plaintext, Target};

    fn resolve(text: &str) -> Result<String, EndpointError> {
        let base = Target::parse("http://localhost:8080/a/sse?key=1", Plaintext::LoopbackOnly).unwrap();
        Endpoint::resolve(&base, text).map(|endpoint| endpoint.path.to_string())
    }

    #[test]
    fn paths_of_the_same_origin_are_taken() {
        for (text, expected) in [
            ("/messages/?session_id=1", "/messages/?session_id=1"),
            ("messages?s=1", "/a/messages?s=1"),
            ("?s=1", "/a/sse?s=1"),
            ("http://localhost:8080/m", "/m"),
            ("HTTP://LOCALHOST:8080/m", "/m"),
            ("//localhost:8080/m", "/m"),
            ("http://localhost:8080", "/"),
            ("/a:b@c", "/a:b@c"),
        ] {
            assert_eq!(resolve(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for text in [
            "http://localhost:8081/m",
            "http://localhost/m",
            "https://localhost:8080/m",
            "http://localhost.evil.example:8080/m",
            "http://127.0.0.1:8080/m",
            "//evil.example/m",
            "//localhost/m",
        ] {
            assert_eq!(resolve(text), Err(EndpointError::Elsewhere), "{text}");
        }
        for text in [
            "",
            "/m#part",
            "/m m",
            "/m\r\nHost: evil.example",
            "/m\u{e9}",
            "\\\\evil.example/m",
            "http://user@localhost:8080/m",
            "http://localhost:8080@evil.example/m",
            "http:/m",
            "http:m",
            "file:///etc/passwd",
            "javascript:1",
            ":/m",
        ] {
            assert_eq!(resolve(text), Err(EndpointError::Syntax), "{text}");
        }
        assert_eq!(resolve(&format!("/{}", "x".repeat(2048))), Err(EndpointError::TooLong));
    }
}
