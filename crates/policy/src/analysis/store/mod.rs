//! What is known of the values of a call while a question is solved: for each place the kinds of value that are still
//! possible, and the demands on each. Kinds do not depend on each other, so demands narrow them without branching.

mod clock;
mod member;
mod narrow;
mod node;

pub(crate) use clock::Clock;
use json::Value;

pub(crate) use member::other_spelling;
pub(crate) use node::{Element, Node};

use super::ask::{Ask, Asked};
use super::formula::{Names, Place};
use super::kind::Kinds;
use super::view::View;
use super::want::Want;
use crate::datum::Numbers;
use crate::fact::Fact;
use crate::operator::Sense;
use crate::path::{Path, Source};

/// The roots, which every store has.
pub(crate) const ARGUMENTS: usize = 0;
pub(crate) const INPUT: usize = 1;
pub(crate) const ANNOTATIONS: usize = 2;
pub(crate) const GRANT: usize = 3;
pub(crate) const LABELS: usize = 4;
/// In a store of one element of a list: the element.
pub(crate) const ELEMENT: usize = 0;

/// What is known.
#[derive(Clone)]
pub(crate) struct Store<'a> {
    pub(crate) nodes: Vec<Node<'a>>,
    /// Demands on the time.
    pub(crate) times: Vec<(&'a Path, Ask<'a>)>,
    /// When the call is made.
    pub(crate) clock: Clock,
    /// Places that hold the same value, or different ones.
    pub(crate) pairs: Vec<(usize, usize, bool)>,
    view: Option<&'a View<'a>>,
    schema_root: Option<Value<'a>>,
}

/// A demand cannot be met any more.
#[derive(Debug)]
pub(crate) struct Conflict;

impl<'a> Store<'a> {
    /// Of any call of a tool.
    pub(crate) fn of_call(view: &'a View<'a>) -> Self {
        let object = Kinds::OBJECT;
        let roots = [object, object.or(Kinds::MISSING), object.or(Kinds::MISSING), Kinds::TEXT, Kinds::LIST];
        let nodes = roots.into_iter().map(Node::of).collect();
        let (times, pairs, clock) = (Vec::new(), Vec::new(), Clock::ANY);
        let mut store = Self { nodes, times, clock, pairs, view: Some(view), schema_root: view.schema };
        let is_text = Ask {
            asked: Asked::OneOf(Kinds::TEXT),
            sense: Sense::Require,
            numbers: Numbers::Double,
            want: Want::True,
        };
        let labels = Element { names: &[], behind: &[], ask: is_text, is_each: true };
        store.nodes.get_mut(LABELS).into_iter().for_each(|node| node.elements.push(labels));
        if let Some(schema) = view.schema {
            store.narrow(ARGUMENTS, schema);
        }
        store
    }

    /// Of one element of a list.
    pub(crate) fn of_element(&self) -> Self {
        let mut element = Node::of(Kinds::ALL.without(Kinds::AMBIGUOUS));
        element.is_required = true;
        Self {
            nodes: vec![element],
            times: Vec::new(),
            clock: Clock::ANY,
            pairs: Vec::new(),
            view: None,
            schema_root: self.schema_root,
        }
    }

    pub(crate) fn node(&self, index: usize) -> Option<&Node<'a>> {
        self.nodes.get(index)
    }

    fn kinds(&self, index: usize) -> Kinds {
        self.nodes.get(index).map_or(Kinds::NONE, |node| node.kinds)
    }

    /// Leaves only some kinds.
    pub(crate) fn keep(&mut self, index: usize, kinds: Kinds) -> Result<(), Conflict> {
        let Some(node) = self.nodes.get_mut(index) else { return Err(Conflict) };
        node.kinds = node.kinds.and(kinds);
        if node.kinds.is_empty() { Err(Conflict) } else { Ok(()) }
    }

    /// Adds a demand on what is at a place. Tells the nodes that it reached.
    pub(crate) fn add(&mut self, place: Place<'a>, ask: Ask<'a>) -> Result<usize, Conflict> {
        let root = root_of(place.source);
        match place.names {
            Names::Each(names) => self.add_below(root, names, place.behind, ask),
            Names::Dotted(name) => {
                let child = self.member(root, name);
                self.add_below(child, &[], place.behind, ask)
            }
        }
    }

    /// The node of a place, whose way there is readable.
    pub(crate) fn find(&mut self, place: Place<'a>) -> usize {
        let root = root_of(place.source);
        match place.names {
            Names::Each(names) => names.iter().fold(root, |node, name| self.member(node, name)),
            Names::Dotted(name) => self.member(root, name),
        }
    }

    /// Adds a demand on what is below a node.
    pub(crate) fn add_below(
        &mut self,
        node: usize,
        names: &'a [Box<str>],
        behind: &'a [Box<[Box<str>]>],
        ask: Ask<'a>,
    ) -> Result<usize, Conflict> {
        let Some((name, rest)) = names.split_first() else { return self.add_here(node, behind, ask) };
        let mut reached = node;
        let mut kept = self.kinds(node).filter(|kind| {
            if kind == Kinds::MISSING {
                ask.allows_missing()
            } else {
                kind == Kinds::OBJECT || ask.allows_error()
            }
        });
        if kept.has(Kinds::OBJECT) {
            let child = self.member(node, name);
            match self.add_below(child, rest, behind, ask) {
                Ok(below) => reached = below,
                Err(Conflict) => kept = kept.without(Kinds::OBJECT),
            }
        }
        self.keep(node, kept)?;
        Ok(reached)
    }

    fn add_here(
        &mut self,
        node: usize,
        behind: &'a [Box<[Box<str>]>],
        ask: Ask<'a>,
    ) -> Result<usize, Conflict> {
        if let Some((names, rest)) = behind.split_first() {
            let kept = self.kinds(node).filter(|kind| {
                if kind == Kinds::MISSING {
                    ask.allows_missing()
                } else {
                    kind == Kinds::LIST || ask.allows_error()
                }
            });
            self.keep(node, kept)?;
            let element = Element { names, behind: rest, ..Element::of(ask) };
            self.nodes.get_mut(node).into_iter().for_each(|node| node.elements.push(element));
            return Ok(node);
        }
        let kept = self.kinds(node).filter(|kind| ask.allows(kind));
        self.keep(node, kept)?;
        self.nodes.get_mut(node).into_iter().for_each(|node| node.asks.push(ask));
        Ok(node)
    }

    /// Drops what cannot be any more because nothing is left below it.
    pub(crate) fn prune(&mut self, source: Source, names: &'a [Box<str>]) -> Result<(), Conflict> {
        self.prune_below(root_of(source), names)
    }

    fn prune_below(&mut self, node: usize, names: &'a [Box<str>]) -> Result<(), Conflict> {
        if let Some((name, rest)) = names.split_first() {
            let child = self.member(node, name);
            if self.prune_below(child, rest).is_err() {
                return self.keep(node, Kinds::ALL.without(Kinds::OBJECT));
            }
        }
        self.keep(node, Kinds::ALL)
    }

    /// Adds a demand on an element whose list was looked into.
    pub(crate) fn add_element(&mut self, element: &Element<'a>) -> Result<usize, Conflict> {
        if element.behind.is_empty() {
            return self.add_below(ELEMENT, element.names, &[], element.ask);
        }
        // INVARIANT: each `[*]` of a path asks alike of the elements that it leads to.
        self.add_nested(ELEMENT, element.names, element)
    }

    fn add_nested(
        &mut self,
        node: usize,
        names: &'a [Box<str>],
        element: &Element<'a>,
    ) -> Result<usize, Conflict> {
        let ask = element.ask;
        let inner = if names.is_empty() { Kinds::LIST } else { Kinds::OBJECT };
        let mut kept = self.kinds(node).filter(|kind| {
            if kind == Kinds::MISSING { ask.allows_missing() } else { kind == inner || ask.allows_error() }
        });
        let mut reached = node;
        if let Some((name, rest)) = names.split_first().filter(|_| kept.has(inner)) {
            let child = self.member(node, name);
            match self.add_nested(child, rest, element) {
                Ok(below) => reached = below,
                Err(Conflict) => kept = kept.without(inner),
            }
        }
        self.keep(node, kept)?;
        if let Some((names, behind)) = element.behind.split_first().filter(|_| names.is_empty()) {
            let deeper = Element { names, behind, ..*element };
            self.nodes.get_mut(node).into_iter().for_each(|node| node.elements.push(deeper));
        }
        Ok(reached)
    }
}

fn root_of(source: Source) -> usize {
    match source {
        Source::Args => ARGUMENTS,
        Source::Input => INPUT,
        Source::Annotations => ANNOTATIONS,
        Source::Fact(Fact::GrantLabels) => LABELS,
        // INVARIANT: demands on other facts are answered or collected before they come here.
        Source::Fact(_) => GRANT,
    }
}
