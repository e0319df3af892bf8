//! Fuzz functions of the crate `json`: each takes any bytes and panics where a promise of the crate is broken.
//! They run on stable Rust as tests of the crate (crates/json/tests/fuzz.rs), and fit any fuzzer that hands out
//! byte slices. Must never accept a panic, a difference between two readers, or a change nobody asked for.

use json::{
    Decimal, Document, Kind, Limits, Location, ReplyErrorKind, ReplyFacts, ReplyScanner, ScanErrorKind, Span,
    Splicer, Value,
};

const LIMITS: Limits = Limits { max_depth: 100, max_members: 10_000, max_string_bytes: 1 << 20 };

/// Whatever is accepted is JSON to another reader too, with the same content; whatever only the other reader
/// accepts has a duplicate key or exceeds a limit.
pub fn fuzz_scan(data: &[u8]) {
    let other = serde_json::from_slice::<serde_json::Value>(data);
    match (Document::scan(data.to_vec(), &LIMITS), other) {
        (Ok(document), Ok(other)) => {
            assert_eq!(document.text().as_bytes(), data);
            assert_eq!(document.root().span().len(), document.text().trim_ascii().len());
            assert_same(document.root(), &other);
            assert_canonical(&document);
        }
        (Ok(_), Err(error)) => panic!("accepted what is not json: {error}"),
        (Err(error), Ok(_)) => assert!(
            matches!(
                error.kind,
                ScanErrorKind::DuplicateKey | ScanErrorKind::TooDeep | ScanErrorKind::NumberTooLong
            ),
            "refused json: {error}"
        ),
        (Err(error), Err(_)) => {
            assert!(error.offset <= data.len());
            assert!(Location::of(data, error.offset).line >= 1);
        }
    }
}

/// Two readers see the same, and spans lie where they must.
fn assert_same(value: Value<'_>, other: &serde_json::Value) {
    use serde_json::Value as Other;
    assert_eq!(serde_json::from_str::<Other>(value.raw()).ok().as_ref(), Some(other));
    match (value.kind(), other) {
        (Kind::Null, Other::Null) => assert!(value.is_null()),
        (Kind::Bool, Other::Bool(other)) => assert_eq!(value.as_bool(), Some(*other)),
        (Kind::Number, Other::Number(other)) => {
            let number = value.as_number().expect("a number");
            let (ours, theirs) = (number.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
            // The other reader may miss the nearest double by one or two.
            assert!((ours - theirs).abs() <= ours.abs() * 1e-15 + f64::MIN_POSITIVE, "{ours} {theirs}");
            fuzz_decimal(number.text().as_bytes());
        }
        (Kind::String, Other::String(other)) => assert_eq!(value.as_str().as_deref(), Some(other.as_str())),
        (Kind::Array, Other::Array(other)) => {
            assert_eq!(value.len(), other.len());
            value.elements().zip(other).for_each(|(element, other)| {
                assert!(inside(element.span(), value.span()));
                assert_same(element, other);
            });
        }
        (Kind::Object, Other::Object(other)) => {
            assert_eq!(value.len(), other.len());
            for member in value.members() {
                let key = member.key.as_cow();
                assert!(inside(member.span(), value.span()));
                assert_eq!(value.get(&key).map(|found| found.index()), Some(member.value.index()));
                assert_same(member.value, other.get(key.as_ref()).expect("the same key"));
            }
        }
        (kind, _) => panic!("the readers disagree about a {kind:?}"),
    }
}

fn inside(inner: Span, outer: Span) -> bool {
    outer.start < inner.start && inner.start < inner.end && inner.end < outer.end
}

/// The canonical bytes are JSON of the same content, and their own canonical bytes.
fn assert_canonical(document: &Document) {
    let bytes = canonical(document);
    let again = Document::scan(bytes.clone(), &LIMITS).expect("canonical bytes are json");
    let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).ok();
    assert_eq!(value(&bytes), value(document.text().as_bytes()));
    assert_eq!(canonical(&again), bytes);
}

fn canonical(document: &Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    json::canonical(document.root(), &mut bytes);
    bytes
}

/// A text that is a number of the grammar has an exact decimal or too many digits; the decimal is written so that
/// it is read back, and lies where the nearest double lies.
pub fn fuzz_decimal(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let is_json = serde_json::from_str::<serde_json::Number>(text).is_ok() && text.trim() == text;
    match Decimal::parse(text) {
        Err(json::NumberError::TooLong) => {}
        Err(json::NumberError::Invalid) => assert!(!is_json, "refused a number"),
        Ok(decimal) => {
            assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
            let read = |text: &str| text.parse::<f64>().expect("rust reads every json number");
            assert_eq!(read(&decimal.to_string()), read(text));
            assert_eq!(decimal.checked_sub(&decimal), Some(Decimal::ZERO));
            assert_eq!(decimal.is_zero(), decimal == Decimal::ZERO);
            assert_eq!(decimal.is_negative(), decimal < Decimal::ZERO);
        }
    }
}

/// A reply is judged the same however it is cut, and its bytes are the same but for the id; it is accepted only
/// if the scan accepts it too, duplicate keys below the result aside.
pub fn fuzz_reply(data: &[u8]) {
    let whole = stream(&[data]);
    for at in 0..data.len() {
        let (left, right) = data.split_at(at);
        assert_eq!(stream(&[left, right]), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = data.chunks(1).collect();
    assert_eq!(stream(&bytes), whole, "cut everywhere");
    let document = Document::scan(data.to_vec(), &LIMITS);
    match (whole, document) {
        (Ok((facts, out)), Ok(document)) => assert_reply(&facts, &out, &document),
        (Ok(_), Err(error)) => assert_eq!(error.kind, ScanErrorKind::DuplicateKey),
        (Err(ReplyErrorKind::Json(kind)), Ok(_)) => panic!("refused json: {kind}"),
        (Err(_), _) => {}
    }
}

type Streamed = Result<(ReplyFacts, Vec<u8>), ReplyErrorKind>;

fn stream(pieces: &[&[u8]]) -> Streamed {
    let mut scanner = ReplyScanner::new("7", "\"client\"", &LIMITS);
    let mut out = Vec::new();
    for piece in pieces {
        scanner.push(piece, &mut out).map_err(|error| error.kind)?;
    }
    let facts = scanner.finish().map_err(|error| error.kind)?;
    Ok((facts, out))
}

fn assert_reply(facts: &ReplyFacts, out: &[u8], document: &Document) {
    let root = document.root();
    let result = root.get("result");
    let is_true = |value: Value<'_>| value.as_bool() == Some(true);
    let asks = |value: Value<'_>| value.as_str().as_deref() == Some("input_required");
    assert_eq!(facts.is_error, root.get("error").is_some());
    assert_eq!(facts.tool_error, result.and_then(|result| result.get("isError")).is_some_and(is_true));
    assert_eq!(
        facts.result_type_input_required,
        result.and_then(|result| result.get("resultType")).is_some_and(asks)
    );
    assert_eq!(facts.bytes, document.text().len() as u64);
    let mut expected = Splicer::new(document.text().as_bytes());
    let id = root.get("id").expect("an accepted reply has an id");
    assert_eq!(id.raw(), "7");
    expected.replace(id.span(), b"\"client\"".as_slice()).expect("the first edit");
    assert_eq!(out, expected.finish());
}

/// Removing members and replacing values leaves JSON with just these changes. The first byte says which.
pub fn fuzz_splice(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else { return };
    let Ok(document) = Document::scan(text.to_vec(), &LIMITS) else { return };
    let Ok(mut expected) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    let mut splicer = Splicer::new(text);
    let root = document.root();
    let picked = |index: usize| choice >> (index % 8) & 1 == 1;
    for (index, member) in root.members().enumerate() {
        let key = member.key.as_cow();
        if picked(index) {
            assert_eq!(splicer.remove_member(&root, &key), Ok(true));
            assert_eq!(splicer.remove_member(&root, &key), Ok(false));
            expected.as_object_mut().and_then(|object| object.remove(key.as_ref()));
        } else {
            let slot = expected.get_mut(key.as_ref()).expect("the same key");
            *slot = serde_json::json!([key.as_ref()]);
            let written = serde_json::to_vec(slot).expect("plain json");
            splicer.replace(member.value.span(), written).expect("values do not overlap");
        }
    }
    let spliced = splicer.finish();
    assert!(Document::scan(spliced.clone(), &LIMITS).is_ok());
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&spliced).ok(), Some(expected));
}
