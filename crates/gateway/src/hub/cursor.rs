//! Where a list of several servers goes on: for each server that has more, its own cursor.
//! It is sealed for the grant and the list, as is each server's own within it: another grant's is an unknown one.

use crate::cursor::Place;
use crate::gateway::Gateway;
use json::{Document, Limits, ObjectWriter};

/// Servers and their cursors, in the order of the servers.
pub type Parts = Vec<(String, String)>;

/// The cursor that a client gets.
pub fn seal(gateway: &Gateway, grant: &str, method: &str, parts: &[(String, String)]) -> String {
    let mut payload = Vec::new();
    let mut object = ObjectWriter::begin(&mut payload);
    for (server, cursor) in parts {
        object.str(server, cursor);
    }
    object.end();
    place(grant, method).seal(&gateway.store, &String::from_utf8_lossy(&payload))
}

/// What a cursor says, if it was given to this grant for this list.
pub fn open(gateway: &Gateway, grant: &str, method: &str, cursor: &str) -> Option<Parts> {
    let payload = place(grant, method).open(&gateway.store, cursor)?;
    let document = Document::scan(payload.as_bytes().to_vec(), &Limits::default()).ok()?;
    let part = |member: json::Member<'_>| {
        Some((member.key.as_cow().into_owned(), member.value.as_str()?.into_owned()))
    };
    document.root().members().map(part).collect()
}

fn place<'a>(grant: &'a str, method: &'a str) -> Place<'a> {
    // INVARIANT: no server has this id, so no server's own cursor is ever taken for one of these.
    Place { grant, server: "*", method }
}
