//! Tests of reading an upstream's url.

use crate::http::{Plaintext, Target, TargetError};

#[test]
fn reads_urls() {
    let cases = [
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080", "127.0.0.1:8080", "/mcp"),
        ("HTTP://LocalHost", "http://localhost", "localhost", "/"),
        ("http://a.localhost:80/", "http://a.localhost", "a.localhost", "/"),
        ("http://[::1]:90?key=1", "http://[::1]:90", "[::1]:90", "/?key=1"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]", "/"),
        ("https://Example.com:443/a/b?c=d%20e", "https://example.com", "example.com", "/a/b?c=d%20e"),
        ("https://example.com:8443", "https://example.com:8443", "example.com:8443", "/"),
        ("https://10.1.2.3/", "https://10.1.2.3", "10.1.2.3", "/"),
    ];
    for (url, origin, authority, path) in cases {
        let target =
            Target::parse(url, Plaintext::LoopbackOnly).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(target.to_string(), origin, "{url}");
        assert_eq!(target.authority, authority, "{url}");
        assert_eq!(target.path, path, "{url}");
    }
}

#[test]
fn refuses_what_cannot_be_reached_safely() {
    let cases = [
        ("", "cannot be read"),
        ("/mcp", "no scheme"),
        ("127.0.0.1:80", "no scheme"),
        ("http://", "cannot be read"),
        ("http:///mcp", "cannot be read"),
        ("ftp://localhost/", "scheme `ftp`"),
        ("http://user@localhost/", "user name or password"),
        ("https://user:secret@example.com/", "user name or password"),
        ("http://localhost/#part", "after `#`"),
        ("http://localhost:/", "port"),
        ("http://localhost:0/", "port"),
        ("http://localhost:65536/", "port"),
        ("http://localhost:+80/", "port"),
        ("http://localhost/ä", "percent-encoding"),
        ("http://localhost/a b", "cannot be read"),
        ("http://exa$mple/", "neither an address nor a host name"),
        ("https://-/", "neither an address nor a host name"),
        ("https://example.com./", "neither an address nor a host name"),
        ("https://127.1/", "neither an address nor a host name"),
        ("https://2130706433/", "neither an address nor a host name"),
        ("https://0x7f000001/", "neither an address nor a host name"),
        ("https://[::1%25eth0]/", "neither an address nor a host name"),
        ("http://example.com/", "`http` to `example.com`"),
        ("http://10.0.0.1/", "`http` to `10.0.0.1`"),
        ("http://0.0.0.0/", "`http` to `0.0.0.0`"),
        ("http://localhost.example.com/", "`http` to `localhost.example.com`"),
    ];
    for (url, expected) in cases {
        let error = Target::parse(url, Plaintext::LoopbackOnly).expect_err(url).to_string();
        assert!(error.contains(expected), "{url}: {error}");
        assert!(!error.contains("secret"), "{url}: {error}");
    }
}

#[test]
fn plaintext_leaves_the_machine_only_when_asked_to() {
    let url = "http://example.com/";
    let host = "example.com".to_owned();
    assert_eq!(Target::parse(url, Plaintext::LoopbackOnly).unwrap_err(), TargetError::Plaintext { host });
    let anywhere = Target::parse(url, Plaintext::Anywhere).unwrap();
    assert!(anywhere.accepts(&"192.0.2.1:80".parse().unwrap()));

    // A name that looks local may be made to lead elsewhere.
    let local = Target::parse("http://localhost/", Plaintext::LoopbackOnly).unwrap();
    assert!(local.accepts(&"127.0.0.1:80".parse().unwrap()));
    assert!(local.accepts(&"[::1]:80".parse().unwrap()));
    assert!(!local.accepts(&"192.0.2.1:80".parse().unwrap()));
    assert!(!local.accepts(&"[::ffff:192.0.2.1]:80".parse().unwrap()));
}

#[test]
fn shows_neither_path_nor_query() {
    let target = Target::parse("https://example.com/secret?key=secret", Plaintext::LoopbackOnly).unwrap();
    assert!(!format!("{target} {target:?}").contains("secret"));
}
