//! Reads what a request carries: a name in its path, a document in its body.
//! A refusal must never repeat a value of the body: it may be a secret in the wrong place.

use crate::failure::{Failure, FailureKind};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use json::{Document, Limits};
use serde::de::DeserializeOwned;

/// The name in a path.
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|_| {
            Failure::new(FailureKind::Malformed, "the name in the path cannot be read; is it UTF-8?")
        })
    }
}

/// The document in a body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            Failure::new(
                FailureKind::Malformed,
                "the body is too large, or ended before it was complete; send it again",
            )
        })?;
        read(&bytes).map(Self)
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let malformed = |why: String| {
        Failure::new(FailureKind::Malformed, format!("the body is not what is expected: {why}"))
    };
    // Scanned first, as two equal keys would be one too many to guess from.
    Document::scan(bytes.to_vec(), &Limits::default()).map_err(|error| malformed(error.to_string()))?;
    serde_json::from_slice(bytes).map_err(|error| malformed(without_values(&error)))
}

/// The message of an error without what it quotes from the body.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let quotes = text.starts_with("invalid type") || text.starts_with("invalid value");
    match text.split_once(", expected ").filter(|_| quotes) {
        Some((_, expected)) => format!("something else was found than {expected}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::action::grants::NewGrant;

    #[test]
    fn bodies_are_read_strictly_and_never_quoted() {
        for (body, expected) in [
            (r#"{"id":"a"}"#, None),
            (r#"{"id":"a","labels":["x"],"servers":{"s":["p"]}}"#, None),
            ("", Some("the body is not what is expected")),
            (r#"{"id":"a","id":"b"}"#, Some("duplicate key")),
            (r#"{"id":"a","label":"very-secret"}"#, Some("unknown field `label`")),
            (r#"{"labels":[]}"#, Some("missing field `id`")),
            (r#"{"id":"a","labels":"very-secret"}"#, Some("something else was found than a sequence")),
            (r#"{"id":7}"#, Some("something else was found than a string")),
            ("[1,2", Some("the body is not what is expected")),
        ] {
            let failure = read::<NewGrant>(body.as_bytes()).err().map(|failure| failure.to_string());
            match (failure, expected) {
                (None, None) => {}
                (Some(message), Some(part)) => {
                    assert!(message.contains(part) && !message.contains("very-secret"), "{body}: {message}");
                }
                (failure, expected) => assert_eq!(failure.as_deref(), expected, "{body}"),
            }
        }
    }
}
