//! Verification: does the log hold exactly the records that were written, in their order?
//! Must never change a file, nor take silence for proof: what is not proved is said.

use crate::audit::AuditError;
use crate::audit::export::read_header;
use crate::audit::head::Head;
use crate::audit::key::AuditKey;
use crate::audit::line::{Chain, Sealed};
use crate::audit::problem::{Problem, ProblemKind};
use crate::audit::reader::{Found, Lines};
use crate::audit::resume::open_in;
use crate::audit::segment;
use crate::audit::stub::Stub;
use crate::audit::tally::{Tally, text};
use crate::id::CallId;
use crate::time::Timestamp;
use std::collections::HashSet;
use std::path::Path;

/// So many problems are listed; all are counted.
const MAX_LISTED: usize = 100;

/// How far a log is proved.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The first problems.
    pub problems: Vec<Problem>,
    /// All problems.
    pub n_problems: u64,
    /// The first record that is there.
    pub first_seq: Option<u64>,
    /// The last record.
    pub last_seq: Option<u64>,
    /// The last record before the first problem.
    pub proved_through: Option<u64>,
    /// True when seals were checked too; without the folder's key only the chain is.
    pub seals_checked: bool,
    /// The outside head's record, when it is there as the head names it. Beyond it a cut end cannot be excluded.
    pub head_holds_at: Option<u64>,
    /// Bytes at the end that are no whole record: one that is being written, or was when the process died.
    pub n_torn: u64,
    /// Calls that are open at the end.
    pub n_open: u64,
    /// What the records add up to.
    pub tally: Tally,
}

impl Report {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.n_problems == 0
    }
}

/// Verifies the log in a data folder, against an outside head where there is one.
///
/// # Errors
/// When the files cannot be read; what is wrong with the records is in the report.
pub fn verify(data_folder: &Path, head: Option<&Head>) -> Result<Report, AuditError> {
    let folder = data_folder.join(segment::FOLDER);
    if !folder.is_dir() {
        return Err(AuditError::NotThere { path: data_folder.to_path_buf() });
    }
    let key = AuditKey::load(data_folder)?;
    let stub = Stub::read(&folder, key.as_ref())?;
    let mut verifier = Verifier::new(stub.map_or(Chain::START, |stub| stub.chain), key.as_ref(), head);
    let listed = |error: std::io::Error| AuditError::io("listing the audit segments in", &folder, &error);
    let mut segments = segment::list(&folder).map_err(listed)?;
    segments.retain(|segment| stub.is_none_or(|stub| segment.number > stub.segment));
    if stub.is_some_and(|stub| !stub.seal_is_right) {
        verifier.problem(None, ProblemKind::StatementUnsealed);
    }
    for (n, segment) in segments.iter().enumerate() {
        verifier.file(&segment.path, Lines::open(&segment.path)?, n + 1 == segments.len())?;
    }
    Ok(verifier.finish())
}

/// Verifies an exported file; the seals too where the folder's key is given.
///
/// # Errors
/// As [`verify`].
pub fn verify_export(path: &Path, key: Option<&AuditKey>, head: Option<&Head>) -> Result<Report, AuditError> {
    let mut lines = Lines::open(path)?;
    let header = read_header(path, &mut lines)?;
    let mut verifier = Verifier::new(header.chain, key, head);
    if key.is_some_and(|key| !header.statement.seal_is_right(key)) {
        verifier.problem(None, ProblemKind::StatementUnsealed);
    }
    verifier.file(path, lines, true)?;
    // An export says how far it goes, so that its own end cannot be cut off unnoticed.
    let report = verifier.finish_at(header.last_seq);
    Ok(report)
}

struct Verifier<'a> {
    report: Report,
    key: Option<&'a AuditKey>,
    head: Option<&'a Head>,
    chain: Chain,
    last_at: Timestamp,
    /// Calls without an end; nothing until a checkpoint says which were open before.
    open: Option<HashSet<CallId>>,
    file: String,
    line: u64,
}

impl<'a> Verifier<'a> {
    fn new(chain: Chain, key: Option<&'a AuditKey>, head: Option<&'a Head>) -> Self {
        let report = Report { seals_checked: key.is_some(), ..Report::default() };
        let (last_at, file) = (Timestamp::default(), String::new());
        Self { report, key, head, chain, last_at, open: None, file, line: 0 }
    }

    fn problem(&mut self, seq: Option<u64>, kind: ProblemKind) {
        self.report.n_problems += 1;
        if self.report.problems.len() < MAX_LISTED {
            self.report.problems.push(Problem { file: self.file.clone(), line: self.line, seq, kind });
        }
    }

    fn file(&mut self, path: &Path, mut lines: Lines, is_last: bool) -> Result<(), AuditError> {
        self.file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut line = Vec::new();
        loop {
            match lines.next(&mut line)? {
                Found::End => return Ok(()),
                Found::Torn if is_last => {
                    self.report.n_torn = line.len() as u64;
                    return Ok(());
                }
                Found::Torn | Found::Line => {}
            }
            self.line = lines.number;
            match Sealed::parse(&line) {
                Some(record) => self.record(&record, &line),
                None => self.problem(None, ProblemKind::Malformed),
            }
        }
    }

    fn record(&mut self, record: &Sealed<'_>, line: &[u8]) {
        let seq = Some(record.seq);
        if !record.hash_is_right() {
            self.problem(seq, ProblemKind::Edited);
        } else if self.key.is_some_and(|key| !record.seal_is_right(key)) {
            self.problem(seq, ProblemKind::Unsealed);
        }
        if record.seq != self.chain.next_seq {
            self.problem(seq, ProblemKind::Misnumbered { expected: self.chain.next_seq });
        }
        if record.prev != self.chain.prev {
            self.problem(seq, ProblemKind::Unlinked);
        }
        if record.time < self.last_at {
            self.problem(seq, ProblemKind::Backwards);
        }
        self.check_head(record);
        self.pair(record, line);
        self.report.tally.count(record, line);
        self.report.first_seq.get_or_insert(record.seq);
        self.report.last_seq = seq;
        if self.report.n_problems == 0 {
            self.report.proved_through = seq;
        }
        // What follows is judged against the record as it stands, so that each change is found once.
        (self.chain, self.last_at) = (record.chain(), record.time);
    }

    fn check_head(&mut self, record: &Sealed<'_>) {
        let Some(head) = self.head.filter(|head| head.seq == record.seq) else { return };
        if head.hash == record.hash {
            self.report.head_holds_at = Some(record.seq);
        } else {
            self.problem(Some(record.seq), ProblemKind::HeadDiffers);
        }
    }

    fn pair(&mut self, record: &Sealed<'_>, line: &[u8]) {
        let seq = Some(record.seq);
        if record.kind == "checkpoint" {
            let listed: HashSet<CallId> = open_in(line).into_iter().collect();
            if self.open.replace(listed.clone()).is_some_and(|open| open != listed) {
                self.problem(seq, ProblemKind::OpenDiffers);
            }
            return;
        }
        let (Some(open), Some(call)) = (self.open.as_mut(), record.call) else { return };
        let fits = match record.kind {
            "intent" => open.insert(call),
            "outcome" => open.remove(&call),
            // A reservation whose intent was never written ends without having begun.
            "recovered" => open.remove(&call) || text(line, "from").as_deref() == Some("journal"),
            _ => true,
        };
        if !fits {
            self.problem(seq, ProblemKind::Unpaired);
        }
    }

    fn finish(self) -> Report {
        self.finish_at(0)
    }

    fn finish_at(mut self, last_seq: u64) -> Report {
        let last = self.report.last_seq;
        let head = self.head.map_or(0, |head| head.seq);
        let named = head.max(last_seq);
        if last.unwrap_or(0) < named && !(last.is_none() && self.chain.next_seq > named) {
            self.problem(last, ProblemKind::Cut { head: named });
        }
        let head_seal_is_wrong = self.head.zip(self.key).is_some_and(|(head, key)| !head.seal_is_right(key));
        if head_seal_is_wrong {
            self.problem(Some(head), ProblemKind::HeadDiffers);
        }
        self.report.n_open = self.open.as_ref().map_or(0, |open| open.len() as u64);
        self.report
    }
}
