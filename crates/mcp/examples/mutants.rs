//! Prints what would be forwarded of mutated messages, with the meaning that is judged: one JSON object a line.
//! Other parsers read the lines and must find the same (tests/differential). It must never leave one out.
//!
//! `mutants COUNT [FIRST]` tries the mutants numbered from FIRST (0); the last line goes to standard error and tells
//! how many were refused.

use mcp::envelope::{Caps, Message};
use mcp::era::Version;
use mcp::methods;
use mcp::rewrite::{Edits, rewrite};
use std::io::{BufWriter, Write};

#[path = "../../../fuzz/messages.rs"]
#[expect(clippy::indexing_slicing, reason = "test code, where a wrong place must stop the run")]
mod messages;

/// The id that every forwarded request gets.
const ID: &str = "4711";

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(count)), first) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: mutants COUNT [FIRST]");
        std::process::exit(2);
    };
    let first = first.and_then(Result::ok).unwrap_or(0);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut n_forwarded = 0_u64;
    for number in first..first + count {
        if let Some(line) = forwarded(number) {
            n_forwarded += 1;
            out.write_all(&line)?;
        }
    }
    out.flush()?;
    eprintln!("{count} messages, {n_forwarded} would be forwarded, {} refused", count - n_forwarded);
    Ok(())
}

/// The line for one mutant; none where it is refused.
fn forwarded(number: u64) -> Option<Vec<u8>> {
    let message = Message::parse(messages::mutant(number), &Caps::default()).ok()?;
    let known = |version: &Version| methods::admit(&message, *version).is_ok();
    if message.method().is_some() && !Version::ALL.iter().any(known) {
        return None;
    }
    let edits = Edits { id: message.is_request().then_some(ID), ..Edits::default() };
    let mut sent = rewrite(&message, &edits).ok()?;
    json::flatten_newlines(&mut sent);
    let mut line = Vec::with_capacity(sent.len() * 2);
    let mut object = json::ObjectWriter::begin(&mut line);
    object.raw("number", &number.to_string());
    if let Some(method) = message.method() {
        object.str("method", method);
    }
    if let Some(subject) = message.subject() {
        object.str("subject", &subject);
    }
    if let Some(arguments) = message.arguments() {
        object.str("arguments", arguments.raw());
    }
    object.str("sent", &String::from_utf8_lossy(&sent));
    object.end();
    line.push(b'\n');
    Some(line)
}
