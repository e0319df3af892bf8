//! Canonical bytes, for digests: members sorted by the bytes of their keys, no white space, minimal escapes,
//! numbers as written. Must never give two values that a strict reader tells apart the same bytes.

use std::borrow::Cow;

use crate::value::{Elements, Kind, Value};
use crate::write::write_string;

/// A container that is being written.
enum Open<'a> {
    Array(Elements<'a>),
    Object(std::vec::IntoIter<(Cow<'a, str>, Value<'a>)>),
}

/// Appends the canonical bytes of a value.
pub fn canonical(value: Value<'_>, out: &mut Vec<u8>) {
    let mut open = Vec::new();
    write_value(value, out, &mut open);
    while let Some(innermost) = open.last_mut() {
        let next = match innermost {
            Open::Array(elements) => elements.next().map(|element| (None, element)),
            Open::Object(members) => members.next().map(|(key, value)| (Some(key), value)),
        };
        let Some((key, value)) = next else {
            out.push(if matches!(innermost, Open::Array(_)) { b']' } else { b'}' });
            open.pop();
            continue;
        };
        // INVARIANT: no value ends in an opening bracket, strings end in a quote.
        if !matches!(out.last(), Some(b'[' | b'{')) {
            out.push(b',');
        }
        if let Some(key) = key {
            write_string(out, &key);
            out.push(b':');
        }
        write_value(value, out, &mut open);
    }
}

/// Writes a scalar whole, or a container's opening bracket, leaving the rest to the caller.
fn write_value<'a>(value: Value<'a>, out: &mut Vec<u8>, open: &mut Vec<Open<'a>>) {
    match value.kind() {
        Kind::Null | Kind::Bool | Kind::Number => out.extend_from_slice(value.raw().as_bytes()),
        Kind::String => match value.as_str() {
            Some(Cow::Owned(string)) => write_string(out, &string),
            // Without escapes it is written with as few as possible already.
            Some(Cow::Borrowed(_)) | None => out.extend_from_slice(value.raw().as_bytes()),
        },
        Kind::Array => {
            out.push(b'[');
            open.push(Open::Array(value.elements()));
        }
        Kind::Object => {
            out.push(b'{');
            let mut members: Vec<_> = value.members().map(|m| (m.key.as_cow(), m.value)).collect();
            members.sort_unstable_by(|left, right| left.0.cmp(&right.0));
            open.push(Open::Object(members.into_iter()));
        }
    }
}
