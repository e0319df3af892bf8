//! The audit's contents: torn ends, queries, following, exports.

use crate::common::{Home, START, answered, begin, copy_of, judged, room};
use std::ops::ControlFlow;
use store::audit::{
    ArgumentFacts, AuditError, AuditKey, Filter, Judged, OperandFact, PolicyRef, Tail, export, query, verify,
    verify_export,
};
use store::{Store, Timestamp};

fn at(ms: u64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

/// Two grants, two tools, an allow and a denial of each, ten seconds apart.
fn busy() -> Home {
    let home = Home::new();
    let store = home.open();
    for (grant, tool) in [("a", "read"), ("b", "write"), ("a", "write")] {
        let judged = Judged { grant, tool: Some(tool), ..judged() };
        let reservation = store.reserve(store.next_call(), &[]).unwrap();
        home.runtime.block_on(store.begin(reservation, &judged)).unwrap().finish(&answered());
        let denied = Judged { rule: "(hidden)", ..judged };
        store.denied(store.next_call(), &denied, "hidden");
        flush(&home, &store);
        home.clock.advance_ms(10_000);
    }
    store.close();
    home
}

/// Waits until all that was queued is written: whatever waits is written in one batch, in order.
fn flush(home: &Home, store: &Store) {
    let reservation = store.reserve(store.next_call(), &[]).unwrap();
    let other = Judged { grant: "other", tool: Some("other"), ..judged() };
    home.runtime.block_on(store.begin(reservation, &other)).unwrap().finish(&answered());
}

fn found(home: &Home, filter: &Filter) -> Vec<String> {
    let mut lines = Vec::new();
    let mut each = |line: &str| {
        lines.push(line.to_owned());
        ControlFlow::Continue(())
    };
    query(home.folder(), filter, &mut each).unwrap();
    lines
}

fn check(home: &Home, filter: &Filter, kinds: &str) {
    let kind =
        |line: &String| line.split("\"kind\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let found: Vec<String> = found(home, filter).iter().map(kind).collect();
    assert_eq!(found.join(" "), kinds, "{filter:?}");
}

#[test]
fn queries_find_calls_with_their_ends() {
    let home = busy();
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default();
    check(&home, &Filter { grant: text("b"), ..all.clone() }, "intent outcome denied");
    check(
        &home,
        &Filter { tool: text("write"), ..all.clone() },
        "intent outcome denied intent outcome denied",
    );
    check(
        &home,
        &Filter { tool: text("write"), effect: text("allow"), ..all.clone() },
        "intent outcome intent outcome",
    );
    check(&home, &Filter { grant: text("a"), kind: text("outcome"), ..all.clone() }, "outcome outcome");
    check(&home, &Filter { effect: text("deny"), ..all.clone() }, "denied denied denied");
    check(&home, &Filter { server: text("none"), ..all.clone() }, "");
    check(
        &home,
        &Filter { grant: text("a"), from: Some(at(10_000)), ..all.clone() },
        "intent outcome denied",
    );
    check(&home, &Filter { grant: text("a"), to: Some(at(9_999)), ..all.clone() }, "intent outcome denied");
    let intent = found(&home, &Filter { kind: text("intent"), ..all.clone() }).remove(0);
    let call = intent.split("\"call\":\"").nth(1).unwrap().split('"').next().and_then(store::CallId::parse);
    check(&home, &Filter { call, ..all }, "intent outcome");
}

#[test]
fn a_query_can_stop() {
    let home = busy();
    let mut n_lines = 0;
    let mut each = |_: &str| {
        n_lines += 1;
        if n_lines == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    query(home.folder(), &Filter::default(), &mut each).unwrap();
    assert_eq!(n_lines, 2);
}

#[test]
fn a_folder_without_an_audit_is_said_to_have_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(verify(folder.path(), None), Err(AuditError::NotThere { .. })));
    assert!(matches!(Tail::new(folder.path(), 1), Err(AuditError::NotThere { .. })));
    let found = query(folder.path(), &Filter::default(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(found, Err(AuditError::NotThere { .. })));
}

#[test]
fn the_tail_follows_from_segment_to_segment() {
    let mut home = Home::new();
    home.options.max_segment_bytes = 3000;
    let store = home.open();
    let (mut tail, mut seen) = Tail::new(home.folder(), 100).unwrap();
    while !home.segment(4).exists() {
        home.call(&store, 1000).unwrap();
        seen.extend(tail.poll().unwrap());
    }
    store.close();
    seen.extend(tail.poll().unwrap());
    assert_eq!(seen, home.lines());
    let (mut tail, last) = Tail::new(home.folder(), 12).unwrap();
    assert_eq!(last, home.lines()[home.lines().len() - 12..]);
    assert!(tail.poll().unwrap().is_empty());
    assert!(Tail::new(home.folder(), 0).unwrap().1.is_empty());
}

#[test]
fn the_tail_hands_out_no_half_record() {
    let home = busy();
    let whole = std::fs::read(home.segment(1)).unwrap();
    let lines = home.lines();
    std::fs::write(home.segment(1), &whole[..5]).unwrap();
    let (mut tail, mut seen) = Tail::new(home.folder(), 100).unwrap();
    for n_bytes in (5..=whole.len()).step_by(37).chain([whole.len()]) {
        std::fs::write(home.segment(1), &whole[..n_bytes]).unwrap();
        seen.extend(tail.poll().unwrap());
    }
    assert_eq!(seen, lines);
}

#[test]
fn a_last_record_torn_at_any_byte_is_cut_off_and_the_log_goes_on() {
    let home = busy();
    let whole = std::fs::read(home.segment(1)).unwrap();
    let n_last = whole.iter().rev().skip(1).take_while(|byte| **byte != b'\n').count() + 1;
    for n_bytes in (whole.len() - n_last..whole.len()).step_by(11) {
        let crashed = copy_of(&home);
        std::fs::write(crashed.segment(1), &whole[..n_bytes]).unwrap();
        let report = verify(crashed.folder(), None).unwrap();
        assert!(report.is_ok() && report.n_torn as usize == n_bytes - (whole.len() - n_last));
        let store = crashed.open();
        crashed.call(&store, 10).unwrap();
        drop(store);
        assert_eq!(crashed.verify().n_torn, 0);
    }
}

#[test]
fn a_segment_that_was_just_begun_at_a_crash_is_begun_again() {
    let home = busy();
    for content in ["", "{\"seq\":", "no record\n"] {
        let crashed = copy_of(&home);
        std::fs::write(crashed.segment(2), content).unwrap();
        let store = crashed.open();
        crashed.call(&store, 10).unwrap();
        drop(store);
        crashed.verify();
        assert!(!crashed.segment(2).exists());
    }
}

#[test]
fn an_export_verifies_on_its_own() {
    let mut home = Home::new();
    home.options.max_segment_bytes = 3000;
    let store = home.open();
    while !home.segment(4).exists() {
        home.call(&store, 1000).unwrap();
        home.clock.advance_ms(1000);
    }
    let path = home.file("export.jsonl");
    let write = |from, to| {
        let mut out = Vec::new();
        let n_records = export(home.folder(), from, to, store.now(), &mut out).unwrap();
        std::fs::write(&path, &out).unwrap();
        (n_records, out)
    };
    let key = AuditKey::load(home.folder()).unwrap();
    let (n_all, whole) = write(None, None);
    let report = verify_export(&path, key.as_ref(), None).unwrap();
    assert!(report.is_ok() && report.seals_checked, "{:?}", report.problems);
    assert_eq!((report.tally.records, report.proved_through), (n_all, Some(n_all)));
    assert!(verify_export(&path, None, None).unwrap().is_ok());
    for n_cut in 1..whole.len() {
        if whole[whole.len() - n_cut - 1] == b'\n' && n_cut < whole.len() - 600 {
            std::fs::write(&path, &whole[..whole.len() - n_cut]).unwrap();
            assert!(!verify_export(&path, None, None).unwrap().is_ok(), "{n_cut} bytes cut off");
        }
    }
    let forged = String::from_utf8(whole.clone()).unwrap().replacen("\"last_seq\":", "\"last_seq\":1", 1);
    std::fs::write(&path, forged).unwrap();
    assert!(!verify_export(&path, key.as_ref(), None).unwrap().is_ok());
    let (n_part, _) = write(Some(at(5000)), Some(at(6000)));
    assert!(n_part < n_all);
    let report = verify_export(&path, key.as_ref(), None).unwrap();
    assert!(report.is_ok() && report.first_seq > Some(1), "{:?}", report.problems);
    assert!(verify_export(&home.segment(1), None, None).is_err(), "a segment is no export");
}

#[test]
fn a_running_log_verifies_at_any_moment() {
    let mut home = Home::new();
    home.options.max_segment_bytes = 8000;
    let store = home.open();
    for n in 0..60 {
        let open = home.begin(&store, 1000).unwrap();
        let report = home.verify();
        assert_eq!(report.n_open, report.tally.intents - report.tally.answered, "{n}");
        open.finish(&answered());
    }
}

#[test]
fn a_record_holds_the_facts_and_is_bounded() {
    let home = Home::new();
    let store = home.open();
    let long = "x".repeat(100_000);
    let many: Vec<&str> = vec!["key"; 5000];
    let facts = Judged {
        definition: Some("d1"),
        // A policy may stand in the baseline and in the grant's own list.
        policies: &["base", "own", "base"]
            .map(|name| PolicyRef { name, hash: if name == "own" { "h2" } else { "h1" } }),
        rule: "/tools/x/deny_if/args.amount-gt",
        pointer: "/tools/x/deny_if/0/conditions/0",
        matched: &["/tools/x/deny_if/args.amount-gt"],
        operands: &[OperandFact { path: "args.amount", outcome: "true" }],
        arguments: Some(ArgumentFacts {
            keys: &["amount"],
            n_other_keys: 2,
            repaired: &["/amount"],
            digest: store.digest(b"{}"),
        }),
        n_bytes: 212,
        ..judged()
    };
    store.denied(store.next_call(), &facts, "deny_if");
    let huge = Judged { tool: Some(&long), rule: &long, matched: &many, ..facts };
    store.denied(store.next_call(), &huge, "unknown_tool");
    store.close();
    let lines = home.lines();
    let digest = store.digest(b"{}");
    let body = format!(
        r#""server":"imaging","method":"tools/call","tool":"start_dicom_import_job","definition":"d1","policies":{{"base":"h1","own":"h2"}},"effect":"deny","rule":"/tools/x/deny_if/args.amount-gt","pointer":"/tools/x/deny_if/0/conditions/0","matched":["/tools/x/deny_if/args.amount-gt"],"operands":["args.amount true"],"arguments":{{"keys":["amount"],"other_keys":2,"repaired":["/amount"],"digest":"{digest}"}},"bytes":212,"cause":"deny_if","prev":"#
    );
    assert!(lines[2].contains(&body), "{}", lines[2]);
    assert!(
        lines
            .iter()
            .all(|line| json::Document::scan(line.clone().into_bytes(), &json::Limits::default()).is_ok())
    );
    assert!(lines[3].len() < 8000 && lines[3].contains("\"matched_more\":4936"), "{}", lines[3].len());
    home.verify();
}

#[test]
fn attempts_without_a_grant_are_recorded_and_floods_counted() {
    let home = Home::new();
    let store = home.open();
    for _ in 0..500 {
        store.unauthenticated("203.0.113.7", "unknown token");
    }
    store.close();
    assert_eq!(home.verify().tally.denied, 500);
    let lines = home.lines();
    assert!(lines.len() < 40);
    let summary = lines.iter().find(|line| line.contains("\"kind\":\"summary\"")).unwrap();
    assert!(summary.contains(r#""of":"unauthenticated","count":480"#), "{summary}");
    assert!(summary.contains(r#""source":"203.0.113.7","reason":"unknown token""#), "{summary}");
}

#[test]
fn open_calls_are_carried_from_segment_to_segment() {
    let mut home = Home::new();
    home.options.max_segment_bytes = 3000;
    let store = home.open();
    let long_running = home.begin(&store, 1000).unwrap();
    while !home.segment(4).exists() {
        home.call(&store, 1000).unwrap();
    }
    let crashed = copy_of(&home);
    let recovered = crashed.open();
    drop(recovered);
    let line = crashed.lines().into_iter().find(|line| line.contains("\"kind\":\"recovered\"")).unwrap();
    assert!(line.contains(&long_running.id().to_string()), "{line}");
    crashed.verify();
    long_running.finish(&answered());
    drop(store);
    assert_eq!(home.verify().n_open, 0);
}

#[test]
fn a_step_of_the_wall_clock_is_audited() {
    let home = Home::new();
    let store = home.open();
    home.clock.set_wall_ms(START + 3_600_000);
    drop(store);
    // Looked for by maintenance, which a start does too.
    let store = home.open();
    home.clock.set_wall_ms(START - 3_600_000);
    home.runtime.block_on(async { begin(&store, "limit", 10).await.unwrap().finish(&answered()) });
    assert_eq!(room(&store, 10), 9);
    store.close();
    let start = home.lines().into_iter().rfind(|line| line.contains("\"kind\":\"start\"")).unwrap();
    assert!(start.contains("\"wall_lead_ms\":3600000"), "{start}");
    home.verify();
}
