//! The patterns of the other channels. A pattern that could never match, or not what it seems to, is an error.

use super::reader::Problem;
use crate::channel::{self, HostPattern, Pattern};
use crate::diagnostic::code;
use crate::registry::PROTOCOL_METHODS;

/// A longer pattern is refused; real ones are far below.
const MAX_PATTERN_BYTES: usize = 1024;

/// A pattern of URIs: a glob, or `host:` and a host.
pub(super) fn uri(text: &str) -> Result<Pattern, Problem> {
    check_size(text)?;
    if let Some(host) = text.strip_prefix("host:") {
        return match HostPattern::parse(host) {
            Ok(parsed) => Ok(Pattern::host(text, parsed)),
            Err(why) => {
                let lower = text.to_ascii_lowercase();
                let meant = (lower != text && HostPattern::parse(host.to_ascii_lowercase().as_str()).is_ok())
                    .then_some(lower);
                Err(bad(text, why).meant(meant))
            }
        };
    }
    if text.starts_with('/') {
        let why = "a URI starts with a scheme; write `*` for everything, or a scheme first";
        return Err(bad(text, why).meant(Some(format!("file://{text}"))));
    }
    if let Some(why) = channel::pattern_problem(text) {
        return Err(bad(text, why));
    }
    Pattern::uri(text).ok_or_else(|| bad(text, TOO_LARGE))
}

/// A name of a prompt, or a pattern of names.
pub(super) fn name(text: &str) -> Result<Pattern, Problem> {
    check_size(text)?;
    if text.contains(['?', '[', ']', '{', '}']) {
        return Err(bad(text, "of the wildcards there is only `*`, which stands for any letters"));
    }
    Pattern::name(text).ok_or_else(|| bad(text, TOO_LARGE))
}

/// A method that is none of the protocol's.
pub(super) fn method(text: &str) -> Result<Pattern, Problem> {
    check_size(text)?;
    if text.contains('*') {
        return Err(bad(text, "methods have no patterns; write each name"));
    }
    let known = PROTOCOL_METHODS.iter().find(|(method, _)| *method == text);
    if let Some((_, key)) = known {
        let why = if key.is_empty() {
            "this method of the protocol is always open; remove it".to_owned()
        } else {
            format!("this method of the protocol is ruled under the key `{key}`")
        };
        return Err(bad(text, &why));
    }
    Ok(Pattern::exact(text))
}

const TOO_LARGE: &str = "the pattern is too large; use several";

fn check_size(text: &str) -> Result<(), Problem> {
    if text.trim().is_empty() {
        return Err(Problem::new(code::BAD_VALUE, "a pattern must not be empty"));
    }
    if text.len() > MAX_PATTERN_BYTES {
        let message = format!("a pattern may have {MAX_PATTERN_BYTES} bytes; use several");
        return Err(Problem::new(code::BAD_VALUE, message));
    }
    Ok(())
}

fn bad(text: &str, why: &str) -> Problem {
    Problem::new(code::BAD_VALUE, format!("`{text}` cannot match: {why}"))
}
