//! The parts in shadow, bound beside what is enforced: the same judgement of nothing but them.
//! What they say is told and never obeyed.

use std::sync::Arc;

use super::checks::Checks;
use super::{Bound, Judges, Part};
use crate::decision::{Arguments, Facts, Shadowed};
use crate::gate::Gate;
use crate::input::Tool;
use crate::stack::Stack;

/// The parts in shadow and whole policies in shadow, if any of them apply to the tool.
pub(super) fn judges(stack: &Stack, tool: &Tool) -> Option<Judges> {
    let mut parts = Vec::new();
    for policy in stack.policies() {
        let is_shadow = stack.in_shadow().iter().any(|shadow| Arc::ptr_eq(shadow, policy));
        for part in policy.matched(tool) {
            let all = Some(part.rules).filter(|_| is_shadow);
            for rules in all.into_iter().chain(&part.rules.shadow) {
                parts.push(Part { policy: Arc::clone(policy.name()), rules: Arc::clone(rules) });
            }
        }
    }
    if parts.is_empty() && stack.in_shadow().is_empty() {
        return None;
    }
    let (gate, policies) = (Gate::beside(stack.in_shadow(), tool), stack.in_shadow().to_vec());
    Some(Judges { gate, policies, parts, checks: Checks::with_shadow(stack.policies(), tool) })
}

impl Bound {
    /// What these parts say of a call that is allowed.
    #[cold]
    pub(super) fn shadowed(&self, facts: &Facts<'_>, arguments: Arguments<'_>) -> Box<Shadowed> {
        Box::new(match self.judge(facts, arguments) {
            Ok(allowed) => Shadowed { denial: None, limits: allowed.limits },
            Err(denial) => Shadowed { denial: Some(*denial), limits: Arc::from([]) },
        })
    }
}
