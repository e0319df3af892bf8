//! Blanks comments and literals of Rust source, so that rules over the rest see only code.
//!
//! Must never: change the length of the text or the place of a line break.

/// The text with every comment, string and character literal replaced by spaces.
pub fn code(text: &str) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut at = 0;
    while at < out.len() {
        let end = literal_end(text.as_bytes(), at);
        for byte in out.iter_mut().take(end).skip(at).filter(|byte| **byte != b'\n') {
            *byte = b' ';
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("whole literals are blanked, so the rest stays UTF-8")
}

/// Where the comment or literal that starts at `at` ends; `at` itself when none starts there.
fn literal_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    let glued = at > 0 && is_word(text[at - 1]);
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + block_comment(rest),
        [b'"', ..] => at + quoted(rest),
        [b'r', b'"' | b'#', ..] if !glued => at + raw_string(rest, 1),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !glued => at + raw_string(rest, 2),
        [b'\'', ..] => at + character(rest),
        _ => at,
    }
}

/// True for bytes of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0_u32, 0);
    while at < text.len() {
        match &text[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The end of a raw string, 0 when it is a raw identifier such as `r#fn`.
fn raw_string(text: &[u8], prefix: usize) -> usize {
    let n_hashes = text[prefix..].iter().take_while(|byte| **byte == b'#').count();
    if text.get(prefix + n_hashes) != Some(&b'"') {
        return 0;
    }
    let closing: Vec<u8> = [b"\"".as_slice(), &vec![b'#'; n_hashes]].concat();
    let body = &text[prefix + n_hashes + 1..];
    let end = body.windows(closing.len()).position(|window| window == closing);
    end.map_or(text.len(), |end| prefix + n_hashes + 1 + end + closing.len())
}

/// The end of a character literal, 0 when the quote starts a lifetime.
fn character(text: &[u8]) -> usize {
    if text.get(1) == Some(&b'\\') {
        let end = text.iter().skip(3).position(|byte| *byte == b'\'');
        return end.map_or(text.len(), |end| end + 4);
    }
    let width = match text.get(1) {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 1,
    };
    if text.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
}

/// Offsets at which `needle` stands as whole words.
pub fn words(code: &str, needle: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let free = |at: Option<&u8>| at.is_none_or(|byte| !is_word(*byte));
    code.match_indices(needle)
        .map(|(at, _)| at)
        .filter(|at| (*at == 0 || free(bytes.get(at - 1))) && free(bytes.get(at + needle.len())))
        .collect()
}

/// The offset of the bracket that closes the one at `open`; the end of the text when it is not closed.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// The code without modules and functions under `#[cfg(test)]`.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    for (at, attribute) in code.match_indices("#[cfg(test)]") {
        let rest = at + attribute.len();
        let end_of_head =
            code.get(rest..).and_then(|tail| tail.find(['{', ';'])).map_or(code.len(), |end| rest + end);
        let end = if code.as_bytes().get(end_of_head) == Some(&b'{') {
            closing(code, end_of_head)
        } else {
            end_of_head
        };
        let blank: String = code.get(at..end).unwrap_or_default().chars().map(blank).collect();
        out.replace_range(at..end, &blank);
    }
    out
}

fn blank(character: char) -> char {
    if character == '\n' { '\n' } else { ' ' }
}

#[test]
fn blanks_comments_and_literals_only() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"a("x\"y", 'z')"#, "a(      ,    )"),
        (r#"a('\'', '"', "b")"#, "a(    ,    ,    )"),
        ("r#\"a\"b\"# c", "         c"),
        ("br\"a\" c", "      c"),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
        ("r#fn r#\"a\"#", "r#fn       "),
        ("'\\u{1F600}' x", "            x"),
        ("'é' x", "     x"),
        ("for\"x\"", "for   "),
    ];
    for (text, expected) in cases {
        assert_eq!(code(text), expected, "{text}");
    }
}

#[test]
fn leaves_out_test_modules() {
    let text =
        "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { c() }\n}\nfn d() {}\n#[cfg(test)]\nmod e;\nf";
    let left: Vec<&str> = text.lines().collect();
    let out = without_tests(text);
    let kept: Vec<&str> = out.lines().map(str::trim).filter(|line| line.len() > 1).collect();
    assert_eq!(kept, [left[0], left[5]]);
}
