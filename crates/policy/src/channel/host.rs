//! Hosts: `host:example.com`, `host:*.example.com`, and the one spelling under which hosts are compared.
//! A host that could be read in two ways has no spelling.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::address::{Address, default_port};

/// A host, or every host below one; with a port, only on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostPattern {
    name: Box<str>,
    /// Whether it stands for the hosts below the name, and not for the name itself.
    is_below: bool,
    port: Option<Box<str>>,
}

/// A host as a URI names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: Option<String>,
}

impl HostPattern {
    /// Reads what stands after `host:`, or says what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (is_below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        if rest.contains('*') {
            return Err("`*` stands only at the start of a host, as in `host:*.example.com`");
        }
        if text.chars().any(|letter| letter.is_ascii_uppercase()) {
            return Err("a host is written in lower case");
        }
        let host = Host::parse(rest).filter(|host| !host.name.is_empty() && !host.name.ends_with('.'));
        let host = host.ok_or("this is no host; write a name such as `host:example.com`")?;
        let Host { name, port } = host;
        if is_below && (name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok()) {
            return Err("there are no hosts below an address");
        }
        Ok(Self { name: name.into(), is_below, port: port.map(Into::into) })
    }

    /// The name, in the one spelling that is compared.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it stands for the hosts below the name, and not for the name itself.
    pub(crate) const fn is_below(&self) -> bool {
        self.is_below
    }

    /// The port, where one is written.
    pub(crate) fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }

    /// Whether an allow covers the host: the ports have to be the same, written or not.
    pub(super) fn allows(&self, host: &Host) -> bool {
        self.covers_name(host) && self.port.as_deref() == host.port.as_deref()
    }

    /// Whether a deny covers the host: without a port on every port.
    pub(super) fn denies(&self, host: &Host) -> bool {
        self.covers_name(host) && (self.port.is_none() || self.port.as_deref() == host.port.as_deref())
    }

    /// Whether the host of a URL is this one, on this port.
    pub(crate) fn is_at(&self, named: &NamedHost) -> bool {
        self.covers_name(&named.host) && named.is_on(self.port.as_deref())
    }

    /// Whether the host of a URL is this one, but on another port.
    pub(crate) fn is_elsewhere(&self, named: &NamedHost) -> bool {
        self.covers_name(&named.host) && !named.is_on(self.port.as_deref())
    }

    fn covers_name(&self, host: &Host) -> bool {
        if self.is_below {
            let above = host.name.strip_suffix(&*self.name).and_then(|rest| rest.strip_suffix('.'));
            return above.is_some_and(|above| !above.is_empty());
        }
        host.name == *self.name
    }
}

/// The host of a URL, and the usual port of its scheme.
#[derive(Debug)]
pub(crate) struct NamedHost {
    host: Host,
    usual_port: Option<&'static str>,
}

impl NamedHost {
    /// Reads a URL; nothing when two readers could take its host for different ones: without a scheme, a host or
    /// `//`, with a user name, with a space, a control character or a backslash anywhere.
    pub(crate) fn of_url(text: &str) -> Option<Self> {
        if text.contains(|letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\') {
            return None;
        }
        let address = Address::split(text)?;
        let host = address.host()?;
        Some(Self { host, usual_port: default_port(&address.scheme.to_ascii_lowercase()) })
    }

    /// Whether it is on this port; none stands for the usual one.
    fn is_on(&self, port: Option<&str>) -> bool {
        let own = self.host.port.as_deref().or(self.usual_port);
        own == port.or(self.usual_port)
    }
}

impl Host {
    /// Reads a host with or without a port, in any spelling that means only one host. No user names.
    pub(super) fn parse(authority: &str) -> Option<Self> {
        let (name, port) = split_port(authority)?;
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let name = match name.strip_prefix('[') {
            Some(rest) => address(rest.strip_suffix(']')?)?,
            None => named(name)?,
        };
        Some(Self { name, port: port.map(str::to_owned) })
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let after_address = authority.rfind(']').map_or(0, |index| index + 1);
    let colon = authority.get(after_address..)?.find(':');
    let Some(colon) = colon.map(|index| index + after_address) else { return Some((authority, None)) };
    let (name, port) = (authority.get(..colon)?, authority.get(colon + 1..)?);
    if port.is_empty() {
        return Some((name, None));
    }
    let is_plain = port.parse::<u16>().is_ok_and(|number| number.to_string() == port);
    is_plain.then_some((name, Some(port)))
}

fn address(text: &str) -> Option<String> {
    let address: Ipv6Addr = text.parse().ok()?;
    Some(match address.to_ipv4_mapped() {
        Some(short) => short.to_string(),
        None => format!("[{address}]"),
    })
}

/// A name, or an address of four numbers. Many readers take `127.1`, `0x7f.1` and `2130706433` for addresses too.
fn named(name: String) -> Option<String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if !name.chars().all(is_plain) || name.contains("..") || name.starts_with('.') || name.ends_with('.') {
        return None;
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.starts_with("0x") || last.starts_with(|letter: char| letter.is_ascii_digit());
    if is_number && !last.chars().any(|letter| letter == '-' || letter == '_') {
        let is_word = !last.starts_with("0x") && last.chars().any(|letter| !letter.is_ascii_digit());
        return (is_word || name.parse::<Ipv4Addr>().is_ok()).then_some(name);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelling(authority: &str) -> Option<String> {
        Host::parse(authority).map(|host| {
            let port = host.port.map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}", host.name)
        })
    }

    #[test]
    fn a_host_has_one_spelling_or_none() {
        for (authority, expected) in [
            ("Example.COM", Some("example.com")),
            ("example.com.", Some("example.com")),
            ("example.com:", Some("example.com")),
            ("example.com:8080", Some("example.com:8080")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]:80", Some("[::1]:80")),
            ("[0:0::1]", Some("[::1]")),
            ("[::ffff:127.0.0.1]", Some("127.0.0.1")),
            ("1.example", Some("1.example")),
            ("a.4chan", Some("a.4chan")),
            ("2130706433", None),
            ("127.1", None),
            ("0x7f.0.0.1", None),
            ("127.0.0.01", None),
            ("exämple.com", None),
            ("a@example.com", None),
            ("example.com:080", None),
            ("example.com:99999", None),
            ("example.com:80:80", None),
            ("a..b", None),
            ("a%2eb", None),
            ("[::1", None),
        ] {
            assert_eq!(spelling(authority).as_deref(), expected, "{authority}");
        }
    }

    #[test]
    fn patterns_cover_a_host_or_those_below_it() {
        let covers = |pattern: &str, host: &str| {
            HostPattern::parse(pattern).unwrap().allows(&Host::parse(host).unwrap())
        };
        assert!(covers("example.com", "example.com"));
        assert!(!covers("example.com", "a.example.com"));
        assert!(!covers("example.com", "example.com:8080"));
        assert!(covers("example.com:8080", "example.com:8080"));
        assert!(covers("*.example.com", "a.b.example.com"));
        assert!(!covers("*.example.com", "example.com"));
        assert!(!covers("*.example.com", "evilexample.com"));
        assert!(!covers("*.example.com", "example.com.evil"));
        let deny = HostPattern::parse("example.com").unwrap();
        assert!(deny.denies(&Host::parse("EXAMPLE.com.:8080").unwrap()));
        for wrong in ["", "*", "*.", "a.*", "Example.com", "a/b", "https://a", "a@b", "127.1", "*.127.0.0.1"]
        {
            assert!(HostPattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
