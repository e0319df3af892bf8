//! Equal counter names of one document share their history, so they must count the same thing.

use std::collections::HashMap;

use super::reader::{Problem, Reader};
use crate::diagnostic::code;
use crate::policy::{Limit, Policy};

/// Reports each limit that counts something else than the first of its name.
pub(super) fn check(reader: &mut Reader, policy: &Policy) {
    let mut first: HashMap<&str, &Limit> = HashMap::new();
    for limit in limits(policy) {
        let earlier = first.entry(&limit.spec.counter).or_insert(limit);
        if earlier.spec.unit == limit.spec.unit {
            continue;
        }
        let message = format!(
            "the counter `{}` counts {} here and {} at {}; give one of them another name",
            limit.spec.counter, limit.spec.unit, earlier.spec.unit, earlier.spec.pointer,
        );
        reader.report_at(limit.offset, limit.spec.pointer.clone(), Problem::new(code::CONFLICT, message));
    }
}

/// All limits of tools.
fn limits(policy: &Policy) -> impl Iterator<Item = &Limit> {
    policy.all_rules().flat_map(|(_, _, rules)| &rules.limits)
}
