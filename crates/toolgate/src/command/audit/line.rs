//! One record as one line for people: time, effect, grant, server, tool or method, rule, outcome.
//! Names in records come from agents and servers, so none may reach the terminal as it is.

use std::collections::HashMap;

use json::{Document, Limits, Value};

use crate::output::{Output, Tone, plain};

/// Calls whose subject is remembered until their end; of more only the id is shown.
const MAX_OPEN: usize = 100_000;

/// Writes records as lines, and remembers what a call was about until its end.
pub struct Lines {
    output: Output,
    open: HashMap<String, String>,
}

impl Lines {
    /// Lines in this output's colours.
    pub fn new(output: Output) -> Self {
        Self { output, open: HashMap::new() }
    }

    /// The line of a record; what is none is shown as it stands.
    pub fn line(&mut self, record: &str) -> String {
        match Document::scan(record.as_bytes().to_vec(), &Limits::default()) {
            Ok(document) => self.of(document.root()),
            Err(_) => plain(record),
        }
    }

    fn of(&mut self, record: Value<'_>) -> String {
        let (tone, word, text) = match &*text(record, "kind") {
            "intent" => self.intent(record),
            "denied" => (Tone::Bad, "deny".to_owned(), denied(record)),
            "outcome" | "recovered" => self.end(record),
            "summary" => (Tone::Bad, "summary".to_owned(), summary(record)),
            kind @ ("admin" | "config") => (Tone::Strong, kind.to_owned(), change(record)),
            "start" => (Tone::Strong, "start".to_owned(), start(record)),
            "clock" => (Tone::Warning, "clock".to_owned(), clock(record)),
            other => (Tone::Quiet, plain(other), String::new()),
        };
        let time = self.output.paint(Tone::Quiet, text_or(record, "time", "-"));
        let word = self.output.paint(tone, format!("{word:<9}"));
        format!("{time}  {word} {text}").trim_end().to_owned()
    }

    fn intent(&mut self, record: Value<'_>) -> (Tone, String, String) {
        let subject = subject(record);
        let call = text(record, "call");
        if self.open.len() < MAX_OPEN {
            self.open.insert(call, subject.clone());
        }
        (Tone::Good, "allow".to_owned(), joined([subject, rule(record), repaired(record), shadow(record)]))
    }

    fn end(&mut self, record: Value<'_>) -> (Tone, String, String) {
        let call = text(record, "call");
        let subject = self.open.remove(&call).unwrap_or_else(|| format!("call {call}"));
        let outcome = text_or(record, "outcome", "unknown");
        let tone = if outcome == "answered" { Tone::Quiet } else { Tone::Warning };
        let duration = number(record, "duration_us").map(duration).unwrap_or_default();
        let status =
            number(record, "upstream_status").map(|status| format!("HTTP {status}")).unwrap_or_default();
        let given_back = record.get("given_back").map(|_| "given back".to_owned()).unwrap_or_default();
        let cause = match &*text(record, "kind") {
            "recovered" => "its end was lost in a crash and it counts as executed".to_owned(),
            _ => text(record, "detail"),
        };
        (tone, outcome, joined([subject, duration, status, cause, given_back]))
    }
}

fn denied(record: Value<'_>) -> String {
    if text(record, "cause") == "unauthenticated" {
        return joined([
            "no valid grant".to_owned(),
            labelled(record, "from", "source"),
            text(record, "reason"),
        ]);
    }
    joined([subject(record), rule(record)])
}

fn summary(record: Value<'_>) -> String {
    let count = number(record, "count").unwrap_or(0);
    let more = match &*text(record, "of") {
        "unauthenticated" => format!("{count} more attempts without a valid grant"),
        "others" => format!("{count} more denials of many kinds"),
        _ => format!("{count} more denials"),
    };
    let source = labelled(record, "from", "source");
    joined([more, subject(record), rule(record), source, labelled(record, "until", "to")])
}

fn change(record: Value<'_>) -> String {
    let details = record.get("details").map(|details| {
        let one = |member: json::Member<'_>| {
            let value = member.value.as_str().unwrap_or_default();
            format!("{}: {}", plain(&member.key.as_cow()), short_hash(plain(&value)))
        };
        details.members().map(one).collect::<Vec<_>>().join("; ")
    });
    let done =
        format!("{} `{}` by {}", text(record, "action"), text(record, "target"), text(record, "actor"));
    joined([done, details.unwrap_or_default()])
}

/// A whole hash says nothing more to a person than its beginning.
fn short_hash(value: String) -> String {
    let is_hash = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hash { value.chars().take(12).chain(['…']).collect() } else { value }
}

fn start(record: Value<'_>) -> String {
    let what = format!("toolgate {}, durability {}", text(record, "version"), text(record, "durability"));
    let reset = record.get("limits_reset").map(|_| "every limit was started anew".to_owned());
    joined([what, reset.unwrap_or_default()])
}

fn clock(record: Value<'_>) -> String {
    let ahead = |key: &str| record.get(key).and_then(|value| value.as_number()?.as_i64()).unwrap_or(0);
    let step_ms = ahead("wall_lead_ms").saturating_sub(ahead("wall_lead_before_ms"));
    format!("the wall clock was set by {step_ms} ms; limits are not affected")
}

/// `grant -> server  tool`, as far as they are there.
fn subject(record: Value<'_>) -> String {
    let (grant, server) = (text(record, "grant"), text(record, "server"));
    let way = match (grant.is_empty(), server.is_empty()) {
        (true, _) => server,
        (false, true) => grant,
        (false, false) => format!("{grant} -> {server}"),
    };
    let tool = text(record, "tool");
    joined([way, if tool.is_empty() { text(record, "method") } else { tool }])
}

/// The rule, and the step that denied where the rule does not say it.
fn rule(record: Value<'_>) -> String {
    let (rule, cause) = (text(record, "rule"), text(record, "cause"));
    match (rule.is_empty(), cause.is_empty() || rule.contains(&cause.replace('_', " "))) {
        (true, _) => cause,
        (false, true) => rule,
        (false, false) => format!("{rule} ({cause})"),
    }
}

fn repaired(record: Value<'_>) -> String {
    let n_repaired = record.pointer("/arguments/repaired").map_or(0, |list| list.len());
    if n_repaired == 0 { String::new() } else { format!("{n_repaired} repaired") }
}

/// What the parts in shadow would have denied.
fn shadow(record: Value<'_>) -> String {
    record.get("shadow").map_or_else(String::new, |shadow| format!("shadow would deny: {}", rule(shadow)))
}

fn duration(us: u64) -> String {
    if us < 1_000 { format!("{us} us") } else { format!("{}.{} ms", us / 1_000, us % 1_000 / 100) }
}

fn joined<const N: usize>(parts: [String; N]) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("  ")
}

fn labelled(record: Value<'_>, label: &str, key: &str) -> String {
    let value = text(record, key);
    if value.is_empty() { value } else { format!("{label} {value}") }
}

fn text(record: Value<'_>, key: &str) -> String {
    text_or(record, key, "")
}

fn text_or(record: Value<'_>, key: &str, default: &str) -> String {
    let value = record.get(key);
    let value = value.as_ref().and_then(Value::as_str);
    value.map_or_else(|| default.to_owned(), |value| plain(&value))
}

fn number(record: Value<'_>, key: &str) -> Option<u64> {
    record.get(key)?.as_number()?.as_u64()
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use crate::output::{Output, When};

    fn lines(records: &[&str]) -> Vec<String> {
        let mut lines = Lines::new(Output::new(false, When::Never));
        let record =
            |fields: &&str| format!(r#"{{"seq":1,"time":"T",{fields},"prev":"","hash":"","mac":""}}"#);
        records.iter().map(record).map(|record| lines.line(&record)).collect()
    }

    #[test]
    fn every_kind_reads_well() {
        let intent = r#""kind":"intent","call":"a-1","grant":"g","server":"s","method":"tools/call","tool":"t","effect":"allow","rule":"","bytes":9"#;
        let cases = [
            (intent, "T  allow     g -> s  t"),
            (
                r#""kind":"outcome","call":"a-1","outcome":"answered","sent":1,"received":2,"duration_us":12340"#,
                "T  answered  g -> s  t  12.3 ms",
            ),
            (
                r#""kind":"outcome","call":"a-1","outcome":"not_sent","duration_us":5,"given_back":true,"detail":"refused""#,
                "T  not_sent  call a-1  5 us  refused  given back",
            ),
            (
                r#""kind":"recovered","call":"a-2","from":"intent","outcome":"unknown""#,
                "T  unknown   call a-2  its end was lost in a crash and it counts as executed",
            ),
            (
                r#""kind":"denied","call":"a-3","grant":"g","server":"s","method":"tools/call","tool":"x","effect":"deny","rule":"(hidden)","cause":"hidden""#,
                "T  deny      g -> s  x  (hidden)",
            ),
            (
                r#""kind":"denied","grant":"g","server":"s","tool":"x","rule":"(default deny)","cause":"default_deny""#,
                "T  deny      g -> s  x  (default deny)",
            ),
            (
                r#""kind":"config","actor":"file","action":"config.apply","target":"files","details":{"policy p":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}"#,
                "T  config    config.apply `files` by file  policy p: 0123456789ab…",
            ),
            (
                r#""kind":"denied","grant":"g","server":"s","method":"tools/call","tool":"x","rule":"/tools/x/limits/0","cause":"full""#,
                "T  deny      g -> s  x  /tools/x/limits/0 (full)",
            ),
            (
                r#""kind":"denied","effect":"deny","cause":"unauthenticated","source":"127.0.0.1","reason":"unknown token""#,
                "T  deny      no valid grant  from 127.0.0.1  unknown token",
            ),
            (
                r#""kind":"summary","of":"denied","count":7,"to":"U","grant":"g","tool":"x","rule":"(hidden)""#,
                "T  summary   7 more denials  g  x  (hidden)  until U",
            ),
            (
                r#""kind":"admin","actor":"local","action":"grant.create","target":"g","details":{"server s":"p"}"#,
                "T  admin     grant.create `g` by local  server s: p",
            ),
            (
                r#""kind":"start","version":"1","durability":"process","limits_reset":true"#,
                "T  start     toolgate 1, durability process  every limit was started anew",
            ),
            (
                r#""kind":"clock","wall_lead_before_ms":-5,"wall_lead_ms":3595"#,
                "T  clock     the wall clock was set by 3600 ms; limits are not affected",
            ),
            (r#""kind":"checkpoint","open":[]"#, "T  checkpoint"),
        ];
        let records: Vec<&str> = cases.iter().map(|(record, _)| *record).collect();
        let expected: Vec<&str> = cases.iter().map(|(_, line)| *line).collect();
        assert_eq!(lines(&records), expected);
    }

    #[test]
    fn what_shadow_would_deny_stands_beside_the_call() {
        let record = r#""kind":"intent","call":"a-9","grant":"g","server":"s","method":"tools/call","tool":"t","effect":"allow","rule":"","shadow":{"policy":"p","rule":"/tools/t/action","cause":"action"},"bytes":9"#;
        assert_eq!(lines(&[record]), ["T  allow     g -> s  t  shadow would deny: /tools/t/action"]);
    }

    #[test]
    fn no_name_of_a_peer_reaches_the_terminal_as_it_is() {
        let record = r#""kind":"denied","grant":"g","server":"s","tool":"x\u001b[2J\u202ey","rule":"(unknown)","cause":"\u0007""#;
        let line = &lines(&[record])[0];
        assert!(!line.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{line:?}");
        let broken = Lines::new(Output::new(false, When::Never)).line("\u{1b}[2J{");
        assert!(!broken.contains('\u{1b}'));
    }
}
