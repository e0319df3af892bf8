//! Two patterns at once: whether some text matches both, and whether one matches whatever the other does.
//! A row holds, for each place in a pattern, whether it can be reached with the tokens so far.

use super::glob::{Glob, SEGMENT_ENDS, Token};

impl Glob {
    /// Whether there is a text that both stand for.
    pub(super) fn meets(&self, other: &[Token]) -> bool {
        self.walk(other, |row, token| match token {
            Token::Letter(letter) => step(row, self.tokens(), |own| own.takes(letter, false)),
            // It may stand for nothing, or for any stretch of what this pattern wants.
            Token::Segment | Token::Anything => {
                let first = row.iter().position(|reached| *reached).unwrap_or(row.len());
                (0..row.len()).map(|place| place >= first).collect()
            }
        })
    }

    /// Whether it matches whatever the other stands for, in any case of ASCII letters. May say no where it does.
    pub(super) fn covers(&self, other: &[Token]) -> bool {
        self.walk(other, |row, token| {
            step(row, self.tokens(), |own| match (own, token) {
                (_, Token::Letter(letter)) => own.takes(letter, true),
                (Token::Anything, _) | (Token::Segment, Token::Segment) => Move::Stay,
                (Token::Letter(_) | Token::Segment, _) => Move::None,
            })
        })
    }

    fn walk(&self, other: &[Token], next: impl Fn(&[bool], Token) -> Vec<bool>) -> bool {
        let mut row = vec![false; self.tokens().len() + 1];
        set(&mut row, 0);
        skip_stars(&mut row, self.tokens());
        for token in other {
            row = next(&row, *token);
            skip_stars(&mut row, self.tokens());
        }
        row.last().copied().unwrap_or(false)
    }
}

/// Where a token leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    /// Past this place.
    On,
    /// On within a star.
    Stay,
    /// Nowhere.
    None,
}

impl Token {
    fn takes(self, letter: char, ignores_case: bool) -> Move {
        match self {
            Self::Letter(own) if own == letter => Move::On,
            Self::Letter(own) if ignores_case && own.eq_ignore_ascii_case(&letter) => Move::On,
            Self::Letter(_) => Move::None,
            Self::Segment if SEGMENT_ENDS.contains(&letter) => Move::None,
            Self::Segment | Self::Anything => Move::Stay,
        }
    }
}

fn step(row: &[bool], tokens: &[Token], leads: impl Fn(Token) -> Move) -> Vec<bool> {
    let mut next = vec![false; row.len()];
    let reached = tokens.iter().enumerate().filter(|(place, _)| row.get(*place).copied().unwrap_or(false));
    for (place, token) in reached {
        match leads(*token) {
            Move::On => set(&mut next, place + 1),
            Move::Stay => set(&mut next, place),
            Move::None => {}
        }
    }
    next
}

/// A star may stand for nothing.
fn skip_stars(row: &mut [bool], tokens: &[Token]) {
    for (place, token) in tokens.iter().enumerate() {
        let is_star = matches!(token, Token::Segment | Token::Anything);
        if is_star && row.get(place).copied().unwrap_or(false) {
            set(row, place + 1);
        }
    }
}

fn set(row: &mut [bool], place: usize) {
    if let Some(reached) = row.get_mut(place) {
        *reached = true;
    }
}
