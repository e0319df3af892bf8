//! Runs the fuzz functions on stable Rust: on the corpus, on mutations of it, and on bytes of any kind.

#[cfg(test)]
#[path = "../../../fuzz/json.rs"]
mod targets;

#[cfg(test)]
mod driver {
    //! Mutations that a grammar-blind fuzzer would take long to find: pieces of JSON put in, cut out, swapped.

    use proptest::prelude::*;

    use super::targets;

    /// Texts to start from; each shape that the crate treats differently is in one of them.
    const CORPUS: &[&str] = &[
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"a\nb"}],"isError":true}}"#,
        r#"{"id":7,"jsonrpc":"2.0","error":{"code":-32602,"message":"no \ud83d\ude00","data":[1e3,-0.5]}}"#,
        r#"{ "result" : {"resultType":"input_required", "x":[[],{}]}, "jsonrpc" : "2.0", "id" : 7 }"#,
        r#"{"a":1,"b":[true,false,null],"c":{"d":"é😀","\u0065":12.50},"":[]}"#,
        r#"[0,-0,1.5e10,1e-400,123456789012345678901234567890,0.1,9007199254740993,-2.50E+1]"#,
        "\t[ \"\\\\\\\"\\/\\b\\f\\n\\r\\t\\u00e9\" ,\r\n {} , [ ] ]\n",
        r#"{"k1":1,"k2":2,"k3":3,"k4":4,"k5":5,"k6":6,"k7":7,"k8":8,"k9":9,"\u006b1":0}"#,
    ];

    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "0",
        "-",
        "1e400",
        ".",
        "e+",
        "null",
        "true",
        " ",
        "\n",
        "\u{0}",
        "é",
        "😀",
        "\u{feff}",
        "\"a\":1,",
        "\"id\":7,",
        "[[[[",
        "\"isError\":true,",
    ];

    /// One change: where, what happens there, and with which piece.
    type Change = (prop::sample::Index, u8, usize, u8);

    fn change(text: &mut Vec<u8>, (place, action, piece, byte): Change) {
        let at = place.index(text.len() + 1);
        let end = (at + usize::from(byte % 16)).min(text.len());
        match action {
            0 => drop(text.splice(at..at, PIECES[piece % PIECES.len()].bytes())),
            1 => drop(text.drain(at..end)),
            2 => drop(text.splice(at..end, PIECES[piece % PIECES.len()].bytes())),
            3 => text.insert(at, byte),
            4 => text.truncate(at),
            _ => {
                let copy = text[at..end].to_vec();
                let to = piece % (text.len() + 1);
                text.splice(to..to, copy);
            }
        }
    }

    fn mutated() -> impl Strategy<Value = Vec<u8>> {
        let changes =
            prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, 0..1000_usize, any::<u8>()), 0..4);
        (prop::sample::select(CORPUS), changes).prop_map(|(text, changes)| {
            let mut text = text.as_bytes().to_vec();
            changes.into_iter().for_each(|step| change(&mut text, step));
            text
        })
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(prop::sample::select(PIECES), 0..20)
            .prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn scan(data in prop_oneof![8 => mutated(), 2 => pieces(), 1 => prop::collection::vec(any::<u8>(), 0..40)]) {
            targets::fuzz_scan(&data);
        }

        #[test]
        fn splice(choice in any::<u8>(), data in mutated()) {
            targets::fuzz_splice(&[&[choice], data.as_slice()].concat());
        }

        #[test]
        fn decimal(text in "-?[0-9]{0,25}[.]?[0-9]{0,25}([eE][+-]?[0-9]{0,4})?", any in prop::collection::vec(any::<u8>(), 0..8)) {
            targets::fuzz_decimal(text.as_bytes());
            targets::fuzz_decimal(&any);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn reply(data in prop_oneof![8 => mutated(), 1 => pieces()]) {
            targets::fuzz_reply(&data);
        }
    }

    #[test]
    fn corpus() {
        for text in CORPUS {
            targets::fuzz_scan(text.as_bytes());
            targets::fuzz_reply(text.as_bytes());
            (0..=255).for_each(|choice| targets::fuzz_splice(&[&[choice], text.as_bytes()].concat()));
        }
    }
}
