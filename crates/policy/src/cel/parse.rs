//! Reads the grammar of an expression: what stands beside what, and what belongs together.
//! Goes on after a name that is not known, so that all of them are reported at once; stops where the grammar breaks.

use super::mistake::Mistake;
use super::token::{Token, What, tokens};
use super::tree::{Comparing, Computing, Expr, Join, Kind, List, Node};
use crate::number::{NOT_EXACT, exact_text};
use crate::path::Path;

/// A text longer than this is refused; people read far shorter ones.
const MAX_BYTES: usize = 4096;
/// Parts of one expression.
const MAX_PARTS: usize = 500;
/// Parts that stand one in the other.
const MAX_DEPTH: usize = 32;

/// An expression that was read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Expr,
    /// What it reads of a call.
    pub(super) paths: Vec<Path>,
    /// Whether parts of it may be judged more than once.
    pub(super) repeats: bool,
}

/// A value, or a list that is written out, which stands in few places only.
pub(super) enum Part {
    Value(Expr),
    Written(usize, Vec<Expr>),
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    n_parts: usize,
    pub(super) paths: Vec<Path>,
    /// The variables of the macros around, and what they are.
    pub(super) scope: Vec<(String, Kind)>,
    pub(super) repeats: bool,
    pub(super) mistakes: Vec<Mistake>,
}

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Parsed, Vec<Mistake>> {
    if text.len() > MAX_BYTES {
        let message = format!("an expression has at most {MAX_BYTES} bytes; use several conditions");
        return Err(vec![Mistake::new(0, message)]);
    }
    let tokens = tokens(text).map_err(|mistake| vec![mistake])?;
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        n_parts: 0,
        paths: Vec::new(),
        scope: Vec::new(),
        repeats: false,
        mistakes: Vec::new(),
    };
    match parser.whole() {
        Ok(root) if parser.mistakes.is_empty() => {
            Ok(Parsed { root, paths: parser.paths, repeats: parser.repeats })
        }
        Ok(_) => Err(parser.mistakes),
        Err(last) => {
            parser.mistakes.push(last);
            Err(parser.mistakes)
        }
    }
}

impl Parser {
    fn whole(&mut self) -> Result<Expr, Mistake> {
        let root = self.expression()?;
        if self.what() != &What::End {
            return Err(self.unexpected("the end, or a sign such as `&&`"));
        }
        self.needs(&root, Kind::Bool, "an expression answers true or false");
        if self.paths.is_empty() && self.mistakes.is_empty() {
            let message = "it reads nothing of the call, so it always answers the same";
            self.mistakes.push(Mistake::new(0, message));
        }
        Ok(root)
    }

    pub(super) fn what(&self) -> &What {
        self.tokens.get(self.at).map_or(&What::End, |token| &token.what)
    }

    pub(super) fn what_after(&self, n_tokens: usize) -> &What {
        self.tokens.get(self.at + n_tokens).map_or(&What::End, |token| &token.what)
    }

    pub(super) fn offset(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |token| token.offset)
    }

    pub(super) fn advance(&mut self) {
        self.at += 1;
    }

    /// Takes a sign if it is next.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let is_next = matches!(self.what(), What::Sign(next) if *next == sign);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Mistake {
        let found = match self.what() {
            What::Name(name) => format!("`{name}`"),
            What::Number(number) => format!("`{number}`"),
            What::Text(_) => "a text".to_owned(),
            What::Sign(sign) => format!("`{sign}`"),
            What::End => "the expression ends".to_owned(),
        };
        let meant = match self.what() {
            What::Name(name) if name == "and" => Some("&&"),
            What::Name(name) if name == "or" => Some("||"),
            What::Name(_) | What::Number(_) | What::Text(_) | What::Sign(_) | What::End => None,
        };
        Mistake::new(self.offset(), format!("{found} where {wanted} was expected")).meant(meant)
    }

    /// A part of the expression; too many of them, or too deep, are refused.
    pub(super) fn part(&mut self, offset: usize, kind: Kind, node: Node) -> Result<Expr, Mistake> {
        self.n_parts += 1;
        let depth = node.parts().into_iter().map(|part| part.depth).max().unwrap_or(0) + 1;
        if self.n_parts > MAX_PARTS || depth > MAX_DEPTH {
            return Err(Self::too_large(offset));
        }
        Ok(Expr { node, offset, depth, kind })
    }

    fn too_large(offset: usize) -> Mistake {
        let message = format!(
            "an expression has at most {MAX_PARTS} parts, at most {MAX_DEPTH} one in the other; use several conditions"
        );
        Mistake::new(offset, message)
    }

    /// Reads something that can hold an expression itself.
    fn deeper<T>(&mut self, read: fn(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth == MAX_DEPTH {
            return Err(Self::too_large(self.offset()));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// `condition ? value : value`, or what is simpler.
    pub(super) fn expression(&mut self) -> Result<Expr, Mistake> {
        self.deeper(|parser| {
            let condition = parser.joined(Join::Or)?;
            let offset = condition.offset;
            if !parser.takes("?") {
                return Ok(condition);
            }
            parser.needs(&condition, Kind::Bool, "what stands before `?` is true or false");
            let chosen = parser.joined(Join::Or)?;
            parser.expect(":")?;
            let other = parser.expression()?;
            let kind = parser.either(&chosen, &other, "both sides of `:` are of one kind");
            parser.part(offset, kind, Node::Choose(Box::new([condition, chosen, other])))
        })
    }

    fn joined(&mut self, by: Join) -> Result<Expr, Mistake> {
        let sign = match by {
            Join::And => "&&",
            Join::Or => "||",
        };
        let mut parts = Vec::new();
        loop {
            parts.push(match by {
                Join::Or => self.joined(Join::And)?,
                Join::And => self.comparison()?,
            });
            if !self.takes(sign) {
                break;
            }
        }
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return Ok(only);
        }
        for part in &parts {
            self.needs(part, Kind::Bool, &format!("`{sign}` joins what is true or false"));
        }
        let offset = parts.first().map_or(0, |part| part.offset);
        self.part(offset, Kind::Bool, Node::Joined { by, parts })
    }

    fn comparison(&mut self) -> Result<Expr, Mistake> {
        let mut left = self.sum()?;
        loop {
            if matches!(self.what(), What::Name(name) if name == "in") {
                self.advance();
                left = self.within(left)?;
                continue;
            }
            let What::Sign(sign) = self.what() else { return Ok(left) };
            let by = match *sign {
                "==" => Comparing::Equal,
                "!=" => Comparing::Unequal,
                "<" => Comparing::Less,
                "<=" => Comparing::LessOrEqual,
                ">" => Comparing::Greater,
                ">=" => Comparing::GreaterOrEqual,
                _ => return Ok(left),
            };
            self.advance();
            let right = self.sum()?;
            left = self.compare(by, left, right)?;
        }
    }

    /// What stands behind `in`.
    fn within(&mut self, wanted: Expr) -> Result<Expr, Mistake> {
        let list = if self.what() == &What::Sign("[") {
            match self.chain()? {
                Part::Written(_, elements) => List::Written(elements),
                Part::Value(value) => List::Given(Box::new(value)),
            }
        } else {
            List::Given(Box::new(self.sum()?))
        };
        self.check_within(&wanted, &list);
        let (offset, wanted) = (wanted.offset, Box::new(wanted));
        self.part(offset, Kind::Bool, Node::Within { wanted, list })
    }

    fn sum(&mut self) -> Result<Expr, Mistake> {
        let mut left = self.product()?;
        loop {
            let by = match self.what() {
                What::Sign("+") => Computing::Add,
                What::Sign("-") => Computing::Subtract,
                What::Name(_) | What::Number(_) | What::Text(_) | What::Sign(_) | What::End => {
                    return Ok(left);
                }
            };
            self.advance();
            let right = self.product()?;
            left = self.compute(by, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Expr, Mistake> {
        let mut left = self.signed()?;
        loop {
            let by = match self.what() {
                What::Sign("*") => Computing::Multiply,
                What::Sign("/") => Computing::Divide,
                What::Sign("%") => Computing::Rest,
                What::Name(_) | What::Number(_) | What::Text(_) | What::Sign(_) | What::End => {
                    return Ok(left);
                }
            };
            self.advance();
            let right = self.signed()?;
            left = self.compute(by, left, right)?;
        }
    }

    fn signed(&mut self) -> Result<Expr, Mistake> {
        let offset = self.offset();
        if self.takes("!") {
            let of = self.deeper(Self::signed)?;
            self.needs(&of, Kind::Bool, "`!` stands before what is true or false");
            return self.part(offset, Kind::Bool, Node::Not(Box::new(of)));
        }
        if self.takes("-") {
            let of = self.deeper(Self::signed)?;
            self.needs(&of, Kind::Number, "`-` stands before a number");
            let kind = if of.kind == Kind::Int { Kind::Int } else { Kind::Number };
            let node = if let Node::Number(number) = of.node {
                Node::Number(number.negated())
            } else {
                Node::Negative(Box::new(of))
            };
            return self.part(offset, kind, node);
        }
        match self.chain()? {
            Part::Value(value) => Ok(value),
            Part::Written(offset, _) => {
                let message =
                    "a list in brackets stands behind `in`, or before `.all`, `.exists` and `.exists_one`";
                Err(Mistake::new(offset, message))
            }
        }
    }

    /// A value without anything behind it; names are read elsewhere.
    pub(super) fn literal(&mut self) -> Result<Part, Mistake> {
        let offset = self.offset();
        let what = self.what().clone();
        match what {
            What::Number(written) => {
                self.advance();
                let number = exact_text(&written).ok_or_else(|| Mistake::new(offset, NOT_EXACT))?;
                let is_int = written.bytes().all(|digit| digit.is_ascii_digit());
                let kind = if is_int { Kind::Int } else { Kind::Number };
                self.part(offset, kind, Node::Number(number)).map(Part::Value)
            }
            What::Text(text) => {
                self.advance();
                self.part(offset, Kind::Text, Node::Text(text.into())).map(Part::Value)
            }
            What::Sign("(") => {
                self.advance();
                let inside = self.expression()?;
                self.expect(")")?;
                Ok(Part::Value(inside))
            }
            What::Sign("[") => {
                self.advance();
                Ok(Part::Written(offset, self.listed("]")?))
            }
            What::Sign("{") => Err(Mistake::new(offset, "maps cannot be written in an expression")),
            What::Name(_) | What::Sign(_) | What::End => Err(self.unexpected("a value")),
        }
    }

    /// Expressions between commas, up to a closing sign.
    pub(super) fn listed(&mut self, end: &str) -> Result<Vec<Expr>, Mistake> {
        let mut listed = Vec::new();
        while !self.takes(end) {
            listed.push(self.expression()?);
            if !self.takes(",") {
                self.expect(end)?;
                break;
            }
        }
        Ok(listed)
    }
}
