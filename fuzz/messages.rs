//! Messages of clients, mutated so that parsers could come to read them differently; from a number, so that each can
//! be made again. Used by the tests of the crate `mcp` and by its example `mutants`.
//! Must never be so wild that nearly everything is refused: what is refused proves nothing.

/// What the mutations start from.
pub const SEEDS: &[&str] = &[
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":1.50,"y":["é\n",null]},"_meta":{"progressToken":"t"}}}"#,
    r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"transfer","arguments":{"amount":10,"to":"x","flags":[true,false,null],"deep":{"a":{"b":[{},[]]}}}}}"#,
    r#"{"jsonrpc":"2.0","id":"a\u0062","method":"tools\/call","params":{"arguments":{},"name":"caf\u00e9"}}"#,
    r#"{"params":{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"sampling":{},"roots":{},"extensions":{"io.modelcontextprotocol/tasks":{}}}}},"method":"tools/call","id":-7,"jsonrpc":"2.0"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","arguments":{"s":"\ud83d\ude00 \"\\\/\b\f\t","n":-0.0,"e":1E+2,"big":12345678901234567890,"small":5e-324}}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"sampling":{},"elicitation":{}},"clientInfo":{"name":"c","version":"1"}}}"#,
    r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"r"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"p","arguments":{"topic":"t"}}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#,
];

/// Pieces whose insertion makes the mutations that matter: second keys, other spellings, other types, other framing.
pub const PIECES: &[&str] = &[
    r#","method":"tools/list""#,
    r#","Method":"tools/call""#,
    r#""method":"tools/call","#,
    r#""name":"b","#,
    r#""Name":"b","#,
    r#","n\u0061me":"b""#,
    r#","tool_name":"b""#,
    r#","arguments":{"x":2}"#,
    r#","Arguments":{"x":2}"#,
    r#","argumentſ":{}"#,
    r#","id":2"#,
    r#","params":{"name":"b"}"#,
    r#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"b"}}"#,
    r#""x":1,"#,
    r#","__proto__":{"name":"b"}"#,
    r#","constructor":1"#,
    r#","\u0000":1"#,
    "1e400",
    "1.0",
    "1E1",
    "-0",
    "0.1",
    "9007199254740993",
    "99.99999999999999999",
    "null",
    "true",
    "NaN",
    "Infinity",
    r#""""#,
    r#""\u202e""#,
    r#""5""#,
    "{}",
    "[]",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\u006e",
    "\\ud800",
    "\\udc00",
    "\u{feff}",
    "\u{2028}",
    "\n",
    "\r\n",
    "\t",
    " ",
    "/**/",
    "//",
    "'",
];

/// Values that are JSON, for the place of another.
const VALUES: &[&str] = &[
    "0",
    "-0",
    "1.0",
    "1E1",
    "1e-7",
    "0.1",
    "1e308",
    "-5e-324",
    "9007199254740993",
    "12345678901234567890",
    "99.99999999999999999",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    r#""""#,
    r#""5""#,
    r#""true""#,
    r#""b""#,
    r#""\u0062""#,
    r#""tools/call""#,
    r#""\u202e""#,
    r#""\ud83d\ude00""#,
    r#""\u0000""#,
    r#"{"x":1,"X":2}"#,
    r#"{"":null}"#,
    "[[1,2],[3]]",
];

/// Members that are JSON, for the beginning of an object.
const MEMBERS: &[&str] = &[
    r#""x":1,"#,
    r#""X":2,"#,
    r#""name":"b","#,
    r#""Name":"b","#,
    r#""n\u0061me":"b","#,
    r#""toolName":"b","#,
    r#""tool_name":"b","#,
    r#""arguments":{"x":2},"#,
    r#""Arguments":{},"#,
    r#""argumentſ":{},"#,
    r#""__proto__":{"name":"b"},"#,
    r#""constructor":1,"#,
    r#""\u0000":1,"#,
    r#""":1,"#,
    r#""_meta":{},"#,
    r#""meta":{"progressToken":1},"#,
    r#""method":"tools/list","#,
    r#""id":2,"#,
    r#""uri":"file:///b","#,
    r#""é":"\u00e9","#,
    r#""e\u0301":1,"#,
];

/// A small generator of numbers (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_of(&mut self, texts: &[&'static str]) -> impl Iterator<Item = u8> + use<> {
        texts[self.below(texts.len())].bytes()
    }
}

/// The mutant of this number.
pub fn mutant(number: u64) -> Vec<u8> {
    let mut numbers = Numbers(number);
    let mut bytes = SEEDS[numbers.below(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..=numbers.below(2) {
        mutate(&mut bytes, &mut numbers);
    }
    bytes
}

fn mutate(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let at = numbers.below(bytes.len() + 1);
    match numbers.below(12) {
        0 => drop(bytes.splice(at..at, numbers.one_of(PIECES))),
        1 => drop(bytes.splice(at..(at + numbers.below(8)).min(bytes.len()), [])),
        2 => drop(bytes.splice(at..(at + 1).min(bytes.len()), [numbers.next() as u8])),
        3 => {
            let copy = bytes[at..(at + numbers.below(24)).min(bytes.len())].to_vec();
            let to = numbers.below(bytes.len() + 1);
            drop(bytes.splice(to..to, copy));
        }
        4 => {
            let at = behind(bytes, at, b"{}[],:");
            drop(bytes.splice(at..at, numbers.one_of(PIECES)));
        }
        5 => {
            let at = behind(bytes, at, b"{}[],:");
            drop(bytes.splice(at..at, numbers.one_of(&[" ", "\n", "\r\n", "\t", "\u{a0}"])));
        }
        6..9 => {
            let at = behind(bytes, at, b"{");
            drop(bytes.splice(at..at, numbers.one_of(MEMBERS)));
        }
        _ => {
            let start = behind(bytes, at, b":");
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']');
            let end = bytes[start..].iter().position(ends).map_or(bytes.len(), |n_bytes| start + n_bytes);
            drop(bytes.splice(start..end, numbers.one_of(VALUES)));
        }
    }
}

/// The first place at or behind `at` that follows one of these bytes; the end where there is none.
fn behind(bytes: &[u8], at: usize, any_of: &[u8]) -> usize {
    let found = bytes[at..].iter().position(|byte| any_of.contains(byte));
    found.map_or(bytes.len(), |n_bytes| at + n_bytes + 1)
}
