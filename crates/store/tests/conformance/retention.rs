//! Retention: whole segments go, a sealed stub stands for them.

use crate::common::{Home, answered};
use store::audit::{ProblemKind, Retention, verify};

/// A folder with several segments, a few seconds apart, from which nothing was removed.
fn filled() -> Home {
    let mut home = Home::new();
    home.options.max_segment_bytes = 3000;
    let store = home.open();
    while !home.segment(5).exists() {
        home.call(&store, 100_000).unwrap();
        home.clock.advance_ms(1000);
    }
    drop(store);
    home
}

fn segments(home: &Home) -> Vec<u64> {
    (1..100).filter(|number| home.segment(*number).exists()).collect()
}

#[test]
fn old_segments_go_and_the_rest_verifies() {
    let mut home = filled();
    let n_records = home.verify().tally.records;
    home.options.retention.max_age_ms = Some(1000);
    home.clock.advance_ms(2000);
    let store = home.open();
    home.call(&store, 100_000).unwrap();
    drop(store);
    assert_eq!(segments(&home)[0], 5, "the segment that is written stays");
    let report = home.verify();
    assert!(report.first_seq > Some(1) && report.tally.records < n_records);
    assert!(home.folder().join("audit/stub.json").exists());
    let text = std::fs::read_to_string(home.segment(5)).unwrap();
    assert!(text.contains("\"action\":\"audit.retention\"") && text.contains("\"segments\":\"4\""));
}

#[test]
fn the_oldest_segments_go_while_there_are_too_many_bytes() {
    let mut home = filled();
    home.options.retention = Retention { max_age_ms: None, max_bytes: Some(10_000) };
    drop(home.open());
    let kept = segments(&home);
    assert!(kept.len() < 5 && kept.contains(&5), "{kept:?}");
    home.verify();
    drop(home.open());
    home.verify();
}

#[test]
fn a_segment_that_was_removed_by_hand_is_missed_all_the_same() {
    let mut home = filled();
    home.options.retention.max_bytes = Some(10_000);
    drop(home.open());
    let first = segments(&home)[0];
    std::fs::remove_file(home.segment(first)).unwrap();
    assert!(!verify(home.folder(), None).unwrap().is_ok());
}

#[test]
fn a_changed_or_missing_stub_is_found() {
    let mut home = filled();
    home.options.retention.max_bytes = Some(10_000);
    drop(home.open());
    let path = home.folder().join("audit/stub.json");
    let stub = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let report = verify(home.folder(), None).unwrap();
    assert!(matches!(report.problems[0].kind, ProblemKind::Misnumbered { expected: 1 }));
    std::fs::write(&path, stub.replacen("\"time\":\"2", "\"time\":\"3", 1)).unwrap();
    let report = verify(home.folder(), None).unwrap();
    assert_eq!(report.problems[0].kind, ProblemKind::StatementUnsealed);
    std::fs::write(&path, "{}").unwrap();
    assert!(verify(home.folder(), None).is_err());
}

#[test]
fn a_removal_that_was_interrupted_is_finished() {
    let mut home = filled();
    let old = std::fs::read(home.segment(1)).unwrap();
    home.options.retention.max_bytes = Some(10_000);
    drop(home.open());
    std::fs::write(home.segment(1), old).unwrap();
    home.verify();
    drop(home.open());
    assert!(!home.segment(1).exists());
}

#[test]
fn a_call_that_outlives_its_segment_still_ends() {
    let mut home = Home::new();
    home.options.max_segment_bytes = 3000;
    home.options.retention.max_bytes = Some(3000);
    let store = home.open();
    let long_running = home.begin(&store, 100_000).unwrap();
    while !home.segment(4).exists() {
        home.call(&store, 100_000).unwrap();
    }
    home.clock.advance_ms(3_600_000);
    long_running.finish(&answered());
    drop(store);
    drop(home.open());
    assert!(!home.segment(1).exists());
    assert_eq!(home.verify().n_open, 0);
}
