//! Events: every line end, every cut, the caps, and what the encoder may never let out.

use mcp::sse::{self, Decoder, Ending, Event, Events, MessageWriter, Piece, SseError};

/// The events of a stream that comes in these chunks.
fn decode<'c>(chunks: impl IntoIterator<Item = &'c [u8]>, cap: usize) -> Result<Vec<Event>, SseError> {
    let mut events = Events::new(cap);
    let mut found = Vec::new();
    for mut chunk in chunks {
        while let Some(event) = events.next(&mut chunk)? {
            found.push(event);
        }
        assert!(chunk.is_empty());
    }
    Ok(found)
}

fn event(event: Option<&str>, id: Option<&str>, data: &str) -> Event {
    let ending =
        Ending { has_data: true, event: event.map(str::to_owned), id: id.map(str::to_owned), retry_ms: None };
    Event { data: data.as_bytes().to_vec(), ending }
}

// Lines end in `|`, which each test replaces by one of the three line ends.
fn streams() -> Vec<(&'static str, Vec<Event>)> {
    let fields = |id: Option<&str>, retry_ms| Event {
        data: Vec::new(),
        ending: Ending { has_data: false, event: None, id: id.map(str::to_owned), retry_ms },
    };
    vec![
        ("", vec![]),
        ("|||", vec![]),
        (": ping||", vec![]),
        ("data: {\"a\":1}||", vec![event(None, None, "{\"a\":1}")]),
        ("data:x||", vec![event(None, None, "x")]),
        ("data:  x||", vec![event(None, None, " x")]),
        ("data:x", vec![]),
        ("data:x|", vec![]),
        ("data: a|data: b|data:|data: c||", vec![event(None, None, "a\nb\n\nc")]),
        ("data||", vec![event(None, None, "")]),
        ("data|data||", vec![event(None, None, "\n")]),
        ("id: 7|data:||", vec![event(None, Some("7"), "")]),
        (
            "event: message|id: 1|data: x||data: y||",
            vec![event(Some("message"), Some("1"), "x"), event(None, None, "y")],
        ),
        ("event:|data: x||", vec![event(None, None, "x")]),
        ("id||data: x||", vec![fields(Some(""), None), event(None, None, "x")]),
        ("id: a\0b|data: x||", vec![event(None, None, "x")]),
        ("retry: 1500||", vec![fields(None, Some(1500))]),
        ("retry: 15x||data: x||", vec![fields(None, None), event(None, None, "x")]),
        ("Data: x|datax: y|dat: z|unknownfield: w||", vec![]),
        (" data: x||", vec![]),
        (": c|data: x|: d|data: y||", vec![event(None, None, "x\ny")]),
        ("data: a:b: c||", vec![event(None, None, "a:b: c")]),
        ("data: é世||", vec![event(None, None, "é世")]),
        ("\u{feff}data: x||\u{feff}data: y||", vec![event(None, None, "x")]),
        ("|data: x||||data: y||", vec![event(None, None, "x"), event(None, None, "y")]),
    ]
}

#[test]
fn split_at_every_byte_with_every_line_end() {
    for (stream, expected) in streams() {
        for end in ["\n", "\r", "\r\n"] {
            let text = stream.replace('|', end);
            let bytes = text.as_bytes();
            assert_eq!(decode([bytes], 1000).as_ref(), Ok(&expected), "{text:?}");
            for cut in 0..=bytes.len() {
                let (left, right) = bytes.split_at(cut);
                assert_eq!(decode([left, &[], right], 1000).as_ref(), Ok(&expected), "{text:?} cut at {cut}");
            }
            assert_eq!(decode(bytes.chunks(1), 1000).as_ref(), Ok(&expected), "{text:?} byte by byte");
        }
    }
}

#[test]
fn mixed_line_ends() {
    let cases = [
        ("data: a\r\ndata: b\rdata: c\n\r\n", vec![event(None, None, "a\nb\nc")]),
        ("data: a\n\rdata: b\r\r\n", vec![event(None, None, "a"), event(None, None, "b")]),
    ];
    for (text, expected) in cases {
        let bytes = text.as_bytes();
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            assert_eq!(decode([left, right], 100).as_ref(), Ok(&expected), "{text:?} cut at {cut}");
        }
    }
}

#[test]
fn events_have_a_cap() {
    let line = |n: usize| format!("data: {}\n\n", "a".repeat(n));
    let too_large = Err(SseError::TooLarge { cap_bytes: 10 });
    assert_eq!(decode([line(10).as_bytes()], 10).map(|events| events.len()), Ok(1));
    assert_eq!(decode([line(11).as_bytes()], 10), too_large);
    assert_eq!(decode(line(11).as_bytes().chunks(1), 10), too_large);
    // Many lines count together, their newlines included; many events do not.
    assert_eq!(decode([b"data: aaaaa\ndata: bbbb\n\n".as_slice()], 10).map(|events| events.len()), Ok(1));
    assert_eq!(decode([b"data: aaaaa\ndata: bbbbb\n\n".as_slice()], 10), too_large);
    assert_eq!(decode([line(10).repeat(3).as_bytes()], 10).map(|events| events.len()), Ok(3));
    // Endless data is refused as soon as it passes the cap, and the stream stays refused.
    let mut events = Events::new(10);
    assert!(events.next(&mut b"data: aaaaaaaaaaa".as_slice()).is_err());
    assert!(events.next(&mut b"\n\ndata: b\n\n".as_slice()).is_err());
    // Fields beside the data are kept only while they are short; endless comments cost nothing.
    let long =
        format!("id: {}\nevent: {}\n: {}\ndata: x\n\n", "i".repeat(2000), "e".repeat(2000), "c".repeat(2000));
    assert_eq!(decode([long.as_bytes()], 10), Ok(vec![event(None, None, "x")]));
}

#[test]
fn large_data_passes_in_pieces_without_being_held() {
    let mut decoder = Decoder::new();
    let mut stream: &[u8] = b"event: message\ndata: {\"jsonrpc\":";
    assert_eq!(decoder.next(&mut stream), Some(Piece::Data(b"{\"jsonrpc\":")));
    assert_eq!(decoder.next(&mut stream), None);
    let mut more: &[u8] = b"\"2.0\"}\n";
    assert_eq!(decoder.next(&mut more), Some(Piece::Data(b"\"2.0\"}")));
    assert_eq!(decoder.next(&mut more), None);
    let mut end: &[u8] = b"\n";
    let Some(Piece::End(ending)) = decoder.next(&mut end) else { panic!("the event did not end") };
    assert_eq!((ending.has_data, ending.event.as_deref()), (true, Some("message")));
}

#[test]
fn what_is_encoded_is_what_is_decoded() {
    let cases = ["{}", "", "a\nb", "a\r\nb", "a\rb", "\n", "data: x\n\nevent: evil", "é世", " x", ":"];
    for data in cases {
        for id in [None, Some("7")] {
            let mut out = Vec::new();
            sse::encode(&mut out, "message", id, data.as_bytes()).unwrap();
            out.extend_from_slice(sse::KEEP_ALIVE);
            let joined = data.replace("\r\n", "\n").replace('\r', "\n");
            let expected = vec![event(Some("message"), id, &joined)];
            assert_eq!(decode([out.as_slice()], 1000), Ok(expected), "{data:?}");
        }
    }
    let mut out = Vec::new();
    sse::encode_retry(&mut out, 250);
    let ending = Ending { retry_ms: Some(250), ..Ending::default() };
    assert_eq!(decode([out.as_slice()], 10), Ok(vec![Event { data: Vec::new(), ending }]));
}

#[test]
fn data_can_be_written_in_pieces_cut_anywhere() {
    let data = b"{\r\n\"a\":\r1,\n\n\"b\":2\r\n}\r";
    let mut whole = Vec::new();
    sse::encode(&mut whole, "message", None, data).unwrap();
    for cut in 0..=data.len() {
        let mut out = Vec::new();
        let mut writer = MessageWriter::begin(&mut out, "message", None).unwrap();
        writer.write(&data[..cut], &mut out);
        writer.write(b"", &mut out);
        writer.write(&data[cut..], &mut out);
        writer.end(&mut out);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole), "cut at {cut}");
    }
}

#[test]
fn ids_and_types_stay_in_their_line() {
    for bad in ["a\nb", "a\rb", "a\0b", "\n\ndata: evil"] {
        let mut out = Vec::new();
        assert!(sse::encode(&mut out, "message", Some(bad), b"x").is_err(), "{bad:?}");
        assert!(sse::encode(&mut out, bad, None, b"x").is_err(), "{bad:?}");
        assert!(out.is_empty());
    }
}
