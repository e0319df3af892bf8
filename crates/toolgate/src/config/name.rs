//! The names that an operator chooses: their grammar, and an id made from any text.

pub use admin::name::{ID_EXPECTED, POLICY_EXPECTED, is_id, is_policy};

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
    use super::{is_id, to_id};

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
