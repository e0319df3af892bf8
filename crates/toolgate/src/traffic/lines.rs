//! Calls of a file, one JSON object on each line.
//! Must never skip what it does not understand: a line that is none ends the reading, with its place.

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use json::{Document, Limits, Value};
use store::Timestamp;

use super::{Block, Call, Feed, Given, Known, Sieve, Was};

/// Bytes that are read at once; a block ends at the line's end behind them.
const BLOCK_BYTES: usize = 1 << 20;
/// The keys of a line.
const KEYS: [&str; 12] = [
    "time",
    "grant",
    "labels",
    "server",
    "tool",
    "arguments",
    "effect",
    "rule",
    "definition",
    "call",
    "redacted",
    "seq",
];

/// A file of calls, or standard input.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    n_bytes: Option<u64>,
}

impl Lines {
    /// The file at a path; `-` is standard input.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let n_bytes = match path.as_os_str() == "-" {
            true => None,
            false => {
                let found = std::fs::metadata(path);
                Some(found.with_context(|| format!("cannot read `{}`", path.display()))?.len())
            }
        };
        Ok(Self { path: path.to_path_buf(), n_bytes })
    }
}

impl Feed for Lines {
    fn blocks(&mut self, each: &mut dyn FnMut(Block) -> ControlFlow<()>) -> anyhow::Result<()> {
        let doing = || format!("cannot read `{}`", self.path.display());
        let source: Box<dyn Read> = match self.n_bytes {
            None => Box::new(std::io::stdin()),
            Some(_) => Box::new(std::fs::File::open(&self.path).with_context(doing)?),
        };
        let mut reader = BufReader::with_capacity(BLOCK_BYTES, source);
        let mut first = 1;
        loop {
            let mut text = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 8);
            let n_read =
                reader.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut text).with_context(doing)?;
            if n_read == 0 {
                return Ok(());
            }
            reader.read_until(b'\n', &mut text).with_context(doing)?;
            let n_lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
            if each(Block::Lines { first, text }).is_break() {
                return Ok(());
            }
            first += n_lines;
        }
    }

    fn noun(&self) -> &'static str {
        "line"
    }

    fn n_bytes(&self) -> Option<u64> {
        self.n_bytes
    }
}

/// The calls of some lines.
pub(super) fn read(first: u64, text: &[u8], sieve: &Sieve) -> anyhow::Result<Vec<Call>> {
    let mut calls = Vec::new();
    for (number, line) in (first..).zip(text.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let call = read_line(number, line).with_context(|| format!("line {number} is no call"))?;
        if sieve.wants(&call) {
            calls.push(call);
        }
    }
    Ok(calls)
}

/// The call of one line.
///
/// # Errors
/// What is wrong with it.
pub fn read_line(number: u64, line: &[u8]) -> anyhow::Result<Call> {
    let document = match Document::scan(line.to_vec(), &Limits::default()) {
        Ok(document) => document,
        Err(error) => bail!("it is not JSON: {} at byte {}", error.kind, error.offset),
    };
    let root = document.root();
    if !root.is_object() {
        bail!("it is no object");
    }
    for member in root.members() {
        let key = member.key.as_cow();
        if !KEYS.contains(&&*key) {
            bail!("it has an unknown key; there are {}", KEYS.join(", "));
        }
    }
    let labels = root.get("labels").map(|labels| texts(labels, "labels")).transpose()?;
    let redacted = root.get("redacted").map(|gaps| texts(gaps, "redacted")).transpose()?.unwrap_or_default();
    let mut call = Call {
        number: root.get("seq").and_then(|seq| seq.as_number()?.as_u64()).unwrap_or(number),
        id: text(root, "call")?.unwrap_or_default(),
        time_ms: root.get("time").map(time).transpose()?,
        grant: text(root, "grant")?.unwrap_or_default(),
        labels,
        server: text(root, "server")?.context("it has no `server`")?,
        tool: text(root, "tool")?.context("it has no `tool`")?,
        definition: text(root, "definition")?.unwrap_or_default(),
        was: was(root)?,
        given: Given::Unknown,
    };
    if root.get("arguments").is_some_and(|arguments| !arguments.is_object()) {
        bail!("its `arguments` are no object");
    }
    let known = Known::member(document, "arguments");
    call.given = if redacted.is_empty() { Given::Whole(known) } else { Given::Without(known, redacted) };
    Ok(call)
}

fn was(root: Value<'_>) -> anyhow::Result<Option<Was>> {
    let rule = text(root, "rule")?.unwrap_or_default();
    match text(root, "effect")?.as_deref() {
        None => Ok(None),
        Some("allow") => Ok(Some(Was { allowed: true, rule })),
        Some("deny") => Ok(Some(Was { allowed: false, rule })),
        Some(_) => bail!("its `effect` is neither `allow` nor `deny`"),
    }
}

/// A time as the audit log writes it, or milliseconds of Unix time.
fn time(value: Value<'_>) -> anyhow::Result<u64> {
    let written = value.as_str().and_then(|text| Timestamp::parse(&text)).map(Timestamp::as_ms);
    let time = written.or_else(|| value.as_number()?.as_u64());
    time.context("its `time` is none; write `2026-11-20T13:00:00Z` or milliseconds since 1970")
}

fn text(root: Value<'_>, key: &str) -> anyhow::Result<Option<String>> {
    let Some(value) = root.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.as_str().with_context(|| format!("its `{key}` is no text"))?;
    Ok(Some(text.into_owned()))
}

fn texts(list: Value<'_>, key: &str) -> anyhow::Result<Vec<String>> {
    let wrong = || format!("its `{key}` is no list of texts");
    if !list.is_array() {
        bail!(wrong());
    }
    list.elements().map(|value| Ok(value.as_str().with_context(wrong)?.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_call() {
        let line = r#"{"time":"2026-11-20T13:00Z","grant":"g","labels":["a"],"server":"s","tool":"t","arguments":{"a":1}}"#;
        let call = read_line(7, line.as_bytes()).unwrap();
        assert_eq!((call.number, &*call.grant, &*call.server, &*call.tool), (7, "g", "s", "t"));
        assert_eq!(
            (call.time_ms, call.labels.as_deref()),
            (Some(1_795_179_600_000), Some(&["a".to_owned()][..]))
        );
        assert_eq!(call.arguments().unwrap().raw(), r#"{"a":1}"#);
        assert!(call.is_whole() && call.was.is_none());
        let bare =
            read_line(1, br#"{"server":"s","tool":"t","effect":"deny","rule":"(hidden)","time":5}"#).unwrap();
        assert_eq!((bare.time_ms, bare.arguments().is_none()), (Some(5), true));
        assert_eq!(bare.was, Some(Was { allowed: false, rule: "(hidden)".to_owned() }));
    }

    #[test]
    fn what_is_no_call_is_told_without_its_values() {
        for (line, part) in [
            ("{", "not JSON"),
            ("[]", "no object"),
            (r#"{"tool":"t"}"#, "no `server`"),
            (r#"{"server":"s"}"#, "no `tool`"),
            (r#"{"server":"s","tool":"t","args":{"a":"very-secret"}}"#, "unknown key"),
            (r#"{"server":"s","tool":"t","arguments":"very-secret"}"#, "no object"),
            (r#"{"server":"s","tool":"t","time":"now"}"#, "`time`"),
            (r#"{"server":"s","tool":"t","labels":"a"}"#, "`labels`"),
            (r#"{"server":"s","tool":"t","effect":"maybe"}"#, "`effect`"),
        ] {
            let said = read_line(1, line.as_bytes()).unwrap_err().to_string();
            assert!(said.contains(part) && !said.contains("very-secret"), "{line}: {said}");
        }
    }

    #[test]
    fn blocks_hold_whole_lines_with_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.jsonl");
        let line = format!(r#"{{"server":"s","tool":"t","arguments":{{"a":"{}"}}}}"#, "x".repeat(1000));
        std::fs::write(&path, format!("{line}\n\n").repeat(1500)).unwrap();
        let mut numbers = Vec::new();
        let mut n_blocks = 0;
        let mut each = |block: Block| {
            n_blocks += 1;
            let (calls, _) = block.calls(&Sieve::default()).unwrap();
            numbers.extend(calls.iter().map(|call| call.number));
            ControlFlow::Continue(())
        };
        Lines::open(&path).unwrap().blocks(&mut each).unwrap();
        assert!(n_blocks > 1);
        assert!(numbers.into_iter().eq((0..1500).map(|n| 2 * n + 1)));
    }
}
