//! The grammar of the names that an operator chooses: servers, grants and policies, in files and by command alike.

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

#[cfg(test)]
mod tests {
    use super::{is_id, is_policy};

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
            ("a/b", false),
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
}
