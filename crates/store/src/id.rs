//! Ids of calls. Must never repeat: not within a run of the gateway, nor over its restarts.

use crate::hex;
use std::fmt;

/// Names one judged message: the run of the gateway and a number within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId {
    /// Random per run.
    pub(crate) run: u64,
    /// From 1.
    pub(crate) n: u64,
}

impl CallId {
    /// The id of a run and a number within it.
    #[must_use]
    pub const fn new(run: u64, n: u64) -> Self {
        Self { run, n }
    }

    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (run, n) = text.split_once('-')?;
        let id = Self { run: u64::from_str_radix(run, 16).ok()?, n: n.parse().ok()? };
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::text(&self.run.to_be_bytes()))?;
        f.write_str("-")?;
        fmt::Display::fmt(&self.n, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() {
        for id in [CallId::new(0, 1), CallId::new(u64::MAX, u64::MAX), CallId::new(0x5f2c, 17)] {
            assert_eq!(CallId::parse(&id.to_string()), Some(id));
        }
        for bad in ["", "-", "5f2c-17", "0000000000005F2C-17", "0000000000005f2c-017", "0000000000005f2c-"] {
            assert_eq!(CallId::parse(bad), None, "{bad}");
        }
    }
}
