//! Judges one flow. A pure function of the history and the call; what is not known denies.

use std::sync::Arc;

use super::history::{FlowStep, History, StepState};
use super::{Flow, FlowDemand};

/// What a flow says of a call that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The call may go on.
    Passes,
    /// It may not; after so many milliseconds it may, where that is known.
    Denies { lapses_ms: Option<u64> },
    /// What it needs is under way.
    Waits,
    /// It may go on once people have agreed.
    NeedsApproval,
    /// An argument that has to be the same is missing, or is none that can be compared.
    NotComparable,
    /// What was done before is not known.
    Unknown,
}

/// Judges a flow of a policy; `step` is what the call needs to have been taken, where the flow needs one.
pub(crate) fn judge(
    flow: &Flow,
    policy: &Arc<str>,
    history: Option<&History<'_>>,
    step: Option<&FlowStep>,
) -> Verdict {
    let Some(history) = history else { return Verdict::Unknown };
    match &flow.demand {
        FlowDemand::After { labels, unless_approved, .. } => match lapses(flow, policy, labels, history) {
            None => Verdict::Passes,
            Some(_) if *unless_approved => Verdict::NeedsApproval,
            Some(lapses_ms) => Verdict::Denies { lapses_ms },
        },
        FlowDemand::Needs { .. } => step.map_or(Verdict::NotComparable, |step| needed(flow, history, step)),
    }
}

/// After which time the first of the labels lapses; nothing where one is not set.
fn lapses(flow: &Flow, policy: &Arc<str>, labels: &[Arc<str>], history: &History<'_>) -> Option<Option<u64>> {
    let mut first: Option<u64> = None;
    for label in labels {
        let set =
            history.labels.iter().filter(|set| set.label.policy == *policy && set.label.label == *label);
        let latest = set.map(|set| set.at_ms).max()?;
        if !history.is_within(latest, flow.within_ms) {
            return None;
        }
        let age_ms = history.now_ms.saturating_sub(latest);
        let left_ms = flow.within_ms.map(|within_ms| within_ms.saturating_sub(age_ms).saturating_add(1));
        first = first.into_iter().chain(left_ms).min();
    }
    Some(first)
}

/// A step that finished in time counts, whatever else is under way.
fn needed(flow: &Flow, history: &History<'_>, step: &FlowStep) -> Verdict {
    let mut verdict = Verdict::Denies { lapses_ms: None };
    for taken in history.steps.iter().filter(|taken| taken.step == *step) {
        match taken.state {
            StepState::Finished { at_ms } if history.is_within(at_ms, flow.within_ms) => {
                return Verdict::Passes;
            }
            StepState::Finished { .. } => {}
            StepState::InFlight => verdict = Verdict::Waits,
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::super::{LabelSet, Selector, SetLabel, TakenStep};
    use super::*;
    use crate::hash::Hash;
    use crate::rule::RuleId;

    const NOW_MS: u64 = 1_000_000;

    fn flow(within_ms: Option<u64>, demand: FlowDemand) -> Flow {
        let (id, rule) = (Arc::from("f"), RuleId::new("/flows/f"));
        Flow { id, rule, pointer: "/flows/0".to_owned(), offset: 0, on_deny: None, within_ms, demand }
    }

    fn after(labels: &[&str], within_ms: Option<u64>, unless_approved: bool) -> Flow {
        let labels = labels.iter().map(|label| Arc::from(*label)).collect();
        flow(within_ms, FlowDemand::After { labels, deny: Arc::from("egress"), unless_approved })
    }

    fn needs(within_ms: Option<u64>) -> Flow {
        let (tool, tool_text) = (Selector::Name("apply".into()), "apply".into());
        flow(within_ms, FlowDemand::Needs { tool, tool_text, needed: Arc::from("plan"), same: Vec::new() })
    }

    fn step(flow: &str, same: &str) -> FlowStep {
        FlowStep { policy: Arc::from("p"), flow: Arc::from(flow), same: Hash::of(same.as_bytes()) }
    }

    fn check_labels(flow: &Flow, set: &[(&str, &str, u64)], expected: Verdict) {
        let labels: Vec<_> = set
            .iter()
            .map(|(policy, label, age_ms)| LabelSet {
                label: SetLabel { policy: Arc::from(*policy), label: Arc::from(*label) },
                at_ms: NOW_MS - age_ms,
            })
            .collect();
        let history = History { now_ms: NOW_MS, labels: &labels, steps: &[] };
        assert_eq!(judge(flow, &Arc::from("p"), Some(&history), None), expected, "{set:?}");
    }

    #[test]
    fn all_labels_have_to_be_set_and_not_lapsed() {
        let denies = |lapses_ms| Verdict::Denies { lapses_ms };
        let one = after(&["phi"], None, false);
        check_labels(&one, &[], Verdict::Passes);
        check_labels(&one, &[("p", "phi", 900_000)], denies(None));
        check_labels(&one, &[("other", "phi", 5)], Verdict::Passes);
        check_labels(&one, &[("p", "egress", 5)], Verdict::Passes);
        let both = after(&["phi", "untrusted"], Some(60_000), false);
        check_labels(&both, &[("p", "phi", 5)], Verdict::Passes);
        check_labels(&both, &[("p", "phi", 10_000), ("p", "untrusted", 5)], denies(Some(50_001)));
        check_labels(&both, &[("p", "phi", 60_000), ("p", "untrusted", 5)], denies(Some(1)));
        check_labels(&both, &[("p", "phi", 60_001), ("p", "untrusted", 5)], Verdict::Passes);
        // The latest time of a label counts.
        check_labels(
            &both,
            &[("p", "phi", 70_000), ("p", "phi", 0), ("p", "untrusted", 0)],
            denies(Some(60_001)),
        );
        check_labels(&after(&["phi"], None, true), &[("p", "phi", 5)], Verdict::NeedsApproval);
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        assert_eq!(judge(&after(&["phi"], None, true), &Arc::from("p"), None, None), Verdict::Unknown);
        assert_eq!(judge(&needs(None), &Arc::from("p"), None, Some(&step("f", "a"))), Verdict::Unknown);
    }

    #[test]
    fn a_needed_step_has_finished_in_time_with_the_same_values() {
        let check = |flow: &Flow, wanted: Option<FlowStep>, taken: &[(FlowStep, StepState)], expected| {
            let steps: Vec<_> =
                taken.iter().map(|(step, state)| TakenStep { step: step.clone(), state: *state }).collect();
            let history = History { now_ms: NOW_MS, labels: &[], steps: &steps };
            let verdict = judge(flow, &Arc::from("p"), Some(&history), wanted.as_ref());
            assert_eq!(verdict, expected, "{taken:?}");
        };
        let finished = |age_ms: u64| StepState::Finished { at_ms: NOW_MS - age_ms };
        let denies = Verdict::Denies { lapses_ms: None };
        let (flow, wanted) = (needs(Some(1000)), || Some(step("f", "a")));
        check(&flow, wanted(), &[], denies);
        check(&flow, wanted(), &[(step("f", "a"), finished(1000))], Verdict::Passes);
        check(&flow, wanted(), &[(step("f", "a"), finished(1001))], denies);
        check(&flow, wanted(), &[(step("f", "b"), finished(1))], denies);
        check(&flow, wanted(), &[(step("g", "a"), finished(1))], denies);
        check(&flow, wanted(), &[(step("f", "a"), StepState::InFlight)], Verdict::Waits);
        let both = [(step("f", "a"), finished(5)), (step("f", "a"), StepState::InFlight)];
        check(&flow, wanted(), &both, Verdict::Passes);
        check(&flow, None, &both, Verdict::NotComparable);
    }
}
