//! The checks of a legacy message's headers. A handshake, not a header, settles the revision of a session.
//! It must never take a request of the other era for one of this era.

use crate::envelope::Message;
use crate::era::{self, Era, Version};
use crate::errors::Refusal;
use crate::headers::McpHeaders;

/// Checks the headers of a legacy message and returns the revision that its version header names.
///
/// The header is optional: `initialize` cannot have it, and clients before 2025-06-18 do not know it. Where it is
/// absent the negotiated revision holds, else `Version::UNSTATED`. When present it must name a legacy revision
/// (2025-11-25, Protocol Version Header).
pub fn check(message: &Message, headers: &McpHeaders) -> Result<Option<Version>, Refusal> {
    check_headers(headers).map_err(|refusal| refusal.with_id_of(message)).and_then(|version| {
        match era::opens_modern(message) {
            true => Err(era::envelope_on_legacy(message)),
            false => Ok(version),
        }
    })
}

/// The same checks where there is no message: GET and DELETE.
pub fn check_headers(headers: &McpHeaders) -> Result<Option<Version>, Refusal> {
    headers.refuse_repeated()?;
    let Some(text) = headers.protocol_version() else { return Ok(None) };
    match Version::parse(text) {
        Some(version) if version.era() == Era::Legacy => Ok(Some(version)),
        Some(_) | None => {
            let known: Vec<&str> = Version::LEGACY.iter().map(|version| version.as_str()).collect();
            let text = format!(
                "the MCP-Protocol-Version header names no revision with a handshake; use one of {}",
                known.join(", ")
            );
            Err(Refusal::invalid_request(text))
        }
    }
}
