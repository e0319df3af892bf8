//! The allow-lists for Host and Origin, which keep a web page from reaching a local gateway by DNS rebinding.
//! They must never be widened by what a request says, and never be matched by a part of a name.

use hyper::header::{HOST, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Uri};

use crate::errors::{INVALID_REQUEST, Refusal};

/// The hosts by which the gateway may be addressed, and the origins whose pages may call it.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    hosts: Vec<Pattern>,
    origins: Vec<Pattern>,
}

/// An entry that is neither `host`, `host:port` nor `host:*` (for origins with a scheme before it).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}` is not a {kind} of the form {form}")]
pub struct BadEntry {
    entry: String,
    kind: &'static str,
    form: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    // For an origin with its scheme, `https://example.org`; in lower case.
    name: String,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Absent,
    Any,
    Exactly(u16),
}

impl AllowList {
    /// Reads the lists. An entry without a port matches only a header without one, `:*` any or none.
    ///
    /// # Errors
    /// The first entry that is malformed.
    pub fn new<S: AsRef<str>>(hosts: &[S], origins: &[S]) -> Result<AllowList, BadEntry> {
        let host = |entry: &S| {
            let bad = || bad_entry(entry.as_ref(), "host", "`name`, `name:port` or `name:*`");
            Pattern::parse(entry.as_ref()).ok_or_else(bad)
        };
        let origin = |entry: &S| {
            let bad = || {
                bad_entry(
                    entry.as_ref(),
                    "origin",
                    "`scheme://name`, `scheme://name:port` or `scheme://name:*`",
                )
            };
            Pattern::parse_origin(entry.as_ref()).ok_or_else(bad)
        };
        Ok(AllowList {
            hosts: hosts.iter().map(host).collect::<Result<_, _>>()?,
            origins: origins.iter().map(origin).collect::<Result<_, _>>()?,
        })
    }

    /// The lists for a gateway on loopback: its names with any port, pages served from them.
    pub fn loopback() -> AllowList {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let pattern = |name: String| Pattern { name, port: Port::Any };
        let origins = names.iter().flat_map(|name| [format!("http://{name}"), format!("https://{name}")]);
        AllowList {
            hosts: names.iter().map(|name| pattern((*name).to_owned())).collect(),
            origins: origins.map(pattern).collect(),
        }
    }

    /// Checks the target and the Host and Origin headers of a request: one Host, listed (else HTTP 421); a target in
    /// absolute form only for that same host (else 421); no Origin or one listed, `null` never (else 403).
    pub fn check(&self, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = single(headers, HOST).ok_or_else(misdirected)?;
        if !Pattern::parse(host).is_some_and(|given| self.allows_host(&given)) {
            return Err(misdirected());
        }
        if target.scheme_str().is_some_and(|scheme| scheme != "http" && scheme != "https") {
            return Err(misdirected());
        }
        let authority = target.authority().map(|authority| authority.as_str());
        if authority.is_some_and(|authority| !authority.eq_ignore_ascii_case(host)) {
            return Err(misdirected());
        }
        if !headers.contains_key(ORIGIN) {
            return Ok(());
        }
        let origin = single(headers, ORIGIN).and_then(Pattern::parse_origin);
        match origin.is_some_and(|given| self.origins.iter().any(|allowed| allowed.matches(&given))) {
            true => Ok(()),
            false => Err(Refusal::new(
                403,
                INVALID_REQUEST,
                "this Origin may not call the gateway; add it to the allowed origins if it should",
            )),
        }
    }

    fn allows_host(&self, given: &Pattern) -> bool {
        self.hosts.iter().any(|allowed| allowed.matches(given))
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Pattern> {
        let (name, port) = match text.rsplit_once(':') {
            // The last colon of a bare IPv6 literal is inside its brackets.
            Some((name, port)) if !port.ends_with(']') => (name, parse_port(port)?),
            Some(_) | None => (text, Port::Absent),
        };
        is_name(name).then(|| Pattern { name: name.to_ascii_lowercase(), port })
    }

    fn parse_origin(text: &str) -> Option<Pattern> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme_chars = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if scheme.is_empty() || !scheme.bytes().all(scheme_chars) {
            return None;
        }
        let host = Pattern::parse(rest)?;
        Some(Pattern { name: format!("{}://{}", scheme.to_ascii_lowercase(), host.name), ..host })
    }

    fn matches(&self, given: &Pattern) -> bool {
        // A `*` that a peer sends is no port.
        let port = match (&self.port, &given.port) {
            (_, Port::Any) => false,
            (Port::Any, Port::Absent | Port::Exactly(_)) => true,
            (Port::Absent, given) => *given == Port::Absent,
            (Port::Exactly(port), given) => *given == Port::Exactly(*port),
        };
        port && self.name == given.name
    }
}

fn parse_port(text: &str) -> Option<Port> {
    match text {
        "*" => Some(Port::Any),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Port::Exactly),
        _ => None,
    }
}

fn is_name(name: &str) -> bool {
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            !name.is_empty() && name.bytes().all(plain)
        }
    }
}

fn single(headers: &HeaderMap, name: hyper::header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first: Option<&HeaderValue> = values.next();
    match values.next() {
        Some(_) => None,
        None => first?.to_str().ok(),
    }
}

fn misdirected() -> Refusal {
    Refusal::new(
        421,
        INVALID_REQUEST,
        "this Host is not served here; use a listed name, or add this one to the allowed hosts",
    )
}

fn bad_entry(entry: &str, kind: &'static str, form: &'static str) -> BadEntry {
    BadEntry { entry: entry.to_owned(), kind, form }
}
