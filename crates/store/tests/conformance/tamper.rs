//! Verification finds every record that was edited, dropped, inserted or swapped, and a cut end up to a head.

use crate::common::{Home, judged};
use store::audit::{Head, ProblemKind, Report, verify};

/// A log of two segments, with its lines by segment and its head.
struct Log {
    home: Home,
    segments: [Vec<String>; 2],
    head: Head,
}

impl Log {
    fn new() -> Self {
        let mut home = Home::new();
        home.options.max_segment_bytes = 5000;
        let store = home.open();
        while !home.segment(2).exists() {
            home.call(&store, 1000).unwrap();
            home.clock.advance_ms(3);
        }
        home.call(&store, 1000).unwrap();
        store.denied(store.next_call(), &judged(), "require");
        store.close();
        let head = store.head().unwrap();
        let lines = |number| -> Vec<String> {
            std::fs::read_to_string(home.segment(number)).unwrap().lines().map(str::to_owned).collect()
        };
        let segments = [lines(1), lines(2)];
        assert!(segments.iter().all(|lines| lines.len() > 4) && !home.segment(3).exists());
        Self { home, segments, head }
    }

    /// The report on a log whose lines were changed.
    fn with(&self, change: impl FnOnce(&mut Vec<String>)) -> Report {
        self.with_head(change, None)
    }

    fn with_head(&self, change: impl FnOnce(&mut Vec<String>), head: Option<&Head>) -> Report {
        let n_first = self.segments[0].len();
        let mut lines = self.segments.concat();
        change(&mut lines);
        let second = lines.split_off(n_first.min(lines.len()));
        for (number, lines) in [(1, lines), (2, second)] {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(self.home.segment(number), text).unwrap();
        }
        verify(self.home.folder(), head).unwrap()
    }

    fn n_lines(&self) -> usize {
        self.segments.concat().len()
    }
}

fn kinds(report: &Report) -> Vec<ProblemKind> {
    report.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn an_untouched_log_is_proved() {
    let log = Log::new();
    let report = log.with_head(|_| {}, Some(&log.head));
    assert!(report.is_ok() && report.seals_checked, "{:?}", report.problems);
    let n_lines = log.n_lines() as u64;
    assert_eq!(
        (report.first_seq, report.last_seq, report.proved_through),
        (Some(1), Some(n_lines), Some(n_lines))
    );
    assert_eq!((report.head_holds_at, report.n_open, report.n_torn), (Some(n_lines), 0, 0));
    assert_eq!(report.tally.records, n_lines);
}

#[test]
fn every_edited_record_is_found() {
    let log = Log::new();
    for n in 0..log.n_lines() {
        for (old, new) in [
            ("\"time\":\"2026", "\"time\":\"2025"),
            ("\"prev\":\"", "\"prev\":\"0"),
            ("\"kind\":\"", "\"kind\":\"x"),
        ] {
            let report = log.with(|lines| lines[n] = lines[n].replacen(old, new, 1));
            assert!(!report.is_ok(), "line {n}: {old}");
            assert_eq!(report.proved_through, (n > 0).then_some(n as u64), "all before it is proved");
            assert_eq!(
                report.problems[0].line as usize,
                if n < log.segments[0].len() { n + 1 } else { n + 1 - log.segments[0].len() }
            );
        }
    }
}

#[test]
fn every_changed_byte_of_a_record_is_found() {
    let log = Log::new();
    let n = log.n_lines() - 3;
    let length = log.segments.concat()[n].len();
    for at in 0..length {
        let report = log.with(|lines| {
            let mut bytes = lines[n].clone().into_bytes();
            bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
            lines[n] = String::from_utf8(bytes).unwrap();
        });
        assert!(!report.is_ok(), "byte {at}");
    }
}

#[test]
fn every_dropped_record_is_found_and_the_last_with_a_head() {
    let log = Log::new();
    let n_last = log.n_lines() - 1;
    for n in 0..n_last {
        assert!(!log.with(|lines| drop(lines.remove(n))).is_ok(), "line {n}");
    }
    assert!(log.with(|lines| drop(lines.pop())).is_ok(), "without a head a cut end cannot be excluded");
    let report = log.with_head(|lines| drop(lines.pop()), Some(&log.head));
    assert_eq!(kinds(&report), [ProblemKind::Cut { head: log.head.seq }]);
    for n_kept in 0..n_last {
        assert!(!log.with_head(|lines| lines.truncate(n_kept), Some(&log.head)).is_ok(), "{n_kept}");
    }
}

#[test]
fn every_inserted_record_is_found() {
    let log = Log::new();
    let other = Log::new();
    let foreign = other.segments.concat();
    for n in 0..log.n_lines() {
        let report = log.with(|lines| lines.insert(n, lines[n].clone()));
        assert!(!report.is_ok(), "a copy before line {n}");
        let report = log.with(|lines| lines.insert(n + 1, foreign[n].clone()));
        assert!(!report.is_ok(), "a record of another log behind line {n}");
        assert!(!log.with(|lines| lines.insert(n, "{}".to_owned())).is_ok(), "no record at all");
    }
}

#[test]
fn every_two_swapped_records_are_found() {
    let log = Log::new();
    for a in 0..log.n_lines() {
        for b in a + 1..log.n_lines() {
            assert!(!log.with(|lines| lines.swap(a, b)).is_ok(), "lines {a} and {b}");
        }
    }
}

#[test]
fn a_log_made_with_another_key_is_found() {
    let (log, other) = (Log::new(), Log::new());
    std::fs::copy(other.home.file("audit.key"), log.home.file("audit.key")).unwrap();
    let report = log.with(|_| {});
    assert_eq!(report.n_problems as usize, log.n_lines());
    assert!(kinds(&report).iter().all(|kind| *kind == ProblemKind::Unsealed));
    std::fs::remove_file(log.home.file("audit.key")).unwrap();
    let report = log.with(|_| {});
    assert!(
        report.is_ok() && !report.seals_checked,
        "without the key the report says that seals were not checked"
    );
}

/// A record as somebody writes it who has no key: with a right hash, and the seal of before.
fn rehashed(line: &str, old: &str, new: &str) -> String {
    use sha2::Digest;
    let (covered, seal) = line.split_once("\",\"hash\":\"").unwrap();
    let covered = covered.replacen(old, new, 1);
    let hash: [u8; 32] = sha2::Sha256::digest(covered.as_bytes()).into();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{covered}\",\"hash\":\"{hash}{}", &seal[64..])
}

#[test]
fn a_record_with_a_hash_made_anew_is_found_by_its_seal_and_by_the_chain() {
    let log = Log::new();
    let n_last = log.n_lines() - 1;
    for n in 0..n_last {
        let change = |lines: &mut Vec<String>| lines[n] = rehashed(&lines[n], "\"kind\":\"", "\"kind\":\"x");
        assert_eq!(kinds(&log.with(change))[..2], [ProblemKind::Unsealed, ProblemKind::Unlinked], "line {n}");
    }
    std::fs::remove_file(log.home.file("audit.key")).unwrap();
    for n in 0..n_last {
        let report = log.with(|lines| lines[n] = rehashed(&lines[n], "\"kind\":\"", "\"kind\":\"x"));
        assert_eq!(report.problems[0].kind, ProblemKind::Unlinked, "line {n}, without the key");
    }
}

#[test]
fn a_whole_missing_segment_is_found() {
    let log = Log::new();
    std::fs::remove_file(log.home.segment(1)).unwrap();
    let report = verify(log.home.folder(), None).unwrap();
    assert!(kinds(&report).contains(&ProblemKind::Misnumbered { expected: 1 }), "{:?}", report.problems);
}

#[test]
fn a_head_of_another_log_or_another_hash_is_refused() {
    let (log, other) = (Log::new(), Log::new());
    assert!(!log.with_head(|_| {}, Some(&other.head)).is_ok());
    let text = log.head.as_json();
    assert_eq!(Head::parse(text).unwrap().seq, log.head.seq);
    assert!(log.with_head(|_| {}, Head::parse(text).as_ref()).is_ok());
    let digit = log.head.hash[0] >> 4;
    let forged = text.replacen(&format!("\"hash\":\"{digit:x}"), &format!("\"hash\":\"{:x}", digit ^ 1), 1);
    assert_ne!(text, forged);
    assert!(!log.with_head(|_| {}, Head::parse(&forged).as_ref()).is_ok());
    for n_bytes in 0..text.len() {
        assert!(Head::parse(&text[..n_bytes]).is_none());
    }
}

#[test]
fn what_was_edited_stays_found_after_a_restart() {
    let log = Log::new();
    let n_last = log.n_lines() - 1;
    log.with(|lines| lines[n_last] = lines[n_last].replace("\"open\":[]", "\"open\":[ ]"));
    drop(log.home.open());
    let report = verify(log.home.folder(), None).unwrap();
    assert!(!report.is_ok());
    assert_eq!(report.problems[0].seq, Some(log.head.seq));
}

#[test]
fn lines_at_the_end_that_are_no_records_are_kept_beside_the_log() {
    let log = Log::new();
    let mut bytes = std::fs::read(log.home.segment(2)).unwrap();
    let n_good = bytes.len();
    bytes.extend_from_slice(b"\0\0\0\0\n\0\0\0\n\0\0");
    std::fs::write(log.home.segment(2), &bytes).unwrap();
    assert!(!verify(log.home.folder(), None).unwrap().is_ok());
    drop(log.home.open());
    log.home.verify();
    let kept = log.home.folder().join("audit").join(format!("0000000002.cut-at-{n_good}"));
    assert_eq!(std::fs::read(kept).unwrap(), b"\0\0\0\0\n\0\0\0\n");
    let text = log.home.lines().concat();
    assert!(
        text.contains("\"audit_torn_bytes\":2") && text.contains("\"audit_aside_bytes\":9"),
        "both are recorded"
    );
}
