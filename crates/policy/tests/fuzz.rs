//! Runs the fuzz functions on stable Rust: on the corpus, and on mutations of it.

#[cfg(test)]
#[path = "../../../fuzz/policy.rs"]
mod targets;

#[cfg(test)]
mod driver {
    //! Mutations that a grammar-blind fuzzer would take long to find: pieces of documents put in, cut out, swapped.

    use proptest::prelude::*;

    use super::targets;

    const DOCUMENTS: &[&str] = &[
        r#"{"version":"1","default":"deny","hide":["a"],"tools":{"x":{"require":[{"conditions":[{"path":"args.a","op":"regex","value":"^b"}],"on_deny":"c"}],"limits":[{"counter":"d","window":"90s","max":1.5,"scope":"grant","increment_from":"args.a"}]}}}"#,
        r#"{"version":"1","default":"allow","all_tools":{"rate_limit":"10/minute","arguments":{"check":"off","unknown":"allow"},"repair":false},"tools":{"y":{"action":"deny","reason":"e"},"z":{"deny_if":[{"conditions":[{"path":"args.a.b","op":"not_in","value":[1,"2",true]}]}]}}}"#,
    ];

    const CONDITIONS: &[&str] = &[
        r#"{"version":"1","default":"allow","tools":{"x":{"deny_if":[{"conditions":[{"any":[{"not":{"path":"args.a","op":"each","value":{"op":"prefix","value":"b"}}},{"all":[{"path":"args.b[*].c","op":"some","value":{"op":"type","value":["string"]}}]}]}]}]}}}"#,
        r#"{"version":"1","default":"allow","all_tools":{"require":[{"conditions":[{"path":"args.u","op":"host_in","value":["*.b.c:8","[::1]"]},{"path":"args.i","op":"cidr","value":["10.0.0.0/8","::/0"]},{"path":"args.p","op":"path_under","value":"/a/b"},{"path":"args.g","op":"glob","value":"a/*/**"},{"path":"args.l","op":"len_gte","value":1},{"path":"args.e","op":"eq_path","value":"args.u"},{"path":"args.w","op":"within_schema","value":{"type":"object"}}]}]}}"#,
    ];

    const SELECTORS: &[&str] = &[
        r#"{"version":"1","default":"allow","tools":{"x":{"approval":{"from":["role:a"],"timeout":"10m","quorum":2,"reason":"required","when":[{"path":"args.a","op":"gt","value":1}]}},"y":{"action":"require_approval","approval_timeout":"1h"}},"tests":[{"name":"n","call":{"tool":"x","arguments":{"a":1},"time":"2026-11-20T09:00:00Z","labels":["l"],"schema":{"type":"object"},"category":"read"},"expect":"deny","rule":"(approval)"}]}"#,
        r#"{"version":"1","default":"deny","hide":["d*"],"tools":{"x*":{"action":"allow","numbers":"arbitrary"},"*y":{"rate_limit":"1/90s"}},"categories":{"read":{"action":"allow"},"write":{"action":"deny"}},"risk":{"high":{"deny_if":[{"conditions":[{"path":"time.hour","timezone":"UTC","op":"gt","value":5}]}]}},"servers":{"s":{"hide":["z"],"tools":{"x":{}},"all_tools":{"require":[{"conditions":[{"path":"grant.id","op":"eq","value":"g"}]}]}}}}"#,
    ];

    const TEXTS: &[&str] = &[
        "version: \"1\"\ndefault: deny\ntools:\n  x:\n    deny_if:\n      - conditions:\n          - { path: args.a, op: gt, value: 1.5 }\n",
        "version = \"1\"\ndefault = \"deny\"\n[tools.x]\naction = \"deny\"\n[[tools.y.limits]]\ncounter = \"c\"\nwindow = \"90s\"\nmax = 1\nscope = \"all\"\n",
        r#"{"version":"1","default":"allow","tools":{"x":{"action":"deny","reason":"é: # ' \\ \u2028"}}}"#,
    ];

    const CHANNELS: &[&str] = &[
        r#"{"version":"1","default":"deny","resources":{"file:///a/*":{"action":"allow"},"**/.env":{"action":"deny","reason":"c"},"host:*.b.c:8":{"action":"allow"}},"prompts":{"a*":{"action":"allow"},"ab":{"action":"deny"}},"elicitation":{"form":{"action":"allow"}},"methods":{"x/y":{"action":"allow"}}}"#,
        r#"{"version":"1","default":"allow","resources":{"action":"deny"},"completion":{"action":"deny"},"sampling":{"action":"allow"},"elicitation":{"action":"allow"},"roots":{"action":"allow"},"tasks":{"action":"deny"}}"#,
    ];

    const URIS: &[&str] = &[
        "file:///a/**\nfile:///a/b%20c/d",
        "https://*.b.c/*\nhttps://x.b.c:80/d?e#f",
        "host:*.b.c\nws://a.b.c/",
        "host:[::1]:8\nhttp://[0::1]:8/",
        "**/.env\nfile:///a/.env",
        "n://*/b\nn://a/b",
    ];

    const EXPRESSIONS: &[&str] = &[
        "args.a <= 100.0 && args.b.startsWith('acc-') || !has(args.c.d)\n{\"a\":5,\"b\":\"acc-1\",\"c\":{\"d\":null}}",
        "args.l.all(i, i.p * i.q <= 50 && (i.p in [1, 2.5] || has(i.q)))\n{\"l\":[{\"p\":1,\"q\":2},{\"p\":2.5}]}",
        "args['a-b'][0] / 2 % 3 == -1 ? args.t.matches(r'^\\d+$') : size(args.t) > int(\"5\")\n{\"a-b\":[5],\"t\":\"\\u0035\"}",
        "[1, args.n].exists_one(x, args.l.exists(y, x == y)) && string(args.n) + 'z' != \"\\x41\"\n{\"n\":1e300,\"l\":[[],1]}",
        "time.weekday in ['monday'] || grant.id == 'g' && 'k' in args.o // c\n{\"o\":{\"K\":1}}",
    ];

    const SCHEMAS: &[&str] = &[
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"anyOf\":[{\"type\":\"object\"},{\"type\":\"null\"}]}},\"required\":[\"a\"]}\n{\"a\":\"5\",\"b\":\"{}\"}",
        "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/n\"}},\"$defs\":{\"n\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/n\"},\"uniqueItems\":true}}}\n{\"a\":[[],[[\"[]\"]]]}",
        "{\"oneOf\":[{\"properties\":{\"k\":{\"const\":1},\"v\":{\"enum\":[1,\"1\"]}}},{\"not\":{\"required\":[\"k\"]},\"patternProperties\":{\"^x\":false}}]}\n{\"k\":\"1\",\"v\":\"1\",\"x1\":null}",
    ];

    const PIECES: &[&str] = &[
        "(",
        ")",
        " && ",
        " || ",
        "!",
        " == ",
        "args.l",
        ".all(x, x)",
        " in ",
        "'",
        " ? ",
        "has(",
        "size(",
        ".matches('a')",
        " / ",
        " - ",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0061",
        "0",
        "-1",
        "1e300",
        "9007199254740993",
        "null",
        "true",
        "\"*\"",
        "{}",
        "[]",
        "\n",
        "é",
        "\"args.a\"",
        "\"op\":",
        "\"value\":",
        "\"conditions\":[]",
        "\"gt\"",
        "\"exists\"",
        "\"contains\"",
        "\"tools\":",
        "\"x\":",
        "\"limits\":",
        "\"deny_if\":",
        "\"type\":\"integer\"",
        "\"$ref\":\"#\"",
        "\"allOf\":[{}]",
        "\"not\":",
        "\"items\":",
        "\"properties\":",
        "\"additionalProperties\":false",
        "\"action\":\"deny\"",
        "\"resources\":",
        "*",
        "/",
        "..",
        "%2f",
        "%25",
        "\\\\",
        "@",
        "?",
        "#",
        "file:",
        "{x}",
        "\"pattern\":\"a+\"",
    ];

    /// Cuts a range out, or puts a piece in, a few times.
    fn mutated(corpus: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
        let edit = (any::<prop::sample::Index>(), 0_usize..6, prop::option::of(prop::sample::select(PIECES)));
        (prop::sample::select(corpus), prop::collection::vec(edit, 0..4)).prop_map(|(text, edits)| {
            let mut bytes = text.as_bytes().to_vec();
            for (index, n_cut, piece) in edits {
                let start = index.index(bytes.len() + 1);
                let end = (start + n_cut).min(bytes.len());
                bytes.splice(start..end, piece.unwrap_or_default().bytes());
            }
            bytes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn documents(data in mutated(DOCUMENTS)) {
            targets::fuzz_document(&data);
        }

        #[test]
        fn formats(data in mutated(TEXTS)) {
            targets::fuzz_formats(&data);
        }

        #[test]
        fn selectors(data in mutated(SELECTORS)) {
            targets::fuzz_document(&data);
        }

        #[test]
        fn expressions(data in mutated(EXPRESSIONS)) {
            targets::fuzz_expression(&data);
        }

        #[test]
        fn conditions(data in mutated(CONDITIONS)) {
            targets::fuzz_document(&data);
        }

        #[test]
        fn channels(data in mutated(CHANNELS)) {
            targets::fuzz_document(&data);
        }

        #[test]
        fn uris(data in mutated(URIS)) {
            targets::fuzz_uri(&data);
        }

        #[test]
        fn schemas(data in mutated(SCHEMAS)) {
            targets::fuzz_schema(&data);
        }

        #[test]
        fn bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
            targets::fuzz_document(&data);
            targets::fuzz_schema(&data);
            targets::fuzz_uri(&data);
            targets::fuzz_expression(&data);
        }
    }

    #[test]
    fn corpus() {
        for text in DOCUMENTS.iter().chain(CHANNELS).chain(CONDITIONS).chain(SELECTORS) {
            targets::fuzz_document(text.as_bytes());
        }
        for text in TEXTS {
            targets::fuzz_formats(text.as_bytes());
        }
        for text in EXPRESSIONS {
            targets::fuzz_expression(text.as_bytes());
        }
        for text in URIS {
            targets::fuzz_uri(text.as_bytes());
        }
        for text in SCHEMAS {
            targets::fuzz_schema(text.as_bytes());
        }
    }
}
