//! The parts of a URI, and whether it is plain: written so that no two readers take it for different things.
//! An allowing pattern opens only plain URIs; what is not plain is nobody's guess.

use super::host::Host;

/// A longer URI is not judged by patterns.
pub(super) const MAX_URI_BYTES: usize = 4096;

/// A URI in its first parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address<'a> {
    pub(super) scheme: &'a str,
    /// What stands between `//` and the next `/`, `?` or `#`.
    pub(super) authority: Option<&'a str>,
    /// What follows the scheme and the authority.
    pub(super) rest: &'a str,
}

impl<'a> Address<'a> {
    /// Splits a text at its scheme. Nothing when it has none.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let (scheme, after) = text.split_once(':')?;
        if !is_scheme(scheme) {
            return None;
        }
        let Some(after_slashes) = after.strip_prefix("//") else {
            return Some(Self { scheme, authority: None, rest: after });
        };
        let end = after_slashes.find(['/', '?', '#']).unwrap_or(after_slashes.len());
        let (authority, rest) = after_slashes.split_at_checked(end)?;
        Some(Self { scheme, authority: Some(authority), rest })
    }

    /// The URI, if it is plain: a scheme, no user name, no `.` or `..` and nothing empty between two slashes, no
    /// backslash, space or control character, and none of these behind a percent sign.
    pub(super) fn plain(text: &'a str) -> Option<Self> {
        let address = Self::split(text)?;
        let path = address.rest.split(['?', '#']).next().unwrap_or_default();
        let is_plain = text.len() <= MAX_URI_BYTES
            && text.chars().all(is_plain_letter)
            && !address.authority.is_some_and(|authority| authority.contains(['@', '%']))
            && !path.contains("//")
            && !has_dot_part(text.get(address.scheme.len() + 1..).unwrap_or_default())
            && escapes_are_plain(text);
        is_plain.then_some(address)
    }

    /// The host, where there is one and it can be read in one way only.
    pub(super) fn host(&self) -> Option<Host> {
        self.authority.and_then(Host::parse).filter(|host| !host.name.is_empty())
    }
}

/// Why a pattern of URIs could match no plain URI, or not what it seems to.
pub(crate) fn pattern_problem(text: &str) -> Option<&'static str> {
    if text.contains(['{', '}']) {
        return Some("where a template has braces, a pattern has `*`");
    }
    let example = match text.trim_start_matches('*') {
        rest if rest.len() == text.len() => text.replace('*', "a"),
        rest if rest.starts_with(':') => format!("x{}", rest.replace('*', "a")),
        rest => format!("x:a{}", rest.replace('*', "a")),
    };
    let Some(address) = Address::split(&example) else {
        return Some("a URI starts with a scheme such as `file://`");
    };
    if Address::plain(&example).is_none() {
        return Some(
            "a pattern has no user name, no `.` or `..`, nothing empty between slashes, no backslash, no space and \
             no control character, and none of them escaped but the space",
        );
    }
    let has_upper_case = |text: &str| text.chars().any(|letter| letter.is_ascii_uppercase());
    let port = default_port(address.scheme);
    let authority = address.authority.unwrap_or_default();
    if has_upper_case(address.scheme) || (port.is_some() && has_upper_case(authority)) {
        return Some("the scheme and the host are written in lower case");
    }
    let written = authority.rsplit_once(':').map(|(_, written)| written);
    (port.is_some() && written == port).then_some("the port is the usual one of the scheme; leave it out")
}

/// The schemes of which readers know the structure, and their usual ports.
pub(super) fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" | "ws" => Some("80"),
        "https" | "wss" => Some("443"),
        "ftp" => Some("21"),
        _ => None,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'))
}

/// What a URI may hold, and letters and digits of other scripts: none of them turns into a `/` or `.` when a server
/// normalises them.
fn is_plain_letter(letter: char) -> bool {
    if letter.is_ascii() {
        letter.is_ascii_graphic() && !matches!(letter, '\\' | '"' | '<' | '>' | '^' | '`' | '{' | '}' | '|')
    } else {
        letter.is_alphanumeric()
    }
}

/// A part that climbs or stays, in the path or behind it: some servers take a whole URI for a path.
fn has_dot_part(text: &str) -> bool {
    text.split(['/', '?', '#', '&', '=', ';']).any(|part| part == "." || part == "..")
}

fn escapes_are_plain(text: &str) -> bool {
    if !text.contains('%') {
        return true;
    }
    let Some(escapes) = escapes(text) else { return false };
    escapes.iter().all(|run| {
        std::str::from_utf8(run).is_ok_and(|letters| {
            letters.chars().all(|letter| {
                let is_plain = letter == ' '
                    || is_plain_letter(letter)
                    || matches!(letter, '"' | '<' | '>' | '^' | '`' | '{' | '}' | '|');
                is_plain && !matches!(letter, '/' | '.' | '%' | '\\')
            })
        })
    })
}

/// The bytes of each run of escapes; nothing when a percent sign starts none.
fn escapes(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut runs: Vec<Vec<u8>> = Vec::new();
    let mut rest = text;
    let mut follows_escape = false;
    while !rest.is_empty() {
        let Some(after) = rest.strip_prefix('%') else {
            follows_escape = false;
            rest = rest.get(rest.find('%').unwrap_or(rest.len())..)?;
            continue;
        };
        let byte = hex_byte(after.as_bytes())?;
        match runs.last_mut().filter(|_| follows_escape) {
            Some(run) => run.push(byte),
            None => runs.push(vec![byte]),
        }
        follows_escape = true;
        rest = after.get(2..)?;
    }
    Some(runs)
}

/// The byte that two hexadecimal digits at the start stand for.
pub(super) fn hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |index: usize| text.get(index).and_then(|byte| char::from(*byte).to_digit(16));
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_readers_could_take_for_different_things_is_not_plain() {
        for text in [
            "file:///srv/docs/a.md",
            "file:///srv/my%20docs/a",
            "https://example.com:8080/a?b=c/d&e#f",
            "urn:isbn:1",
            "memo:a",
            "notes://日記/ü",
            "x:///a/.../b..c/.d/",
            "x://a?u=https://b/c",
            "x://a/%C3%BC%7B1%7D",
        ] {
            assert!(Address::plain(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a",
            "/a",
            "a/b:c",
            ":a",
            "1:a",
            "file:///a/../b",
            "file:///a/./b",
            "file:///a/..",
            "file:///a//b",
            "file:////a",
            "x://../a",
            "x://./a",
            "x:..",
            "x:a/?/../b",
            "x://a?b=..",
            "x://a;..",
            "file:///a/%2e%2e/b",
            "file:///a%2fb",
            "file:///a%5Cb",
            "file:///a%252fb",
            "file:///a%00b",
            "file:///a%0ab",
            "file:///a%c0%afb",
            "file:///a%ef%bc%8fb",
            "file:///a%",
            "file:///a%2",
            "file:///a%zz",
            "file:///a\\b",
            "file:///a b",
            "file:///a\tb",
            "file:///a\u{7f}",
            "file:///a／b",
            "file:///a‥/b",
            "file:///a\u{200b}",
            "https://u@example.com/",
            "https://%65xample.com/",
            "x://{a}/b",
        ] {
            assert!(Address::plain(text).is_none(), "{text}");
        }
        let long = format!("x:{}", "a".repeat(MAX_URI_BYTES));
        assert!(Address::plain(&long).is_none());
    }

    #[test]
    fn parts() {
        let check = |text: &str, scheme: &str, authority: Option<&str>, rest: &str| {
            assert_eq!(Address::split(text), Some(Address { scheme, authority, rest }), "{text}");
        };
        check("file:///a", "file", Some(""), "/a");
        check("https://a:1/b?c", "https", Some("a:1"), "/b?c");
        check("https://a?b", "https", Some("a"), "?b");
        check("https://a#b/c", "https", Some("a"), "#b/c");
        check("urn:a:b", "urn", None, "a:b");
    }
}
