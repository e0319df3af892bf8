//! Whether the wall clock can be right. Windows of limits follow boot time, so a step frees nothing early.

use store::Timestamp;

use super::Finding;

const CHECK: &str = "clock";
/// 2026-11-01: no release is older, so no true clock is behind it.
const OLDEST_MS: u64 = 1_793_491_200_000;
/// 2100-01-01: a clock beyond it would keep records that nobody can order.
const NEWEST_MS: u64 = 4_102_444_800_000;

/// Looks at a time.
#[must_use]
pub fn look(wall_ms: u64) -> Finding {
    let shown = Timestamp::from_ms(wall_ms);
    if !(OLDEST_MS..NEWEST_MS).contains(&wall_ms) {
        let advice = "set the clock, better by a time service; audit records and expiry of grants follow it";
        return Finding::problem(CHECK, format!("{shown} cannot be the present time"), advice);
    }
    Finding::ok(CHECK, format!("{shown}; steps of it free no limit early"))
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::doctor::Status;

    #[test]
    fn impossible_times_are_problems() {
        for (wall_ms, expected) in
            [(0, Status::Problem), (1_795_180_455_000, Status::Ok), (5_000_000_000_000, Status::Problem)]
        {
            assert_eq!(look(wall_ms).status, expected, "{wall_ms}");
        }
    }
}
