//! How fast calls came, at most, over some lengths of time.

use super::seen::Seen;

/// A window of a limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// As a document writes it.
    pub(super) name: &'static str,
    ms: u64,
}

/// The windows, the shortest first.
pub(super) const WINDOWS: [Window; 3] = [
    Window { name: "minute", ms: 60_000 },
    Window { name: "hour", ms: 3_600_000 },
    Window { name: "day", ms: 86_400_000 },
];

impl Seen {
    /// The most calls of one grant in any such window; nothing where less than that time was seen.
    pub(super) fn most(&self, window: Window) -> Option<u64> {
        let (first, last) = self.span()?;
        if self.n_without_time > 0 || last - first < window.ms {
            return None;
        }
        self.times.values().map(|times| most_in(times, window.ms)).max()
    }

    /// The first and the last time of a call.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        let first = self.times.values().flatten().min()?;
        let last = self.times.values().flatten().max()?;
        Some((*first, *last))
    }
}

fn most_in(times: &[u64], ms: u64) -> u64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    let (mut most, mut early) = (0_u64, times.iter().peekable());
    for (n_until, time) in (1_u64..).zip(&times) {
        while early.next_if(|first| **first + ms < *time).is_some() {}
        let n_before = times.len() as u64 - early.len() as u64;
        most = most.max(n_until.saturating_sub(n_before));
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_any_window() {
        assert_eq!(most_in(&[0, 10, 20, 30], 10), 2);
        assert_eq!(most_in(&[30, 0, 5, 9, 10, 31], 10), 4);
        assert_eq!(most_in(&[], 10), 0);
        let mut seen = Seen::default();
        seen.times.insert("a".into(), vec![0, 1, 70_000]);
        seen.times.insert("b".into(), vec![5, 6, 7]);
        assert_eq!(
            (seen.most(WINDOWS[0]), seen.most(WINDOWS[1]), seen.span()),
            (Some(3), None, Some((0, 70_000)))
        );
    }
}
