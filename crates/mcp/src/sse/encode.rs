//! Writes events. Line ends inside a text become further data lines, so no text can end its event or add a field.
//! It must never write an id or type that holds a line end.

/// A comment that keeps a quiet stream open; clients ignore it.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// A type or id that cannot stand in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event's type or id must not hold a line end or NUL")]
pub struct BadField;

/// Appends one event. The type `message` is what MCP clients listen for.
///
/// # Errors
/// When the type or id cannot stand in one line; nothing is written then.
pub fn encode(out: &mut Vec<u8>, event: &str, id: Option<&str>, data: &[u8]) -> Result<(), BadField> {
    let mut writer = MessageWriter::begin(out, event, id)?;
    writer.write(data, out);
    writer.end(out);
    Ok(())
}

/// Appends an event without data that tells clients how long to wait before they reconnect.
pub fn encode_retry(out: &mut Vec<u8>, retry_ms: u64) {
    out.extend_from_slice(format!("retry: {retry_ms}\n\n").as_bytes());
}

/// Writes one event whose data comes in pieces, for replies that are never held whole.
#[derive(Debug)]
pub struct MessageWriter {
    after_cr: bool,
}

impl MessageWriter {
    /// Opens the event.
    ///
    /// # Errors
    /// When the type or id cannot stand in one line; nothing is written then.
    pub fn begin(out: &mut Vec<u8>, event: &str, id: Option<&str>) -> Result<MessageWriter, BadField> {
        let broken = |text: &str| text.contains(['\n', '\r', '\0']);
        if broken(event) || id.is_some_and(broken) {
            return Err(BadField);
        }
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(event.as_bytes());
        if let Some(id) = id {
            out.extend_from_slice(b"\nid: ");
            out.extend_from_slice(id.as_bytes());
        }
        out.extend_from_slice(b"\ndata: ");
        Ok(MessageWriter { after_cr: false })
    }

    /// Adds bytes of the data, cut anywhere.
    pub fn write(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut rest = data;
        if self.after_cr {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        self.after_cr = match data.is_empty() {
            true => self.after_cr,
            false => data.ends_with(b"\r"),
        };
        while let Some(at) = memchr::memchr2(b'\n', b'\r', rest) {
            let (line, end) = rest.split_at(at);
            out.extend_from_slice(line);
            out.extend_from_slice(b"\ndata: ");
            rest = end.strip_prefix(b"\r\n").or_else(|| end.get(1..)).unwrap_or_default();
        }
        out.extend_from_slice(rest);
    }

    /// Closes the event.
    pub fn end(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n\n");
    }
}
