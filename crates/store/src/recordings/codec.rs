//! A recording as bytes. Must never read two forms of one recording, nor past the end.

use super::recording::{Effect, Recording};
use crate::journal::codec::{Reader, put_text, put_u64};

/// Appends a recording.
pub(super) fn put(out: &mut Vec<u8>, recording: &Recording) {
    put_u64(out, recording.seq);
    put_u64(out, recording.time_ms);
    put_text(out, &recording.call);
    put_text(out, &recording.grant);
    put_list(out, &recording.labels);
    put_text(out, &recording.server);
    put_text(out, &recording.tool);
    put_text(out, &recording.definition);
    out.push(match recording.effect {
        Effect::Allow => 0,
        Effect::Deny => 1,
    });
    put_text(out, &recording.rule);
    put_document(out, recording.arguments.as_deref());
    put_list(out, &recording.redacted);
    put_document(out, recording.result.as_deref());
    put_list(out, &recording.redacted_result);
    out.push(match recording.is_error {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    });
}

fn put_list(out: &mut Vec<u8>, texts: &[String]) {
    put_u64(out, texts.len() as u64);
    texts.iter().for_each(|text| put_text(out, text));
}

fn put_document(out: &mut Vec<u8>, document: Option<&[u8]>) {
    out.push(u8::from(document.is_some()));
    if let Some(document) = document {
        put_u64(out, document.len() as u64);
        out.extend_from_slice(document);
    }
}

/// Reads a recording; nothing unless the bytes are exactly one.
pub(super) fn read(bytes: &[u8]) -> Option<Recording> {
    let mut reader = Reader::new(bytes);
    let reader = &mut reader;
    let recording = Recording {
        seq: reader.u64()?,
        time_ms: reader.u64()?,
        call: reader.text()?.to_owned(),
        grant: reader.text()?.to_owned(),
        labels: list(reader)?,
        server: reader.text()?.to_owned(),
        tool: reader.text()?.to_owned(),
        definition: reader.text()?.to_owned(),
        effect: match reader.byte()? {
            0 => Effect::Allow,
            1 => Effect::Deny,
            _ => return None,
        },
        rule: reader.text()?.to_owned(),
        arguments: document(reader)?,
        redacted: list(reader)?,
        result: document(reader)?,
        redacted_result: list(reader)?,
        is_error: match reader.byte()? {
            0 => None,
            1 => Some(false),
            2 => Some(true),
            _ => return None,
        },
    };
    reader.is_done().then_some(recording)
}

fn list(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    // Not allocated ahead: the length is only believed as far as texts follow.
    (0..reader.u64()?).map(|_| reader.text().map(str::to_owned)).collect()
}

fn document(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    match reader.byte()? {
        0 => Some(None),
        1 => Some(Some(reader.text()?.as_bytes().to_vec())),
        _ => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A recording with something in every field.
    pub(crate) fn full(seq: u64) -> Recording {
        Recording {
            seq,
            time_ms: 1_763_650_000_000 + seq,
            call: format!("00000000000005f2c-{seq}"),
            grant: "agent-7".to_owned(),
            labels: vec!["team:imaging".to_owned(), String::new()],
            server: "imaging".to_owned(),
            tool: "start_import".to_owned(),
            definition: "9f86d081".to_owned(),
            effect: if seq.is_multiple_of(2) { Effect::Allow } else { Effect::Deny },
            rule: "/tools/start_import/deny_if".to_owned(),
            arguments: Some(br#"{"bucket":"s3://planted-value","token":null}"#.to_vec()),
            redacted: vec!["/token".to_owned()],
            result: Some(br#"{"content":[]}"#.to_vec()),
            redacted_result: vec!["/content/0".to_owned()],
            is_error: Some(false),
        }
    }

    /// A recording with as little as there can be.
    pub(crate) fn bare() -> Recording {
        Recording {
            seq: 0,
            time_ms: 0,
            call: String::new(),
            grant: String::new(),
            labels: Vec::new(),
            server: String::new(),
            tool: String::new(),
            definition: String::new(),
            effect: Effect::Allow,
            rule: String::new(),
            arguments: None,
            redacted: Vec::new(),
            result: None,
            redacted_result: Vec::new(),
            is_error: None,
        }
    }

    fn bytes(recording: &Recording) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, recording);
        out
    }

    #[test]
    fn recordings_come_back() {
        for recording in [bare(), full(1), full(2), Recording { is_error: Some(true), ..full(3) }] {
            assert_eq!(read(&bytes(&recording)), Some(recording));
        }
    }

    #[test]
    fn nothing_shorter_or_longer_is_a_recording() {
        let whole = bytes(&full(1));
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), None, "{length}");
        }
        assert_eq!(read(&[&whole[..], &[0]].concat()), None);
    }

    #[test]
    fn values_are_in_no_debug_text() {
        let text = format!("{:?}", full(1));
        assert!(!text.contains("planted-value"), "{text}");
    }
}
