//! What is known of the eras that a server speaks. Each is learned from the server's own words and forgotten with
//! time, for a server behind a URL can be replaced. Nothing here asks.

use mcp::era::Era;
use mcp::http::Clock;
use std::sync::{Mutex, PoisonError};

/// What a URL was found to speak holds for so long: ten minutes.
const LIFE_MS: u64 = 10 * 60 * 1_000;

/// What is known of one server.
#[derive(Debug)]
pub struct Eras {
    clock: Clock,
    // A process is what its command makes it: it does not change while the declaration stands.
    expires: bool,
    // Declared, or given by the transport: nothing that a server says changes it.
    is_fixed: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    legacy: Option<Learned>,
    modern: Option<Learned>,
}

#[derive(Debug, Clone, Copy)]
struct Learned {
    spoken: bool,
    at_ms: u64,
}

impl Eras {
    /// Nothing known yet.
    #[must_use]
    pub fn unknown(clock: Clock, expires: bool) -> Self {
        Self { clock, expires, is_fixed: false, state: Mutex::default() }
    }

    /// Known to speak one era and not the other, for good.
    #[must_use]
    pub fn only(era: Era, clock: Clock) -> Self {
        let eras = Self::unknown(clock, false);
        eras.learn(Era::Legacy, era == Era::Legacy);
        eras.learn(Era::Modern, era == Era::Modern);
        Self { is_fixed: true, ..eras }
    }

    /// Whether the server speaks this era, if that is known.
    #[must_use]
    pub fn speaks(&self, era: Era) -> Option<bool> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let learned = match era {
            Era::Legacy => state.legacy,
            Era::Modern => state.modern,
        };
        let age_ms = |learned: &Learned| self.clock.now_ms().saturating_sub(learned.at_ms);
        learned.filter(|learned| !self.expires || age_ms(learned) < LIFE_MS).map(|learned| learned.spoken)
    }

    /// Notes what the server said of an era.
    pub fn learn(&self, era: Era, spoken: bool) {
        if self.is_fixed {
            return;
        }
        let learned = Some(Learned { spoken, at_ms: self.clock.now_ms() });
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match era {
            Era::Legacy => state.legacy = learned,
            Era::Modern => state.modern = learned,
        }
    }

    /// The server has shown that it is not what it was.
    pub fn forget(&self) {
        if self.is_fixed {
            return;
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn what_a_url_speaks_is_forgotten_with_time_and_what_a_command_speaks_is_not() {
        let now = Arc::new(AtomicU64::new(0));
        let clock = Clock::new({
            let now = Arc::clone(&now);
            move || now.load(Ordering::Relaxed)
        });
        for expires in [true, false] {
            now.store(0, Ordering::Relaxed);
            let eras = Eras::unknown(clock.clone(), expires);
            assert_eq!(eras.speaks(Era::Modern), None);
            eras.learn(Era::Modern, false);
            assert_eq!((eras.speaks(Era::Modern), eras.speaks(Era::Legacy)), (Some(false), None));
            now.store(LIFE_MS, Ordering::Relaxed);
            assert_eq!(eras.speaks(Era::Modern), (!expires).then_some(false));
            eras.learn(Era::Modern, true);
            assert_eq!(eras.speaks(Era::Modern), Some(true));
            eras.forget();
            assert_eq!(eras.speaks(Era::Modern), None);
        }
    }
}
