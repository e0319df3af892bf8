//! Bounds the work and the stack of one check.
//! Once spent, every value reads as nothing, so that the check ends soon; its answer must then not be used.

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

/// What is left of the bounds of one check.
pub(super) struct Fuel {
    steps: Cell<u64>,
    is_spent: Cell<bool>,
    stack_base: Cell<usize>,
}

impl Default for Fuel {
    fn default() -> Self {
        Self::new(BASE_STEPS)
    }
}

impl Fuel {
    fn new(steps: u64) -> Self {
        Self { steps: Cell::new(steps), is_spent: Cell::new(false), stack_base: Cell::new(0) }
    }

    /// For checking these arguments.
    pub(super) fn for_check(arguments: Option<Value<'_>>) -> Self {
        let n_bytes = arguments.map_or(0, |arguments| arguments.raw().len());
        Self::new(BASE_STEPS + STEPS_PER_BYTE * n_bytes as u64)
    }

    /// For collecting errors.
    pub(super) fn for_errors() -> Self {
        Self::new(ERROR_STEPS)
    }

    /// Whether a bound was reached.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent.get()
    }

    /// Takes steps; false once a bound is reached.
    #[inline]
    pub(super) fn take(&self, n_steps: u64) -> bool {
        let marker = 0_u8;
        let here = std::ptr::from_ref(&marker).addr();
        if self.stack_base.get() == 0 {
            self.stack_base.set(here);
        }
        let left = self.steps.get().checked_sub(n_steps);
        match left {
            Some(left) if self.stack_base.get().abs_diff(here) < MAX_STACK_BYTES && !self.is_spent.get() => {
                self.steps.set(left);
                true
            }
            Some(_) | None => {
                self.is_spent.set(true);
                false
            }
        }
    }
}
