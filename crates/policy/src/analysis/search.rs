//! Looks for a call that meets a formula: narrows by what must hold, then tries the alternatives of the tightest "any".
//! Impossible is said only where every way ended in a proof.

use super::formula::{Formula, Names, Place};
use super::kind::Kinds;
use super::solve::{Model, SPENT, Solved, Solver};
use super::store::{Conflict, Store};

/// Choices of which the tightest is taken; looking at more costs more than it saves.
const MAX_COMPARED: usize = 8;
/// Calls of one way that are judged before it is given up.
const MAX_VARIATIONS: usize = 24;
/// A call meets all that is understood, and is not judged as the question wants.
const NOT_AS_WANTED: &str = "the calls that were tried are decided otherwise";

/// A search, with what judges a call.
pub(crate) struct Search<'s, W> {
    pub(crate) solver: &'s mut Solver,
    /// What becomes of a call; nothing where it is not one that answers the question.
    pub(crate) accept: &'s mut dyn FnMut(&Model) -> Option<W>,
}

/// What is still to be met.
#[derive(Clone, Default)]
struct Pending<'f, 'a> {
    choices: Vec<&'f [Formula<'a>]>,
    /// Why only the evaluator can tell, if so.
    opaque: Option<&'static str>,
}

impl<W> Search<'_, W> {
    /// A call of this store that meets a formula.
    pub(crate) fn run<'a>(&mut self, store: Store<'a>, formula: &Formula<'a>) -> Solved<W> {
        let mut pending = Pending::default();
        let mut store = store;
        match self.meet(&mut store, &mut pending, formula) {
            Ok(()) => self.go_on(store, pending),
            Err(Conflict) => Solved::Impossible,
        }
    }

    /// Adds all that must hold, and collects the choices.
    fn meet<'f, 'a>(
        &mut self,
        store: &mut Store<'a>,
        pending: &mut Pending<'f, 'a>,
        formula: &'f Formula<'a>,
    ) -> Result<(), Conflict> {
        self.solver.step();
        match formula {
            Formula::All(parts) => parts.iter().try_for_each(|part| self.meet(store, pending, part)),
            Formula::Any(parts) => {
                pending.choices.push(parts);
                Ok(())
            }
            Formula::Opaque(why) => {
                pending.opaque = Some(why);
                Ok(())
            }
            Formula::Time(path, ask) => {
                store.times.push((path, *ask));
                Ok(())
            }
            Formula::Before(end_ms) => store.clock.end_by(*end_ms),
            Formula::From(start_ms) => store.clock.start_at(*start_ms),
            Formula::Same(one, two, is_same) => {
                let pair = (store.find(*one), store.find(*two), *is_same);
                store.pairs.push(pair);
                Ok(())
            }
            Formula::At(place, ask) => {
                let node = store.add(*place, *ask)?;
                self.look_at(store, *place, node)
            }
        }
    }

    /// Drops the kinds that several demands on one value rule out together.
    fn look_at<'a>(&mut self, store: &mut Store<'a>, place: Place<'a>, index: usize) -> Result<(), Conflict> {
        let Some(node) = store.node(index) else { return Err(Conflict) };
        if node.asks.len() < 2 || !node.choices.is_empty() {
            return Ok(());
        }
        let simple = [Kinds::TEXT, Kinds::EXACT, Kinds::BOOL];
        let kinds = node.kinds;
        let dead = simple.into_iter().filter(|kind| kinds.has(*kind));
        let dead = dead.filter(|kind| self.solver.fill_only(store, index, *kind) == Solved::Impossible);
        let dead = dead.fold(Kinds::NONE, Kinds::or);
        if dead.is_empty() {
            return Ok(());
        }
        if let Some(node) = store.nodes.get_mut(index) {
            node.kinds = node.kinds.without(dead);
        }
        match place.names {
            Names::Each(names) => store.prune(place.source, names),
            Names::Dotted(_) if kinds.without(dead).is_empty() => Err(Conflict),
            Names::Dotted(_) => Ok(()),
        }
    }

    fn go_on<'f, 'a>(&mut self, store: Store<'a>, pending: Pending<'f, 'a>) -> Solved<W> {
        let Pending { mut choices, opaque } = pending;
        if self.solver.steps == 0 {
            return Solved::GaveUp(SPENT);
        }
        let Some((place, viable)) = self.tightest(&store, &choices, opaque) else {
            return self.judge(&store, opaque);
        };
        choices.swap_remove(place);
        let mut gave_up = None;
        for (store, mut pending) in viable {
            pending.choices.extend(choices.iter().copied());
            match self.go_on(store, pending) {
                Solved::Found(found) => return Solved::Found(found),
                Solved::Impossible => {}
                Solved::GaveUp(why) => gave_up = Some(why),
            }
        }
        gave_up.map_or(Solved::Impossible, Solved::GaveUp)
    }

    /// The choice with the fewest ways that are left, and these; nothing where there is no choice.
    fn tightest<'f, 'a>(
        &mut self,
        store: &Store<'a>,
        choices: &[&'f [Formula<'a>]],
        opaque: Option<&'static str>,
    ) -> Option<(usize, Vec<(Store<'a>, Pending<'f, 'a>)>)> {
        let mut best: Option<(usize, Vec<_>)> = None;
        for (place, choice) in choices.iter().enumerate().take(MAX_COMPARED) {
            let mut viable = Vec::new();
            for way in *choice {
                let mut tried = store.clone();
                let mut pending = Pending { choices: Vec::new(), opaque };
                if self.meet(&mut tried, &mut pending, way).is_ok() {
                    viable.push((tried, pending));
                }
            }
            let n_viable = viable.len();
            if best.as_ref().is_none_or(|(_, best)| n_viable < best.len()) {
                best = Some((place, viable));
            }
            if n_viable <= 1 {
                break;
            }
        }
        best
    }

    /// Makes a call of what is left, and others like it while none is decided as wanted.
    fn judge<'a>(&mut self, store: &Store<'a>, opaque: Option<&'static str>) -> Solved<W> {
        match self.solver.call(store) {
            Solved::Found(model) => {
                if let Some(found) = (self.accept)(&model) {
                    return Solved::Found(found);
                }
            }
            Solved::Impossible => return Solved::Impossible,
            Solved::GaveUp(why) => return Solved::GaveUp(why),
        }
        let mut n_left = MAX_VARIATIONS;
        for index in 0..store.nodes.len() {
            let kinds = store.node(index).map_or(Kinds::NONE, |node| node.kinds);
            for kind in Kinds::EACH.into_iter().filter(|kind| kinds.has(*kind) && *kind != kinds) {
                if n_left == 0 || !self.solver.step() {
                    return Solved::GaveUp(opaque.unwrap_or(NOT_AS_WANTED));
                }
                n_left -= 1;
                let mut other = store.clone();
                if other.keep(index, kind).is_err() {
                    continue;
                }
                if let Solved::Found(model) = self.solver.call(&other)
                    && let Some(found) = (self.accept)(&model)
                {
                    return Solved::Found(found);
                }
            }
        }
        Solved::GaveUp(opaque.unwrap_or(NOT_AS_WANTED))
    }
}
