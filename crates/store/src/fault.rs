//! Named points at which crash tests let the process die.
//! Must never do anything unless the feature `fault-points` is compiled in.

/// Aborts the process when `TOOLGATE_FAULT=<name>[:N]` names this point and it is passed for the N-th time.
///
/// Without the feature `fault-points` it is nothing.
#[inline]
pub fn point(name: &str) {
    #[cfg(feature = "fault-points")]
    armed::pass(name);
    #[cfg(not(feature = "fault-points"))]
    let _ = name;
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Fault {
        name: String,
        passes_left: AtomicU64,
    }

    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

    fn read() -> Option<Fault> {
        let text = std::env::var("TOOLGATE_FAULT").ok()?;
        let (name, n_passes) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Fault { name: name.to_owned(), passes_left: AtomicU64::new(n_passes.parse().ok()?) })
    }

    pub(super) fn pass(name: &str) {
        let Some(fault) = FAULT.get_or_init(read) else { return };
        if fault.name == name && fault.passes_left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}
