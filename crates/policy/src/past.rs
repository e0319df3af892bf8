//! What tests of a document say was done before their calls, made into the history that flows are judged by.

use std::sync::Arc;

use json::Document;

use crate::flow::{FlowStep, History, LabelSet, SetLabel, StepState, TakenStep};
use crate::input::{Given, Input, Known, Tool};
use crate::policy::Policy;

/// The time of a call of which none is said: any will do, as long as all that was before has room.
const SOME_TIME_MS: u64 = 1 << 50;

/// What was done before the call of a test.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Labels that were set, and how many milliseconds ago.
    pub(crate) labels: Vec<(Arc<str>, u64)>,
    pub(crate) calls: Vec<PastCall>,
}

/// An earlier call.
#[derive(Debug)]
pub(crate) struct PastCall {
    pub(crate) tool: Box<str>,
    pub(crate) arguments: Option<Document>,
    /// How many milliseconds ago it ended.
    pub(crate) ago_ms: u64,
    pub(crate) finished: bool,
}

/// A history that owns what it holds.
pub(crate) struct OwnHistory {
    now_ms: u64,
    labels: Vec<LabelSet>,
    steps: Vec<TakenStep>,
}

impl OwnHistory {
    pub(crate) fn history(&self) -> History<'_> {
        History { now_ms: self.now_ms, labels: &self.labels, steps: &self.steps }
    }
}

impl Past {
    /// The history of a call on a server, as these policies see it.
    pub(crate) fn seen_by(&self, policies: &[Arc<Policy>], server: &str, now_ms: Option<u64>) -> OwnHistory {
        let now_ms = now_ms.unwrap_or(SOME_TIME_MS);
        let at = |ago_ms: u64| now_ms.saturating_sub(ago_ms);
        let (mut labels, mut steps) = (Vec::new(), Vec::new());
        for policy in policies {
            labels.extend(self.labels.iter().map(|(label, ago_ms)| LabelSet {
                label: SetLabel { policy: Arc::clone(policy.name()), label: Arc::clone(label) },
                at_ms: at(*ago_ms),
            }));
            for call in &self.calls {
                let state = match call.finished {
                    true => StepState::Finished { at_ms: at(call.ago_ms) },
                    false => StepState::InFlight,
                };
                let taken = call.steps(policy, server).into_iter().map(|step| TakenStep { step, state });
                steps.extend(taken);
            }
        }
        OwnHistory { now_ms, labels, steps }
    }
}

impl PastCall {
    /// What the call was to the flows of a policy.
    fn steps(&self, policy: &Policy, server: &str) -> Vec<FlowStep> {
        let tool = Tool { server: server.into(), name: self.tool.clone(), ..Tool::default() };
        let arguments = match &self.arguments {
            Some(document) => Given::Known(Known::undeclared(document.root())),
            None => Given::Empty,
        };
        let input = Input { arguments, ..Input::of_tool(&tool) };
        let flows = policy.flows.iter().filter(|flow| flow.is_step(&self.tool));
        flows.filter_map(|flow| flow.step(policy.name(), input)).collect()
    }
}
