//! `host_in` as languages: URLs of which a name is read in one way only.
//! Addresses of IPv6 have many spellings; they are in the outer side and not in the inner one.

use super::bounds::{Between, Bounds};
use super::language::Language;
use super::networks::{ipv4, ipv6};
use crate::channel::HostPattern;

const SCHEME: &str = "[A-Za-z][A-Za-z0-9+.-]*";
/// A port as it is written: no zeros in front, at most 65535.
const PORT: &str =
    "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}|0)";
/// What follows a host.
const REST: &str = r"(?:[/?#].*)?\z";
/// The schemes whose usual ports are known.
const USUAL_PORTS: [(&str, &str); 3] = [("http|ws", "80"), ("https|wss", "443"), ("ftp", "21")];

pub(super) fn bounds(patterns: &[HostPattern]) -> Bounds {
    let each = |of: &dyn Fn(&HostPattern) -> Language| {
        Language::all([plain(), Language::any(patterns.iter().map(of))])
    };
    let covers = |is_outer: bool| Language::any(patterns.iter().map(|pattern| covered(pattern, is_outer)));
    Bounds {
        when_true: Between {
            outer: each(&|pattern| named(pattern, true)),
            inner: each(&|pattern| named(pattern, false)),
        },
        when_false: Between {
            outer: Language::all([plain(), url(true), covers(false).not()]),
            inner: Language::all([plain(), url(false), covers(true).not()]),
        },
    }
}

/// Readable URLs of a host: tried before others.
pub(super) fn examples(patterns: &[HostPattern]) -> impl Iterator<Item = String> {
    fn of(pattern: &HostPattern) -> Vec<String> {
        let below: &[_] = if pattern.is_below() { &["www.", "a."] } else { &[""] };
        let port = pattern.port().map(|port| format!(":{port}")).unwrap_or_default();
        let of_name = |below: &&str| {
            let name = format!("{below}{}", pattern.name());
            [
                format!("https://{name}{port}/"),
                format!("http://{name}{port}/"),
                format!("https://{name}:8081/"),
            ]
        };
        below.iter().flat_map(of_name).collect()
    }
    patterns.iter().flat_map(of).chain(["https://example.org/".to_owned()])
}

/// What no reader takes for the end of a URL.
fn plain() -> Language {
    Language::matching(r"[\p{Cc}\p{White_Space}\\]").not()
}

/// The URLs that this pattern names, on their ports.
fn named(pattern: &HostPattern, is_outer: bool) -> Language {
    let host = host(pattern, is_outer);
    let mut forms = Vec::new();
    let unwritten = match pattern.port() {
        None => {
            forms.push(format!("{SCHEME}://{host}:?"));
            None
        }
        Some(port) => {
            forms.push(format!("{SCHEME}://{host}:{port}"));
            Some(port)
        }
    };
    for (schemes, usual) in USUAL_PORTS {
        match unwritten {
            None => forms.push(format!("(?i-u:{schemes})://{host}:{usual}")),
            Some(port) if port == usual => forms.push(format!("(?i-u:{schemes})://{host}:?")),
            Some(_) => {}
        }
    }
    Language::matching_across_lines(&format!(r"\A(?:{}){REST}", forms.join("|")))
}

/// The URLs whose host this pattern means, on any port.
fn covered(pattern: &HostPattern, is_outer: bool) -> Language {
    let host = host(pattern, is_outer);
    Language::matching_across_lines(&format!(r"\A{SCHEME}://{host}(?::{PORT}?)?{REST}"))
}

/// The spellings of the hosts that a pattern means.
fn host(pattern: &HostPattern, is_outer: bool) -> String {
    let name = regex::escape(pattern.name());
    let is_address = pattern.name().starts_with('[') || pattern.name().parse::<core::net::Ipv4Addr>().is_ok();
    match (pattern.is_below(), is_address && is_outer) {
        (true, _) => format!(r"(?i-u:(?:[a-z0-9_-]+\.)+{name}\.?)"),
        (false, false) => format!(r"(?i-u:{name}\.?)"),
        (false, true) => format!(r"(?:(?i-u:{name})|\[{}\])\.?", ipv6()),
    }
}

/// The URLs that are read in one way only.
fn url(is_outer: bool) -> Language {
    let last = "(?:[a-z_-][a-z0-9_-]*|[0-9][a-z0-9]*[_-][a-z0-9_-]*|[1-9][0-9]*[a-z][a-z0-9]*\
                |0[a-wyz][a-z0-9]*|0[0-9]+[a-z][a-z0-9]*)";
    let mut hosts = vec![format!(r"(?i-u:(?:[a-z0-9_-]+\.)*{last}\.?)"), format!(r"{}\.?", ipv4())];
    if is_outer {
        hosts.push(format!(r"\[{}\]\.?", ipv6()));
    }
    Language::matching_across_lines(&format!(r"\A{SCHEME}://(?:{})(?::{PORT}?)?{REST}", hosts.join("|")))
}
