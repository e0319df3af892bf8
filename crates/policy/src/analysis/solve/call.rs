//! A whole call that meets everything: places that have to hold the same value are settled first, then places that
//! have to differ, then the rest.

use super::{Filled, Solved, Solver, instant};
use crate::analysis::store::{ANNOTATIONS, ARGUMENTS, Clock, GRANT, INPUT, LABELS, Store};

/// A call that the demands allow, not judged yet. Values are JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) arguments: String,
    pub(crate) input: Option<String>,
    pub(crate) annotations: Option<String>,
    pub(crate) grant: String,
    pub(crate) labels: String,
    pub(crate) now_ms: u64,
    /// Whether anything is asked of the time.
    pub(crate) is_timed: bool,
}

/// Why the places of pairs hold nothing.
enum Unsettled {
    Impossible,
    GaveUp(&'static str),
}

/// The grant of examples where nothing is asked of it.
const SOME_GRANT: &str = "\"local\"";

impl Solver {
    /// A call.
    pub(crate) fn call(&mut self, store: &Store<'_>) -> Solved<Model> {
        let mut store = store.clone();
        match self.settle(&mut store) {
            Ok(()) => {}
            Err(Unsettled::Impossible) => return Solved::Impossible,
            Err(Unsettled::GaveUp(why)) => return Solved::GaveUp(why),
        }
        if let Some(grant) = store.nodes.get_mut(GRANT).filter(|node| node.is_free() && node.fixed.is_none())
        {
            grant.fixed = Some(SOME_GRANT.to_owned());
        }
        let mut texts = Vec::new();
        for root in [ARGUMENTS, INPUT, ANNOTATIONS, GRANT, LABELS] {
            match self.fill(&store, root) {
                Solved::Found(Filled::Json(text)) => texts.push(Some(text)),
                Solved::Found(Filled::Absent | Filled::OtherSpelling) => texts.push(None),
                Solved::Impossible => return Solved::Impossible,
                Solved::GaveUp(why) => return Solved::GaveUp(why),
            }
        }
        let now_ms = match instant::solve(&store.times, store.clock) {
            Solved::Found(now_ms) => now_ms,
            Solved::Impossible => return Solved::Impossible,
            Solved::GaveUp(why) => return Solved::GaveUp(why),
        };
        let mut texts = texts.into_iter();
        let mut next = || texts.next().flatten();
        let (arguments, input, annotations) = (next().unwrap_or_default(), next(), next());
        let (grant, labels) = (next().unwrap_or_default(), next().unwrap_or_default());
        let is_timed = !store.times.is_empty() || store.clock != Clock::ANY;
        Solved::Found(Model { arguments, input, annotations, grant, labels, now_ms, is_timed })
    }

    /// Settles what the places of pairs hold.
    fn settle(&mut self, store: &mut Store<'_>) -> Result<(), Unsettled> {
        if store.pairs.is_empty() {
            return Ok(());
        }
        let in_order = |(one, two, is_same): (usize, usize, bool)| (one.min(two), one.max(two), is_same);
        store.pairs = store.pairs.iter().copied().map(in_order).collect();
        store.pairs.sort_unstable();
        store.pairs.dedup();
        let groups = groups(store);
        let differing: Vec<_> = store.pairs.iter().copied().filter(|(_, _, is_same)| !is_same).collect();
        for group in &groups {
            let Some(joined) = join(store, group) else { return Err(Unsettled::Impossible) };
            let neighbours = differing.iter().filter_map(|(one, two, _)| {
                let other = match (group.contains(one), group.contains(two)) {
                    (true, true) => return Some(Err(Unsettled::Impossible)),
                    (true, false) => two,
                    (false, true) => one,
                    (false, false) => return None,
                };
                Some(Ok(*other))
            });
            let others = neighbours.collect::<Result<Vec<_>, _>>()?;
            self.settle_group(store, group, joined, &others)?;
        }
        Ok(())
    }

    /// Settles one group, and gives way to a neighbour that has only one value.
    fn settle_group(
        &mut self,
        store: &mut Store<'_>,
        group: &[usize],
        joined: usize,
        others: &[usize],
    ) -> Result<(), Unsettled> {
        let taken: Vec<_> = others.iter().filter_map(|other| store.node(*other)?.fixed.clone()).collect();
        if let Some(node) = store.nodes.get_mut(joined) {
            node.avoided.extend(taken.iter().cloned());
        }
        let value = match self.fill(store, joined) {
            Solved::Found(Filled::Json(value)) => value,
            Solved::Found(Filled::Absent | Filled::OtherSpelling) | Solved::GaveUp(_) => {
                return Err(Unsettled::GaveUp(super::NOT_MET));
            }
            Solved::Impossible if taken.is_empty() => return Err(Unsettled::Impossible),
            Solved::Impossible => return self.give_way(store, group, joined, others),
        };
        fix(store, group, &value);
        Ok(())
    }

    /// The group has only values that its neighbours took: the neighbour takes another, where that is the only one.
    fn give_way(
        &mut self,
        store: &mut Store<'_>,
        group: &[usize],
        joined: usize,
        others: &[usize],
    ) -> Result<(), Unsettled> {
        let unsure = Err(Unsettled::GaveUp("several values have to differ from each other"));
        let [other] = others else { return unsure };
        let is_in_one_pair =
            store.pairs.iter().filter(|(one, two, _)| one == other || two == other).count() == 1;
        if !is_in_one_pair {
            return unsure;
        }
        if let Some(node) = store.nodes.get_mut(joined) {
            node.avoided.clear();
        }
        let Solved::Found(Filled::Json(value)) = self.fill(store, joined) else { return unsure };
        if let Some(node) = store.nodes.get_mut(*other) {
            node.fixed = None;
            node.avoided.push(value.clone());
        }
        match self.fill(store, *other) {
            Solved::Found(Filled::Json(another)) => fix(store, &[*other], &another),
            // INVARIANT: both have this one value and no other.
            Solved::Impossible => return Err(Unsettled::Impossible),
            Solved::Found(Filled::Absent | Filled::OtherSpelling) | Solved::GaveUp(_) => return unsure,
        }
        fix(store, group, &value);
        Ok(())
    }
}

fn fix(store: &mut Store<'_>, group: &[usize], value: &str) {
    for index in group {
        if let Some(node) = store.nodes.get_mut(*index) {
            node.fixed = Some(value.to_owned());
        }
    }
}

/// The places of all pairs, those together that hold the same value.
fn groups(store: &Store<'_>) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (one, two, is_same) in &store.pairs {
        let both = if *is_same { vec![vec![*one, *two]] } else { vec![vec![*one], vec![*two]] };
        for mut new in both {
            groups.retain(|known| {
                let is_apart = known.iter().all(|index| !new.contains(index));
                if !is_apart {
                    new.extend(known);
                }
                is_apart
            });
            new.sort_unstable();
            new.dedup();
            groups.push(new);
        }
    }
    groups
}

/// A node with the demands of all places of a group.
fn join(store: &mut Store<'_>, group: &[usize]) -> Option<usize> {
    let mut nodes = group.iter().filter_map(|index| store.node(*index).cloned());
    let mut joined = nodes.next()?;
    for node in nodes {
        joined.kinds = joined.kinds.and(node.kinds);
        joined.asks.extend(node.asks);
        joined.schemas.extend(node.schemas);
        joined.choices.extend(node.choices);
        joined.avoided.extend(node.avoided);
    }
    if joined.kinds.is_empty() {
        return None;
    }
    store.nodes.push(joined);
    Some(store.nodes.len() - 1)
}
