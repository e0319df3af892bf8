//! `host_in`: the host of a URL is one of these.
//! A URL whose host two readers could take for different ones is an error, which denies in every list.

use json::Value;

use super::{BadValue, Operator, Test, read_texts};
use crate::channel::{HostPattern, NamedHost};
use crate::datum::Datum;
use crate::diagnostic::code;
use crate::truth::Truth;

pub(super) const HOST_IN: Operator = Operator {
    name: "host_in",
    doc: "The host of a URL is one of these. Without a port a host is meant on the usual port of the scheme.",
    value: "a host such as `example.com`, `*.example.com` or `example.com:8080`, or a list of them",
    errors: "the argument is no URL with exactly one reading, or the host is one of these on another port",
    negated: false,
    prepare,
};

fn prepare(value: Value<'_>) -> Result<Test, BadValue> {
    let mut hosts = Vec::new();
    for (element, text) in read_texts(value)? {
        let host = HostPattern::parse(&text).map_err(|why| BadValue {
            code: code::BAD_VALUE,
            message: format!("`{text}` cannot match: {}", why.replace("host:", "")),
            element,
        })?;
        hosts.push(host);
    }
    Ok(Test::HostIn(hosts))
}

pub(super) fn judge(hosts: &[HostPattern], value: Datum<'_>) -> Truth {
    let Some(text) = value.text() else { return Truth::Error };
    let Some(named) = NamedHost::of_url(&text) else { return Truth::Error };
    if hosts.iter().any(|host| host.is_at(&named)) {
        return Truth::True;
    }
    // Whether another port is meant too is nobody's guess.
    if hosts.iter().any(|host| host.is_elsewhere(&named)) { Truth::Error } else { Truth::False }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, refuses};
    use super::*;
    use crate::truth::Truth::{Error, False, True, Undefined};

    #[test]
    fn hosts() {
        let value = r#"["example.com", "*.example.org", "10.0.0.1:8080", "[::1]"]"#;
        for (url, expected) in [
            ("https://example.com", True),
            ("https://EXAMPLE.com./a?b#c", True),
            ("https://example.com:443/", True),
            ("http://example.com:80/", True),
            ("https://example.com:8443/", Error),
            ("http://example.com:443/", Error),
            ("https://a.b.example.org/x", True),
            ("https://example.org/", False),
            ("http://10.0.0.1:8080/", True),
            ("http://10.0.0.1/", Error),
            ("http://[0:0::1]/", True),
            ("https://evilexample.com/", False),
            ("https://example.com.evil.test/", False),
            ("https://other.test/?u=https://example.com/", False),
            ("https://other.test/#@example.com/", False),
            ("https://example.com@other.test/", Error),
            ("https://other.test\\\\@example.com/", Error),
            ("https:\\\\\\\\example.com/", Error),
            ("https:///example.com/", Error),
            ("https:example.com/", Error),
            ("//example.com/", Error),
            ("example.com", Error),
            (" https://example.com/", Error),
            ("https://example.com\\t/", Error),
            ("https://example.com\\u3002evil.test/", Error),
            ("https://ex\\u00e4mple.com/", Error),
            ("https://%65xample.com/", Error),
            ("http://2130706433/", Error),
            ("http://0x7f.1/", Error),
            ("http://127.1/", Error),
            ("", Error),
        ] {
            check(&HOST_IN, value, &format!("\"{url}\""), [expected, expected]);
        }
        check(&HOST_IN, value, "7", [Error, Error]);
        check(&HOST_IN, "\"example.com\"", "missing", [Undefined, False]);
    }

    #[test]
    fn bad_values() {
        refuses(&HOST_IN, "[]", "at least one");
        refuses(&HOST_IN, "\"https://example.com\"", "no host");
        refuses(&HOST_IN, "\"Example.com\"", "lower case");
        refuses(&HOST_IN, "\"a.*\"", "`*`");
        refuses(&HOST_IN, "5", "not a number");
        refuses(&HOST_IN, "[5]", "not a number");
    }
}
