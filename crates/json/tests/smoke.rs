//! The shortest tour of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail them")]

use json::{Decimal, Document, Kind, Limits, Location, ObjectWriter, ReplyScanner, Splicer};

const TEXT: &str = r#"{"id": 7, "params" : {"a\u0062": [1, -2.50e1, "x\ny", true, null, {}], "c": "\ud83d\ude00"}, "z": [ ]}"#;

fn scan(text: &str) -> Document {
    Document::scan(text.into(), &Limits::default()).unwrap()
}

#[test]
fn values_are_found() {
    let document = scan(TEXT);
    let root = document.root();
    assert_eq!(root.kind(), Kind::Object);
    assert_eq!(root.len(), 3);
    assert_eq!(root.raw(), TEXT);
    let params = root.get("params").unwrap();
    let list = params.get("ab").unwrap();
    assert_eq!(list.raw(), r#"[1, -2.50e1, "x\ny", true, null, {}]"#);
    assert_eq!(list.len(), 6);
    assert_eq!(list.elements().nth(1).unwrap().as_number().unwrap().to_decimal().unwrap().to_string(), "-25");
    assert_eq!(root.pointer("/params/ab/2").unwrap().as_str().unwrap(), "x\ny");
    assert_eq!(root.pointer("/params/c").unwrap().as_str().unwrap(), "😀");
    assert_eq!(root.pointer("/z").unwrap().raw(), "[ ]");
    assert_eq!(Location::of(b"a\nbc", 3), Location { line: 2, column: 2 });
    let mut out = Vec::new();
    json::canonical(root, &mut out);
    let expected = r#"{"id":7,"params":{"ab":[1,-2.50e1,"x\ny",true,null,{}],"c":"😀"},"z":[]}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn errors_say_where() {
    let error = Document::scan(br#"{"a":{"b":1,"\u0062":2}}"#.to_vec(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "duplicate key at byte 12");
}

#[test]
fn members_and_spans_are_spliced() {
    let document = scan(TEXT);
    let root = document.root();
    let mut splicer = Splicer::new(TEXT.as_bytes());
    splicer.replace(root.get("id").unwrap().span(), b"\"g-1\"".as_slice()).unwrap();
    assert_eq!(splicer.remove_member(&root, "z"), Ok(true));
    assert_eq!(splicer.remove_member(&root, "params"), Ok(true));
    assert_eq!(String::from_utf8(splicer.finish()).unwrap(), r#"{"id": "g-1"}"#);
}

#[test]
fn a_reply_gets_the_clients_id() {
    let mut scanner = ReplyScanner::new("17", "\"abc\"", &Limits::default());
    let mut out = Vec::new();
    for byte in br#"{"result":{"isError":true},"jsonrpc":"2.0","id":17}"# {
        scanner.push(&[*byte], &mut out).unwrap();
    }
    assert!(scanner.finish().unwrap().tool_error);
    let expected = r#"{"result":{"isError":true},"jsonrpc":"2.0","id":"abc"}"#;
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn objects_are_written_and_decimals_added() {
    let mut out = Vec::new();
    let mut object = ObjectWriter::begin(&mut out);
    object.str("a", "\"").u64("b", 1).raw("c", "[]");
    object.object("d").end();
    object.end();
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"a":"\"","b":1,"c":[],"d":{}}"#);
    let sum = Decimal::parse("0.1").unwrap().checked_add(&Decimal::parse("0.2").unwrap()).unwrap();
    assert_eq!(sum.to_string(), "0.3");
    assert_eq!(Decimal::parse("5.0"), Ok(Decimal::from(5)));
}
