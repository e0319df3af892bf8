//! `cel`: an expression as a condition.
//! Every mistake is reported at its place inside the text.

use super::reader::{Place, Problem, Reader};
use crate::cel::{Expression, Mistake};
use crate::diagnostic::code;

/// Reads and compiles the text.
pub(super) fn read(reader: &mut Reader, place: &Place<'_>) -> Option<Expression> {
    let text = reader.name(place)?;
    let mistakes = match Expression::compile(&text) {
        Ok(expression) => return Some(expression),
        Err(mistakes) => mistakes,
    };
    for mistake in mistakes {
        let offset = place.offset() + written_offset(place.value.raw(), mistake.offset);
        let Mistake { message, meant, is_unknown, .. } = mistake;
        let code = if is_unknown { code::UNKNOWN_VALUE } else { code::BAD_VALUE };
        reader.report_at(offset, place.pointer.clone(), Problem::new(code, message).meant(meant));
    }
    None
}

/// Where a byte of a text stands in its spelling, with quotes and escapes.
fn written_offset(raw: &str, offset: usize) -> usize {
    let (mut n_read, mut at) = (0, 1);
    let mut letters = raw.char_indices().skip(1).peekable();
    while let Some((start, letter)) = letters.next() {
        at = start;
        if n_read >= offset {
            break;
        }
        n_read += match (letter, letters.peek().map(|(_, next)| *next)) {
            ('\\', Some('u')) => {
                let digits: String = letters.by_ref().skip(1).take(4).map(|(_, digit)| digit).collect();
                escaped_length(&digits)
            }
            ('\\', Some(_)) => {
                letters.next();
                1
            }
            (letter, _) => letter.len_utf8(),
        };
    }
    at
}

/// How many bytes four hexadecimal digits stand for; each half of a pair for half of its four.
fn escaped_length(digits: &str) -> usize {
    match u32::from_str_radix(digits, 16) {
        Ok(0..0x80) => 1,
        Ok(0x80..0x800 | 0xd800..0xe000) => 2,
        Ok(_) | Err(_) => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_inside_a_spelling() {
        for (raw, offset, expected) in [
            (r#""abc""#, 0, 1),
            (r#""abc""#, 2, 3),
            (r#""a\"bc""#, 2, 4),
            (r#""\u00e9b""#, 2, 7),
            (r#""\u20acb""#, 3, 7),
            (r#""\ud83d\ude00b""#, 4, 13),
            (r#""éb""#, 2, 3),
            (r#""ab""#, 2, 3),
        ] {
            assert_eq!(written_offset(raw, offset), expected, "{raw} {offset}");
        }
    }
}
