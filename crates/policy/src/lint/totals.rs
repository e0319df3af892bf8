//! Limits that count values of arguments apart, without one on all of them together: who may choose an argument may
//! choose a new one for every call.

use super::{Warnings, parts};
use crate::diagnostic::code;
use crate::policy::{Limit, Policy};

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    let all: Vec<&Limit> = policy
        .all_sections()
        .flat_map(|(_, section)| section.all_tools.iter())
        .flat_map(|rules| &rules.limits)
        .collect();
    for part in parts(policy) {
        for limit in part.rules.limits.iter().filter(|limit| !limit.keyed_by.is_empty()) {
            let mut others = part.rules.limits.iter().chain(all.iter().copied());
            if !others.any(|other| other.keyed_by.is_empty() && other.spec.unit == limit.spec.unit) {
                let message = format!(
                    "whoever chooses the argument can choose a new one for each call; add a limit of {} without arguments in \
                     its scope",
                    limit.spec.unit
                );
                warnings.warn(code::NO_TOTAL, limit.place(), message);
            }
        }
    }
}
