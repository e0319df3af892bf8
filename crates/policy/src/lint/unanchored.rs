//! A pattern that allows should say where the text starts: `pacs-inbox` also matches `evil/pacs-inbox`.

use super::{Warnings, parts};
use crate::condition::Condition;
use crate::diagnostic::code;
use crate::operator::{Test, is_anchored};
use crate::policy::Policy;

pub(super) fn check(policy: &Policy, warnings: &mut Warnings) {
    for part in parts(policy) {
        let conditions = part.rules.require.iter().flat_map(|predicate| &predicate.conditions);
        for condition in conditions.flat_map(Condition::helping) {
            if let Test::Matches { pattern, is_glob: false, .. } = &condition.check.test
                && !is_anchored(pattern)
            {
                let message = "this pattern allows every text that holds a match anywhere; start it with `^`";
                let pointer = format!("{}/value", condition.pointer);
                warnings.warn(code::UNANCHORED, (&pointer, condition.value_offset), message);
            }
        }
    }
}
