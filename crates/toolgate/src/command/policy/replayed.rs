//! A replay as people and programs read it: how many calls change, grouped, with an example of each.
//! It shows values only where they were kept to be shown.

use std::io;

use serde_json::{Value, json};
use store::Timestamp;

use crate::output::{Output, Tone, count, plain};
use crate::replay::{Change, Group, Judged, Notes, Outcome, Report};

/// A report and what is told with it.
pub struct Replayed<'a> {
    /// What came out.
    pub report: &'a Report,
    /// Where the calls came from.
    pub source: &'a str,
    /// How a place there is called.
    pub noun: &'a str,
}

const ORDER: [Change; 6] = [
    Change::NewlyDenied,
    Change::NewlyAllowed,
    Change::Unknown,
    Change::OtherRule,
    Change::NotCompared,
    Change::None,
];

impl Replayed<'_> {
    /// Writes it.
    pub fn print(&self, output: Output) -> io::Result<()> {
        for call in &self.report.each {
            match output.is_json() {
                true => output.value(&json!({ "call": call_json(call) }))?,
                false => output.line(self.call_line(output, call))?,
            }
        }
        if output.is_json() {
            return output.value(&self.to_json());
        }
        output.line(output.paint(Tone::Strong, self.head()))?;
        for change in ORDER {
            self.groups(change).try_for_each(|group| {
                self.group_lines(output, group).into_iter().try_for_each(|line| output.line(line))
            })?;
        }
        note_lines(&self.report.notes)
            .into_iter()
            .try_for_each(|line| output.line(output.paint(Tone::Quiet, format!("note: {line}"))))
    }

    fn groups(&self, change: Change) -> impl Iterator<Item = &Group> {
        self.report.groups.iter().filter(move |group| group.change == change)
    }

    fn n_of(&self, change: Change) -> u64 {
        self.groups(change).map(|group| group.n_calls).sum()
    }

    fn head(&self) -> String {
        let calls = count(usize::try_from(self.report.n_calls).unwrap_or(usize::MAX), "call");
        let parts =
            ORDER.iter().map(|change| (self.n_of(*change), *change)).filter(|(number, _)| *number > 0);
        let parts: Vec<String> =
            parts.map(|(number, change)| format!("{number} {}", change.as_str().replace('-', " "))).collect();
        let parts = if parts.is_empty() { "nothing to judge".to_owned() } else { parts.join(", ") };
        format!("{calls} of {}: {parts}", self.source)
    }

    fn group_lines(&self, output: Output, group: &Group) -> Vec<String> {
        let tone = match group.change {
            Change::NewlyDenied => Tone::Bad,
            Change::NewlyAllowed | Change::Unknown => Tone::Warning,
            Change::OtherRule | Change::NotCompared | Change::None => Tone::Quiet,
        };
        let Group { server, tool, n_calls, was, now, example, .. } = group;
        let word = output.paint(tone, format!("{:<13}", group.change.as_str().replace('-', " ")));
        let mut lines = vec![format!(
            "  {word} {n_calls:>6}  {}  {}",
            plain(&format!("{server}  {tool}")),
            step(was, now)
        )];
        if group.change != Change::None {
            lines.push(output.paint(Tone::Quiet, format!("{:23} first: {}", "", self.place(example))));
            lines.extend(example.values.as_ref().map(|values| format!("{:23} {}", "", plain(values))));
        }
        lines
    }

    fn place(&self, call: &Judged) -> String {
        let id = if call.id.is_empty() { String::new() } else { format!(", call {}", plain(&call.id)) };
        let grant =
            if call.grant.is_empty() { String::new() } else { format!(", grant {}", plain(&call.grant)) };
        let time = call.time_ms.map(|ms| format!(", {}", Timestamp::from_ms(ms))).unwrap_or_default();
        format!("{} {}{id}{grant}{time}", self.noun, call.number)
    }

    fn call_line(&self, output: Output, call: &Judged) -> String {
        let subject = plain(&format!("{}  {}", call.server, call.tool));
        let values = call.values.as_ref().map(|values| format!("  {}", plain(values))).unwrap_or_default();
        let line = format!(
            "{}  {subject}  {}{values}",
            self.place(call),
            step(&call.was.outcome, &call.now.outcome)
        );
        let tone = if Change::of(&call.was.outcome, &call.now.outcome) == Change::None {
            Tone::Quiet
        } else {
            Tone::Strong
        };
        output.paint(tone, line)
    }

    /// For programs.
    fn to_json(&self) -> Value {
        let groups: Vec<Value> = self.report.groups.iter().map(group_json).collect();
        let counts: serde_json::Map<String, Value> =
            ORDER.iter().map(|change| (change.as_str().to_owned(), self.n_of(*change).into())).collect();
        let notes = &self.report.notes;
        json!({
            "source": self.source,
            "calls": self.report.n_calls,
            "changes": counts,
            "groups": groups,
            "notes": {
                "judged_by_another_definition": notes.n_other_definition,
                "without_a_definition": notes.n_no_definition,
                "taken_to_fit_their_schema": notes.n_taken_to_fit,
                "without_a_time": notes.n_without_time,
                "not_judged": notes.skipped.other_messages,
                "only_counted": notes.skipped.summarised,
            },
        })
    }
}

/// `allowed -> denied by /tools/…`.
fn step(was: &Outcome, now: &Outcome) -> String {
    let said = |outcome: &Outcome| {
        let joint = if matches!(outcome, Outcome::Unknown(_)) { "because of" } else { "by" };
        let rule = outcome.rule().map(|rule| format!(" {joint} {}", plain(rule)));
        format!("{}{}", outcome.as_str(), rule.unwrap_or_default())
    };
    if was == now { said(now) } else { format!("{} -> {}", said(was), said(now)) }
}

fn note_lines(notes: &Notes) -> Vec<String> {
    let Notes { n_other_definition, n_no_definition, n_taken_to_fit, n_without_time, skipped } = *notes;
    let told = [
        (
            n_no_definition,
            "of tools that are not known were judged as if any object fitted them; name them with `--tools`",
        ),
        (
            n_other_definition,
            "were judged by another definition of their tool than the one that they were made under",
        ),
        (
            n_taken_to_fit,
            "lack values and were taken to fit their tool's schema, as they were allowed by it; `--strict` does not",
        ),
        (n_without_time, "have no time, so that limits could not count them"),
        (
            skipped.other_messages,
            "messages were not judged: they are no calls of tools, or no policy was asked for them",
        ),
        (skipped.summarised, "denials were only counted in summaries, and were not judged"),
    ];
    told.into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, text)| format!("{number} {text}"))
        .collect()
}

fn group_json(group: &Group) -> Value {
    let example = &group.example;
    json!({
        "change": group.change.as_str(),
        "server": &*group.server,
        "tool": &*group.tool,
        "was": outcome_json(&group.was),
        "now": outcome_json(&group.now),
        "calls": group.n_calls,
        "example": call_json(example),
    })
}

fn outcome_json(outcome: &Outcome) -> Value {
    json!({ "answer": outcome.as_str(), "rule": outcome.rule() })
}

fn call_json(call: &Judged) -> Value {
    let mut shown = json!({
        "seq": call.number,
        "call": &*call.id,
        "time": call.time_ms.map(|ms| Timestamp::from_ms(ms).to_string()),
        "grant": &*call.grant,
        "server": &*call.server,
        "tool": &*call.tool,
        "was": outcome_json(&call.was.outcome),
        "now": outcome_json(&call.now.outcome),
    });
    if let (Some(shown), Some(values)) = (shown.as_object_mut(), &call.values) {
        // As a text, because numbers in it are not to be rounded.
        shown.insert("arguments_json".to_owned(), Value::from(&**values));
    }
    shown
}
