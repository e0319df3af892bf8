//! Splicing: what changes, what stays, and what is refused.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use json::{Document, Limits, Span, SpliceError, Splicer, flatten_newlines};

fn scan(text: &str) -> Document {
    Document::scan(text.into(), &Limits::default()).unwrap()
}

fn without(text: &str, keys: &[&str]) -> String {
    let document = scan(text);
    let mut splicer = Splicer::new(text.as_bytes());
    for key in keys {
        assert_eq!(splicer.remove_member(&document.root(), key), Ok(true), "{key} of {text}");
    }
    let spliced = String::from_utf8(splicer.finish()).unwrap();
    scan(&spliced);
    spliced
}

#[test]
fn removes_members_and_their_commas() {
    let cases: &[(&str, &[&str], &str)] = &[
        (r#"{"a":1}"#, &["a"], "{}"),
        (r#"{ "a" : 1 }"#, &["a"], "{  }"),
        (r#"{"a":1,"b":2}"#, &["a"], r#"{"b":2}"#),
        (r#"{"a":1,"b":2}"#, &["b"], r#"{"a":1}"#),
        (r#"{"a":1,"b":2}"#, &["a", "b"], "{}"),
        (r#"{"a":1,"b":2}"#, &["b", "a"], "{}"),
        (r#"{"a":1,"b":2,"c":3}"#, &["b"], r#"{"a":1,"c":3}"#),
        (r#"{"a":1,"b":2,"c":3}"#, &["c", "b"], r#"{"a":1}"#),
        (r#"{"a":1,"b":2,"c":3}"#, &["b", "c"], r#"{"a":1}"#),
        (r#"{"a":1,"b":2,"c":3}"#, &["a", "c"], r#"{"b":2}"#),
        (r#"{"a":1,"b":2,"c":3}"#, &["a", "b"], r#"{"c":3}"#),
        (r#"{ "a" : 1 , "b" : 2 , "c" : 3 }"#, &["b"], r#"{ "a" : 1 , "c" : 3 }"#),
        (r#"{ "a" : 1 , "b" : [2,{}] , "c" : 3 }"#, &["c"], r#"{ "a" : 1 , "b" : [2,{}] }"#),
        (r#"{"a\u0062":{"x":[1,2]},"c":3}"#, &["ab"], r#"{"c":3}"#),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}", &["a"], "{\n  \"b\": 2\n}"),
    ];
    for (text, keys, expected) in cases {
        assert_eq!(without(text, keys), *expected, "{text} without {keys:?}");
    }
}

#[test]
fn every_choice_of_members_can_go_in_any_order() {
    let text = r#"{ "k0" : 0 , "k1" : [1] ,"k2":{"k0":2}, "k3" : "3" }"#;
    for choice in 0..16_u32 {
        let chosen: Vec<String> =
            (0..4).filter(|bit| choice >> bit & 1 == 1).map(|bit| format!("k{bit}")).collect();
        let mut forwards: Vec<&str> = chosen.iter().map(String::as_str).collect();
        let spliced = without(text, &forwards);
        forwards.reverse();
        assert_eq!(without(text, &forwards), spliced);
        let document = scan(&spliced);
        let kept: Vec<String> =
            document.root().members().map(|member| member.key.as_cow().into_owned()).collect();
        let expected: Vec<String> =
            (0..4).map(|n| format!("k{n}")).filter(|key| !chosen.contains(key)).collect();
        assert_eq!(kept, expected);
    }
}

#[test]
fn replaces_and_inserts_in_any_order() {
    let text = r#"{"id":7,"params":{"name":"a_b","x":1}}"#;
    let document = scan(text);
    let root = document.root();
    let span = |pointer: &str| root.pointer(pointer).unwrap().span();
    let at = |offset: usize| Span { start: offset, end: offset };
    let behind = span("/params").end;
    let mut splicer = Splicer::new(text.as_bytes());
    splicer.replace(span("/params/x"), b"2".to_vec()).unwrap();
    splicer.replace(at(behind), b",\"y\":1".as_slice()).unwrap();
    splicer.replace(span("/id"), b"\"g\"".as_slice()).unwrap();
    splicer.replace(at(behind), b",\"z\":2".as_slice()).unwrap();
    splicer.replace(span("/params/name"), b"\"b\"".as_slice()).unwrap();
    let spliced = String::from_utf8(splicer.finish()).unwrap();
    assert_eq!(spliced, r#"{"id":"g","params":{"name":"b","x":2},"y":1,"z":2}"#);
    assert_eq!(Splicer::new(text.as_bytes()).finish(), text.as_bytes());
}

#[test]
fn refuses_edits_that_touch() {
    let text = r#"{"a":{"b":[1,2]},"c":3}"#;
    let document = scan(text);
    let root = document.root();
    let a = root.get("a").unwrap();
    let mut splicer = Splicer::new(text.as_bytes());
    splicer.replace(a.get("b").unwrap().span(), b"[]".as_slice()).unwrap();
    let replace =
        |splicer: &mut Splicer<'_>, start, end| splicer.replace(Span { start, end }, b"".as_slice());
    assert_eq!(replace(&mut splicer, 10, 15), Err(SpliceError::Overlap), "the same span");
    assert_eq!(replace(&mut splicer, 11, 12), Err(SpliceError::Overlap), "inside");
    assert_eq!(replace(&mut splicer, 5, 16), Err(SpliceError::Overlap), "around");
    assert_eq!(replace(&mut splicer, 5, 11), Err(SpliceError::Overlap), "from before");
    assert_eq!(replace(&mut splicer, 14, 16), Err(SpliceError::Overlap), "from inside");
    assert_eq!(replace(&mut splicer, 12, 12), Err(SpliceError::Overlap), "an insertion inside");
    assert_eq!(splicer.remove_member(&root, "a"), Err(SpliceError::Overlap), "the member around it");
    assert_eq!(splicer.remove_member(&a, "b"), Err(SpliceError::Overlap), "its member");
    assert_eq!(splicer.remove_member(&root, "none"), Ok(false));
    assert_eq!(splicer.remove_member(&root, "c"), Ok(true));
    assert_eq!(splicer.remove_member(&root, "c"), Ok(false), "gone already");
    assert_eq!(replace(&mut splicer, 15, 15), Ok(()), "an insertion behind");
    assert_eq!(replace(&mut splicer, 22, 24), Err(SpliceError::OutOfRange));
    assert_eq!(replace(&mut splicer, 3, 2), Err(SpliceError::OutOfRange));
    assert_eq!(splicer.finish(), br#"{"a":{"b":[]}}"#);
}

#[test]
fn refuses_values_of_another_text() {
    let (text, other) = (r#"{"a":1,"b":2}"#, scan(r#"{"b":1,"a":2}"#));
    let mut splicer = Splicer::new(text.as_bytes());
    assert_eq!(splicer.remove_member(&other.root(), "a"), Err(SpliceError::ForeignValue));
    assert_eq!(splicer.remove_member(&scan(text).root(), "a"), Ok(true), "a copy of the text will do");
}

#[test]
fn flattens_line_breaks() {
    let mut text = b"{\r\n \"a\":\n\"b\\n\"\r}\n".to_vec();
    flatten_newlines(&mut text);
    assert_eq!(text, b"{   \"a\": \"b\\n\" } ");
}
