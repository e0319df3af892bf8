//! Repeated denials and unauthenticated attempts: some in full, the rest as a count.
//! Must never grow with what peers send, nor lose a count.

use crate::audit::judged::capped;
use crate::time::Timestamp;
use json::ObjectWriter;
use std::collections::HashMap;

/// Counts are written this long after the first denial that they count.
const PERIOD_MS: u64 = 10_000;
/// So many equal denials per period are recorded in full.
const FULL_PER_ROW: u64 = 20;
/// So many denials per period are recorded in full at all.
const FULL_IN_ALL: u64 = 2_000;
/// So many different ones are told apart per period; the rest count together.
const MAX_ROWS: usize = 1_024;
/// Longest name in a row.
const MAX_NAME_BYTES: usize = 256;

/// What makes two denials equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FloodRow<'a> {
    /// `denied` or `unauthenticated`.
    pub(crate) of: &'static str,
    /// Names and values of the fields that tell rows apart.
    pub(crate) fields: &'a [(&'static str, &'a str)],
}

#[derive(Debug)]
struct Count {
    of: &'static str,
    fields: Vec<(&'static str, String)>,
    n_full: u64,
    n_counted: u64,
}

/// The counts of the present period.
#[derive(Debug, Default)]
pub(crate) struct Floods {
    rows: HashMap<String, Count>,
    n_full: u64,
    n_others: u64,
    since: Option<Timestamp>,
}

impl Floods {
    /// True when a denial is to be recorded in full; else it is counted.
    pub(crate) fn admit(&mut self, row: FloodRow<'_>, now: Timestamp) -> bool {
        self.since.get_or_insert(now);
        let may_be_full = self.n_full < FULL_IN_ALL;
        let Some(count) = self.row(row) else {
            self.n_others += 1;
            return false;
        };
        if may_be_full && count.n_full < FULL_PER_ROW {
            count.n_full += 1;
            self.n_full += 1;
            return true;
        }
        count.n_counted += 1;
        false
    }

    /// Counts denials that were to be recorded in full and could not be written.
    pub(crate) fn count_unwritten(&mut self, n_records: u64, now: Timestamp) {
        if n_records > 0 {
            self.since.get_or_insert(now);
            self.n_others += n_records;
        }
    }

    fn row(&mut self, row: FloodRow<'_>) -> Option<&mut Count> {
        let mut key = String::from(row.of);
        for (_, value) in row.fields {
            key.push('\0');
            key.push_str(&capped(value, MAX_NAME_BYTES));
        }
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&key) {
            return None;
        }
        Some(self.rows.entry(key).or_insert_with(|| {
            let fields = row.fields.iter().filter(|(_, value)| !value.is_empty());
            let fields = fields.map(|(name, value)| (*name, capped(value, MAX_NAME_BYTES).into_owned()));
            Count { of: row.of, fields: fields.collect(), n_full: 0, n_counted: 0 }
        }))
    }

    /// Ends the period when it is over, or at once; the bodies of its summaries.
    pub(crate) fn take_due(&mut self, now: Timestamp, at_once: bool) -> Vec<Vec<u8>> {
        let Some(since) = self.since else { return Vec::new() };
        if !at_once && now.ms_since(since) < PERIOD_MS {
            return Vec::new();
        }
        let over = std::mem::take(self);
        let mut rows: Vec<Count> = over.rows.into_values().filter(|count| count.n_counted > 0).collect();
        rows.sort_by(|a, b| a.fields.cmp(&b.fields));
        let mut bodies: Vec<Vec<u8>> =
            rows.iter().map(|count| summary(count.of, count.n_counted, since, now, &count.fields)).collect();
        if over.n_others > 0 {
            bodies.push(summary("others", over.n_others, since, now, &[]));
        }
        bodies
    }
}

fn summary(
    of: &str,
    count: u64,
    from: Timestamp,
    to: Timestamp,
    fields: &[(&'static str, String)],
) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut object = ObjectWriter::begin(&mut out);
    object.str("kind", "summary").str("of", of).u64("count", count);
    object.str("from", &from.to_string()).str("to", &to.to_string());
    for (name, value) in fields {
        object.str(name, value);
    }
    object.end();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(floods: &mut Floods, tool: &str, ms: u64) -> bool {
        let fields = [("grant", "g"), ("tool", tool)];
        floods.admit(FloodRow { of: "denied", fields: &fields }, Timestamp::from_ms(ms))
    }

    fn counts(bodies: &[Vec<u8>]) -> u64 {
        let count = |body: &Vec<u8>| {
            let document = json::Document::scan(body.clone(), &json::Limits::default()).unwrap();
            document.root().get("count").unwrap().as_number().unwrap().as_u64().unwrap()
        };
        bodies.iter().map(count).sum()
    }

    #[test]
    fn equal_denials_become_one_summary_and_none_is_lost() {
        let mut floods = Floods::default();
        let n_full = (0..9_900).filter(|_| admit(&mut floods, "a", 5)).count() as u64;
        assert_eq!(n_full, FULL_PER_ROW);
        assert!(floods.take_due(Timestamp::from_ms(5 + PERIOD_MS - 1), false).is_empty());
        let bodies = floods.take_due(Timestamp::from_ms(5 + PERIOD_MS), false);
        assert_eq!((bodies.len(), counts(&bodies)), (1, 9_900 - n_full));
        let text = String::from_utf8(bodies[0].clone()).unwrap();
        assert!(text.contains(r#""of":"denied""#) && text.contains(r#""tool":"a""#), "{text}");
        assert!(admit(&mut floods, "a", 99_999), "a new period begins with records in full");
    }

    #[test]
    fn made_up_names_do_not_make_it_grow() {
        let mut floods = Floods::default();
        let n_all = 50_000;
        let n_full = (0..n_all).filter(|n| admit(&mut floods, &format!("tool-{n}"), 5)).count() as u64;
        assert!(n_full <= FULL_IN_ALL && floods.rows.len() <= MAX_ROWS);
        assert_eq!(counts(&floods.take_due(Timestamp::from_ms(6), true)), n_all - n_full);
    }

    #[test]
    fn what_was_not_written_is_counted() {
        let mut floods = Floods::default();
        floods.count_unwritten(7, Timestamp::from_ms(1));
        assert_eq!(counts(&floods.take_due(Timestamp::from_ms(2), true)), 7);
        assert!(floods.take_due(Timestamp::from_ms(2), true).is_empty());
    }
}
