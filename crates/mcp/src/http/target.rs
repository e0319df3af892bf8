//! An upstream's url, read once: scheme, host, port and the path and query that every request has.
//!
//! Must never: show the query or the user part of a url, which may hold secrets; or let plaintext leave the machine
//! unless the operator asked for it.

use hyper::Uri;
use hyper::header::HeaderValue;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Where plain `http` may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plaintext {
    /// Only to this machine: the host must be a loopback address or `localhost`.
    LoopbackOnly,
    /// Anywhere; the operator accepts that others can read and change the traffic.
    Anywhere,
}

/// Why a url cannot be an upstream's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It does not parse.
    #[error("the url cannot be read ({why}); write it as `https://host:port/path`")]
    Syntax {
        /// What is wrong with it.
        why: String,
    },
    /// The scheme is neither `http` nor `https`.
    #[error("the url has the scheme `{scheme}`; an upstream is reached over `http` or `https`")]
    Scheme {
        /// The scheme as written.
        scheme: String,
    },
    /// The url names a user, perhaps with a password.
    #[error("the url holds a user name or password; remove it and configure a header with the credentials")]
    UserInfo,
    /// The host is neither an address nor a host name.
    #[error(
        "the host `{host}` is neither an address nor a host name; write it in ascii letters, digits, `-` and `.`"
    )]
    Host {
        /// The host as written.
        host: String,
    },
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535; correct it or leave it out with its colon")]
    Port,
    /// The url has a fragment.
    #[error("the url has a part after `#`, which is never sent; remove it")]
    Fragment,
    /// Plain `http` to another machine.
    #[error(
        "`http` to `{host}` would send credentials and data in the clear; use `https` or set `insecure = true`"
    )]
    Plaintext {
        /// The host as written.
        host: String,
    },
}

/// The host of a url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name to look up.
    Name(String),
}

/// A url that requests can be sent to. [`Display`](fmt::Display) shows scheme, host and port only.
#[derive(Clone)]
pub struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) path: Uri,
    pub(super) authority: HeaderValue,
    pub(super) origin: Arc<str>,
    pub(super) server_name: Option<ServerName<'static>>,
    loopback_only: bool,
}

impl Target {
    /// Reads a url.
    ///
    /// # Errors
    /// When it is not an absolute `http` or `https` url, holds a user name or a fragment, or is plain `http` to
    /// another machine while `plaintext` is [`Plaintext::LoopbackOnly`].
    pub fn parse(url: &str, plaintext: Plaintext) -> Result<Target, TargetError> {
        let uri = syntax(url)?;
        let secure = is_secure(&uri)?;
        let (name, port) = host_and_port(&uri, secure)?;
        let host = Host::parse(name)?;
        let loopback_only = !secure && plaintext == Plaintext::LoopbackOnly;
        if loopback_only && !host.may_be_loopback() {
            return Err(TargetError::Plaintext { host: name.to_owned() });
        }
        let authority = authority(&host, port, secure);
        let scheme = if secure { "https" } else { "http" };
        Ok(Target {
            path: path(&uri)?,
            origin: format!("{scheme}://{authority}").into(),
            authority: HeaderValue::from_str(&authority).map_err(syntax_error)?,
            server_name: if secure { Some(host.server_name()?) } else { None },
            host,
            port,
            loopback_only,
        })
    }

    /// Whether a connection to this address is acceptable: plaintext may have been confined to this machine.
    pub(super) fn accepts(&self, address: &SocketAddr) -> bool {
        !self.loopback_only || address.ip().to_canonical().is_loopback()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.origin)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Target").field(&self.origin).finish()
    }
}

impl Host {
    fn parse(name: &str) -> Result<Host, TargetError> {
        let refused = || TargetError::Host { host: name.to_owned() };
        if let Some(literal) = name.strip_prefix('[') {
            let address = literal.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
            return address.map(|address| Host::Address(IpAddr::V6(address))).ok_or_else(refused);
        }
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Host::Address(IpAddr::V4(address)));
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let last = name.rsplit('.').next().unwrap_or_default();
        // A resolver reads `127.1` and `0x7f000001` as addresses: what looks like a number must be a plain address.
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if name.len() > 253 || !name.bytes().all(is_allowed) || is_number {
            return Err(refused());
        }
        Ok(Host::Name(name.to_ascii_lowercase()))
    }

    fn may_be_loopback(&self) -> bool {
        match self {
            Host::Address(address) => address.to_canonical().is_loopback(),
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    fn server_name(&self) -> Result<ServerName<'static>, TargetError> {
        match self {
            Host::Address(address) => Ok(ServerName::from(*address)),
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|_| TargetError::Host { host: name.clone() })
            }
        }
    }
}

fn syntax_error(error: impl fmt::Display) -> TargetError {
    TargetError::Syntax { why: error.to_string() }
}

fn syntax(url: &str) -> Result<Uri, TargetError> {
    if url.contains('#') {
        return Err(TargetError::Fragment);
    }
    if !url.is_ascii() {
        return Err(syntax_error("it holds characters outside ascii, which need percent-encoding"));
    }
    url.parse::<Uri>().map_err(syntax_error)
}

fn is_secure(uri: &Uri) -> Result<bool, TargetError> {
    match uri.scheme_str() {
        Some("https") => Ok(true),
        Some("http") => Ok(false),
        Some(other) => Err(TargetError::Scheme { scheme: other.to_owned() }),
        None => Err(syntax_error("it has no scheme")),
    }
}

fn host_and_port(uri: &Uri, secure: bool) -> Result<(&str, u16), TargetError> {
    let authority = uri.authority().ok_or_else(|| syntax_error("it has no host"))?;
    if authority.as_str().contains('@') {
        return Err(TargetError::UserInfo);
    }
    let host = authority.host();
    let port = match authority.as_str().get(host.len()..).unwrap_or_default() {
        "" if secure => 443,
        "" => 80,
        text => text.strip_prefix(':').and_then(port_number).ok_or(TargetError::Port)?,
    };
    if host.is_empty() { Err(syntax_error("it has no host")) } else { Ok((host, port)) }
}

fn port_number(digits: &str) -> Option<u16> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u16>().ok().filter(|port| is_plain && *port > 0)
}

fn authority(host: &Host, port: u16, secure: bool) -> String {
    let name = match host {
        Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        Host::Address(IpAddr::V4(address)) => address.to_string(),
        Host::Name(name) => name.clone(),
    };
    let usual = if secure { 443 } else { 80 };
    if port == usual { name } else { format!("{name}:{port}") }
}

fn path(uri: &Uri) -> Result<Uri, TargetError> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let rooted = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    rooted.parse::<Uri>().map_err(syntax_error)
}
