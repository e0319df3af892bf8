//! The sample server over standard input and output: one message a line, in the era of the first request.
//! Nothing but messages is ever written to the output.

use std::io::{self, BufRead, Read as _, Write};

use serde_json::{Map, Value};

use super::protocol::{self, Sample};
use super::rpc::{self, Failure, INVALID_REQUEST, Message, PARSE_ERROR};

/// Longer lines are refused; the rest of such a line is read and dropped.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// The era that the first request chose for the whole connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Era {
    Legacy,
    Modern,
}

/// Serves until the input ends.
///
/// # Errors
/// When the input cannot be read or the output cannot be written.
pub fn serve(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let sample = Sample::default();
    let mut era = None;
    while let Some(line) = read_line(input)? {
        let answer = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => None,
            Line::Whole(line) => answer(&sample, &mut era, &line),
            Line::TooLong => Some(refusal(&Value::Null, Failure::new(PARSE_ERROR, "the line is too long"))),
        };
        if let Some(answer) = answer {
            writeln!(output, "{answer}")?;
            output.flush()?;
        }
    }
    Ok(())
}

fn answer(sample: &Sample, era: &mut Option<Era>, line: &[u8]) -> Option<Value> {
    let (id, method, params) = match Message::parse(line) {
        Ok(Message::Request { id, method, params }) => (id, method, params),
        Ok(Message::Notification | Message::Response) => return None,
        Err((failure, id)) => return Some(refusal(&id, failure)),
    };
    let claims_modern = protocol::is_modern(&params) && method != "initialize";
    let first = if claims_modern { Era::Modern } else { Era::Legacy };
    let outcome = match *era.get_or_insert(first) {
        Era::Legacy if claims_modern => {
            Err(Failure::new(INVALID_REQUEST, "this connection began with a handshake; go on in that era"))
        }
        Era::Legacy => sample.answer_legacy(&method, &params),
        Era::Modern => answer_modern(sample, &method, &params),
    };
    Some(rpc::answer(&id, &outcome))
}

fn answer_modern(sample: &Sample, method: &str, params: &Map<String, Value>) -> Result<Value, Failure> {
    if method == "initialize" {
        let requested = params.get("protocolVersion").and_then(Value::as_str);
        return Err(protocol::unsupported(requested));
    }
    protocol::check_envelope(params)?;
    sample.answer_modern(method, params)
}

fn refusal(id: &Value, failure: Failure) -> Value {
    rpc::answer(id, &Err(failure))
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

fn read_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    if input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") || (line.len() as u64) < MAX_LINE_BYTES {
        return Ok(Some(Line::Whole(line)));
    }
    input.skip_until(b'\n')?;
    Ok(Some(Line::TooLong))
}

#[cfg(test)]
mod tests {
    use super::serve;
    use serde_json::{Value, json};

    /// Sends lines and reads all answers.
    fn talk(lines: &str) -> Vec<Value> {
        let mut output = Vec::new();
        serve(&mut lines.as_bytes(), &mut output).unwrap();
        String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn request(id: u32, method: &str, params: Value) -> String {
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string() + "\n"
    }

    fn modern(id: u32, method: &str) -> String {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        request(id, method, json!({ "_meta": meta }))
    }

    fn initialize(id: u32) -> String {
        request(
            id,
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {} }),
        )
    }

    #[test]
    fn a_connection_stays_in_the_era_of_its_first_request() {
        let initialized = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n\n";
        let legacy = talk(
            &(initialize(1) + initialized + &request(2, "tools/list", json!({})) + &modern(3, "tools/list")),
        );
        assert_eq!(legacy.len(), 3);
        assert_eq!(legacy[0]["result"]["protocolVersion"], "2025-11-25");
        assert!(legacy[1]["result"]["resultType"].is_null());
        assert_eq!(legacy[2]["error"]["code"], -32600);

        let modern = talk(&(modern(1, "server/discover") + &initialize(2) + &modern(3, "tools/list")));
        assert_eq!(modern[0]["result"]["supportedVersions"][0], "2026-07-28");
        assert_eq!(modern[1]["error"]["code"], -32022);
        assert_eq!(modern[2]["result"]["resultType"], "complete");
    }

    #[test]
    fn garbage_is_answered_and_does_not_end_the_connection() {
        let answers = talk(&("garbage\n[]\n".to_owned() + &request(1, "ping", json!({}))));
        let codes: Vec<&Value> = answers.iter().map(|answer| &answer["error"]["code"]).collect();
        assert_eq!(codes, [&json!(-32700), &json!(-32600), &Value::Null]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_and_dropped() {
        let long = "x".repeat(usize::try_from(super::MAX_LINE_BYTES).unwrap() + 5) + "\n";
        let answers = talk(&(long + &request(1, "ping", json!({}))));
        assert_eq!(answers.len(), 2);
        assert_eq!((&answers[0]["error"]["code"], &answers[1]["id"]), (&json!(-32700), &json!(1)));
    }
}
