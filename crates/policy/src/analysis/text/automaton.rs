//! One pattern as a deterministic automaton whose states are made when they are first reached.
//! A nasty pattern costs a bounded number of states and bytes, and then the search gives up.

use std::collections::HashMap;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};

use super::language::Pattern;
use super::machine::{ALWAYS, NEVER, State};
use super::{GIVEN_UP_ON_PATTERN, GaveUp};

/// Memory of one pattern's program. The loader refuses patterns above the same limit.
const MAX_PROGRAM_BYTES: usize = 1 << 20;
/// Memory of the states of one pattern, some thousands of them; patterns of real policies have some dozens.
const MAX_STATES_BYTES: usize = 8 << 20;

/// A pattern, made into states as far as they were needed.
pub(super) struct Automaton {
    dfa: DFA,
    cache: Cache,
    known: HashMap<LazyStateID, State>,
    ids: Vec<LazyStateID>,
    /// Whether a text that ends in the state matches.
    ends: Vec<bool>,
    /// By state and class: the next state, where it was asked for.
    next: Vec<Option<State>>,
    n_classes: usize,
    start: State,
}

impl Automaton {
    pub(super) fn new(pattern: &Pattern) -> Result<Self, GaveUp> {
        let lazy = DFA::config()
            .cache_capacity(MAX_STATES_BYTES)
            .skip_cache_capacity_check(true)
            // States stay valid: when there are too many it is an error.
            .minimum_cache_clear_count(Some(0));
        let program = thompson::Config::new()
            .nfa_size_limit(Some(MAX_PROGRAM_BYTES))
            .which_captures(thompson::WhichCaptures::None);
        let dfa = DFA::builder()
            .configure(lazy)
            .thompson(program)
            .syntax(syntax::Config::new().dot_matches_new_line(pattern.dot_is_any))
            .build(&pattern.source)
            .map_err(|_| GIVEN_UP_ON_PATTERN)?;
        let cache = dfa.create_cache();
        let n_classes = dfa.byte_classes().alphabet_len();
        let mut automaton = Self {
            dfa,
            cache,
            known: HashMap::new(),
            ids: Vec::new(),
            ends: Vec::new(),
            next: Vec::new(),
            n_classes,
            start: NEVER,
        };
        let first = automaton.dfa.start_state(&mut automaton.cache, &start::Config::new());
        automaton.start = automaton.state(first.map_err(|_| GIVEN_UP_ON_PATTERN)?)?;
        Ok(automaton)
    }

    pub(super) const fn start(&self) -> State {
        self.start
    }

    /// Bytes of one class are not told apart.
    pub(super) fn class_of(&self, byte: u8) -> u16 {
        u16::from(self.dfa.byte_classes().get(byte))
    }

    /// Whether a text that ends here matches; for states that are neither always nor never.
    pub(super) fn ends(&self, state: State) -> bool {
        self.ends.get(state as usize).copied().unwrap_or(false)
    }

    pub(super) fn step(&mut self, state: State, byte: u8) -> Result<State, GaveUp> {
        let place = state as usize * self.n_classes + usize::from(self.class_of(byte));
        if let Some(Some(next)) = self.next.get(place) {
            return Ok(*next);
        }
        let id = self.ids.get(state as usize).copied().ok_or(GIVEN_UP_ON_PATTERN)?;
        let id = self.dfa.next_state(&mut self.cache, id, byte).map_err(|_| GIVEN_UP_ON_PATTERN)?;
        let next = self.state(id)?;
        if let Some(entry) = self.next.get_mut(place) {
            *entry = Some(next);
        }
        Ok(next)
    }

    /// The state of this id. A match that was seen stays one, whatever follows.
    fn state(&mut self, id: LazyStateID) -> Result<State, GaveUp> {
        if id.is_match() {
            return Ok(ALWAYS);
        }
        if id.is_dead() {
            return Ok(NEVER);
        }
        if id.is_quit() || id.is_unknown() {
            return Err(GIVEN_UP_ON_PATTERN);
        }
        if let Some(state) = self.known.get(&id) {
            return Ok(*state);
        }
        let end = self.dfa.next_eoi_state(&mut self.cache, id).map_err(|_| GIVEN_UP_ON_PATTERN)?;
        let state = State::try_from(self.ids.len()).map_err(|_| GIVEN_UP_ON_PATTERN)?;
        self.ids.push(id);
        self.ends.push(end.is_match());
        self.next.resize(self.next.len() + self.n_classes, None);
        self.known.insert(id, state);
        Ok(state)
    }
}
