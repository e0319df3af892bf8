//! The life of calls: recorded, ended, counted, over restarts, crashes and steps of the clock.

use crate::common::{self, Denied, Home, START, answered, begin, copy_of, judged, room};
use std::sync::atomic::{AtomicU64, Ordering};
use store::audit::{Change, ChangeKind, Outcome, OutcomeKind};
use store::{CallId, Demand, Durability, OpenError, Refused, StoreError};

#[test]
fn a_call_is_recorded_before_it_is_forwarded_and_when_it_ends() {
    let home = Home::new();
    let store = home.open();
    let call = home.begin(&store, 10).unwrap();
    let intent = home.lines().pop().unwrap();
    for part in [
        format!("\"kind\":\"intent\",\"call\":\"{}\"", call.id()),
        "\"grant\":\"agent\",\"server\":\"imaging\",\"method\":\"tools/call\"".to_owned(),
        "\"effect\":\"allow\"".to_owned(),
        "{\"counter\":[\"policy\",\"imaging\",\"limit\",\"calls\",\"grant\",\"agent\"],\"count\":1}"
            .to_owned(),
    ] {
        assert!(intent.contains(&part), "{part} in {intent}");
    }
    call.finish(&answered());
    store.close();
    assert_eq!(home.kinds(), ["checkpoint", "start", "intent", "outcome", "checkpoint"]);
    let tally = home.verify().tally;
    assert_eq!((tally.intents, tally.answered, tally.forwarded(), tally.unresolved()), (1, 1, 1, 0));
}

#[test]
fn the_eleventh_of_ten_a_minute_is_refused_with_the_time_to_retry() {
    let home = Home::new();
    let store = home.open();
    for _ in 0..10 {
        home.call(&store, 10).unwrap();
        home.clock.advance_ms(1000);
    }
    let refused = home.call(&store, 10).unwrap_err();
    assert!(
        matches!(refused, Denied::Limit(Refused::Full { retry_after_ms: Some(50_001), .. })),
        "{refused:?}"
    );
    home.clock.advance_ms(50_001);
    home.call(&store, 10).unwrap();
}

#[test]
fn counters_outlive_a_restart() {
    for durability in [Durability::Process, Durability::Power] {
        let mut home = Home::new();
        home.options.durability = durability;
        let store = home.open();
        for _ in 0..7 {
            home.call(&store, 10).unwrap();
        }
        store.close();
        drop(store);
        let store = home.open();
        assert_eq!(room(&store, 10), 3);
        home.clock.advance_ms(60_001);
        assert_eq!(room(&store, 10), 10);
        drop(store);
        home.verify();
    }
}

#[test]
fn a_crash_leaves_open_calls_used_and_recovered_once() {
    let home = Home::new();
    let store = home.open();
    home.call(&store, 10).unwrap();
    let open: Vec<_> = (0..4).map(|_| home.begin(&store, 10).unwrap()).collect();
    let crashed = copy_of(&home);
    home.clock.advance_ms(30_000);
    for _ in 0..3 {
        // The first start recovers, the later ones find nothing more.
        drop(crashed.open());
    }
    let store = crashed.open();
    assert_eq!(room(&store, 10), 5);
    home.clock.advance_ms(30_001);
    assert_eq!(room(&store, 10), 6, "what was written ages from then, what is unresolved from the recovery");
    home.clock.advance_ms(30_000);
    assert_eq!(room(&store, 10), 10);
    drop(store);
    let tally = crashed.verify().tally;
    // The last outcome may not have been written yet when the process died.
    assert_eq!((tally.intents, tally.forwarded() + tally.unresolved()), (5, 5));
    assert!(tally.unresolved() >= 4);
    drop(open);
}

#[test]
fn a_reservation_without_an_intent_is_recovered_too() {
    let home = Home::new();
    let store = home.open();
    let n_before = std::fs::read(home.segment(1)).unwrap().len();
    let call = home.begin(&store, 10).unwrap();
    let crashed = copy_of(&home);
    // As if the process had died between the two writes.
    let segment = std::fs::read(crashed.segment(1)).unwrap();
    std::fs::write(crashed.segment(1), &segment[..n_before]).unwrap();
    let store = crashed.open();
    home.clock.advance_ms(60_000);
    assert_eq!(room(&store, 10), 9);
    home.clock.advance_ms(1);
    assert_eq!(room(&store, 10), 10, "it ages from the recovery, in this run too");
    drop(store);
    let tally = crashed.verify().tally;
    assert_eq!((tally.intents, tally.recovered, tally.recovered_reservations), (0, 0, 1));
    let line = crashed.lines().into_iter().find(|line| line.contains("recovered")).unwrap();
    assert!(line.contains(&call.id().to_string()) && line.contains("\"from\":\"journal\""), "{line}");
    drop(call);
}

#[test]
fn a_batch_torn_at_any_byte_leaves_no_half_call() {
    let home = Home::new();
    let store = home.open();
    home.call(&store, 100).unwrap();
    home.call(&store, 100).unwrap();
    store.close();
    drop(store);
    let store = home.open();
    let before =
        [home.file("counters.journal"), home.segment(1)].map(|path| std::fs::read(path).unwrap().len());
    // Three calls of one turn of the event loop are one frame and one write.
    let calls = home.runtime.block_on(async {
        let begin = || begin(&store, "limit", 100);
        tokio::join!(begin(), begin(), begin())
    });
    let whole = [home.file("counters.journal"), home.segment(1)].map(|path| std::fs::read(path).unwrap());
    let check = |n_journal: usize, n_audit: usize| {
        let crashed = copy_of(&home);
        std::fs::write(crashed.file("counters.journal"), &whole[0][..n_journal]).unwrap();
        std::fs::write(crashed.segment(1), &whole[1][..n_audit]).unwrap();
        let store = crashed.open();
        let n_used = 100 - room(&store, 100);
        drop(store);
        let tally = crashed.verify().tally;
        assert_eq!(tally.forwarded() + tally.unresolved(), n_used, "{n_journal} {n_audit}");
        n_used
    };
    let journal_cut: Vec<u64> =
        (before[0]..=whole[0].len()).map(|n_bytes| check(n_bytes, before[1])).collect();
    assert_eq!(journal_cut.iter().filter(|n_used| **n_used == 5).count(), 1, "the batch is whole or nothing");
    assert!(journal_cut.iter().all(|n_used| [2, 5].contains(n_used)));
    for n_audit in (before[1]..=whole[1].len()).step_by(13) {
        assert_eq!(check(whole[0].len(), n_audit), 5);
    }
    drop(calls);
}

#[test]
fn steps_of_the_wall_clock_free_nothing() {
    for wall in [START - 7_200_000, START + 7_200_000] {
        let home = Home::new();
        let store = home.open();
        for _ in 0..10 {
            home.call(&store, 10).unwrap();
        }
        home.clock.advance_ms(5000);
        home.clock.set_wall_ms(wall);
        assert_eq!(room(&store, 10), 0);
        store.close();
        drop(store);
        let store = home.open();
        assert_eq!(room(&store, 10), 0, "nor over a restart within the boot");
        home.clock.advance_ms(55_000);
        assert_eq!(room(&store, 10), 0);
        home.clock.advance_ms(1);
        assert_eq!(room(&store, 10), 10);
        drop(store);
        home.verify();
    }
}

#[test]
fn after_a_reboot_time_never_runs_backwards() {
    let home = Home::new();
    let store = home.open();
    home.clock.advance_ms(90_000);
    for _ in 0..10 {
        home.call(&store, 10).unwrap();
    }
    store.close();
    drop(store);
    home.clock.reboot("boot-2");
    home.clock.set_wall_ms(START - 999_999);
    let store = home.open();
    assert!(store.now().as_ms() >= START + 90_000);
    assert_eq!(room(&store, 10), 0);
    store.close();
    drop(store);
    home.clock.reboot("boot-3");
    home.clock.set_wall_ms(START + 1_000_000);
    let store = home.open();
    assert_eq!((store.now().as_ms(), room(&store, 10)), (START + 1_000_000, 10));
    drop(store);
    home.verify();
}

#[test]
fn calls_dropped_without_an_end_end_as_unknown_and_stay_used() {
    let home = Home::new();
    let store = home.open();
    drop(home.begin(&store, 10).unwrap());
    store.close();
    assert_eq!(room(&store, 10), 9);
    let tally = home.verify().tally;
    assert_eq!((tally.intents, tally.unknown, tally.forwarded()), (1, 1, 1));
}

#[test]
fn what_was_provably_not_sent_is_given_back_only_when_asked() {
    let home = Home::new();
    let store = home.open();
    let not_sent = Outcome::bare(OutcomeKind::NotSent, "connect");
    home.begin(&store, 10).unwrap().finish(&not_sent);
    assert_eq!(room(&store, 10), 9);
    home.begin(&store, 10).unwrap().release(&not_sent);
    assert_eq!(room(&store, 10), 9);
    home.begin(&store, 10).unwrap().release(&answered());
    assert_eq!(room(&store, 10), 8, "an answered call is never given back");
    let mut written = home.begin(&store, 10).unwrap();
    written.written(store.now());
    written.release(&not_sent);
    assert_eq!(room(&store, 10), 7, "nor one of which something was written");
    store.close();
    drop(store);
    let store = home.open();
    assert_eq!(room(&store, 10), 7);
    drop(store);
    let tally = home.verify().tally;
    assert_eq!((tally.not_sent, tally.forwarded()), (3, 1));
}

/// Runs a future for so many polls, then drops it.
async fn polled(n_polls: usize, future: impl Future<Output = ()>) {
    let mut future = Box::pin(future);
    let mut n_left = n_polls;
    std::future::poll_fn(|context| {
        if n_left == 0 {
            return std::task::Poll::Ready(());
        }
        n_left -= 1;
        // Woken again by whatever it waits for, or by this.
        context.waker().wake_by_ref();
        future.as_mut().poll(context)
    })
    .await;
}

#[test]
fn a_call_whose_task_goes_away_half_way_leaves_nothing_open() {
    for durability in [Durability::Process, Durability::Power] {
        for n_polls in 0..4 {
            let mut home = Home::new();
            home.options.durability = durability;
            let store = home.open();
            home.runtime.block_on(polled(n_polls, async {
                let call = begin(&store, "limit", 10).await.unwrap();
                call.finish(&answered());
            }));
            store.close();
            let report = home.verify();
            let tally = report.tally;
            assert_eq!(report.n_open, 0, "{durability:?} {n_polls}");
            assert_eq!(tally.intents, tally.answered + tally.not_sent, "{durability:?} {n_polls}");
            assert_eq!(10 - room(&store, 10), tally.intents, "{durability:?} {n_polls}");
        }
    }
}

#[test]
fn ten_thousand_calls_at_once_against_a_hundred() {
    for durability in [Durability::Process, Durability::Power] {
        let mut home = Home::new();
        home.options.durability = durability;
        let store = home.open();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let forwarded = std::sync::Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..10_000)
            .map(|_| {
                let (store, forwarded) = (store.clone(), forwarded.clone());
                runtime.spawn(async move {
                    match begin(&store, "limit", 100).await {
                        Ok(mut call) => {
                            forwarded.fetch_add(1, Ordering::SeqCst);
                            call.written(store.now());
                            tokio::task::yield_now().await;
                            call.finish(&answered());
                        }
                        Err(Denied::Limit(_)) => store.denied(store.next_call(), &judged(), "limit"),
                        Err(Denied::Store(error)) => panic!("{error}"),
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        store.close();
        let tally = home.verify().tally;
        assert_eq!(forwarded.load(Ordering::SeqCst), 100);
        assert_eq!((tally.intents, tally.answered, tally.denied), (100, 100, 9_900));
        assert!(tally.records < 400, "repeated denials are counted, not listed: {}", tally.records);
    }
}

#[test]
fn too_many_waiting_calls_are_refused_and_leave_nothing() {
    let mut home = Home::new();
    home.options.max_waiting = 2;
    let store = home.open();
    home.runtime.block_on(async {
        let begun = tokio::join!(
            begin(&store, "limit", 10),
            begin(&store, "limit", 10),
            begin(&store, "limit", 10),
            begin(&store, "limit", 10)
        );
        assert!(begun.0.is_ok() && begun.1.is_ok());
        assert!(matches!(begun.2, Err(Denied::Store(StoreError::Busy))));
        assert!(matches!(begun.3, Err(Denied::Store(StoreError::Busy))));
        assert_eq!(room(&store, 10), 8);
    });
    home.call(&store, 10).unwrap();
}

#[test]
fn a_closed_store_refuses_new_calls_and_still_ends_open_ones() {
    let home = Home::new();
    let store = home.open();
    let open = home.begin(&store, 10).unwrap();
    store.close();
    assert!(matches!(home.begin(&store, 10), Err(Denied::Store(StoreError::Closed))));
    open.finish(&answered());
    drop(store);
    assert_eq!(home.verify().tally.answered, 1);
}

#[test]
fn changes_are_recorded_and_on_disk() {
    let home = Home::new();
    let store = home.open();
    let change = Change {
        kind: ChangeKind::Admin,
        actor: "local",
        action: "grant.revoke",
        target: "agent",
        details: &[("reason", "lost laptop")],
    };
    home.runtime.block_on(store.record(&change)).unwrap();
    let line = home.lines().pop().unwrap();
    assert!(
        line.contains(r#""kind":"admin","actor":"local","action":"grant.revoke","target":"agent""#),
        "{line}"
    );
    assert!(line.contains(r#""details":{"reason":"lost laptop"}"#), "{line}");
}

#[test]
fn a_call_without_limits_is_recorded_without_the_journal() {
    let home = Home::new();
    let store = home.open();
    let before = std::fs::read(home.file("counters.journal")).unwrap();
    let reservation = store.reserve(store.next_call(), &[]).unwrap();
    let call = home.runtime.block_on(store.begin(reservation, &judged())).unwrap();
    assert_eq!(std::fs::read(home.file("counters.journal")).unwrap(), before);
    let crashed = copy_of(&home);
    drop(crashed.open());
    let tally = crashed.verify().tally;
    assert_eq!((tally.intents, tally.recovered), (1, 1));
    drop(call);
}

#[test]
fn a_second_owner_is_refused_while_the_first_lives() {
    let home = Home::new();
    let store = home.open();
    assert!(matches!(home.try_open(), Err(OpenError::Locked { .. })));
    drop(store);
    drop(home.open());
}

#[test]
fn a_missing_file_is_named_and_nothing_starts_anew_by_itself() {
    for name in ["counters.journal", "audit.key", "audit", "toolgate.db"] {
        let home = Home::new();
        drop(home.open());
        let path = home.file(name);
        if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }.unwrap();
        let error = home.try_open().unwrap_err();
        assert!(matches!(&error, OpenError::Missing { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(home.try_open().is_err(), "and not by trying twice");
    }
}

#[test]
fn an_emptied_journal_starts_limits_anew_and_says_so() {
    let home = Home::new();
    let store = home.open();
    home.call(&store, 10).unwrap();
    drop(store);
    std::fs::write(home.file("counters.journal"), "").unwrap();
    let store = home.open();
    assert_eq!(room(&store, 10), 10);
    drop(store);
    home.verify();
    assert!(home.lines().iter().any(|line| line.contains("\"limits_reset\":true")));
}

#[test]
fn a_first_start_that_was_interrupted_can_be_repeated() {
    let names = ["lock", "audit.key", "counters.journal", "audit", "toolgate.db"];
    for n_files in 0..=names.len() {
        let home = Home::new();
        drop(home.open());
        std::fs::remove_file(home.file("format")).unwrap();
        for name in &names[n_files..] {
            let path = home.file(name);
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) }.unwrap();
        }
        if n_files > 0 {
            drop(home.open());
            home.verify();
        }
    }
}

#[test]
fn time_passes_for_the_audit_as_for_the_counters() {
    let home = Home::new();
    let store = home.open();
    for _ in 0..5 {
        home.clock.advance_ms(977);
        home.call(&store, 10).unwrap();
    }
    store.close();
    let last = home.lines().pop().unwrap();
    assert!(last.contains("\"time\":\"2026-11-20T13:10:55.892Z\""), "{last}");
}

#[test]
fn ids_of_calls_never_repeat() {
    let home = Home::new();
    let mut ids: Vec<CallId> = Vec::new();
    for _ in 0..3 {
        let store = home.open();
        ids.extend((0..3).map(|_| store.next_call()));
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 9);
}

#[test]
fn digests_tell_arguments_apart_and_say_nothing_elsewhere() {
    let (home, other) = (Home::new(), Home::new());
    let (store, foreign) = (home.open(), other.open());
    let digest = store.digest(br#"{"a":1}"#).to_string();
    assert_eq!(digest, store.digest(br#"{"a":1}"#).to_string());
    assert_ne!(digest, store.digest(br#"{"a":2}"#).to_string());
    assert_ne!(digest, foreign.digest(br#"{"a":1}"#).to_string());
}

#[test]
fn amounts_that_are_sums_are_counted_and_kept_out_of_the_audit() {
    let home = Home::new();
    let store = home.open();
    let key = store::CounterKey::new("p", Some("pay"), "budget", "args.amount", &["grant", "agent"]);
    let demand = |amount: &str| Demand {
        key: &key,
        amount: amount.parse().unwrap(),
        max: 100.into(),
        window: common::MINUTE,
        max_keys: None,
        index: 0,
    };
    let reservation = store.reserve(store.next_call(), &[demand("42.17")]).unwrap();
    home.runtime.block_on(store.begin(reservation, &judged())).unwrap().finish(&answered());
    store.close();
    drop(store);
    assert!(!home.lines().iter().any(|line| line.contains("42.17")));
    let store = home.open();
    let now = store.now();
    assert!(store.ledger().peek(&[demand("57.83")], now).is_ok());
    assert!(store.ledger().peek(&[demand("57.84")], now).is_err());
}
