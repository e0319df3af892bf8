//! The flows that ask about the calls of one tool, found once when policies are bound to it.

use std::sync::Arc;

use super::history::{FlowStep, SetLabel};
use super::judge::{Verdict, judge};
use super::{Flow, FlowDemand};
use crate::canonical;
use crate::decision::Denial;
use crate::hash::Hash;
use crate::input::{Input, Tool};
use crate::path::{Found, Path};
use crate::policy::Policy;
use crate::schema::Schema;

/// What the flows of some policies have to do with one tool.
#[derive(Debug)]
pub(crate) struct BoundFlows {
    /// The labels that its calls set.
    pub(crate) labels: Arc<[SetLabel]>,
    /// The flows that its calls are judged by, with their policies.
    asked: Vec<(Arc<str>, Arc<Flow>)>,
    /// The flows of which its calls are a step.
    steps: Vec<(Arc<str>, Arc<Flow>)>,
}

impl BoundFlows {
    pub(crate) fn new(policies: &[Arc<Policy>], tool: &Tool) -> Self {
        let (mut labels, mut asked, mut steps) = (Vec::new(), Vec::new(), Vec::new());
        for policy in policies {
            let own = policy.labels_of(tool);
            for flow in &policy.flows {
                let asks = match &flow.demand {
                    FlowDemand::After { deny, .. } => own.contains(&deny),
                    FlowDemand::Needs { tool: selector, .. } => selector.matches(tool),
                };
                if asks {
                    asked.push((Arc::clone(policy.name()), Arc::clone(flow)));
                }
                if flow.is_step(&tool.name) {
                    steps.push((Arc::clone(policy.name()), Arc::clone(flow)));
                }
            }
            let label =
                |label: &Arc<str>| SetLabel { policy: Arc::clone(policy.name()), label: Arc::clone(label) };
            labels.extend(own.into_iter().map(label));
        }
        Self { labels: labels.into(), asked, steps }
    }

    /// Whether any flow asks for the history of a call.
    pub(crate) fn ask(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The flows that judge a call, with their policies.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<Flow>)> {
        self.asked.iter().map(|(policy, flow)| (policy, flow))
    }

    /// The first denial by a flow.
    pub(crate) fn denial(&self, input: Input<'_>, names: Option<&Schema>) -> Option<Denial> {
        self.asked().find_map(|(policy, flow)| flow.denial(policy, flow.verdict(policy, input), names))
    }

    /// The steps that a call takes. One whose values cannot be compared is none.
    pub(crate) fn steps(&self, input: Input<'_>) -> Vec<FlowStep> {
        self.steps.iter().filter_map(|(policy, flow)| flow.step(policy, input)).collect()
    }
}

impl Flow {
    /// What it says of a call.
    pub(crate) fn verdict(&self, policy: &Arc<str>, input: Input<'_>) -> Verdict {
        let history = input.facts.and_then(|facts| facts.history);
        judge(self, policy, history, self.step(policy, input).as_ref())
    }

    /// What a call is to it, or needs: one of its server with these values.
    pub(crate) fn step(&self, policy: &Arc<str>, input: Input<'_>) -> Option<FlowStep> {
        let FlowDemand::Needs { same, .. } = &self.demand else { return None };
        let same = Hash::of(&values(same, input)?);
        Some(FlowStep { policy: Arc::clone(policy), flow: Arc::clone(&self.id), same })
    }
}

/// The server and the values as canonical text; nothing where one is missing or cannot be compared.
fn values(paths: &[Path], input: Input<'_>) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(64);
    json::write_string(&mut text, &input.tool.server);
    for path in paths {
        text.push(b',');
        let Found::Value(value) = path.find(input) else { return None };
        canonical::push(&mut text, value).then_some(())?;
    }
    Some(text)
}
