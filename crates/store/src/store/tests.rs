//! The store when its disk is full, and its maintenance: what cannot be reached from outside in a test.

use crate::audit::{Change, ChangeKind, Judged, Outcome, OutcomeKind, Report, verify};
use crate::clock::{Clock, ManualClock};
use crate::counters::{CounterKey, Demand};
use crate::error::StoreError;
use crate::log_file::LogFile;
use crate::log_file::small_disk::SmallDisk;
use crate::store::{Durability, OpenCall, Options, Store};
use crate::time::DAY_MS;
use crate::window::Window;
use std::path::PathBuf;
use std::sync::Arc;

const START: u64 = 1_795_180_251_007;
const ANSWERED: Outcome<'static> = Outcome::bare(OutcomeKind::Answered, "");

struct Home {
    parent: tempfile::TempDir,
    clock: Arc<ManualClock>,
    runtime: tokio::runtime::Runtime,
}

impl Home {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { parent: tempfile::tempdir().unwrap(), clock: ManualClock::new(START), runtime }
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("data")
    }

    fn open(&self) -> Store {
        self.open_with(|_| {})
    }

    fn open_with(&self, change: impl FnOnce(&mut Options)) -> Store {
        let mut options = Options::new(self.folder());
        options.free_space_reserve_bytes = 0;
        change(&mut options);
        Store::open(&options, Clock::Manual(self.clock.clone())).unwrap()
    }

    fn begin(&self, store: &Store, max: u64) -> Result<OpenCall, StoreError> {
        let key = CounterKey::new("policy", Some("imaging"), "limit", "calls", &[]);
        let window = Window::Sliding { ms: 60_000 };
        let demand =
            Demand { key: &key, amount: 1.into(), max: max.into(), window, max_keys: None, index: 0 };
        let reservation =
            store.reserve(store.next_call(), &[demand]).expect("the limit is not what is tested");
        self.runtime.block_on(store.begin(reservation, &Judged { grant: "agent", ..Judged::default() }))
    }

    fn files(&self) -> [Vec<u8>; 2] {
        ["counters.journal", "audit/0000000001.jsonl"]
            .map(|name| std::fs::read(self.folder().join(name)).unwrap())
    }

    fn verify(&self) -> Report {
        let report = verify(&self.folder(), None).unwrap();
        assert!(report.is_ok(), "{:#?}", report.problems);
        report
    }
}

/// Puts both files on a disk with so many bytes left.
fn small_disk(store: &Store, free: u64) -> Arc<SmallDisk> {
    let disk = Arc::new(SmallDisk::new(free));
    let placed = store.shared().with_writer(|writer| {
        for log in [&mut writer.journal.log, &mut writer.audit.log] {
            // Space that was allocated ahead is given back, so that every byte counts from here on.
            log.give_room_back().unwrap();
            log.disk = Some(disk.clone());
        }
    });
    placed.unwrap();
    disk
}

fn n_used(store: &Store) -> u64 {
    let key = CounterKey::new("policy", Some("imaging"), "limit", "calls", &[]);
    let window = Window::Sliding { ms: 60_000 };
    let fits = |max: u64| {
        let demand =
            Demand { key: &key, amount: 1.into(), max: max.into(), window, max_keys: None, index: 0 };
        store.ledger().peek(&[demand], store.now()).is_ok()
    };
    (1..1000).find(|max| fits(*max)).unwrap() - 1
}

#[test]
fn a_disk_that_is_full_at_any_byte_denies_and_leaves_nothing() {
    let home = Home::new();
    let store = home.open();
    let (mut n_denied, mut n_begun) = (0, 0);
    for free in (0..3000).step_by(7) {
        let disk = small_disk(&store, free);
        let before = home.files();
        match home.begin(&store, 1000) {
            Err(error) => {
                n_denied += 1;
                assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
                assert!(error.to_string().contains("full; free some space"), "{error}");
                assert_eq!((home.files(), n_used(&store)), (before, n_begun), "{free}");
            }
            Ok(call) => {
                n_begun += 1;
                disk.set_free(0);
                call.finish(&ANSWERED);
                store.shared().write_now();
                assert_eq!(home.verify().tally.answered, n_begun, "the end of a call has its room: {free}");
            }
        }
    }
    assert!(n_denied > 50 && n_begun > 50, "{n_denied} {n_begun}");
    small_disk(&store, 1 << 30);
    home.begin(&store, 1000).unwrap().finish(&ANSWERED);
    store.close();
    assert_eq!(home.verify().n_open, 0);
}

#[test]
fn without_room_made_ahead_a_write_that_fails_half_way_leaves_nothing_in_either_file() {
    let home = Home::new();
    let store = home.open();
    let (mut n_denied, mut n_half) = (0, 0);
    for free in (0..700).step_by(3) {
        let disk = small_disk(&store, free);
        let prepared = store.shared().with_writer(|writer| {
            [&mut writer.journal.log, &mut writer.audit.log].into_iter().for_each(LogFile::cannot_allocate);
        });
        prepared.unwrap();
        let before = home.files();
        match home.begin(&store, 1000) {
            Ok(call) => {
                disk.set_free(1 << 20);
                call.finish(&ANSWERED);
                store.shared().write_now();
            }
            Err(error) => {
                n_denied += 1;
                // More than a frame of the journal fits: the audit is what failed.
                n_half += u64::from(free > 200);
                assert!(matches!(error, StoreError::DiskFull { .. }), "{error}");
                assert_eq!(home.files(), before, "{free}");
            }
        }
    }
    assert!(n_denied > 100 && n_half > 50, "{n_denied} {n_half}");
    small_disk(&store, 1 << 20);
    home.begin(&store, 1000).unwrap().finish(&ANSWERED);
    let used = n_used(&store);
    drop(store);
    let store = home.open();
    assert_eq!(n_used(&store), used, "the journal holds no more and no less");
    store.close();
    let tally = home.verify().tally;
    assert_eq!((tally.intents, tally.answered, tally.unresolved()), (used, used, 0));
}

#[test]
fn every_call_that_is_open_on_a_full_disk_can_end() {
    let home = Home::new();
    let store = home.open();
    let disk = small_disk(&store, 400_000);
    let mut open = Vec::new();
    while let Ok(call) = home.begin(&store, 1000) {
        open.push(call);
    }
    disk.set_free(0);
    let n_open = open.len() as u64;
    assert!(n_open > 50, "{n_open}");
    open.into_iter().for_each(|call| call.finish(&Outcome { n_sent: u64::MAX, detail: "€", ..ANSWERED }));
    store.shared().write_now();
    let report = home.verify();
    assert_eq!((report.n_open, report.tally.answered), (0, n_open));
}

#[test]
fn ends_of_calls_wait_where_the_disk_promises_nothing() {
    let home = Home::new();
    let store = home.open();
    let disk = small_disk(&store, 1 << 20);
    let call = home.begin(&store, 10).unwrap();
    // A file system that cannot keep its word: what was allocated ahead is gone.
    store
        .shared()
        .with_writer(|writer| {
            [&mut writer.journal.log, &mut writer.audit.log].map(|log| log.give_room_back().unwrap())
        })
        .unwrap();
    disk.set_free(0);
    call.finish(&ANSWERED);
    store.shared().write_now();
    assert_eq!(home.verify().n_open, 1);
    assert!(home.begin(&store, 10).is_err());
    disk.set_free(1 << 20);
    store.shared().maintain();
    assert_eq!(home.verify().n_open, 0);
    home.begin(&store, 10).unwrap().finish(&ANSWERED);
}

#[test]
fn denials_that_find_no_room_are_counted_once_there_is() {
    let home = Home::new();
    let store = home.open();
    let disk = small_disk(&store, 0);
    for _ in 0..5 {
        store.denied(store.next_call(), &Judged::default(), "hidden");
    }
    store.shared().write_now();
    assert_eq!(home.verify().tally.denied, 0);
    disk.set_free(1 << 20);
    home.clock.advance_ms(10_000);
    store.shared().maintain();
    store.shared().write_now();
    assert_eq!(home.verify().tally.denied, 5);
}

#[test]
fn a_change_that_finds_no_room_is_refused() {
    let home = Home::new();
    let store = home.open();
    let disk = small_disk(&store, 10);
    let (kind, actor, action, target) = (ChangeKind::Admin, "local", "grant.create", "g");
    let change = Change { kind, actor, action, target, details: &[] };
    let refused = home.runtime.block_on(store.record(&change));
    assert!(matches!(refused, Err(StoreError::DiskFull { .. })), "{refused:?}");
    disk.set_free(1 << 20);
    home.runtime.block_on(store.record(&change)).unwrap();
    assert_eq!(home.verify().tally.records, 3);
}

#[test]
fn below_the_reserve_calls_are_denied_and_changes_are_not() {
    let home = Home::new();
    let store = home.open_with(|options| options.free_space_reserve_bytes = 16 << 20);
    let disk = small_disk(&store, (16 << 20) - 1);
    home.clock.advance_ms(1000);
    let error = home.begin(&store, 10).unwrap_err();
    assert_eq!(
        error,
        StoreError::LowSpace { folder: home.folder().display().to_string(), free_mib: 15, reserve_mib: 16 }
    );
    assert!(matches!(store.check(), Err(StoreError::LowSpace { .. })));
    let (kind, actor, action, target) = (ChangeKind::Admin, "local", "grant.revoke", "g");
    home.runtime.block_on(store.record(&Change { kind, actor, action, target, details: &[] })).unwrap();
    assert_eq!(n_used(&store), 0);
    disk.set_free(32 << 20);
    assert_eq!(store.check(), Ok(()));
    home.begin(&store, 10).unwrap().finish(&ANSWERED);
}

#[test]
fn a_new_segment_that_finds_no_room_waits() {
    let home = Home::new();
    let store = home.open_with(|options| options.max_segment_bytes = 2000);
    let disk = small_disk(&store, 1 << 20);
    let open: Vec<_> = (0..3).map(|_| home.begin(&store, 10).unwrap()).collect();
    disk.set_free(0);
    open.into_iter().for_each(|call| call.finish(&ANSWERED));
    store.shared().write_now();
    assert_eq!(home.verify().n_open, 0);
    disk.set_free(1 << 20);
    for _ in 0..4 {
        home.begin(&store, 20).unwrap().finish(&ANSWERED);
        store.shared().write_now();
    }
    store.close();
    assert!(home.folder().join("audit/0000000002.jsonl").exists());
    home.verify();
}

#[test]
fn in_power_mode_a_call_waits_for_the_disk() {
    let home = Home::new();
    let store = home.open_with(|options| options.durability = Durability::Power);
    for _ in 0..3 {
        let call = home.begin(&store, 10).unwrap();
        let frames = store.shared().with_writer(|writer| (writer.journal.seq(), writer.journal.synced()));
        assert!(frames.is_some_and(|(written, synced)| written > 1 && written == synced), "{frames:?}");
        call.finish(&ANSWERED);
        store.shared().write_now();
    }
}

#[test]
fn steps_of_the_clock_are_audited_once() {
    let home = Home::new();
    let store = home.open();
    home.clock.set_wall_ms(START + 7_000_000);
    store.shared().maintain();
    store.shared().maintain();
    store.close();
    let text = String::from_utf8(home.files()[1].clone()).unwrap();
    let steps: Vec<&str> = text.lines().filter(|line| line.contains("\"kind\":\"clock\"")).collect();
    assert_eq!(steps.len(), 1);
    assert!(steps[0].contains("\"wall_lead_before_ms\":0,\"wall_lead_ms\":7000000"), "{}", steps[0]);
}

#[test]
fn a_compacted_journal_carries_on() {
    let home = Home::new();
    let store = home.open();
    for _ in 0..300 {
        home.begin(&store, 1000).unwrap().finish(&ANSWERED);
    }
    let open = home.begin(&store, 1000).unwrap();
    store.shared().write_now();
    let before = home.files()[0].len();
    store.shared().compact(store.now()).unwrap();
    assert!(home.files()[0].len() < before / 2);
    home.begin(&store, 1000).unwrap().finish(&ANSWERED);
    open.finish(&ANSWERED);
    drop(store);
    let store = home.open();
    assert_eq!(n_used(&store), 302);
}

#[test]
fn compaction_on_a_full_disk_leaves_the_journal_as_it_is() {
    let home = Home::new();
    let store = home.open();
    let open: Vec<_> = (0..20).map(|_| home.begin(&store, 1000).unwrap()).collect();
    let disk = small_disk(&store, 0);
    let before = home.files();
    assert!(store.shared().compact(store.now()).is_err());
    assert_eq!(home.files(), before);
    assert!(!home.folder().join("counters.new").exists());
    disk.set_free(1 << 20);
    drop(open);
    store.close();
    home.verify();
}

#[test]
fn time_is_told_so_that_a_reboot_does_not_fall_behind() {
    let home = Home::new();
    let store = home.open();
    home.clock.advance_ms(DAY_MS);
    store.shared().maintain();
    // As after a crash: nothing is written when it ends.
    let journal = home.files()[0].clone();
    let audit = home.files()[1].clone();
    drop(store);
    std::fs::write(home.folder().join("counters.journal"), journal).unwrap();
    std::fs::write(home.folder().join("audit/0000000001.jsonl"), audit).unwrap();
    home.clock.reboot("boot-2");
    home.clock.set_wall_ms(START);
    assert!(home.open().now().as_ms() >= START + DAY_MS);
}

#[test]
fn after_a_writer_failed_everything_is_denied() {
    let home = Home::new();
    let store = home.open();
    let open = home.begin(&store, 10).unwrap();
    let shared = store.shared();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        shared.with_writer(|_| panic!("on purpose"));
    }));
    assert!(failed.is_err());
    assert_eq!(home.begin(&store, 10).unwrap_err(), StoreError::Broken);
    assert_eq!(store.check(), Err(StoreError::Broken));
    open.finish(&ANSWERED);
    store.close();
    drop(store);
    let store = home.open();
    assert_eq!(n_used(&store), 1);
    store.close();
    let tally = home.verify().tally;
    assert_eq!((tally.intents, tally.recovered), (1, 1));
}
