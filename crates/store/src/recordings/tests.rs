//! Recordings as files: what was written comes back, and nothing else does.

use super::codec::tests::full;
use super::*;
use std::path::Path;

fn key() -> Key {
    Key::parse(&"a".repeat(64), "test").unwrap()
}

fn write(folder: &Path, seqs: std::ops::Range<u64>) {
    let mut writer = Writer::open(folder, &key()).unwrap();
    for seq in seqs {
        writer.add(&full(seq)).unwrap();
        writer.flush().unwrap();
    }
    writer.end().unwrap();
}

fn read(folder: &Path) -> Vec<Result<Recording, Problem>> {
    Reader::open(folder, &key()).unwrap().collect()
}

#[test]
fn recordings_come_back_over_several_segments_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    assert!(read(folder.path()).is_empty());
    write(folder.path(), 1..4);
    write(folder.path(), 4..6);
    let expected: Vec<_> = (1..6).map(|seq| Ok(full(seq))).collect();
    assert_eq!(read(folder.path()), expected);
    let reader = Reader::open(folder.path(), &key()).unwrap();
    assert_eq!(reader.segments().len(), 2);
    let counts = std::thread::scope(|scope| {
        let count = |segment| reader.read(segment).unwrap().filter(Result::is_ok).count();
        let threads: Vec<_> =
            reader.segments().iter().map(|segment| scope.spawn(move || count(segment))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(counts, [3, 2]);
}

#[test]
fn numbers_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Writer::open(folder.path(), &key()).unwrap().next_seq(), 1);
    write(folder.path(), 1..4);
    assert_eq!(Writer::open(folder.path(), &key()).unwrap().next_seq(), 4);
}

#[test]
fn no_file_appears_before_something_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 0..0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_being_written_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), &key()).unwrap();
    writer.add(&full(1)).unwrap();
    writer.flush().unwrap();
    writer.add(&full(2)).unwrap();
    assert_eq!(read(folder.path()), [Ok(full(1))]);
    writer.end().unwrap();
    assert_eq!(read(folder.path()), [Ok(full(1)), Ok(full(2))]);
}

#[test]
fn whole_segments_go_when_they_are_too_old() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    write(folder.path(), 4..6);
    let mut writer = Writer::open(folder.path(), &key()).unwrap();
    let age = 60_000;
    writer.set_retention(Retention { max_age_ms: Some(age), max_bytes: None });
    let left = |now_ms, writer: &mut Writer| {
        writer.keep_in_order(now_ms).unwrap();
        read(folder.path()).len()
    };
    assert_eq!(left(full(3).time_ms + age, &mut writer), 5);
    assert_eq!(left(full(3).time_ms + age + 1, &mut writer), 2);
    writer.add(&full(6)).unwrap();
    writer.flush().unwrap();
    assert_eq!(left(full(5).time_ms + age + 1, &mut writer), 1);
    assert_eq!(
        left(full(6).time_ms + age + 1, &mut writer),
        0,
        "the segment that was written to ended before"
    );
}

#[test]
fn whole_segments_go_when_they_are_too_many() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), &key()).unwrap();
    let max_bytes = 8_000;
    writer.set_retention(Retention { max_age_ms: None, max_bytes: Some(max_bytes) });
    let size = || -> u64 {
        let files = std::fs::read_dir(folder.path().join(segment::FOLDER)).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    };
    for seq in 1..200 {
        writer.add(&full(seq)).unwrap();
        writer.flush().unwrap();
        writer.keep_in_order(0).unwrap();
        assert!(size() <= max_bytes, "{}", size());
    }
    assert!(size() > max_bytes / 2);
    let last = read(folder.path()).pop().unwrap().unwrap();
    assert_eq!(last, full(199));
}

/// The files of a folder that hold recordings, with their content.
fn files_of(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder.join(segment::FOLDER)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn no_value_and_no_name_is_readable_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    for (path, content) in files_of(folder.path()) {
        for planted in ["planted-value", "imaging", "agent-7", "start_import"] {
            let is_there = content.windows(planted.len()).any(|window| window == planted.as_bytes());
            assert!(!is_there, "{planted} in {}", path.display());
        }
    }
}

#[test]
fn every_flipped_bit_is_found_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    let [(path, whole)] = &files_of(folder.path())[..] else { panic!("one file") };
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        std::fs::write(path, &changed).unwrap();
        let mut reader = Reader::open(folder.path(), &key()).unwrap();
        let (records, n_torn) = (reader.by_ref().collect::<Vec<_>>(), reader.n_torn());
        let good: Vec<_> = records.iter().filter_map(|record| record.as_ref().ok()).collect();
        assert!(good.iter().zip(1..).all(|(record, seq)| **record == full(seq)), "byte {at}");
        let is_told = records.iter().any(|record| match record {
            Err(Problem::Damaged { offset, .. }) => *offset <= at as u64,
            Err(Problem::WrongKey { .. } | Problem::Newer { .. }) => at < 80,
            Err(
                Problem::NoKey { .. }
                | Problem::NotAKey { .. }
                | Problem::LowSpace { .. }
                | Problem::Io { .. },
            )
            | Ok(_) => false,
        });
        assert!(is_told || n_torn > 0, "byte {at}: {records:?}");
    }
}

#[test]
fn recordings_cannot_be_swapped_or_moved() {
    let folder = tempfile::tempdir().unwrap();
    // Of equal length, so that their frames can change places.
    write(folder.path(), 2..4);
    write(folder.path(), 4..6);
    let [(a, in_a), (b, in_b)] = &files_of(folder.path())[..] else { panic!("two files") };
    let head = seal::HEAD_BYTES;
    let frame = (in_a.len() - head - frames::END_BYTES) / 2;
    let mut swapped = in_a.clone();
    swapped[head..head + 2 * frame].rotate_left(frame);
    let mut moved = in_a.clone();
    moved[head..head + frame].copy_from_slice(&in_b[head..head + frame]);
    for changed in [swapped, moved] {
        std::fs::write(a, changed).unwrap();
        let records = read(folder.path());
        assert!(matches!(records[0], Err(Problem::Damaged { offset, .. }) if offset == head as u64));
        assert_eq!(records[1..], [Ok(full(4)), Ok(full(5))], "the other file is read all the same");
    }
    // Whole files cannot change their names either.
    std::fs::write(a, in_b).unwrap();
    std::fs::write(b, in_a).unwrap();
    assert!(
        read(folder.path()).iter().all(|record| matches!(record, Err(Problem::Damaged { offset: 0, .. })))
    );
}

#[test]
fn a_cut_tail_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    write(folder.path(), 4..6);
    let [(first, in_first), (last, in_last)] = &files_of(folder.path())[..] else { panic!("two files") };
    for length in seal::HEAD_BYTES..in_first.len() {
        std::fs::write(first, &in_first[..length]).unwrap();
        let records = read(folder.path());
        assert!(records.iter().any(|record| matches!(record, Err(Problem::Damaged { .. }))), "{length}");
        assert_eq!(records[records.len() - 2..], [Ok(full(4)), Ok(full(5))]);
    }
    // The last file may be in writing, so that its torn end is counted, not a problem.
    std::fs::write(first, in_first).unwrap();
    std::fs::write(last, &in_last[..in_last.len() - frames::END_BYTES - 1]).unwrap();
    let mut reader = Reader::open(folder.path(), &key()).unwrap();
    assert_eq!(reader.by_ref().filter(Result::is_ok).count(), 4);
    assert!(reader.n_torn() > 0);
}

#[test]
fn a_torn_end_is_set_aside_and_whole_recordings_stay() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    let [(path, whole)] = &files_of(folder.path())[..] else { panic!("one file") };
    for length in 0..whole.len() {
        std::fs::write(path, &whole[..length]).unwrap();
        let n_whole = read(folder.path()).iter().filter(|record| record.is_ok()).count();
        let mut writer = Writer::open(folder.path(), &key()).unwrap();
        let expected: Vec<_> = (1..).take(n_whole).map(|seq| Ok(full(seq))).collect();
        assert_eq!(read(folder.path()), expected, "{length}");
        assert_eq!(writer.next_seq(), n_whole as u64 + 1);
        let files = files_of(folder.path());
        let asides = files.iter().filter(|(file, _)| file != path);
        let aside: u64 = asides.map(|(_, content)| content.len() as u64).sum();
        let kept = path.metadata().map_or(0, |file| file.len() - frames::END_BYTES as u64);
        let has_head = length >= seal::HEAD_BYTES;
        assert_eq!(kept + aside, if has_head { length as u64 } else { 0 }, "no byte of a recording is lost");
        // Retention takes what was set aside along.
        writer.set_retention(Retention { max_age_ms: None, max_bytes: Some(0) });
        writer.keep_in_order(0).unwrap();
        assert!(files_of(folder.path()).is_empty());
    }
}

#[test]
fn a_wrong_key_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1..4);
    let other = Key::parse(&"b".repeat(64), "test").unwrap();
    let problem = Writer::open(folder.path(), &other).unwrap_err();
    assert!(matches!(problem, Problem::WrongKey { .. }) && problem.to_string().contains("another key"));
    let found: Vec<_> = Reader::open(folder.path(), &other).unwrap().collect();
    assert!(matches!(found[..], [Err(Problem::WrongKey { .. })]));
}

#[test]
fn no_two_segments_are_sealed_alike() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(a.path(), 1..3);
    write(b.path(), 1..3);
    assert_ne!(files_of(a.path())[0].1, files_of(b.path())[0].1);
}
