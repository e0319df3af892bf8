//! Whether the volume of the data folder has room: below the reserve every call is denied.

use std::path::Path;

use crate::config::quantity::show_size;

use super::Finding;

const CHECK: &str = "free disk";
/// Warned about well before the gateway denies.
const COMFORTABLE_BYTES: u64 = 256 << 20;

/// Looks at the volume that holds the folder, or will hold it.
#[must_use]
pub fn look(data: &Path, reserve_bytes: u64) -> Finding {
    let Some(existing) = data.ancestors().find(|folder| folder.exists()) else {
        return Finding::problem(
            CHECK,
            "no folder above the data folder exists",
            "set `data` to a path that does",
        );
    };
    match rustix::fs::statvfs(existing) {
        Ok(volume) => judge(volume.f_bavail.saturating_mul(volume.f_frsize), reserve_bytes),
        Err(error) => {
            let text = format!("the volume of `{}` cannot be looked at: {error}", existing.display());
            Finding::problem(CHECK, text, "set `data` to a folder on a local disk")
        }
    }
}

fn judge(free_bytes: u64, reserve_bytes: u64) -> Finding {
    let free = format!("{} MiB free", free_bytes >> 20);
    let reserve = show_size(reserve_bytes);
    if free_bytes < reserve_bytes {
        let text = format!("{free}, less than the reserve of {reserve}: every call is denied");
        return Finding::problem(CHECK, text, "make room, or lower `free_space_reserve`");
    }
    if free_bytes < reserve_bytes.saturating_add(COMFORTABLE_BYTES) {
        let text = format!("{free}; below {reserve} every call is denied");
        return Finding::warning(CHECK, text, "make room, or let `audit.keep_size` bound the log");
    }
    Finding::ok(CHECK, free)
}

#[cfg(test)]
mod tests {
    use super::{judge, look};
    use crate::doctor::Status;

    #[test]
    fn little_room_is_told_before_calls_are_denied() {
        let reserve = 16 << 20;
        for (free, expected) in
            [(0, Status::Problem), (reserve, Status::Warning), (reserve + (256 << 20), Status::Ok)]
        {
            assert_eq!(judge(free, reserve).status, expected, "{free}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_counts_by_its_parent() {
        let temporary = tempfile::tempdir().unwrap();
        let finding = look(&temporary.path().join("not/yet"), 0);
        assert!(finding.text.contains("MiB free"), "{finding:?}");
    }
}
