//! Bytes as lower-case hex digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends bytes as hex digits.
pub(crate) fn put<const N: usize>(out: &mut Vec<u8>, bytes: &[u8; N]) {
    out.extend_from_slice(bytes.map(pair).as_flattened());
}

fn pair(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xF].map(|value| DIGITS.get(usize::from(value)).copied().unwrap_or_default())
}

/// Bytes as hex digits.
pub(crate) fn text<const N: usize>(bytes: &[u8; N]) -> String {
    let mut out = Vec::with_capacity(2 * N);
    put(&mut out, bytes);
    String::from_utf8(out).unwrap_or_default()
}

/// Reads exactly so many bytes from lower-case hex digits.
pub(crate) fn read<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() {
        let bytes = [0, 1, 0x7F, 0x80, 0xFF];
        assert_eq!(text(&bytes), "00017f80ff");
        assert_eq!(read::<5>(b"00017f80ff"), Some(bytes));
        for bad in ["00017f80f", "00017F80ff", "00017f80fg", "00017f80ff00"] {
            assert_eq!(read::<5>(bad.as_bytes()), None, "{bad}");
        }
    }
}
