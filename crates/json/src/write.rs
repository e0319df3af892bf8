//! Writes JSON strings. Must never write a control character, quote or backslash unescaped.

/// Appends a string with its quotes and as few escapes as the grammar allows.
pub fn write_string(out: &mut Vec<u8>, s: &str) {
    out.reserve(s.len() + 2);
    out.push(b'"');
    let mut rest = s.as_bytes();
    while let Some(at) = first_special(rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&special, behind)) = from.split_first() else { break };
        write_escape(out, special);
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte stands that needs an escape. Whole blocks are looked at without a branch per byte, which the
/// compiler turns into a few wide instructions.
fn first_special(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |found, &byte| found | needs_escape(byte));
    let n_plain = bytes.chunks_exact(BLOCK).take_while(is_plain).count() * BLOCK;
    let rest = bytes.get(n_plain..).unwrap_or_default();
    rest.iter().position(|&byte| needs_escape(byte)).map(|at| n_plain + at)
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0C => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => return out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::write_string;

    #[test]
    fn a_special_character_is_escaped_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                let text: String = (0..length).map(|n| if n == at { '"' } else { 'é' }).collect();
                let mut written = Vec::new();
                write_string(&mut written, &text);
                assert_eq!(String::from_utf8(written).unwrap(), format!("\"{}\"", text.replace('"', "\\\"")));
            }
        }
    }
}
