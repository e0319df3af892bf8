//! The journal: torn and damaged files, snapshots, a full disk.

use crate::clock::BootId;
use crate::counters::{CounterKey, Demand, Ledger, Refused, Reservation};
use crate::error::OpenError;
use crate::id::CallId;
use crate::journal::frame::{Frame, HEADER};
use crate::journal::{Ending, Journal, Recovered, Snapshot, recover};
use crate::log_file::small_disk::SmallDisk;
use crate::time::Timestamp;
use crate::timeline::Mark;
use crate::window::Window;
use json::Decimal;
use std::path::PathBuf;
use std::sync::Arc;

const START: u64 = 1_795_180_251_007;
const RUN: u64 = 77;

fn at(ms: u64) -> Timestamp {
    Timestamp::from_ms(START + ms)
}

/// A journal with the live counters beside it, as the writer keeps them.
struct Journaled {
    _folder: tempfile::TempDir,
    path: PathBuf,
    journal: Journal,
    ledger: Arc<Ledger>,
}

impl Journaled {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counters.journal");
        let mark = Mark { boot: BootId::new("boot-1"), offset_ns: 5 };
        let journal = Journal::create(&path, RUN, &mark, at(0)).unwrap();
        Self { _folder: folder, path, journal, ledger: Ledger::new(crate::counters::Table::default()) }
    }

    fn reserve(&mut self, n: u64, key: &str, ms: u64) -> Reservation {
        let key = key_of(key);
        let reservation = self.ledger.reserve(CallId::new(RUN, n), &[demand(&key, 100)], at(ms)).unwrap();
        self.journal.add_reserve(n, reservation.held.units());
        self.journal.write(at(ms)).unwrap();
        self.journal.clear();
        reservation
    }

    fn use_up(&mut self, n: u64, key: &str, ms: u64) {
        let mut reservation = self.reserve(n, key, ms);
        self.end(n, &mut reservation, ms);
    }

    fn end(&mut self, n: u64, reservation: &mut Reservation, ms: u64) {
        reservation.held.settle(at(ms), at(ms));
        self.journal.add_end(n, Ending::Used(at(ms)));
        self.journal.write(at(ms)).unwrap();
        self.journal.clear();
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn recover(&self, bytes: &[u8]) -> Result<Option<Recovered>, OpenError> {
        let path = self.path.with_extension("copy");
        std::fs::write(&path, bytes).unwrap();
        recover(&path)
    }

    fn compact(&mut self, ms: u64) {
        let log = &self.journal.log;
        let mut snapshot = Snapshot::of(log.file().clone(), log.path(), log.len(), at(ms)).unwrap();
        snapshot.catch_up(self.journal.log.len()).unwrap();
        snapshot.take_over(&mut self.journal).unwrap();
    }
}

fn key_of(name: &str) -> CounterKey {
    CounterKey::new("p", Some("s"), name, "calls", &["g"])
}

fn demand(key: &CounterKey, max: u64) -> Demand<'_> {
    let window = Window::Sliding { ms: 60_000 };
    Demand { key, amount: Decimal::ONE, max: Decimal::from(max), window, max_keys: None, index: 0 }
}

/// Units that a recovered journal counts for a key, open ones as well.
fn used(recovered: Recovered, key: &str, ms: u64) -> u64 {
    let Recovered { mut replay, .. } = recovered;
    replay.settle_open(at(ms));
    let (ledger, key) = (Ledger::new(replay.into_table()), key_of(key));
    let fits = |max: u64| ledger.peek(&[demand(&key, max)], at(ms)).is_ok();
    (1..200).find(|max| fits(*max)).unwrap() - 1
}

#[test]
fn what_was_used_and_reserved_comes_back() {
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 10);
    let _open = journaled.reserve(2, "a", 20);
    journaled.use_up(3, "b", 30);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!((recovered.n_torn, recovered.replay.run, recovered.replay.last_at), (0, RUN, at(30)));
    assert_eq!(recovered.replay.open.keys().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(used(recovered, "a", 40), 2);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(used(recovered, "b", 40), 1);
}

#[test]
fn a_cut_at_any_byte_keeps_all_whole_frames() {
    let mut journaled = Journaled::new();
    let mut ends = vec![journaled.bytes().len()];
    for n in 1..=4 {
        journaled.use_up(n, "a", n);
        // Reservation and end are a frame each; only the first of them adds to what counts.
        let whole = journaled.bytes();
        let reservation = journaled.recover(&whole[..whole.len() - 1]).unwrap().unwrap();
        ends.extend([reservation.len as usize, whole.len()]);
    }
    let whole = journaled.bytes();
    for n_bytes in ends[0]..=whole.len() {
        let recovered = journaled.recover(&whole[..n_bytes]).unwrap().unwrap();
        let n_whole = ends.iter().rposition(|end| *end <= n_bytes).unwrap();
        assert_eq!(recovered.len as usize, ends[n_whole], "{n_bytes}");
        assert_eq!(recovered.n_torn as usize, n_bytes - ends[n_whole]);
        assert_eq!(used(recovered, "a", 10), n_whole.div_ceil(2) as u64, "{n_bytes}");
    }
    for n_bytes in 1..ends[0] {
        assert!(matches!(journaled.recover(&whole[..n_bytes]), Err(OpenError::Damaged { .. })), "{n_bytes}");
    }
    assert!(journaled.recover(b"").unwrap().is_none());
}

#[test]
fn a_changed_byte_is_never_taken_for_what_was_written() {
    let mut journaled = Journaled::new();
    for n in 1..=3 {
        journaled.use_up(n, "a", n);
    }
    let whole = journaled.bytes();
    let first = HEADER.len();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        match journaled.recover(&changed) {
            Err(_) => {}
            Ok(recovered) => {
                let recovered = recovered.unwrap();
                assert!(at >= first && recovered.len as usize <= at && recovered.n_torn > 0, "{at}");
            }
        }
    }
}

#[test]
fn damage_before_what_had_reached_the_disk_is_refused() {
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 1);
    let damaged_at = journaled.bytes().len() + 20;
    journaled.use_up(2, "a", 2);
    let later = |journaled: &Journaled| {
        let mut bytes = journaled.bytes();
        bytes[damaged_at] ^= 1;
        journaled.recover(&bytes)
    };
    journaled.use_up(3, "a", 3);
    assert!(later(&journaled).unwrap().is_some(), "a power cut may lose what was not synced, in any order");
    journaled.journal.note_synced(journaled.journal.seq());
    journaled.use_up(4, "a", 4);
    assert!(matches!(later(&journaled), Err(OpenError::Damaged { .. })));
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let journaled = Journaled::new();
    let newer = [b"toolgate counters journal 2\n", journaled.bytes().as_slice()].concat();
    assert!(matches!(journaled.recover(&newer), Err(OpenError::Newer { found: 2, known: 1, .. })));
    assert!(matches!(journaled.recover(b"something else"), Err(OpenError::Damaged { offset: 0, .. })));
}

#[test]
fn a_snapshot_keeps_what_matters_and_drops_the_rest() {
    let mut journaled = Journaled::new();
    for n in 1..=40 {
        journaled.use_up(n, "a", n);
    }
    let _open = journaled.reserve(41, "b", 41);
    let before = journaled.bytes().len();
    journaled.compact(50);
    assert!(journaled.bytes().len() < before / 4, "{} of {before}", journaled.bytes().len());
    journaled.use_up(42, "a", 60);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(recovered.replay.open.keys().copied().collect::<Vec<_>>(), [41]);
    assert_eq!(used(recovered, "a", 60), 41);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(used(recovered, "b", 60), 1);
}

#[test]
fn a_snapshot_defines_its_keys_anew_and_forgets_idle_ones() {
    let day = crate::time::DAY_MS;
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 1);
    journaled.compact(3 * day);
    // The live counters still know the key by its number, the snapshot does not.
    journaled.use_up(2, "a", 3 * day);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(used(recovered, "a", 3 * day), 1);
}

#[test]
fn every_cut_or_changed_byte_of_a_snapshot_is_refused() {
    let mut journaled = Journaled::new();
    for n in 1..=5 {
        journaled.use_up(n, "a", n);
    }
    journaled.compact(10);
    let whole = journaled.bytes();
    for at in 1..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 0x41;
        assert!(journaled.recover(&whole[..at]).is_err(), "cut at {at}");
        assert!(journaled.recover(&changed).is_err(), "changed at {at}");
    }
}

#[test]
fn a_snapshot_that_ends_with_one_of_its_frames_is_refused() {
    let mut journaled = Journaled::new();
    for n in 1..=1500 {
        journaled.use_up(n, &format!("key-{n}"), n);
    }
    journaled.compact(2000);
    let whole = journaled.bytes();
    let mut ends = Vec::new();
    while let Some(frame) = Frame::read(&whole[ends.last().copied().unwrap_or(HEADER.len())..]) {
        ends.push(ends.last().copied().unwrap_or(HEADER.len()) + frame.length);
    }
    assert!(ends.len() > 2 && ends.pop() == Some(whole.len()));
    for end in ends {
        assert!(matches!(journaled.recover(&whole[..end]), Err(OpenError::Damaged { .. })), "{end}");
    }
}

#[test]
fn frames_written_while_a_snapshot_is_made_are_carried_over() {
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 1);
    let log = &journaled.journal.log;
    let mut snapshot = Snapshot::of(log.file().clone(), log.path(), log.len(), at(2)).unwrap();
    journaled.use_up(2, "a", 3);
    snapshot.catch_up(journaled.journal.log.len()).unwrap();
    journaled.use_up(3, "new", 4);
    snapshot.catch_up(journaled.journal.log.len()).unwrap();
    snapshot.take_over(&mut journaled.journal).unwrap();
    journaled.use_up(4, "new", 5);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(used(recovered, "a", 6), 2);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(used(recovered, "new", 6), 2);
}

#[test]
fn a_frame_that_does_not_fit_leaves_the_journal_as_it_was() {
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 1);
    let disk = Arc::new(SmallDisk::new(0));
    journaled.journal.log.disk = Some(disk.clone());
    let before = journaled.bytes();
    for free in 0..80 {
        disk.set_free(free);
        let key = key_of("fresh");
        let reservation = journaled.ledger.reserve(CallId::new(RUN, 2), &[demand(&key, 9)], at(2)).unwrap();
        journaled.journal.add_reserve(2, reservation.held.units());
        if journaled.journal.write(at(2)).is_ok() {
            panic!("{free} bytes are not enough");
        }
        assert_eq!(journaled.bytes(), before, "{free}");
    }
    disk.set_free(10_000);
    journaled.use_up(3, "fresh", 3);
    let recovered = journaled.recover(&journaled.bytes()).unwrap().unwrap();
    assert_eq!(
        used(recovered, "fresh", 4),
        1,
        "the key is defined although an earlier frame with it was lost"
    );
}

#[test]
fn a_frame_that_is_taken_back_leaves_nothing() {
    let mut journaled = Journaled::new();
    journaled.use_up(1, "a", 1);
    let before = journaled.bytes();
    let key = key_of("fresh");
    let reservation = journaled.ledger.reserve(CallId::new(RUN, 2), &[demand(&key, 9)], at(2)).unwrap();
    journaled.journal.add_reserve(2, reservation.held.units());
    let written = journaled.journal.write(at(2)).unwrap();
    journaled.journal.undo(written).unwrap();
    assert_eq!(journaled.bytes(), before);
    drop(reservation);
    journaled.use_up(3, "fresh", 3);
    assert_eq!(used(journaled.recover(&journaled.bytes()).unwrap().unwrap(), "fresh", 4), 1);
}

#[test]
fn windows_come_back_so_that_history_is_kept_long_enough() {
    let mut journaled = Journaled::new();
    let key = key_of("m");
    let month = Window::Calendar(crate::window::CalendarUnit::Month);
    let monthly = Demand { window: month, max: Decimal::ONE, ..demand(&key, 1) };
    let mut reservation = journaled.ledger.reserve(CallId::new(RUN, 1), &[monthly], at(0)).unwrap();
    journaled.journal.add_reserve(1, reservation.held.units());
    journaled.journal.write(at(0)).unwrap();
    journaled.journal.clear();
    journaled.end(1, &mut reservation, 0);
    let nine_days = 9 * crate::time::DAY_MS;
    journaled.compact(nine_days);
    let mut replay = journaled.recover(&journaled.bytes()).unwrap().unwrap().replay;
    replay.drop_idle(at(nine_days));
    let ledger = Ledger::new(replay.into_table());
    assert!(matches!(ledger.peek(&[monthly], at(nine_days)), Err(Refused::Full { .. })));
}
