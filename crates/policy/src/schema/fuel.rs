//! Bounds the work and the stack of one check.
//! Once a bound is reached every value reads as nothing, so that the check ends soon; its answer is then not used.
//! The meter belongs to the thread, because the validator makes some values (names of properties) on its own.

use std::cell::Cell;

use json::Value;

/// Reads that any check may make: far more than real schemas need, some milliseconds at most.
const BASE_STEPS: u64 = 200_000;
/// Further reads for each byte of arguments, so that large arguments do not fail for their size alone.
const STEPS_PER_BYTE: u64 = 8;
/// Reads while errors are collected. Each error takes memory, so there may be fewer.
const ERROR_STEPS: u64 = 20_000;
/// Stack that a check may use; threads have 2 MiB.
const MAX_STACK_BYTES: usize = 512 * 1024;

struct Meter {
    steps: Cell<u64>,
    is_spent: Cell<bool>,
    stack_base: Cell<usize>,
}

thread_local! {
    static METER: Meter = const {
        Meter { steps: Cell::new(0), is_spent: Cell::new(true), stack_base: Cell::new(0) }
    };
}

/// The steps for checking these arguments.
pub(super) fn for_check(arguments: Option<Value<'_>>) -> u64 {
    let n_bytes = arguments.map_or(0, |arguments| arguments.raw().len());
    BASE_STEPS + STEPS_PER_BYTE * n_bytes as u64
}

/// The steps for collecting errors.
pub(super) const fn for_errors() -> u64 {
    ERROR_STEPS
}

/// Runs a check within its bounds; nothing when one was reached.
pub(super) fn within<T>(n_steps: u64, check: impl FnOnce() -> T) -> Option<T> {
    METER.with(|meter| {
        meter.steps.set(n_steps);
        meter.is_spent.set(false);
        meter.stack_base.set(stack_address());
    });
    let answer = check();
    let is_spent = METER.with(|meter| meter.is_spent.replace(true));
    if is_spent { None } else { Some(answer) }
}

/// Takes steps; false once a bound is reached, and outside of a check.
#[inline]
pub(super) fn take(n_steps: u64) -> bool {
    METER.with(|meter| {
        let left = meter.steps.get().checked_sub(n_steps);
        match left {
            Some(left)
                if meter.stack_base.get().abs_diff(stack_address()) < MAX_STACK_BYTES
                    && !meter.is_spent.get() =>
            {
                meter.steps.set(left);
                true
            }
            Some(_) | None => {
                meter.is_spent.set(true);
                false
            }
        }
    })
}

/// Where the stack is now, near enough.
#[inline]
fn stack_address() -> usize {
    let marker = 0_u8;
    std::ptr::from_ref(&marker).addr()
}
