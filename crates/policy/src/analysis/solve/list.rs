//! Lists: one element for each demand that some element has to meet, and more where the length asks for them.
//! Where a list is too short for that, demands share elements, in every way that there is.

use json::Decimal;

use super::{Filled, NOT_MET, Solved, Solver};
use crate::analysis::ask::{Ask, Asked};
use crate::analysis::store::{ELEMENT, Element, Node, Store};
use crate::analysis::want::Want;
use crate::operator::Test;
use crate::truth::Truth;

/// Elements of an example; longer lists are not written.
const MAX_ELEMENTS: usize = 4096;
/// Demands that may share elements; there are few ways to share among so many.
const MAX_SHARED: usize = 6;

/// What is demanded of a list.
struct Demands<'a> {
    each: Vec<Element<'a>>,
    some: Vec<Element<'a>>,
}

impl Solver {
    /// A list.
    pub(super) fn list(&mut self, store: &Store<'_>, node: &Node<'_>) -> Solved<String> {
        if let Some(values) = node.listed() {
            let found = values.iter().find(|value| value.is_array() && super::is_met(node, value.raw()));
            return found.map_or(Solved::GaveUp(NOT_MET), |value| Solved::Found(value.raw().to_owned()));
        }
        let demands = Demands::of(node);
        let lengths = lengths(node, demands.some.len());
        let Some(most) = lengths.iter().copied().max() else { return Solved::Impossible };
        if most > MAX_ELEMENTS && !lengths.iter().any(|length| *length <= MAX_ELEMENTS) {
            return Solved::GaveUp("only very long lists are left");
        }
        if most < demands.some.len() && demands.some.len() > MAX_SHARED {
            return Solved::GaveUp("too many demands on the elements of a short list");
        }
        let mut gave_up = None;
        let mut ways = Vec::new();
        share(demands.some.len(), most, &mut Vec::new(), &mut ways);
        for groups in ways {
            match self.list_of(store, node, &demands, &groups, &lengths) {
                Solved::Found(list) => return Solved::Found(list),
                Solved::Impossible => {}
                Solved::GaveUp(why) => gave_up = Some(why),
            }
        }
        gave_up.map_or(Solved::Impossible, Solved::GaveUp)
    }

    /// A list in which each of these groups of demands has one element.
    fn list_of(
        &mut self,
        store: &Store<'_>,
        node: &Node<'_>,
        demands: &Demands<'_>,
        groups: &[Vec<usize>],
        lengths: &[usize],
    ) -> Solved<String> {
        let Some(length) = lengths.iter().copied().filter(|length| *length >= groups.len()).min() else {
            return Solved::Impossible;
        };
        let mut elements = Vec::new();
        for group in groups {
            let some = group.iter().filter_map(|index| demands.some.get(*index));
            match self.element(store, node, demands.each.iter().chain(some)) {
                Solved::Found(element) => elements.push(element),
                Solved::Impossible => return Solved::Impossible,
                Solved::GaveUp(why) => return Solved::GaveUp(why),
            }
        }
        if length > elements.len() {
            match self.element(store, node, demands.each.iter()) {
                Solved::Found(element) => elements.resize(length, element),
                Solved::Impossible => return Solved::Impossible,
                Solved::GaveUp(why) => return Solved::GaveUp(why),
            }
        }
        Solved::Found(format!("[{}]", elements.join(",")))
    }

    /// An element that meets all of these.
    fn element<'a, 'd>(
        &mut self,
        store: &Store<'a>,
        node: &Node<'a>,
        demands: impl Iterator<Item = &'d Element<'a>>,
    ) -> Solved<String>
    where
        'a: 'd,
    {
        let mut inner = store.of_element();
        for schema in &node.schemas {
            let is_of_all =
                |items: &json::Value<'_>| !items.is_array() && schema.get("prefixItems").is_none();
            if let Some(items) = schema.get("items").filter(is_of_all) {
                inner.narrow(ELEMENT, items);
            }
        }
        for demand in demands {
            if inner.add_element(demand).is_err() {
                return Solved::Impossible;
            }
        }
        match self.fill(&inner, ELEMENT) {
            Solved::Found(Filled::Json(text)) => Solved::Found(text),
            Solved::Found(Filled::Absent | Filled::OtherSpelling) => Solved::GaveUp(NOT_MET),
            Solved::Impossible => Solved::Impossible,
            Solved::GaveUp(why) => Solved::GaveUp(why),
        }
    }
}

impl<'a> Demands<'a> {
    fn of(node: &Node<'a>) -> Self {
        let contained = node.asks.iter().filter_map(contained);
        let (each, some) =
            node.elements.iter().copied().chain(contained).partition(|element| element.is_each);
        Self { each, some }
    }
}

/// What a demand that the list contains something demands of its elements.
fn contained<'a>(ask: &Ask<'a>) -> Option<Element<'a>> {
    let (Test::Contains(scalar), want) = ask.test()? else { return None };
    let is_each = match want {
        Want::True | Want::NotFalse => false,
        Want::False | Want::NotTrue => true,
    };
    let ask = Ask { asked: Asked::Element(scalar), want, ..*ask };
    Some(Element { names: &[], behind: &[], ask, is_each })
}

/// The lengths that are worth trying: the least in each stretch between the bounds.
fn lengths(node: &Node<'_>, wanted: usize) -> Vec<usize> {
    let mut found = vec![0, 1, wanted];
    let mut tests = Vec::new();
    for (test, want) in node.asks.iter().filter_map(Ask::test) {
        if let Test::Length { bound, .. } = test {
            let bound = bound.to_string().parse::<f64>().unwrap_or(f64::MAX).min(1e9) as usize;
            found.extend([bound.saturating_sub(1), bound, bound + 1]);
            tests.push((test, want));
        }
    }
    for schema in &node.schemas {
        let length =
            |key: &str| schema.get(key)?.as_number()?.as_f64().map(|length| length.min(1e9) as usize);
        found.extend(length("minItems"));
        found.extend(length("maxItems"));
        let (least, most) = (length("minItems").unwrap_or(0), length("maxItems").unwrap_or(usize::MAX));
        found.retain(|length| (least..=most).contains(length));
        if found.is_empty() && least <= most {
            found.push(least);
        }
    }
    found.sort_unstable();
    found.dedup();
    let is_met = |length: usize, test: &Test, want: Want| {
        let Test::Length { relation, bound } = test else { return true };
        want.met(Truth::from_bool(relation.holds(Decimal::from(length as u64).cmp(bound))))
    };
    found.retain(|length| tests.iter().all(|(test, want)| is_met(*length, test, *want)));
    found
}

/// All ways to share so many demands among at most so many elements; each has its own where there is room.
fn share(n_demands: usize, most: usize, groups: &mut Vec<Vec<usize>>, ways: &mut Vec<Vec<Vec<usize>>>) {
    if n_demands <= most {
        ways.push((0..n_demands).map(|index| vec![index]).collect());
        return;
    }
    let next = groups.iter().map(Vec::len).sum();
    if next == n_demands {
        ways.push(groups.clone());
        return;
    }
    for place in 0..groups.len() {
        if let Some(group) = groups.get_mut(place) {
            group.push(next);
        }
        share(n_demands, most, groups, ways);
        if let Some(group) = groups.get_mut(place) {
            group.pop();
        }
    }
    if groups.len() < most {
        groups.push(vec![next]);
        share(n_demands, most, groups, ways);
        groups.pop();
    }
}
