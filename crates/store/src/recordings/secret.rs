//! Which keys sound like the name of a secret. Must rather drop too much than too little.

/// What a key contains that names a secret; letters and digits only.
const WORDS: &[&str] = &[
    "accesskey",
    "apikey",
    "authkey",
    "authorization",
    "bearer",
    "cookie",
    "credential",
    "encryptionkey",
    "jwt",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "pwd",
    "secret",
    "sessionid",
    "sessionkey",
    "signature",
    "signingkey",
    "sshkey",
    "token",
];
/// Whole keys that are too short to be looked for within others.
const WHOLE: &[&str] = &["auth", "cvc", "cvv", "otp", "pass", "pin"];

/// Whether a key sounds like the name of a secret.
#[must_use]
pub fn sounds_secret(key: &str) -> bool {
    let joined = joined(key);
    WHOLE.contains(&joined.as_str()) || WORDS.iter().any(|word| joined.contains(word))
}

/// Whether a key counts tokens of a language model, so that a number under it is no secret.
pub(super) fn counts_tokens(key: &str) -> bool {
    joined(key).ends_with("tokens")
}

fn joined(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for key in [
            "password",
            "PassWord",
            "db_password",
            "token",
            "accessToken",
            "x-api-key",
            "API_KEY",
            "Authorization",
            "client_secret",
            "secret",
            "Set-Cookie",
            "aws.secret_access_key",
            "credentials",
            "privateKey",
            "otp",
            "session-id",
            "pass",
            "max_tokens",
        ] {
            assert!(sounds_secret(key), "{key}");
        }
        for key in ["", "bucket", "key", "path", "author", "passenger", "optics", "session", "pinned", "äöü"]
        {
            assert!(!sounds_secret(key), "{key}");
        }
    }

    #[test]
    fn counts_of_tokens_are_known() {
        assert!(counts_tokens("max_tokens") && counts_tokens("maxTokens"));
        assert!(!counts_tokens("token") && !counts_tokens("tokens_file"));
    }
}
