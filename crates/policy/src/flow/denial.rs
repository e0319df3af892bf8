//! What an agent is told when a flow does not let a call through.

use std::sync::Arc;

use super::judge::Verdict;
use super::{Flow, FlowDemand};
use crate::decision::{Denial, DenialKind};
use crate::limit::duration;
use crate::reason::{self, CORRECT, DO_NOT_RETRY, advise};
use crate::schema::Schema;

impl Flow {
    /// The denial of a call; nothing where it may go on. Nobody can be asked or waited for yet, so what would need that
    /// is denied.
    pub(crate) fn denial(
        &self,
        policy: &Arc<str>,
        verdict: Verdict,
        names: Option<&Schema>,
    ) -> Option<Denial> {
        Some(Denial {
            pointer: self.pointer.clone(),
            policy: Some(Arc::clone(policy)),
            reason: Some(Arc::from(self.reason(verdict, names)?)),
            ..Denial::by(self.rule.clone(), DenialKind::Flow)
        })
    }

    fn reason(&self, verdict: Verdict, names: Option<&Schema>) -> Option<String> {
        let id = &self.id;
        let (text, advice) = match verdict {
            Verdict::Passes => return None,
            Verdict::Unknown => {
                let text =
                    format!("the flow `{id}` asks for what was done before, which nothing remembers yet");
                (text, DO_NOT_RETRY.to_owned())
            }
            Verdict::NeedsApproval => {
                let text = format!(
                    "after what was done before, the flow `{id}` asks for an approval, which nobody can give yet"
                );
                (text, DO_NOT_RETRY.to_owned())
            }
            Verdict::Waits => {
                let text = format!("the flow `{id}` waits for `{}`, which is under way", self.needed());
                (text, "retry when it has finished".to_owned())
            }
            Verdict::NotComparable => {
                let text =
                    format!("the flow `{id}` compares {}, which must be plain values", self.subjects(names));
                (text, CORRECT.to_owned())
            }
            Verdict::Denies { lapses_ms } => self.denies(lapses_ms, names),
        };
        Some(advise(self.on_deny.as_deref().unwrap_or(&text), &advice))
    }

    fn denies(&self, lapses_ms: Option<u64>, names: Option<&Schema>) -> (String, String) {
        let id = &self.id;
        match (&self.demand, lapses_ms) {
            (FlowDemand::After { .. }, None) => (
                format!("the flow `{id}` does not allow this after what was done before"),
                DO_NOT_RETRY.to_owned(),
            ),
            (FlowDemand::After { .. }, Some(ms)) => {
                let text = format!("the flow `{id}` does not allow this so soon after what was done before");
                (text, format!("retry after {} seconds", ms.div_ceil(1000)))
            }
            (FlowDemand::Needs { needed, same, .. }, _) => {
                let mut text = format!("the flow `{id}` needs `{needed}` to have finished before");
                if !same.is_empty() {
                    text.push_str(&format!(", with the same {}", self.subjects(names)));
                }
                if let Some(ms) = self.within_ms {
                    text.push_str(&format!(", at most {} ago", duration(ms)));
                }
                (text, format!("call `{needed}` first"))
            }
        }
    }

    fn needed(&self) -> &str {
        match &self.demand {
            FlowDemand::After { .. } => "",
            FlowDemand::Needs { needed, .. } => needed,
        }
    }

    /// The arguments that have to be the same, by name as far as the schema declares them.
    fn subjects(&self, names: Option<&Schema>) -> String {
        match &self.demand {
            FlowDemand::After { .. } => String::new(),
            FlowDemand::Needs { same, .. } => {
                let names: Vec<_> = same.iter().map(|path| reason::argument(path, names)).collect();
                let is_named = |name: &String| name != "an argument";
                if names.iter().all(is_named) { names.join(" and ") } else { "arguments".to_owned() }
            }
        }
    }
}
