//! The one call of the benches: what the fast upstream answers and the load generator expects.
//!
//! Must never: differ between the two.

use std::fmt::Display;

/// The result of every call.
pub const CALLED: &str = r#"{"content":[{"type":"text","text":"12 images found in the datastore, none of them flagged"}],"isError":false,"resultType":"complete"}"#;

/// The answer to a request, as bytes of a body.
pub fn reply(id: &impl Display, key: &str, value: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"{key}":{value}}}"#)
}
