//! Several languages as one machine: the machines of its parts side by side, and the formula that joins their answers.
//! Exact: a text is accepted where the expression holds it, and the formula stops as soon as nothing can change it.

use std::collections::HashMap;

use super::GaveUp;
use super::automaton::Automaton;
use super::language::{Language, Pattern};
use super::machine::{ALWAYS, Counted, Listed, NEVER, State};

/// The automata of patterns, which are made once and shared.
#[derive(Default)]
pub(super) struct Patterns {
    index: HashMap<Pattern, usize>,
    automata: Vec<Automaton>,
}

impl Patterns {
    fn find(&mut self, pattern: &Pattern) -> Result<usize, GaveUp> {
        if let Some(index) = self.index.get(pattern) {
            return Ok(*index);
        }
        self.automata.push(Automaton::new(pattern)?);
        let index = self.automata.len() - 1;
        self.index.insert(pattern.clone(), index);
        Ok(index)
    }
}

/// One machine of several.
enum Part {
    /// A pattern, by its place among the shared ones.
    Matching(usize),
    Listed(Listed),
    Counted(Counted),
}

/// How the answers of the parts are joined.
enum Formula {
    Constant(bool),
    Part(usize),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// Several machines side by side.
pub(super) struct Product {
    parts: Vec<Part>,
    formula: Formula,
}

impl Product {
    pub(super) fn new(language: &Language, patterns: &mut Patterns) -> Result<Self, GaveUp> {
        let mut parts = Vec::new();
        let mut known = HashMap::new();
        let formula = formula(language, &mut parts, &mut known, patterns)?;
        Ok(Self { parts, formula })
    }

    pub(super) fn start(&self, patterns: &Patterns) -> Box<[State]> {
        let start = |part: &Part| match part {
            Part::Matching(index) => patterns.automata.get(*index).map_or(NEVER, Automaton::start),
            Part::Listed(listed) => listed.start(),
            Part::Counted(counted) => counted.start(),
        };
        self.parts.iter().map(start).collect()
    }

    /// The classes of a byte in all parts: bytes with the same ones are not told apart.
    pub(super) fn classes_of(&self, byte: u8, patterns: &Patterns) -> Vec<u16> {
        let class_of = |part: &Part| match part {
            Part::Matching(index) => patterns.automata.get(*index).map_or(0, |one| one.class_of(byte)),
            Part::Listed(listed) => listed.class_of(byte),
            Part::Counted(_) => Counted::class_of(byte),
        };
        self.parts.iter().map(class_of).collect()
    }

    pub(super) fn step(
        &self,
        states: &[State],
        byte: u8,
        patterns: &mut Patterns,
    ) -> Result<Box<[State]>, GaveUp> {
        let mut next = Vec::with_capacity(states.len());
        for (part, state) in self.parts.iter().zip(states) {
            next.push(match part {
                _ if [ALWAYS, NEVER].contains(state) => *state,
                Part::Matching(index) => match patterns.automata.get_mut(*index) {
                    Some(automaton) => automaton.step(*state, byte)?,
                    None => NEVER,
                },
                Part::Listed(listed) => listed.step(*state, byte),
                Part::Counted(counted) => counted.step(*state, byte),
            });
        }
        Ok(next.into())
    }

    /// What every longer text is answered, where that is certain.
    pub(super) fn is_settled(&self, states: &[State]) -> Option<bool> {
        let settled = |index: usize| match states.get(index) {
            Some(&ALWAYS) => Some(true),
            Some(&NEVER) => Some(false),
            Some(_) | None => None,
        };
        self.formula.settle(&settled)
    }

    /// Whether the text that ends here is accepted.
    pub(super) fn accepts(&self, states: &[State], patterns: &Patterns) -> bool {
        let answer = |index: usize| {
            let (Some(part), Some(state)) = (self.parts.get(index), states.get(index)) else { return false };
            match part {
                _ if *state == ALWAYS => true,
                _ if *state == NEVER => false,
                Part::Matching(index) => patterns.automata.get(*index).is_some_and(|one| one.ends(*state)),
                Part::Listed(listed) => listed.ends(*state),
                Part::Counted(counted) => counted.ends(*state),
            }
        };
        self.formula.settle(&|index| Some(answer(index))).unwrap_or(false)
    }

    /// Whether a text is accepted.
    pub(super) fn holds(&self, text: &str, patterns: &mut Patterns) -> Result<bool, GaveUp> {
        let mut states = self.start(patterns);
        for byte in text.bytes() {
            if let Some(answer) = self.is_settled(&states) {
                return Ok(answer);
            }
            states = self.step(&states, byte, patterns)?;
        }
        Ok(self.accepts(&states, patterns))
    }
}

impl Formula {
    /// The answer, as far as those of the parts decide it.
    fn settle(&self, of_part: &dyn Fn(usize) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Constant(answer) => Some(*answer),
            Self::Part(index) => of_part(*index),
            Self::Not(inner) => inner.settle(of_part).map(|answer| !answer),
            Self::All(parts) => settle_all(parts, of_part, false),
            Self::Any(parts) => settle_all(parts, of_part, true),
        }
    }
}

/// One part with the `decisive` answer decides; otherwise all have to be known.
fn settle_all(parts: &[Formula], of_part: &dyn Fn(usize) -> Option<bool>, decisive: bool) -> Option<bool> {
    let mut is_open = false;
    for part in parts {
        match part.settle(of_part) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => is_open = true,
        }
    }
    (!is_open).then_some(!decisive)
}

fn formula(
    language: &Language,
    parts: &mut Vec<Part>,
    known: &mut HashMap<usize, usize>,
    patterns: &mut Patterns,
) -> Result<Formula, GaveUp> {
    let mut each = |languages: &[Language]| {
        languages.iter().map(|one| formula(one, parts, known, patterns)).collect::<Result<Vec<_>, _>>()
    };
    Ok(match language {
        Language::Everything => Formula::Constant(true),
        Language::Nothing => Formula::Constant(false),
        Language::All(languages) => Formula::All(each(languages)?),
        Language::Any(languages) => Formula::Any(each(languages)?),
        Language::Not(inner) => Formula::Not(Box::new(formula(inner, parts, known, patterns)?)),
        Language::Matching(pattern) => {
            let shared = patterns.find(pattern)?;
            let index = *known.entry(shared).or_insert(parts.len());
            if index == parts.len() {
                parts.push(Part::Matching(shared));
            }
            Formula::Part(index)
        }
        Language::Texts(texts) => push(parts, Part::Listed(Listed::new(texts))),
        Language::Length { at_least, at_most } => {
            push(parts, Part::Counted(Counted::new(*at_least, *at_most)))
        }
    })
}

fn push(parts: &mut Vec<Part>, part: Part) -> Formula {
    parts.push(part);
    Formula::Part(parts.len() - 1)
}
