//! Opaque values that a client presents later, under ids of ours: the server's own value stays here.
//! A handle is worth nothing to another grant, nor once it has expired; and none of them must ever make memory grow
//! without bound: of each grant the oldest go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What one grant may hold in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf {
    /// Handles.
    pub max_handles: usize,
    /// What they hold together, in bytes.
    pub max_bytes: usize,
    /// A handle that nobody used for so long is forgotten, in milliseconds.
    pub life_ms: u64,
}

/// The handles of one kind. Whether a handle is good once or again and again is for whoever asks: [`Handles::take`]
/// or [`Handles::find`].
#[derive(Debug)]
pub struct Handles<V> {
    shelf: Shelf,
    grants: Mutex<HashMap<Arc<str>, Held<V>>>,
}

/// What one grant holds.
#[derive(Debug)]
struct Held<V> {
    by_id: HashMap<Arc<str>, Entry<V>>,
    // INVARIANT: as many as entries, each with the number of its entry; the lowest was used longest ago.
    by_age: BTreeMap<u64, Arc<str>>,
    n_bytes: usize,
    next_age: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    n_bytes: usize,
    age: u64,
    used_ms: u64,
}

impl<V> Default for Held<V> {
    fn default() -> Self {
        Self { by_id: HashMap::new(), by_age: BTreeMap::new(), n_bytes: 0, next_age: 0 }
    }
}

impl<V> Held<V> {
    fn remove(&mut self, id: &str) -> Option<Arc<V>> {
        let entry = self.by_id.remove(id)?;
        self.by_age.remove(&entry.age);
        self.n_bytes -= entry.n_bytes;
        Some(entry.value)
    }

    fn oldest(&self) -> Option<(&Arc<str>, &Entry<V>)> {
        let (_, id) = self.by_age.first_key_value()?;
        Some((id, self.by_id.get(id)?))
    }

    fn drop_while(&mut self, mut is_too_much: impl FnMut(&Self, &Entry<V>) -> bool) {
        while let Some((id, entry)) = self.oldest() {
            if !is_too_much(self, entry) {
                return;
            }
            let id = Arc::clone(id);
            self.remove(&id);
        }
    }

    fn insert(&mut self, id: Arc<str>, value: Arc<V>, n_bytes: usize, now_ms: u64) {
        let age = self.next_age;
        self.next_age += 1;
        self.by_age.insert(age, Arc::clone(&id));
        self.by_id.insert(id, Entry { value, n_bytes, age, used_ms: now_ms });
        self.n_bytes += n_bytes;
    }

    /// Notes that a handle was used: it is the youngest again.
    fn touch(&mut self, id: &str, now_ms: u64) {
        let Some((id, entry)) = self.by_id.remove_entry(id) else { return };
        self.by_age.remove(&entry.age);
        self.n_bytes -= entry.n_bytes;
        self.insert(id, entry.value, entry.n_bytes, now_ms);
    }
}

impl<V> Handles<V> {
    /// A table in which each grant may hold so much.
    #[must_use]
    pub fn new(shelf: Shelf) -> Self {
        Self { shelf, grants: Mutex::default() }
    }

    /// Keeps `value`, which takes `n_bytes`, for `grant` under `id`, which is random and new. False where it is larger
    /// than all that a grant may hold: it is then not kept.
    #[must_use]
    pub fn put(&self, grant: &Arc<str>, id: Arc<str>, value: V, n_bytes: usize, now_ms: u64) -> bool {
        let Shelf { max_handles, max_bytes, .. } = self.shelf;
        if n_bytes > max_bytes || max_handles == 0 {
            return false;
        }
        self.with(grant, now_ms, |held| {
            held.remove(&id);
            held.drop_while(|held, _| {
                held.by_id.len() >= max_handles || held.n_bytes.saturating_add(n_bytes) > max_bytes
            });
            held.insert(id, Arc::new(value), n_bytes, now_ms);
        });
        true
    }

    /// What `grant` holds under `id`, to be used again later.
    #[must_use]
    pub fn find(&self, grant: &Arc<str>, id: &str, now_ms: u64) -> Option<Arc<V>> {
        self.with(grant, now_ms, |held| {
            held.touch(id, now_ms);
            held.by_id.get(id).map(|entry| Arc::clone(&entry.value))
        })
    }

    /// What `grant` holds under `id`, which is worth nothing from then on: of several who come at once one gets it.
    #[must_use]
    pub fn take(&self, grant: &Arc<str>, id: &str, now_ms: u64) -> Option<Arc<V>> {
        self.with(grant, now_ms, |held| held.remove(id))
    }

    /// The first that `grant` holds for which `is_it` says yes, and its id.
    #[must_use]
    pub fn search(
        &self,
        grant: &Arc<str>,
        now_ms: u64,
        mut is_it: impl FnMut(&V) -> bool,
    ) -> Option<(Arc<str>, Arc<V>)> {
        self.with(grant, now_ms, |held| {
            let mut entries = held.by_id.iter();
            let (id, entry) = entries.find(|(_, entry)| is_it(&entry.value))?;
            Some((Arc::clone(id), Arc::clone(&entry.value)))
        })
    }

    /// Forgets everything of the grants for which `keep` says no, and what has expired.
    pub fn sweep(&self, now_ms: u64, keep: impl Fn(&str) -> bool) {
        let life_ms = self.shelf.life_ms;
        self.grants.lock().unwrap_or_else(PoisonError::into_inner).retain(|grant, held| {
            held.drop_while(|_, entry| is_over(entry, life_ms, now_ms));
            !held.by_id.is_empty() && keep(grant)
        });
    }

    fn with<T>(&self, grant: &Arc<str>, now_ms: u64, f: impl FnOnce(&mut Held<V>) -> T) -> T {
        let life_ms = self.shelf.life_ms;
        let mut grants = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        let held = grants.entry(Arc::clone(grant)).or_default();
        held.drop_while(|_, entry| is_over(entry, life_ms, now_ms));
        let result = f(held);
        if held.by_id.is_empty() {
            grants.remove(grant);
        }
        result
    }
}

fn is_over<V>(entry: &Entry<V>, life_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(entry.used_ms) >= life_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHELF: Shelf = Shelf { max_handles: 3, max_bytes: 100, life_ms: 1_000 };

    fn grants() -> [Arc<str>; 2] {
        ["a".into(), "b".into()]
    }

    fn ids(table: &Handles<u32>, grant: &Arc<str>, now_ms: u64) -> Vec<u32> {
        let mut seen = Vec::new();
        // Asks for all and finds none.
        assert!(
            table
                .search(grant, now_ms, |value| {
                    seen.push(*value);
                    false
                })
                .is_none()
        );
        seen.sort_unstable();
        seen
    }

    #[test]
    fn what_is_taken_is_gone_and_what_is_found_stays() {
        let (table, [a, b]) = (Handles::new(SHELF), grants());
        assert!(table.put(&a, "x".into(), 7, 1, 0));
        assert_eq!(table.find(&b, "x", 0), None, "another grant's is unknown");
        assert_eq!(table.take(&b, "x", 0), None);
        assert_eq!(table.find(&a, "x", 0).as_deref(), Some(&7));
        assert_eq!(table.find(&a, "y", 0), None);
        assert_eq!(table.take(&a, "x", 0).as_deref(), Some(&7));
        assert_eq!((table.take(&a, "x", 0), table.find(&a, "x", 0)), (None, None));
        assert!(table.grants.lock().unwrap().is_empty(), "nothing is left of a grant that holds nothing");
    }

    #[test]
    fn the_one_that_was_used_longest_ago_goes_first() {
        let (table, [a, b]) = (Handles::new(SHELF), grants());
        assert!(table.put(&b, "other".into(), 99, 100, 0));
        for (n, id) in [(1, "1"), (2, "2"), (3, "3")] {
            assert!(table.put(&a, id.into(), n, 1, 0));
        }
        assert!(table.find(&a, "1", 0).is_some());
        assert!(table.put(&a, "4".into(), 4, 1, 0));
        assert_eq!(ids(&table, &a, 0), [1, 3, 4], "too many");
        assert!(table.put(&a, "5".into(), 5, 98, 0));
        assert_eq!(ids(&table, &a, 0), [1, 4, 5], "3 is the oldest");
        assert!(table.put(&a, "6".into(), 6, 2, 0));
        assert_eq!(ids(&table, &a, 0), [5, 6], "too many bytes");
        assert!(!table.put(&a, "7".into(), 7, 101, 0), "larger than all that a grant may hold");
        assert_eq!(ids(&table, &b, 0), [99], "of another grant nothing goes");
    }

    #[test]
    fn what_nobody_used_for_long_is_forgotten() {
        let (table, [a, b]) = (Handles::new(SHELF), grants());
        assert!(table.put(&a, "1".into(), 1, 1, 0) && table.put(&a, "2".into(), 2, 1, 0));
        assert!(table.find(&a, "1", 999).is_some());
        assert_eq!(ids(&table, &a, 1_000), [1]);
        assert_eq!(table.find(&a, "1", 1_999), None);
        assert!(table.put(&a, "3".into(), 3, 1, 2_000) && table.put(&b, "4".into(), 4, 1, 2_000));
        table.sweep(2_000, |grant| grant != "a");
        assert_eq!((ids(&table, &a, 2_000), ids(&table, &b, 2_000)), (vec![], vec![4]));
        table.sweep(3_000, |_| true);
        assert!(table.grants.lock().unwrap().is_empty());
    }

    #[test]
    fn of_many_who_come_at_once_one_takes_it() {
        let (table, [a, _]) = (Handles::new(SHELF), grants());
        assert!(table.put(&a, "x".into(), 7, 1, 0));
        let n_taken = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8).map(|_| scope.spawn(|| table.take(&a, "x", 0).is_some())).collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).filter(|taken| *taken).count()
        });
        assert_eq!(n_taken, 1);
    }

    #[derive(Debug, Clone)]
    enum Act {
        Put(u8, u8, usize),
        Find(u8, u8),
        Take(u8, u8),
        Wait(u64),
        Sweep,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0..2_u8, 0..6_u8, 0..120_usize).prop_map(|(grant, id, n_bytes)| Act::Put(grant, id, n_bytes)),
            (0..2_u8, 0..6_u8).prop_map(|(grant, id)| Act::Find(grant, id)),
            (0..2_u8, 0..6_u8).prop_map(|(grant, id)| Act::Take(grant, id)),
            (0..600_u64).prop_map(Act::Wait),
            Just(Act::Sweep),
        ]
    }

    proptest! {
        /// Against a plain list of all that was ever put: what is found was put by this grant, is not taken, is not
        /// over; and no grant holds more than it may.
        #[test]
        fn whatever_is_done_the_table_keeps_its_word(acts in proptest::collection::vec(act(), 0..60)) {
            let (table, grants) = (Handles::new(SHELF), grants());
            let mut alive: HashMap<(u8, u8), (u64, u32)> = HashMap::new();
            let (mut now_ms, mut next) = (0, 0);
            for act in acts {
                match act {
                    Act::Put(grant, id, n_bytes) => {
                        next += 1;
                        let name = id.to_string().into();
                        let kept = table.put(&grants[usize::from(grant)], name, next, n_bytes, now_ms);
                        prop_assert_eq!(kept, n_bytes <= SHELF.max_bytes);
                        if kept {
                            alive.insert((grant, id), (now_ms, next));
                        }
                    }
                    Act::Find(grant, id) => {
                        let found = table.find(&grants[usize::from(grant)], &id.to_string(), now_ms);
                        let known = alive.get_mut(&(grant, id)).filter(|(used, _)| now_ms - *used < SHELF.life_ms);
                        if let Some(found) = found {
                            let Some((used, value)) = known else { return Err(TestCaseError::fail("never put")) };
                            prop_assert_eq!(*found, *value);
                            *used = now_ms;
                        }
                    }
                    Act::Take(grant, id) => {
                        let taken = table.take(&grants[usize::from(grant)], &id.to_string(), now_ms);
                        let known = alive.remove(&(grant, id));
                        prop_assert!(taken.is_none_or(|taken| known.is_some_and(|(_, value)| value == *taken)));
                    }
                    Act::Wait(ms) => now_ms += ms,
                    Act::Sweep => table.sweep(now_ms, |_| true),
                }
                for held in table.grants.lock().unwrap().values() {
                    let n_bytes: usize = held.by_id.values().map(|entry| entry.n_bytes).sum();
                    prop_assert_eq!((held.n_bytes, held.by_age.len()), (n_bytes, held.by_id.len()));
                    prop_assert!(n_bytes <= SHELF.max_bytes && held.by_id.len() <= SHELF.max_handles);
                    prop_assert!(!held.by_id.is_empty());
                }
            }
        }
    }
}
