//! The `=?base64?…?=` codec of header values (2026-07-28, Value Encoding).
//! It must never decode two texts to the same value by leniency: only canonical base64 of UTF-8 counts.

use std::borrow::Cow;

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The header value that carries this text: itself where it is printable ASCII without edge spaces and does not look
/// encoded, else its base64 form.
pub fn encode(text: &str) -> Cow<'_, str> {
    let printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    let edges = text.starts_with(' ') || text.ends_with(' ');
    match printable && !edges && payload(text).is_none() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{PREFIX}{}{SUFFIX}", base64(text.as_bytes()))),
    }
}

/// The text that a header value carries; `None` where it is malformed: a character that no header may have, bad or
/// non-canonical base64, or bytes that are no UTF-8.
pub fn decode(value: &str) -> Option<Cow<'_, str>> {
    if !is_clean(value) {
        return None;
    }
    match payload(value) {
        Some(payload) => String::from_utf8(unbase64(payload)?).ok().map(Cow::Owned),
        None => Some(Cow::Borrowed(value)),
    }
}

/// Whether a header value has only visible ASCII, spaces and tabs.
pub fn is_clean(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (0x20..=0x7e).contains(&byte))
}

fn payload(value: &str) -> Option<&str> {
    value.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..4 {
            out.push(match place <= chunk.len() {
                true => symbol(group >> (18 - 6 * place)),
                false => '=',
            });
        }
    }
    out
}

fn symbol(bits: u32) -> char {
    ALPHABET.get((bits & 63) as usize).map_or('=', |byte| char::from(*byte))
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in text.as_bytes().chunks(4) {
        let used = chunk.iter().take_while(|byte| **byte != b'=').count();
        if used < 2 {
            return None;
        }
        let group = chunk.iter().take(used).try_fold(0u32, |group, byte| {
            let bits = ALPHABET.iter().position(|symbol| symbol == byte)?;
            Some(group << 6 | u32::try_from(bits).ok()?)
        })?;
        let group = group << (6 * (4 - used));
        out.extend(group.to_be_bytes().into_iter().skip(1).take(used - 1));
    }
    // Padding inside, missing padding and stray bits all fail to come back as they were.
    (base64(&out) == text).then_some(out)
}
