//! Searches a language for its shortest texts, breadth first over the states of its machines.
//! Finds nothing only where the language is empty; readable letters are tried before all others.

use std::collections::HashSet;

use super::language::Language;
use super::machine::{BETWEEN, NEVER, State, utf8_class, utf8_step};
use super::product::Product;
use super::{Budget, GIVEN_UP_ON_STATES, GaveUp};

/// How a search ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The text that was taken.
    Text(String),
    /// All states were seen. Where texts were offered and refused, others may lead to the same states.
    Nothing,
}

/// A way into a state.
struct Step {
    states: Box<[State]>,
    utf8: State,
    from: usize,
    byte: u8,
}

/// How readable a byte is: letters of ASCII that can be printed, those beyond ASCII, control characters.
const N_RANKS: usize = 3;
/// The bytes of each rank, one of each class, the most readable one.
type Alphabet = [Vec<u8>; N_RANKS];

/// A search under way.
struct Search<'a> {
    product: Product,
    alphabet: Alphabet,
    steps: Vec<Step>,
    seen: HashSet<(State, Box<[State]>)>,
    /// By rank: the first step that was not yet followed by its bytes.
    next: [usize; N_RANKS],
    budget: &'a mut Budget,
}

/// Offers the shortest texts of a language, one for each state in which texts can end, until one is taken. What can
/// be written in readable letters is offered before all else, and the empty text after that.
pub(super) fn search(
    language: &Language,
    budget: &mut Budget,
    take: &mut dyn FnMut(&str, &mut Budget) -> Result<bool, GaveUp>,
) -> Result<Found, GaveUp> {
    let product = Product::new(language, &mut budget.patterns)?;
    let states = product.start(&budget.patterns);
    if product.is_settled(&states) == Some(false) {
        return Ok(Found::Nothing);
    }
    let accepts_empty = product.accepts(&states, &budget.patterns);
    let first = Step { states, utf8: BETWEEN, from: 0, byte: 0 };
    let mut search = Search {
        alphabet: alphabet(&product, budget),
        product,
        seen: HashSet::from([(first.utf8, first.states.clone())]),
        steps: vec![first],
        next: [0; N_RANKS],
        budget,
    };
    if let Some(text) = search.exhaust(0, take)? {
        return Ok(Found::Text(text));
    }
    if accepts_empty && take("", search.budget)? {
        return Ok(Found::Text(String::new()));
    }
    for rank in 1..N_RANKS {
        if let Some(text) = search.exhaust(rank, take)? {
            return Ok(Found::Text(text));
        }
    }
    Ok(Found::Nothing)
}

impl Search<'_> {
    /// Follows every step by the bytes up to this rank; those of a lower rank always first.
    fn exhaust(
        &mut self,
        rank: usize,
        take: &mut dyn FnMut(&str, &mut Budget) -> Result<bool, GaveUp>,
    ) -> Result<Option<String>, GaveUp> {
        while let Some((rank, place)) = self.next_place(rank) {
            let Some(Step { states, utf8, .. }) = self.steps.get(place) else { break };
            let (states, utf8) = (states.clone(), *utf8);
            for byte in self.alphabet.get(rank).cloned().unwrap_or_default() {
                if self.follow(place, &states, utf8_step(utf8, byte), byte)? {
                    let text = text_of(&self.steps).ok_or(GIVEN_UP_ON_STATES)?;
                    if take(&text, self.budget)? {
                        return Ok(Some(text));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next step to follow, and by bytes of which rank, up to this one.
    fn next_place(&mut self, most: usize) -> Option<(usize, usize)> {
        let n_steps = self.steps.len();
        for (rank, next) in self.next.iter_mut().enumerate().take(most + 1) {
            if *next < n_steps {
                *next += 1;
                return Some((rank, *next - 1));
            }
        }
        None
    }

    /// Goes one byte further. Answers whether a text ends there that was not seen before.
    fn follow(&mut self, from: usize, states: &[State], utf8: State, byte: u8) -> Result<bool, GaveUp> {
        if utf8 == NEVER {
            return Ok(false);
        }
        let states = self.product.step(states, byte, &mut self.budget.patterns)?;
        if self.product.is_settled(&states) == Some(false) || !self.seen.insert((utf8, states.clone())) {
            return Ok(false);
        }
        self.budget.take_state()?;
        let ends = utf8 == BETWEEN && self.product.accepts(&states, &self.budget.patterns);
        self.steps.push(Step { states, utf8, from, byte });
        Ok(ends)
    }
}

/// The text that leads to the last step.
fn text_of(steps: &[Step]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut place = steps.len().checked_sub(1)?;
    while place > 0 {
        let step = steps.get(place)?;
        bytes.push(step.byte);
        place = step.from;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

fn alphabet(product: &Product, budget: &Budget) -> Alphabet {
    const MARKS: &[u8] = b"-_./:@,=+ ";
    let mut known = HashSet::new();
    let mut of = |bytes: &mut dyn Iterator<Item = u8>| {
        let is_new =
            |byte: &u8| known.insert((utf8_class(*byte), product.classes_of(*byte, &budget.patterns)));
        bytes.filter(is_new).collect()
    };
    let words = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z');
    let mut printable = words.chain(MARKS.iter().copied()).chain(b'!'..=b'~');
    // The bytes of `é` stand first among those beyond ASCII.
    let mut beyond = [0xC3, 0xA9].into_iter().chain(0xA0..=0xFF).chain(0x80..0xA0);
    let mut control = (0..b' ').chain([0x7F]);
    [of(&mut printable), of(&mut beyond), of(&mut control)]
}
