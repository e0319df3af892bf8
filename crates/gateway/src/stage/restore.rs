//! Finds what the server gave for each opaque value that a client presents.
//! A value that this grant was not given for this very use is unknown: the message goes no further.

use super::{refuse, round};
use crate::cursor::Place;
use crate::exchange::{Answer, Exchange, Restored};
use crate::gateway::Gateway;
use mcp::era::Era;
use mcp::errors::{INVALID_PARAMS, Refusal};

/// Finds them all.
///
/// # Errors
/// The answer where one is unknown.
pub fn restore(gateway: &Gateway, exchange: &mut Exchange) -> Result<(), Answer> {
    let found = cursor(gateway, exchange).and_then(|cursor| {
        let round = round::find(gateway, exchange).map_err(|unknown| refusal(exchange, unknown.0))?;
        Ok(Restored { cursor, round })
    });
    match found {
        Ok(restored) => exchange.restored = restored,
        Err(refusal) => return Err(refuse::protocol(gateway, exchange, &refusal)),
    }
    Ok(())
}

/// The server's cursor of a list that goes on.
fn cursor(gateway: &Gateway, exchange: &Exchange) -> Result<Option<String>, Refusal> {
    let Some(cursor) = exchange.message.cursor() else { return Ok(None) };
    let presented = cursor.as_str().unwrap_or_default();
    match Place::of(exchange).open(&gateway.store, &presented) {
        Some(cursor) => Ok(Some(cursor.to_owned())),
        None => Err(refusal(exchange, "unknown cursor; ask for the list from its beginning")),
    }
}

/// The answer to a value that is unknown. Clients of the legacy era end the session on any HTTP status but 200.
#[must_use]
pub fn refusal(exchange: &Exchange, text: &str) -> Refusal {
    let status = match exchange.era() {
        Era::Legacy => 200,
        Era::Modern => 400,
    };
    Refusal::new(status, INVALID_PARAMS, text).with_id_of(&exchange.message)
}
