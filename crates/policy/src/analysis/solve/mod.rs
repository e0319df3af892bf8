//! Finds a value for every place of a call, or proves that there is none. A proof here is one of the demands that the
//! store holds; what it does not understand it takes as "anything", so that a proof holds whatever that is.

mod call;
mod instant;
mod list;
mod number;
mod object;
mod text;

use std::collections::HashMap;

pub(crate) use call::Model;
pub(crate) use text::quote;

use super::ask::scan;
use super::kind::Kinds;
use super::store::{Node, Store};
use super::text::{Answer, Budget};
use super::want::Want;

/// What solving a part of a question says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Solved<T> {
    /// So it can be.
    Found(T),
    /// There is none: proved.
    Impossible,
    /// Nobody knows, and why.
    GaveUp(&'static str),
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filled {
    /// Nothing.
    Absent,
    /// A value, as JSON.
    Json(String),
    /// A member with another spelling of its name.
    OtherSpelling,
}

/// Lists within lists that are filled; real calls have two or three.
const MAX_DEPTH: usize = 8;
/// A value is written that does not meet what is demanded of it.
const NOT_MET: &str = "none of the values that were tried is judged as wanted";

/// What solving may still cost, and what it learned.
pub(crate) struct Solver {
    pub(crate) budget: Budget,
    /// Steps that are left.
    pub(crate) steps: u64,
    /// The answers for texts, by what is demanded of them.
    texts: HashMap<Vec<(usize, Want)>, Answer>,
    depth: usize,
}

/// The steps of a question are spent.
pub(crate) const SPENT: &str = "the budget is spent; a larger one may answer (--budget)";

impl Solver {
    /// With so many steps.
    pub(crate) fn new(steps: u64) -> Self {
        Self { budget: Budget::default(), steps, texts: HashMap::new(), depth: 0 }
    }

    /// Begins a question that may take so many steps, with all states.
    pub(crate) fn begin(&mut self, steps: u64) {
        (self.steps, self.budget) = (steps, Budget::default());
    }

    /// Takes a step; false when there is none left.
    pub(crate) fn step(&mut self) -> bool {
        let is_left = self.steps > 0;
        self.steps = self.steps.saturating_sub(1);
        is_left
    }

    /// Something for a node.
    pub(crate) fn fill(&mut self, store: &Store<'_>, index: usize) -> Solved<Filled> {
        let Some(node) = store.node(index) else { return Solved::Impossible };
        if let Some(fixed) = &node.fixed {
            return Solved::Found(Filled::Json(fixed.clone()));
        }
        let mut gave_up = None;
        for kind in Kinds::EACH.into_iter().filter(|kind| node.kinds.has(*kind)) {
            match self.fill_as(store, index, node, kind) {
                Solved::Found(filled) => return Solved::Found(filled),
                Solved::Impossible => {}
                Solved::GaveUp(why) => gave_up = Some(why),
            }
        }
        gave_up.map_or(Solved::Impossible, Solved::GaveUp)
    }

    fn fill_as(&mut self, store: &Store<'_>, index: usize, node: &Node<'_>, kind: Kinds) -> Solved<Filled> {
        if kind == Kinds::MISSING {
            let null = Filled::Json("null".to_owned());
            return Solved::Found(if node.is_required { null } else { Filled::Absent });
        }
        if kind == Kinds::AMBIGUOUS {
            return Solved::Found(Filled::OtherSpelling);
        }
        if !self.step() || self.depth > MAX_DEPTH {
            return Solved::GaveUp(SPENT);
        }
        if let Some(choice) = node.choices.last() {
            return self.choose(store, index, choice.clone(), kind);
        }
        self.depth += 1;
        let solved = self.value(store, node, kind);
        self.depth -= 1;
        match solved {
            Solved::Found(json) if is_met(node, &json) => Solved::Found(Filled::Json(json)),
            Solved::Found(_) => Solved::GaveUp(NOT_MET),
            Solved::Impossible => Solved::Impossible,
            Solved::GaveUp(why) => Solved::GaveUp(why),
        }
    }

    /// Something that one of several schemas accepts.
    fn choose<'a>(
        &mut self,
        store: &Store<'a>,
        index: usize,
        choice: Vec<json::Value<'a>>,
        kind: Kinds,
    ) -> Solved<Filled> {
        let mut gave_up = None;
        for schema in choice {
            let mut chosen = store.clone();
            if let Some(node) = chosen.nodes.get_mut(index) {
                node.choices.pop();
                node.kinds = kind;
            }
            chosen.narrow(index, schema);
            match self.fill_only(&chosen, index, kind) {
                Solved::Found(filled) => return Solved::Found(filled),
                Solved::Impossible => {}
                Solved::GaveUp(why) => gave_up = Some(why),
            }
        }
        gave_up.map_or(Solved::Impossible, Solved::GaveUp)
    }

    /// Something of this kind for a node, where that is still possible.
    pub(crate) fn fill_only(&mut self, store: &Store<'_>, index: usize, kind: Kinds) -> Solved<Filled> {
        match store.node(index) {
            Some(node) if node.kinds.has(kind) => self.fill_as(store, index, node, kind),
            Some(_) | None => Solved::Impossible,
        }
    }

    fn value(&mut self, store: &Store<'_>, node: &Node<'_>, kind: Kinds) -> Solved<String> {
        if kind == Kinds::TEXT {
            self.text(node)
        } else if kind == Kinds::EXACT {
            number::exact(node)
        } else if kind == Kinds::INEXACT {
            number::inexact(node)
        } else if kind == Kinds::BOOL {
            boolean(node)
        } else if kind == Kinds::LIST {
            self.list(store, node)
        } else {
            self.object(store, node)
        }
    }
}

fn boolean(node: &Node<'_>) -> Solved<String> {
    let mut values =
        ["true", "false"].into_iter().filter(|value| !node.is_avoided(value) && is_met(node, value));
    let mut values = values.by_ref().filter(|value| node.is_listed(value));
    match values.next() {
        Some(value) => Solved::Found(value.to_owned()),
        None if node.is_opaque() => Solved::GaveUp(NOT_MET),
        None => Solved::Impossible,
    }
}

/// Whether a value is as all demands on it want it.
fn is_met(node: &Node<'_>, json: &str) -> bool {
    scan(json)
        .is_some_and(|document| node.asks.iter().all(|ask| ask.is_opaque() || ask.holds(document.root())))
}
