//! The small machines that read a text byte by byte: listed texts, lengths, and what is well-formed UTF-8.
//! A state that can no longer change its answer is always one of two, so that a search can stop there.

use std::collections::{BTreeMap, BTreeSet};

/// A state of a machine.
pub(super) type State = u32;

/// Whatever follows, the text belongs to the language.
pub(super) const ALWAYS: State = State::MAX;
/// Whatever follows, it does not.
pub(super) const NEVER: State = State::MAX - 1;
/// No text that is searched for is longer.
const MAX_COUNT: State = State::MAX - 2;

/// Some texts.
#[derive(Debug)]
pub(super) struct Listed {
    nodes: Vec<Node>,
    /// The bytes that the texts have.
    bytes: BTreeSet<u8>,
}

#[derive(Debug, Default)]
struct Node {
    next: BTreeMap<u8, State>,
    ends: bool,
}

impl Listed {
    pub(super) fn new(texts: &[Box<str>]) -> Self {
        let mut nodes = vec![Node::default()];
        for text in texts {
            let mut place = 0;
            for byte in text.bytes() {
                let n_nodes = nodes.len();
                let Some(node) = nodes.get_mut(place) else { break };
                let next = *node.next.entry(byte).or_insert(State::try_from(n_nodes).unwrap_or(NEVER));
                place = next as usize;
                if place == n_nodes {
                    nodes.push(Node::default());
                }
            }
            if let Some(node) = nodes.get_mut(place) {
                node.ends = true;
            }
        }
        Self { nodes, bytes: texts.iter().flat_map(|text| text.bytes()).collect() }
    }

    pub(super) fn start(&self) -> State {
        0
    }

    /// Bytes that no text has are one class.
    pub(super) fn class_of(&self, byte: u8) -> u16 {
        if self.bytes.contains(&byte) { u16::from(byte) + 1 } else { 0 }
    }

    pub(super) fn step(&self, state: State, byte: u8) -> State {
        let next = self.nodes.get(state as usize).and_then(|node| node.next.get(&byte));
        next.copied().unwrap_or(NEVER)
    }

    pub(super) fn ends(&self, state: State) -> bool {
        self.nodes.get(state as usize).is_some_and(|node| node.ends)
    }
}

/// A length in characters.
#[derive(Debug)]
pub(super) struct Counted {
    at_least: State,
    at_most: Option<State>,
}

impl Counted {
    pub(super) fn new(at_least: u64, at_most: Option<u64>) -> Self {
        let bounded = |number: u64| State::try_from(number).unwrap_or(MAX_COUNT).min(MAX_COUNT);
        Self { at_least: bounded(at_least), at_most: at_most.map(bounded) }
    }

    pub(super) fn start(&self) -> State {
        self.reached(0)
    }

    pub(super) fn class_of(byte: u8) -> u16 {
        u16::from(is_inside(byte))
    }

    pub(super) fn step(&self, state: State, byte: u8) -> State {
        if is_inside(byte) { state } else { self.reached(state.saturating_add(1)) }
    }

    pub(super) const fn ends(&self, state: State) -> bool {
        state >= self.at_least
    }

    fn reached(&self, count: State) -> State {
        match self.at_most {
            Some(most) if count > most || self.at_least > most => NEVER,
            None if count >= self.at_least => ALWAYS,
            Some(_) | None => count.min(MAX_COUNT),
        }
    }
}

/// Whether a byte continues a character.
const fn is_inside(byte: u8) -> bool {
    matches!(byte, 0x80..=0xBF)
}

/// Well-formed UTF-8: the state between two characters.
pub(super) const BETWEEN: State = 0;

/// The next state of well-formed UTF-8.
pub(super) const fn utf8_step(state: State, byte: u8) -> State {
    match (state, byte) {
        (0, 0x00..=0x7F) | (1, 0x80..=0xBF) => BETWEEN,
        (0, 0xC2..=0xDF) | (2, 0xA0..=0xBF) | (3, 0x80..=0xBF) | (4, 0x80..=0x9F) => 1,
        (0, 0xE0) => 2,
        (0, 0xE1..=0xEC | 0xEE..=0xEF) | (5, 0x90..=0xBF) | (6, 0x80..=0xBF) | (7, 0x80..=0x8F) => 3,
        (0, 0xED) => 4,
        (0, 0xF0) => 5,
        (0, 0xF1..=0xF3) => 6,
        (0, 0xF4) => 7,
        _ => NEVER,
    }
}

/// Bytes that are not told apart by it.
pub(super) const fn utf8_class(byte: u8) -> u16 {
    match byte {
        0x00..=0x7F => 0,
        0x80..=0x8F => 1,
        0x90..=0x9F => 2,
        0xA0..=0xBF => 3,
        0xC0..=0xC1 | 0xF5..=0xFF => 4,
        0xC2..=0xDF => 5,
        0xE0 => 6,
        0xE1..=0xEC | 0xEE..=0xEF => 7,
        0xED => 8,
        0xF0 => 9,
        0xF1..=0xF3 => 10,
        0xF4 => 11,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_what_the_standard_library_takes() {
        let alphabet =
            [0, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0];
        let alphabet: Vec<u8> = alphabet.into_iter().chain([0xF1, 0xF3, 0xF4, 0xF5, 0xFF]).collect();
        let mut texts: Vec<Vec<u8>> = vec![Vec::new()];
        for _ in 0..4 {
            let longer = |text: &Vec<u8>| {
                alphabet.iter().map(|byte| [&text[..], &[*byte]].concat()).collect::<Vec<_>>()
            };
            texts = texts.iter().flat_map(longer).collect();
            for text in &texts {
                let state = text.iter().fold(BETWEEN, |state, byte| utf8_step(state, *byte));
                assert_eq!(state == BETWEEN, std::str::from_utf8(text).is_ok(), "{text:x?}");
            }
        }
    }

    #[test]
    fn lists_and_lengths() {
        let listed = Listed::new(&["ab".into(), "a".into(), "é".into()]);
        let run = |text: &str| text.bytes().fold(listed.start(), |state, byte| listed.step(state, byte));
        for (text, expected) in
            [("a", true), ("ab", true), ("é", true), ("", false), ("b", false), ("abc", false)]
        {
            assert_eq!(listed.ends(run(text)), expected, "{text}");
        }
        let counted = Counted::new(1, Some(2));
        let run = |text: &str| text.bytes().fold(counted.start(), |state, byte| counted.step(state, byte));
        assert!(!counted.ends(run("")));
        assert!(counted.ends(run("é")) && counted.ends(run("日本")));
        assert_eq!(run("日本語"), NEVER);
        assert_eq!(Counted::new(3, Some(2)).start(), NEVER);
        assert_eq!(Counted::new(0, None).start(), ALWAYS);
    }
}
