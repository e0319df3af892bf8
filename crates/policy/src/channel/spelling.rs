//! The spellings of a URI that a denying pattern looks at: as it is written, and as a server might read it.
//! Reading too much into a URI only denies more. What nobody can read has no spellings and is denied.

use super::address::{Address, MAX_URI_BYTES, default_port, hex_byte};
use super::host::Host;

/// Escapes of escapes of escapes are not looked into any deeper.
const MAX_ROUNDS: usize = 4;

/// A text in every spelling.
#[derive(Debug, Default)]
pub(super) struct Spellings {
    pub(super) texts: Vec<String>,
    /// With their ports, also the usual ones, as far as the scheme tells them.
    pub(super) hosts: Vec<Host>,
}

impl Spellings {
    /// All spellings of a URI; nothing when it cannot be read.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.len() > MAX_URI_BYTES || text.trim() != text {
            return None;
        }
        let mut spellings = Self { texts: vec![text.to_owned()], hosts: Vec::new() };
        let mut written = text.to_owned();
        for _ in 0..MAX_ROUNDS {
            if written.chars().any(char::is_control) {
                return None;
            }
            spellings.add_shortened(&written)?;
            match decoded(&written)? {
                Some(next) => written = next,
                None => return Some(spellings),
            }
        }
        None
    }

    /// Adds a text, also without what stands after `#` and `?`, which many servers do not look at.
    fn add_shortened(&mut self, text: &str) -> Option<()> {
        let short = |ends: &[char]| text.split(ends).next().unwrap_or_default();
        for text in [text, short(&['#']), short(&['?', '#'])] {
            let (readings, host) = readings(text)?;
            for reading in readings {
                self.add(format!("{reading}/"));
                self.add(reading);
            }
            self.hosts.extend(host.filter(|host| !self.hosts.contains(host)));
        }
        Some(())
    }

    fn add(&mut self, text: String) {
        if !self.texts.contains(&text) {
            self.texts.push(text);
        }
    }
}

/// The texts under which a pattern and a URI meet. A pattern with a `*` in a place that a reader has to understand has
/// none but what was written.
pub(super) fn of_pattern(text: &str) -> Vec<String> {
    let Some(decoded) = decoded(text) else { return Vec::new() };
    let decoded = decoded.unwrap_or_else(|| text.to_owned());
    let Some((readings, _)) = readings(&decoded) else { return Vec::new() };
    let slash = if decoded.ends_with('/') { "/" } else { "" };
    readings.into_iter().map(|reading| reading + slash).collect()
}

/// One more round of unescaping: nothing when the outcome is no text, `Some(None)` when there is nothing to unescape.
fn decoded(text: &str) -> Option<Option<String>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut is_changed = false;
    while let Some((first, after)) = rest.split_first() {
        match hex_byte(after).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                is_changed = true;
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    if !is_changed {
        return Some(None);
    }
    String::from_utf8(bytes).ok().map(Some)
}

/// How lenient readers take a text, and the host that it names.
fn readings(text: &str) -> Option<(Vec<String>, Option<Host>)> {
    let text = text.replace('\\', "/");
    let Some(address) = Address::split(&text) else {
        return Some((vec![walked(&text)], None));
    };
    let scheme = address.scheme.to_ascii_lowercase();
    let after = text.get(address.scheme.len() + 1..).unwrap_or_default();
    if let Some(port) = default_port(&scheme) {
        let (reading, host) = web(&scheme, port, after.trim_start_matches('/'))?;
        return Some((vec![reading], Some(host)));
    }
    let host = address.authority.map(without_user).and_then(Host::parse);
    let host = host.filter(|host| !host.name.is_empty());
    let path = |text: &str| walked(text).trim_start_matches('/').to_owned();
    // Of other schemes nobody knows whether the first part is a host or a folder. Of files most servers look only at
    // the path, whatever host is named; others take the host for a folder.
    let readings = if scheme == "file" {
        vec![format!("file:///{}", path(address.rest)), format!("file:///{}", path(after))]
    } else {
        vec![format!("{scheme}://{}", path(after))]
    };
    Some((readings, host))
}

fn web(scheme: &str, default_port: &str, after: &str) -> Option<(String, Host)> {
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at_checked(end)?;
    let mut host = Host::parse(without_user(authority)).filter(|host| !host.name.is_empty())?;
    let port = host.port.get_or_insert_with(|| default_port.to_owned());
    let written = if port == default_port { String::new() } else { format!(":{port}") };
    let path = walked(rest);
    let slash = if path.is_empty() || path.starts_with(['/', '?', '#']) { "" } else { "/" };
    Some((format!("{scheme}://{}{written}{slash}{path}", host.name), host))
}

fn without_user(authority: &str) -> &str {
    authority.rsplit('@').next().unwrap_or_default()
}

/// A path with its `.` and `..` walked, its slashes single, and none at its end.
fn walked(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let start = if path.starts_with('/') && !parts.is_empty() { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let spellings = Spellings::of(text).unwrap();
        assert!(spellings.texts.iter().any(|text| text == expected), "{text}: {:?}", spellings.texts);
    }

    #[test]
    fn other_spellings_of_a_file() {
        for text in [
            "file:///etc/passwd",
            "FILE:///etc/passwd",
            "file:/etc/passwd",
            "file:etc/passwd",
            "file://localhost/etc/passwd",
            "file://elsewhere/etc/passwd",
            "file:////etc//passwd/",
            "file:///etc/./passwd",
            "file:///srv/../etc/passwd",
            "file:///srv/x?../../../etc/passwd",
            "file:///%65tc/passwd",
            "file:///etc%2fpasswd",
            "file:///srv/%2e%2e/etc/passwd",
            "file:///srv%252f..%252fetc/passwd",
            "file:\\\\\\etc\\passwd",
            "file:///etc/passwd?x",
            "file:///etc/passwd#x",
            "file:///etc/passwd%3fx",
        ] {
            check(text, "file:///etc/passwd");
        }
        check("file:///etc", "file:///etc/");
        check("file://etc/passwd", "file:///etc/passwd");
        check("file:/%2fetc/passwd", "file:///etc/passwd");
    }

    #[test]
    fn other_spellings_of_a_page() {
        for text in [
            "https://example.com/a",
            "HTTPS://Example.COM:443/a/",
            "https:example.com/a",
            "https:/example.com/a",
            "https:\\\\example.com\\a",
            "https://user:secret@example.com/a",
            "https://evil.test@example.com/a",
            "https://example.com./a",
            "https://example.com/b/../a",
            "https://example.com//a?b",
        ] {
            check(text, "https://example.com/a");
        }
        check("https://example.com", "https://example.com/");
        check("https://example.com?a=/b", "https://example.com");
    }

    #[test]
    fn other_schemes_have_only_parts() {
        check("notes://public/../secret/a", "notes://secret/a");
        check("notes:///secret/a", "notes://secret/a");
        check("Notes:secret/a", "notes://secret/a");
        let hosts = Spellings::of("ssh://git@example.com/a").unwrap().hosts;
        assert_eq!(hosts.iter().map(|host| &*host.name).collect::<Vec<_>>(), ["example.com"]);
    }

    #[test]
    fn what_nobody_can_read_has_no_spelling() {
        for text in [
            "file:///e\ttc",
            " file:///etc",
            "file:///etc%0a",
            "file:///%ff",
            "file:///%c0%af",
            "file:///%2525252525252f",
            "https://2130706433/",
            "https://exämple.com/",
            "https://ex%61mple.com/",
            "https:///",
        ] {
            assert!(Spellings::of(text).is_none(), "{text}");
        }
        assert!(Spellings::of(&"a".repeat(MAX_URI_BYTES + 1)).is_none());
    }
}
