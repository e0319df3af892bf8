//! Recordings: what is recorded, which calls there are, one of them, and removing them.
//! Must never show a value that was not asked for, nor one without recording who was shown it.

mod shape;

pub use shape::{OfTool, One, Purge, Purged, Question, Row, Rows, Shown, State, Stats, Which};

use crate::failure::{Failure, FailureKind};
use crate::record::Record;
use crate::registry::{Registry, unrecorded};
use gateway::Gateway;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use store::Timestamp;
use store::recordings::{Effect, Problem, Recording};

/// So many are listed unless another number is asked for.
const DEFAULT_LIMIT: usize = 50;
/// So many at most.
const MAX_LIMIT: usize = 10_000;
/// So many problems are told.
const MAX_PROBLEMS: usize = 20;

impl Registry {
    /// Whether calls are recorded; nothing while that is off and nothing is left of before.
    pub(crate) async fn recordings_state(&self) -> Option<State> {
        let state = off_the_loop(self.gateway(), |gateway| Ok(state(gateway))).await.ok()?;
        (state.is_on || state.n_bytes > 0).then_some(state)
    }

    /// What there is.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn recordings_stats(&self) -> Result<Stats, Failure> {
        off_the_loop(self.gateway(), stats).await
    }

    /// Recordings without their values.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn recordings(&self, question: Question) -> Result<Rows, Failure> {
        off_the_loop(self.gateway(), move |gateway| list(gateway, &question)).await
    }

    /// One recording.
    ///
    /// # Errors
    /// Where there is none, or it cannot be read, or not be recorded that it is shown.
    pub async fn recording(&self, one: One) -> Result<Shown, Failure> {
        let id = one.id.clone();
        let found = off_the_loop(self.gateway(), move |gateway| find(gateway, &id)).await?;
        if one.values {
            let record = Record::recording_shown(&found.call);
            record.write(&self.gateway().store).await.map_err(unrecorded)?;
        }
        let text = |document: Option<Vec<u8>>| {
            document.filter(|_| one.values).map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let row = row(&found);
        Ok(Shown { row, arguments: text(found.arguments), result: text(found.result) })
    }

    /// Removes recordings.
    ///
    /// # Errors
    /// Where it is not said which, or they cannot be removed, or that cannot be recorded.
    pub async fn purge_recordings(&self, purge: Purge) -> Result<Purged, Failure> {
        let filter = purge.which.filter();
        if filter.is_all() != purge.all {
            let message = "say which recordings to remove, or that it is all of them, but not both";
            return Err(Failure::new(FailureKind::Malformed, message));
        }
        let record = Record::recordings_purged(purge.which.details());
        record.write(&self.gateway().store).await.map_err(unrecorded)?;
        let purged =
            off_the_loop(self.gateway(), move |gateway| gateway.recorder.purge(&filter).map_err(failed));
        let purged = match purged.await {
            Ok(purged) => purged,
            Err(failure) => {
                if let Err(error) = record.failed().write(&self.gateway().store).await {
                    tracing::error!(%error, "that a change failed could not be recorded");
                }
                return Err(failure);
            }
        };
        let problems = purged.problems.iter().map(ToString::to_string).collect();
        Ok(Purged { n_recordings: purged.n_recordings, problems })
    }
}

/// Reads files, which an event loop must not wait for.
async fn off_the_loop<T: Send + 'static>(
    gateway: &Arc<Gateway>,
    work: impl FnOnce(&Gateway) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let gateway = Arc::clone(gateway);
    let failed = |_| {
        Failure::new(FailureKind::Unavailable, "reading recordings failed inside the gateway; see its log")
    };
    tokio::task::spawn_blocking(move || work(&gateway)).await.map_err(failed)?
}

fn failed(problem: Problem) -> Failure {
    Failure::new(FailureKind::Unavailable, problem.to_string())
}

fn state(gateway: &Gateway) -> State {
    let recorder = &gateway.recorder;
    let folder = recorder.folder();
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let n_bytes = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
    let counts = recorder.stats();
    State {
        is_on: recorder.is_on(),
        folder,
        n_bytes,
        n_written: counts.written(),
        n_dropped: counts.dropped(),
        n_lost: counts.lost(),
        problem: recorder.problem(),
    }
}

/// Hands each recording over that can be read; what cannot be read is told.
fn each(gateway: &Gateway, mut take: impl FnMut(Recording)) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for found in gateway.recorder.read().map_err(failed)? {
        match found {
            Ok(recording) => take(recording),
            Err(problem) if problems.len() < MAX_PROBLEMS => problems.push(problem.to_string()),
            Err(_) => {}
        }
    }
    Ok(problems)
}

fn stats(gateway: &Gateway) -> Result<Stats, Failure> {
    let mut tools: BTreeMap<(String, String), OfTool> = BTreeMap::new();
    let mut times: Option<(u64, u64)> = None;
    let size = |document: &Option<Vec<u8>>| document.as_ref().map_or(0, |text| text.len() as u64);
    let problems = each(gateway, |one| {
        let (first, last) = times.unwrap_or((one.time_ms, one.time_ms));
        times = Some((first.min(one.time_ms), last.max(one.time_ms)));
        let n_bytes = size(&one.arguments) + size(&one.result);
        let (server, tool) = (one.server, one.tool);
        let of_tool = tools.entry((server.clone(), tool.clone())).or_insert_with(|| OfTool {
            server,
            tool,
            ..OfTool::default()
        });
        of_tool.n_recordings += 1;
        of_tool.n_denied += u64::from(one.effect == Effect::Deny);
        of_tool.n_results += u64::from(one.result.is_some());
        of_tool.n_bytes += n_bytes;
    })?;
    let time = |ms| Timestamp::from_ms(ms).to_string();
    Ok(Stats {
        state: state(gateway),
        n_recordings: tools.values().map(|of_tool| of_tool.n_recordings).sum(),
        first: times.map(|(first, _)| time(first)),
        last: times.map(|(_, last)| time(last)),
        tools: tools.into_values().collect(),
        problems,
    })
}

fn list(gateway: &Gateway, question: &Question) -> Result<Rows, Failure> {
    let (filter, limit) = (question.which.filter(), question.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT));
    let (mut latest, mut n_meant) = (VecDeque::new(), 0_u64);
    let problems = each(gateway, |one| {
        if filter.fits(&one) {
            n_meant += 1;
            latest.push_back(row(&one));
            if latest.len() > limit {
                latest.pop_front();
            }
        }
    })?;
    let n_more = n_meant - latest.len() as u64;
    Ok(Rows { recordings: latest.into(), n_more, problems })
}

fn find(gateway: &Gateway, id: &str) -> Result<Recording, Failure> {
    let seq: Option<u64> = id.parse().ok();
    let mut found = None;
    each(gateway, |one| {
        if Some(one.seq) == seq || one.call == id {
            found = Some(one);
        }
    })?;
    found.ok_or_else(|| {
        let message = format!("there is no recording `{id}`; `toolgate recordings list` shows what there is");
        Failure::new(FailureKind::NotThere, message)
    })
}

fn row(one: &Recording) -> Row {
    let size = |document: &Option<Vec<u8>>| document.as_ref().map(|text| text.len() as u64);
    Row {
        seq: one.seq,
        time: Timestamp::from_ms(one.time_ms).to_string(),
        call: one.call.clone(),
        grant: one.grant.clone(),
        labels: one.labels.clone(),
        server: one.server.clone(),
        tool: one.tool.clone(),
        definition: one.definition.clone(),
        effect: one.effect.as_str().to_owned(),
        rule: one.rule.clone(),
        arguments_bytes: size(&one.arguments),
        redacted: one.redacted.clone(),
        result_bytes: size(&one.result),
        redacted_result: one.redacted_result.clone(),
        is_error: one.is_error,
    }
}
