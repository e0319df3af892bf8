//! The grammar of the names that an operator chooses: servers, grants and policies.

/// What a server or grant id must look like, for messages.
pub const ID_EXPECTED: &str =
    "must be 1 to 32 lower-case letters, digits and `-`, beginning with a letter or digit";

/// What a policy's name must look like, for messages.
pub const POLICY_EXPECTED: &str =
    "must be 1 to 64 letters, digits, `.`, `_` and `-`, beginning with a letter or digit";

/// Whether a server or grant id is well formed: `[a-z0-9][a-z0-9-]{0,31}`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 32 && text.starts_with(is_plain) && text.chars().all(|c| is_plain(c) || c == '-')
}

/// Whether a policy's name is well formed: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
#[must_use]
pub fn is_policy(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// The nearest well-formed id to any text: other characters become `-`; `server` when nothing remains.
#[must_use]
pub fn to_id(text: &str) -> String {
    let mut id = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            id.push(c);
        } else if !id.is_empty() && !id.ends_with('-') {
            id.push('-');
        }
    }
    id.truncate(32);
    let id = id.trim_end_matches('-');
    if id.is_empty() { "server".to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{is_id, is_policy, to_id};

    #[test]
    fn ids() {
        for (text, expected) in [
            ("imaging", true),
            ("0", true),
            ("a-b-", true),
            ("abcdefghijklmnopqrstuvwxyz012345", true),
            ("abcdefghijklmnopqrstuvwxyz0123456", false),
            ("", false),
            ("-a", false),
            ("A", false),
            ("a_b", false),
            ("ä", false),
            ("a b", false),
        ] {
            assert_eq!(is_id(text), expected, "`{text}`");
        }
    }

    #[test]
    fn policy_names() {
        for (text, expected) in
            [("imaging", true), ("PACS.v2_x-1", true), (".hidden", false), ("a/b", false), ("", false)]
        {
            assert_eq!(is_policy(text), expected, "`{text}`");
        }
    }

    #[test]
    fn any_text_becomes_an_id() {
        for (text, expected) in [
            ("GitHub", "github"),
            ("my server (prod)", "my-server-prod"),
            ("@scope/pkg", "scope-pkg"),
            ("äöü", "server"),
            ("abcdefghijklmnopqrstuvwxyz01234-567", "abcdefghijklmnopqrstuvwxyz01234"),
        ] {
            assert_eq!(to_id(text), expected);
            assert!(is_id(&to_id(text)));
        }
    }
}
