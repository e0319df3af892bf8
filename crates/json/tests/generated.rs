//! Documents of any shape, written in any way that the grammar allows, are read as they were meant.

#[cfg(test)]
#[path = "../../../fuzz/json.rs"]
mod targets;

#[cfg(test)]
mod documents {
    //! Trees of values and the many ways to write each of them.

    use std::collections::BTreeMap;

    use json::{Document, Limits, Value};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::targets;

    /// A value together with what decides how it is written.
    #[derive(Clone, Debug)]
    enum Tree {
        Scalar(&'static str),
        Number(String),
        String(Written),
        Array(Vec<(Tree, &'static str)>),
        Object(BTreeMap<String, (u64, Tree, &'static str)>),
    }

    /// Characters, and one bit for each that says whether it is written as an escape.
    type Written = (String, u64);

    fn characters() -> impl Strategy<Value = Written> {
        let alphabet =
            select(&['a', 'b', '"', '\\', '/', '\n', '\u{1}', '\u{7f}', 'é', '€', '😀', '\u{ffff}'][..]);
        let character = prop_oneof![3 => alphabet, 1 => any::<char>()];
        (prop::collection::vec(character, 0..40), any::<u64>())
            .prop_map(|(text, escapes)| (String::from_iter(text), escapes))
    }

    fn tree() -> impl Strategy<Value = Tree> {
        let spaces = || select(&["", "", " ", "\n\t", "\r\n    "][..]);
        let scalar = prop_oneof![
            select(&["null", "true", "false"][..]).prop_map(Tree::Scalar),
            "-?(0|[1-9][0-9]{0,30})([.][0-9]{1,20})?([eE][-+]?[0-9]{1,2})?".prop_map(Tree::Number),
            characters().prop_map(Tree::String),
        ];
        scalar.prop_recursive(6, 60, 40, move |inner| {
            let member = (characters(), inner.clone(), spaces());
            prop_oneof![
                prop::collection::vec((inner, spaces()), 0..10).prop_map(Tree::Array),
                prop::collection::vec(member, 0..40).prop_map(|members| {
                    let plain = |((key, escapes), value, space)| (key, (escapes, value, space));
                    Tree::Object(members.into_iter().map(plain).collect())
                }),
            ]
        })
    }

    fn write_characters(out: &mut String, text: &str, escapes: u64) {
        out.push('"');
        for (place, character) in text.chars().enumerate() {
            let is_escaped =
                escapes >> (place % 64) & 1 == 1 || character < ' ' || "\"\\".contains(character);
            let mut units = [0; 2];
            match character {
                '\n' if place % 2 == 0 => out.push_str("\\n"),
                '"' | '\\' | '/' if is_escaped && place % 2 == 0 => out.extend(['\\', character]),
                _ if is_escaped => {
                    let units = character.encode_utf16(&mut units);
                    units.iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
                }
                _ => out.push(character),
            }
        }
        out.push('"');
    }

    fn write(out: &mut String, tree: &Tree) {
        match tree {
            Tree::Scalar(text) => out.push_str(text),
            Tree::Number(text) => out.push_str(text),
            Tree::String((text, escapes)) => write_characters(out, text, *escapes),
            Tree::Array(elements) => {
                out.push('[');
                for (place, (element, space)) in elements.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    out.push_str(space);
                    write(out, element);
                    out.push_str(space);
                }
                out.push(']');
            }
            Tree::Object(members) => {
                out.push('{');
                for (place, (key, (escapes, value, space))) in members.iter().enumerate() {
                    out.push_str(if place == 0 { "" } else { "," });
                    out.push_str(space);
                    write_characters(out, key, *escapes);
                    out.push_str(space);
                    out.push(':');
                    out.push_str(space);
                    write(out, value);
                }
                out.push('}');
            }
        }
    }

    fn assert_meant(value: Value<'_>, tree: &Tree) {
        match tree {
            Tree::Scalar(text) => assert_eq!(value.raw(), *text),
            Tree::Number(text) => {
                assert_eq!(value.as_number().map(|number| number.text()), Some(text.as_str()))
            }
            Tree::String((text, _)) => assert_eq!(value.as_str().as_deref(), Some(text.as_str())),
            Tree::Array(elements) => {
                assert_eq!(value.len(), elements.len());
                value.elements().zip(elements).for_each(|(value, (tree, _))| assert_meant(value, tree));
            }
            Tree::Object(members) => {
                assert_eq!(value.len(), members.len());
                for (key, (_, tree, _)) in members {
                    let pointer = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
                    let (found, pointed) = (value.get(key), value.pointer(&pointer));
                    assert_eq!(found.map(|value| value.index()), pointed.map(|value| value.index()));
                    assert_meant(found.expect("each member is found"), tree);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn are_read_as_meant(tree in tree(), choice in any::<u8>()) {
            let mut text = String::new();
            write(&mut text, &tree);
            let document = Document::scan(text.clone().into_bytes(), &Limits::default()).expect("a document");
            assert_meant(document.root(), &tree);
            targets::fuzz_scan(text.as_bytes());
            targets::fuzz_splice(&[&[choice], text.as_bytes()].concat());
        }

        #[test]
        fn pass_as_replies(tree in tree()) {
            let mut text = String::from(r#"{"id":7,"jsonrpc":"2.0","result":"#);
            write(&mut text, &tree);
            text.push('}');
            // Its time grows with the square of the length.
            if text.len() < 2000 {
                targets::fuzz_reply(text.as_bytes());
            }
        }

        #[test]
        fn have_one_canonical_form(tree in tree()) {
            let (mut text, mut other) = (String::new(), String::new());
            write(&mut text, &tree);
            write(&mut other, &rewritten(tree));
            prop_assert_eq!(canonical(&text), canonical(&other));
        }
    }

    /// The same content, written in another way.
    fn rewritten(tree: Tree) -> Tree {
        match tree {
            Tree::String((text, escapes)) => Tree::String((text, !escapes)),
            Tree::Array(elements) => {
                Tree::Array(elements.into_iter().map(|(tree, _)| (rewritten(tree), " ")).collect())
            }
            Tree::Object(members) => {
                let members = members.into_iter();
                Tree::Object(
                    members
                        .map(|(key, (escapes, tree, _))| (key, (!escapes, rewritten(tree), "\n")))
                        .collect(),
                )
            }
            Tree::Scalar(_) | Tree::Number(_) => tree,
        }
    }

    fn canonical(text: &str) -> Vec<u8> {
        let document = Document::scan(text.into(), &Limits::default()).expect("a document");
        let mut out = Vec::new();
        json::canonical(document.root(), &mut out);
        out
    }
}
