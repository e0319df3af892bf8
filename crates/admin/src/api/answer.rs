//! How answers look: JSON, and `{"error": …, "problems": […]}` for every refusal.
//! The status of a failure is decided in this one place.

use crate::failure::{Failure, FailureKind};
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// The body of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// What was being done, and what to do next.
    pub(crate) error: String,
    /// Every single problem, where there are several.
    #[serde(default)]
    pub(crate) problems: Vec<String>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.kind {
            FailureKind::Malformed => StatusCode::BAD_REQUEST,
            FailureKind::NotThere => StatusCode::NOT_FOUND,
            FailureKind::Taken => StatusCode::CONFLICT,
            FailureKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            FailureKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        (status, Json(Refusal { error: self.message, problems: self.problems })).into_response()
    }
}

/// A refusal with one reason.
pub(crate) fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(Refusal { error: error.to_owned(), problems: Vec::new() })).into_response()
}

/// Nothing is at this path.
pub(crate) fn not_there(error: &str) -> Response {
    refused(StatusCode::NOT_FOUND, error)
}

/// The path does not know the method.
pub(crate) fn wrong_method(error: &str) -> Response {
    refused(StatusCode::METHOD_NOT_ALLOWED, error)
}
