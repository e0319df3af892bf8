//! Opening a data folder: what an earlier run left is read, recovered and recorded before anything new.
//! Must never start limits from less than was used, nor leave a call without an end.

use crate::audit::{self, AuditKey, AuditLog, Recovery, Resumed, Start, recovered_body, start_body};
use crate::clock::{BootId, Clock};
use crate::config::ConfigStore;
use crate::counters::{Ledger, Table};
use crate::error::OpenError;
use crate::files;
use crate::id::CallId;
use crate::journal::{self, Ending, Journal, Recovered};
use crate::owner::DataFolder;
use crate::store::{Durability, Options};
use crate::time::Timestamp;
use crate::timeline::Timeline;
use crate::writer::{Parts, Space, Writer};
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

const JOURNAL: &str = "counters.journal";
const DATABASE: &str = "toolgate.db";

/// What an earlier run left.
struct Left {
    journal: Option<Recovered>,
    audit: Option<Resumed>,
    key: AuditKey,
    limits_reset: bool,
}

/// The counters of calls that a crash left with a reservation.
type OpenReservations = BTreeMap<CallId, Vec<Arc<str>>>;

/// A call without an end; with its counters where it has a reservation and no intent.
type Unresolved = (CallId, Option<Vec<Arc<str>>>);

/// Opens a data folder.
pub(crate) fn open(options: &Options, clock: Clock) -> Result<(Parts, ConfigStore), OpenError> {
    let mut folder = DataFolder::open_owner(&options.folder)?;
    let boot = clock.boot()?;
    let run = random_run(&options.folder)?;
    let mut left = read(&folder, options)?;
    let timeline = resume_time(&left, clock, &boot);
    let now = timeline.now();
    let reservations = settle_open(&mut left, now);
    let calls = unresolved(&left, &reservations, &folder)?;
    let start = start_of(&left, options, run, &boot, timeline.wall_lead());
    let mut audit = match left.audit {
        Some(resumed) => resumed.log,
        None => AuditLog::create(folder.path(), left.key.clone(), options.max_segment_bytes, now)?,
    };
    // First what the audit says of the calls: were the journal first, a crash between the two would lose it.
    record(&mut audit, &start, &calls, now)
        .map_err(|error| OpenError::io("recording the start in", audit.log.path(), &error))?;
    let path = folder.file(JOURNAL);
    let (journal, table) = go_on(left.journal, &path, run, &timeline, &reservations, now)?;
    if options.durability == Durability::Power {
        sync(&journal, &mut audit)
            .map_err(|error| OpenError::io("syncing the start in", folder.path(), &error))?;
    }
    let config = open_config(&folder)?;
    folder.complete()?;
    let space = Space::new(options.free_space_reserve_bytes, folder.path());
    let writer = Writer::new(journal, audit, space);
    let (ledger, key) = (Ledger::new(table), left.key);
    Ok((Parts { folder, timeline, ledger, key, writer, run }, config))
}

fn random_run(folder: &Path) -> Result<u64, OpenError> {
    let mut bytes = [0; 8];
    let drawn = getrandom::fill(&mut bytes);
    drawn.map_err(|error| OpenError::Io {
        doing: "drawing a random run id for",
        path: folder.to_path_buf(),
        reason: error.to_string(),
    })?;
    Ok(u64::from_le_bytes(bytes))
}

/// Reads key, journal and audit; in a folder that was in use before, each must be there.
fn read(folder: &DataFolder, options: &Options) -> Result<Left, OpenError> {
    let missing = |name: &str, consequence, way_out| {
        let path = folder.file(name);
        Err(OpenError::Missing { path, consequence, way_out })
    };
    let was_used = !folder.is_new();
    let key = match AuditKey::load(folder.path())? {
        Some(key) => key,
        None if was_used => {
            return missing("audit.key", "and without it no audit record can follow the earlier ones", "");
        }
        None => AuditKey::create(folder.path())?,
    };
    let path = folder.file(JOURNAL);
    let leftover = path.with_extension("new");
    files::remove_if_there(&leftover).map_err(|error| OpenError::io("removing", &leftover, &error))?;
    let journal = journal::recover(&path)?;
    if was_used && !path.exists() {
        let way_out = ", or create it empty to start every limit anew, which is recorded";
        return missing(JOURNAL, "so it is not known what the limits have used", way_out);
    }
    let audit = audit::resume(folder.path(), &key, options.max_segment_bytes)?;
    if was_used && audit.is_none() {
        return missing("audit", "and the record of earlier calls with it", "");
    }
    let limits_reset = was_used && journal.is_none();
    Ok(Left { journal, audit, key, limits_reset })
}

fn resume_time(left: &Left, clock: Clock, boot: &BootId) -> Timeline {
    let in_journal = left.journal.as_ref().map(|journal| journal.replay.last_at);
    let in_audit = left.audit.as_ref().map(|audit| audit.last_at);
    let high_water = in_journal.max(in_audit).unwrap_or_default();
    let mark = left.journal.as_ref().and_then(|journal| journal.replay.mark.as_ref());
    Timeline::resume(clock, boot.clone(), mark, high_water)
}

/// Lets open reservations count from now on.
fn settle_open(left: &mut Left, now: Timestamp) -> OpenReservations {
    let Some(Recovered { replay, .. }) = &mut left.journal else { return OpenReservations::new() };
    let run = replay.run;
    replay.settle_open(now).into_iter().map(|(n, keys)| (CallId::new(run, n), keys)).collect()
}

/// The calls that a crash left without an end.
fn unresolved(
    left: &Left,
    reservations: &OpenReservations,
    folder: &DataFolder,
) -> Result<Vec<Unresolved>, OpenError> {
    let with_intent = left.audit.as_ref().map(|audit| audit.unresolved.as_slice()).unwrap_or_default();
    let mut calls: Vec<_> = with_intent.iter().map(|call| (*call, None)).collect();
    let has_intent: HashSet<CallId> = with_intent.iter().copied().collect();
    let mut without: Vec<_> = reservations.iter().filter(|(call, _)| !has_intent.contains(call)).collect();
    if !without.is_empty() && left.audit.is_some() {
        // Where the journal lost its last second to a power cut, the end may be in the audit all the same.
        let finished = audit::finished_calls(folder.path())?;
        without.retain(|(call, _)| !finished.contains(call));
    }
    calls.extend(without.into_iter().map(|(call, keys)| (*call, Some(keys.clone()))));
    Ok(calls)
}

fn start_of<'a>(left: &Left, options: &Options, run: u64, boot: &'a BootId, wall_lead_ms: i64) -> Start<'a> {
    Start {
        run,
        boot: boot.as_str(),
        durability: options.durability.name(),
        n_journal_torn: left.journal.as_ref().map_or(0, |journal| journal.n_torn),
        n_audit_torn: left.audit.as_ref().map_or(0, |audit| audit.n_torn),
        n_audit_aside: left.audit.as_ref().map_or(0, |audit| audit.n_aside),
        limits_reset: left.limits_reset,
        wall_lead_ms,
    }
}

fn record(audit: &mut AuditLog, start: &Start<'_>, calls: &[Unresolved], now: Timestamp) -> io::Result<()> {
    audit.begin(now);
    audit.add(&start_body(start));
    for (call, keys) in calls {
        let recovery = match keys {
            None => Recovery::Intent,
            Some(keys) => Recovery::Reservation { keys },
        };
        audit.add(&recovered_body(*call, recovery));
    }
    audit.log.make_room(audit.draft_len())?;
    audit.write()?;
    calls.iter().for_each(|(call, _)| audit.note_ended(*call));
    Ok(())
}

/// Goes on with the journal: ends what was open and begins the run.
fn go_on(
    recovered: Option<Recovered>,
    path: &Path,
    run: u64,
    timeline: &Timeline,
    reservations: &OpenReservations,
    now: Timestamp,
) -> Result<(Journal, Table), OpenError> {
    let Some(Recovered { mut replay, len, .. }) = recovered else {
        return Ok((Journal::create(path, run, timeline.mark(), now)?, Table::default()));
    };
    let mut journal = Journal::go_on(path, len, &replay)?;
    reservations.keys().for_each(|call| journal.add_end(call.n, Ending::Used(now)));
    journal.add_mark(run, timeline.mark());
    let fail = |error: io::Error| OpenError::io("recording the start in", path, &error);
    journal.log.make_room(journal.frame_len()).and_then(|()| journal.write(now)).map_err(fail)?;
    journal.clear();
    replay.drop_idle(now);
    Ok((journal, replay.into_table()))
}

fn sync(journal: &Journal, audit: &mut AuditLog) -> io::Result<()> {
    audit.files_to_sync().iter().try_for_each(|file| file.sync_data())?;
    journal.file().sync_data()
}

fn open_config(folder: &DataFolder) -> Result<ConfigStore, OpenError> {
    let path = folder.file(DATABASE);
    if !folder.is_new() && !path.exists() {
        let consequence = "and with it the servers, grants and policies that were made by command or API";
        return Err(OpenError::Missing { path, consequence, way_out: "" });
    }
    ConfigStore::open(&path)
}
