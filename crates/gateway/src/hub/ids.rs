//! The ids of a client's unanswered requests in a session over several servers.
//! Two requests of one session must never have the same id at once, whichever servers they go to.

use crate::session::{IdRefused, MAX_IN_FLIGHT};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The ids in flight, as the client wrote them.
#[derive(Debug, Default)]
pub struct Ids(Mutex<HashSet<Box<str>>>);

/// One id while its request is unanswered; dropping it frees the id.
#[derive(Debug)]
pub struct Held {
    ids: Arc<Ids>,
    id: Box<str>,
}

impl Ids {
    /// Takes an id.
    ///
    /// # Errors
    /// [`IdRefused`] where it is taken, or too many are.
    pub fn enter(self: &Arc<Self>, id: &str) -> Result<Held, IdRefused> {
        let mut ids = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ids.contains(id) {
            return Err(IdRefused::Duplicate);
        }
        if ids.len() >= MAX_IN_FLIGHT {
            return Err(IdRefused::TooMany);
        }
        ids.insert(id.into());
        Ok(Held { ids: Arc::clone(self), id: id.into() })
    }

    /// Whether no request is unanswered.
    pub fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.ids.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_until_it_is_dropped() {
        let ids = Arc::<Ids>::default();
        let held = ids.enter("1").unwrap();
        let _other = ids.enter("\"1\"").unwrap();
        assert_eq!(ids.enter("1").map(drop), Err(IdRefused::Duplicate));
        drop(held);
        let _again = ids.enter("1").unwrap();
        let many: Vec<Held> = (2..MAX_IN_FLIGHT).map(|n| ids.enter(&n.to_string()).unwrap()).collect();
        assert_eq!(ids.enter("x").map(drop), Err(IdRefused::TooMany));
        assert!(!ids.is_empty() && many.len() == MAX_IN_FLIGHT - 2);
    }
}
