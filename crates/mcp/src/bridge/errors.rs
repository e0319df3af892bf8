//! Error codes that the eras do not share. A code that has one meaning in both stays as it is.
//! It must never turn an error into a success.

use crate::errors::{
    HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, MISSING_CAPABILITY, UNSUPPORTED_VERSION,
};
use crate::reply::Reply;

/// The handshake era's own code for a resource that is not there.
pub const RESOURCE_NOT_FOUND: i64 = -32002;

/// The code that a modern client knows for a legacy server's.
#[must_use]
pub fn to_modern(code: i64) -> i64 {
    match code {
        RESOURCE_NOT_FOUND => INVALID_PARAMS,
        // What these mean to a modern client, a legacy server cannot have meant.
        HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION => INTERNAL_ERROR,
        other => other,
    }
}

/// The code that a legacy client knows for a modern server's; `error` tells what the code alone does not.
#[must_use]
pub fn to_legacy(code: i64, method: &str, error: &Reply) -> i64 {
    let names_uri = error.error().and_then(|error| error.get("data")?.get("uri")).is_some();
    match code {
        INVALID_PARAMS if method == "resources/read" && names_uri => RESOURCE_NOT_FOUND,
        MISSING_CAPABILITY => INVALID_REQUEST,
        // The gateway's own headers and revision: nothing that a legacy client could do better.
        HEADER_MISMATCH | UNSUPPORTED_VERSION => INTERNAL_ERROR,
        other => other,
    }
}
