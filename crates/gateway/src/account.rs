//! What a call owes the books: the intent before it is forwarded, the outcome after.
//! An account that nobody settles settles itself, as unknown or as not sent by what was written: nothing is ever
//! lost by a dropped future. Nor is one settled before its last byte is written, for a unit ages from then on.

mod arguments;

use arguments::{declared_keys, digest, repaired_pointers};

use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::recording::Pending;
use crate::stage::decide::{Judged as JudgedCall, facts};
use mcp::errors::Refusal;
use mcp::http::{Progress, Written};
use mcp::reply::{Reply, ReplyKind};
use policy::{Arguments, Denial, OperandOutcome, Release, RuleId};
use std::sync::Arc;
use store::audit::{
    ArgumentFacts, Judged, OperandFact, Outcome as Record, OutcomeKind, PolicyRef, ShadowFact,
};
use store::{CallId, OpenCall, Reservation, StoreError, Timestamp};

/// What became of a forwarded message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A reply came and was passed on.
    Replied {
        /// It was a JSON-RPC error.
        is_error: bool,
        /// It was a tool's result with `isError`.
        tool_error: bool,
        /// Its size.
        n_bytes: u64,
        /// HTTP status.
        status: u16,
    },
    /// No usable reply came; the server may have acted.
    Failed {
        /// Why, in a few words without any content.
        why: &'static str,
        /// HTTP status, if a reply began.
        status: Option<u16>,
    },
    /// Nobody waited to the end; the server may have acted.
    Unknown,
}

/// The open entry of one call; of none for messages that are not recorded one by one.
#[derive(Debug)]
pub struct Account {
    open: Option<Open>,
    progress: Progress,
}

#[derive(Debug)]
struct Open {
    call: OpenCall,
    /// What becomes of the reservation where nothing was sent.
    release: Release,
    gateway: Arc<Gateway>,
    started_ns: u64,
    /// What is recorded of it, where that is wanted.
    recording: Option<Box<Pending>>,
}

impl Account {
    /// The account of a message that is not recorded: handshakes, lists, pings.
    #[must_use]
    pub fn none() -> Self {
        Self { open: None, progress: Progress::new() }
    }

    /// How much of the message was written.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Records the reservation and the intent of an allowed tool call; nothing is forwarded before both are written.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot be; the reservation is then given back.
    pub(crate) async fn begin(
        gateway: &Arc<Gateway>,
        exchange: &Exchange,
        judged: &JudgedCall,
        reservation: Reservation,
        shadowed: Option<&Denial>,
    ) -> Result<Self, StoreError> {
        let arguments = judged.arguments(exchange);
        let keys: Vec<_> = declared_keys(judged, arguments);
        let keys: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let repaired = repaired_pointers(judged, arguments);
        let repaired: Vec<&str> = repaired.iter().map(String::as_str).collect();
        let n_keys = arguments.map_or(0, |arguments| arguments.len());
        let facts = ArgumentFacts {
            keys: &keys,
            n_other_keys: n_keys.saturating_sub(keys.len()) as u64,
            repaired: &repaired,
            digest: digest(gateway, arguments),
        };
        let policies = policies(&exchange.reach);
        let matched: Vec<&str> = judged.bound.met_by_allowed(gateway.now_ms()).map(RuleId::as_str).collect();
        let record = Judged {
            matched: &matched,
            tool: Some(&judged.tool.name),
            definition: Some(&judged.tool.hash_text),
            policies: &policies,
            arguments: Some(facts),
            shadow: shadowed.map(|denial| shadow(&exchange.reach, denial)),
            ..subject(exchange)
        };
        let mut account = Self::open(gateway, reservation, &record, judged.allowed.release).await?;
        if let Some(open) = &mut account.open {
            open.recording = Pending::begin(gateway, exchange, judged);
        }
        Ok(account)
    }

    /// Records the intent of another request that policy covers.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub(crate) async fn begin_channel(
        gateway: &Arc<Gateway>,
        exchange: &Exchange,
        shadowed: Option<&Denial>,
    ) -> Result<Self, StoreError> {
        let call = gateway.store.next_call();
        let Ok(reservation) = gateway.store.reserve(call, &[]) else {
            return Err(StoreError::Broken);
        };
        let policies = policies(&exchange.reach);
        let tool = exchange.restored.task.as_ref().map(|presented| &*presented.found.task.tool);
        let shadow = shadowed.map(|denial| shadow(&exchange.reach, denial));
        let record = Judged { policies: &policies, tool, shadow, ..subject(exchange) };
        Self::open(gateway, reservation, &record, Release::Never).await
    }

    /// Records the intent of passing a server's own request on to its client.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be written.
    pub(crate) async fn begin_asked(
        gateway: &Arc<Gateway>,
        asked: Asked<'_>,
        shadowed: Option<&Denial>,
    ) -> Result<Self, StoreError> {
        let call = gateway.store.next_call();
        let Ok(reservation) = gateway.store.reserve(call, &[]) else {
            return Err(StoreError::Broken);
        };
        let policies = policies(asked.reach);
        let shadow = shadowed.map(|denial| shadow(asked.reach, denial));
        let record = Judged { policies: &policies, shadow, ..asked.subject() };
        Self::open(gateway, reservation, &record, Release::Never).await
    }

    async fn open(
        gateway: &Arc<Gateway>,
        reservation: Reservation,
        record: &Judged<'_>,
        release: Release,
    ) -> Result<Self, StoreError> {
        let started_ns = gateway.store.timeline().monotonic_ns();
        let call = gateway.store.begin(reservation, record).await?;
        gateway.metrics.in_flight.inc();
        let open = Open { call, release, gateway: Arc::clone(gateway), started_ns, recording: None };
        Ok(Self { open: Some(open), progress: Progress::new() })
    }

    /// Settles the call by a whole reply.
    pub fn settle_by(&mut self, reply: &Reply, n_bytes: u64, status: u16) {
        if let Some(recording) = self.open.as_mut().and_then(|open| open.recording.as_mut()) {
            recording.answered(reply);
        }
        self.settle(outcome_of(reply, n_bytes, status));
    }

    /// Settles the call; only the first time counts. A process is sent the rest of a line even when nobody waits any
    /// more: the call stays open until then.
    pub fn settle(&mut self, outcome: Outcome) {
        let Some(open) = self.open.take() else { return };
        if self.progress.is_being_written()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let progress = self.progress.clone();
            runtime.spawn(async move {
                progress.ended().await;
                open.end(outcome, &progress);
            });
            return;
        }
        open.end(outcome, &self.progress);
    }
}

impl Open {
    fn end(self, outcome: Outcome, progress: &Progress) {
        let duration_ns = self.gateway.store.timeline().monotonic_ns().saturating_sub(self.started_ns);
        let (n_sent, written) = match progress.written() {
            Written::Nothing => (0, None),
            Written::Some { bytes, last_ms } => (bytes, Some(Timestamp::from_ms(last_ms))),
        };
        let record =
            Record { n_sent, duration_us: duration_ns / 1_000, ..record(outcome, written.is_some()) };
        self.gateway.metrics.in_flight.dec();
        self.gateway.metrics.duration_s.observe(std::time::Duration::from_nanos(duration_ns).as_secs_f64());
        let mut call = self.call;
        let id = call.id();
        if let Some(at) = written {
            call.written(at);
        }
        match self.release {
            Release::Never => call.finish(&record),
            Release::NotSent => call.release(&record),
        }
        // The audit comes first.
        if let Some(recording) = self.recording {
            recording.end(&self.gateway, id, outcome);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        // Whatever ended it before its outcome was known: what was written may have been acted upon.
        self.settle(Outcome::Unknown);
    }
}

/// What a whole reply says of the call.
fn outcome_of(reply: &Reply, n_bytes: u64, status: u16) -> Outcome {
    let is_error = *reply.kind() == ReplyKind::Error;
    let tool_error = reply.result().and_then(|result| result.get("isError")).and_then(|flag| flag.as_bool());
    Outcome::Replied { is_error, tool_error: tool_error == Some(true), n_bytes, status }
}

fn record(outcome: Outcome, is_written: bool) -> Record<'static> {
    match outcome {
        Outcome::Replied { is_error, tool_error, n_bytes, status } => {
            let kind = match (is_error, tool_error) {
                (true, _) => OutcomeKind::Error,
                (false, true) => OutcomeKind::ToolError,
                (false, false) => OutcomeKind::Answered,
            };
            Record { upstream_status: Some(status), n_received: n_bytes, ..Record::bare(kind, "") }
        }
        Outcome::Failed { why, status } => {
            let kind = if is_written { OutcomeKind::Unknown } else { OutcomeKind::NotSent };
            Record { upstream_status: status, ..Record::bare(kind, why) }
        }
        Outcome::Unknown if is_written => Record::bare(OutcomeKind::Unknown, "nobody waited to the end"),
        Outcome::Unknown => Record::bare(OutcomeKind::NotSent, "given up before it was sent"),
    }
}

/// Records a policy's denial.
pub(crate) fn denied(gateway: &Gateway, exchange: &Exchange, call: CallId, denial: &Denial) {
    let policies = policies(&exchange.reach);
    let said: Vec<String> = denial.operands.iter().map(said).collect();
    let operands: Vec<OperandFact<'_>> = denial.operands.iter().zip(&said).map(fact).collect();
    let name = exchange.message.tool_name();
    let tool = name.as_deref().and_then(|name| exchange.reach.server.definitions.get(name));
    // Only here can several rules deny; a full limit, the denial that agents run into most, was past all of them.
    let bound = tool.as_ref().filter(|_| denial.kind.is_of_rules()).map(|tool| exchange.reach.bind(tool));
    let arguments = exchange.message.arguments().map_or(Arguments::Absent, Arguments::Known);
    let facts = facts(exchange, name.as_deref().unwrap_or_default()).at(gateway.now_ms());
    let matched = bound.as_ref().map(|bound| bound.denying(&facts, arguments)).unwrap_or_default();
    let matched: Vec<&str> = matched.into_iter().map(RuleId::as_str).collect();
    let record = Judged {
        matched: &matched,
        definition: tool.as_ref().map(|tool| &*tool.hash_text),
        tool: name.as_deref(),
        policies: &policies,
        rule: denial.rule.as_str(),
        pointer: &denial.pointer,
        operands: &operands,
        ..subject(exchange)
    };
    gateway.store.denied(call, &record, denial.kind.as_str());
}

/// Records the denial of a method whose channel is closed.
pub(crate) fn denied_channel(gateway: &Gateway, exchange: &Exchange) {
    let policies = policies(&exchange.reach);
    let record = Judged { policies: &policies, rule: "(channel)", ..subject(exchange) };
    gateway.store.denied(gateway.store.next_call(), &record, "channel");
}

/// Records that a server's own request is not passed on; without a denial because nothing judges its channel.
pub(crate) fn denied_asked(gateway: &Gateway, asked: Asked<'_>, denial: Option<&Denial>) {
    let policies = policies(asked.reach);
    let record = Judged {
        policies: &policies,
        rule: denial.map_or("(channel)", |denial| denial.rule.as_str()),
        pointer: denial.map_or("", |denial| &denial.pointer),
        ..asked.subject()
    };
    let cause = denial.map_or("channel", |denial| denial.kind.as_str());
    gateway.store.denied(gateway.store.next_call(), &record, cause);
}

/// A server's own request, as records hold it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Whose client is asked.
    pub grant: &'a str,
    /// By whom, under which policies.
    pub reach: &'a Reach,
    /// The method.
    pub method: &'a str,
    /// Bytes of the message.
    pub n_bytes: usize,
}

impl<'a> Asked<'a> {
    fn subject(self) -> Judged<'a> {
        Judged {
            grant: self.grant,
            server: &self.reach.server.id,
            method: self.method,
            n_bytes: self.n_bytes as u64,
            ..Judged::default()
        }
    }
}

/// Records a refusal by the protocol's own rules.
pub(crate) fn denied_by_protocol(gateway: &Gateway, exchange: &Exchange, refusal: &Refusal) {
    let cause = refusal.code.to_string();
    let record = Judged { rule: "(protocol)", ..subject(exchange) };
    gateway.store.denied(gateway.store.next_call(), &record, &cause);
}

/// Records a refusal of a known grant before there was a message to judge: `rule` is `(protocol)`, `(server)` or
/// `(session)`.
pub(crate) fn refused(gateway: &Gateway, grant: &str, server: &str, rule: &str, cause: &str) {
    let record = Judged { grant, server, rule, ..Judged::default() };
    gateway.store.denied(gateway.store.next_call(), &record, cause);
}

/// Records a request on `/mcp` for something of which no server is known: a name or a URI that the agent made up.
pub(crate) fn denied_nowhere(gateway: &Gateway, grant: &str, method: &str, tool: Option<&str>, rule: &str) {
    let record = Judged { grant, method, tool, rule, ..Judged::default() };
    gateway.store.denied(gateway.store.next_call(), &record, "unknown_server");
}

/// Records that the grant may no longer use the server.
pub(crate) fn revoked(gateway: &Gateway, grant: &str, server: &str, method: &str) {
    let record = Judged { grant, server, method, rule: "(grant)", ..Judged::default() };
    gateway.store.denied(gateway.store.next_call(), &record, "revoked");
}

fn subject(exchange: &Exchange) -> Judged<'_> {
    Judged {
        grant: &exchange.grant.id,
        server: &exchange.reach.server.id,
        method: exchange.message.method().unwrap_or_default(),
        n_bytes: exchange.message.document().text().len() as u64,
        ..Judged::default()
    }
}

fn policies(reach: &Reach) -> Vec<PolicyRef<'_>> {
    reach.revisions.iter().map(|(name, hash)| PolicyRef { name, hash }).collect()
}

/// Counts a denial by parts in shadow and puts it into a record.
fn shadow<'a>(reach: &Reach, denial: &'a Denial) -> ShadowFact<'a> {
    reach.server.metrics.shadow_denied();
    ShadowFact {
        policy: denial.policy.as_deref().unwrap_or_default(),
        rule: denial.rule.as_str(),
        pointer: &denial.pointer,
        cause: denial.kind.as_str(),
    }
}

fn said(operand: &OperandOutcome) -> String {
    format!("{} {} ({})", operand.operator, operand.truth.as_str(), operand.found)
}

fn fact<'a>((operand, said): (&'a OperandOutcome, &'a String)) -> OperandFact<'a> {
    OperandFact { path: &operand.path, outcome: said }
}
