//! An expression that was read and checked: names are resolved, patterns compiled, kinds known as far as possible.
//! Holds nothing of a call.

use json::Decimal;
use regex::Regex;

/// A part of an expression.
#[derive(Debug)]
pub(super) struct Expr {
    pub(super) node: Node,
    /// Where it starts, in bytes of the text.
    pub(super) offset: usize,
    /// How many parts stand one in the other, at most.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

/// What a part of an expression is known to be before any call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A boolean.
    Bool,
    /// A number that CEL calls an `int`.
    Int,
    /// Another number.
    Number,
    /// A text.
    Text,
    /// A list.
    List,
    /// Decided by the call.
    Any,
}

/// What a part of an expression does.
#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Number(Decimal),
    Text(Box<str>),
    /// What a path of the call leads to, by its place among the paths of the expression.
    Read(u16),
    /// Whether a path leads to something.
    Has(u16),
    /// The variable of a macro, counted from the outermost.
    Variable(usize),
    /// A member of what was computed, or whether it is there.
    Member {
        of: Box<Expr>,
        name: Box<str>,
        is_asked: bool,
    },
    /// An element of a list by its number.
    Element {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    Not(Box<Expr>),
    Negative(Box<Expr>),
    /// All hold, or at least one does.
    Joined {
        by: Join,
        parts: Vec<Expr>,
    },
    /// A condition, and what it chooses between.
    Choose(Box<[Expr; 3]>),
    Compare {
        by: Comparing,
        sides: Box<[Expr; 2]>,
    },
    Compute {
        by: Computing,
        sides: Box<[Expr; 2]>,
    },
    Within {
        wanted: Box<Expr>,
        list: List,
    },
    OfText {
        test: TextTest,
        sides: Box<[Expr; 2]>,
    },
    Matches {
        text: Box<Expr>,
        pattern: Box<Regex>,
    },
    Size(Box<Expr>),
    Convert {
        to: Convert,
        of: Box<Expr>,
    },
    Quantified {
        by: Macro,
        list: List,
        body: Box<Expr>,
    },
}

/// A list that is written out, or one of the call.
#[derive(Debug)]
pub(super) enum List {
    Written(Vec<Expr>),
    Given(Box<Expr>),
}

/// How parts are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparing {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is computed of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Computing {
    Add,
    Subtract,
    Multiply,
    Divide,
    Rest,
}

/// What is asked of two texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Starts,
    Ends,
    Contains,
}

/// What a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Convert {
    Int,
    Double,
    Text,
}

/// What is asked of the elements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
}

impl Kind {
    /// How a message names it.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Bool => "a boolean",
            Self::Int | Self::Number => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Any => "a value of the call",
        }
    }

    pub(super) const fn is_number(self) -> bool {
        match self {
            Self::Int | Self::Number => true,
            Self::Bool | Self::Text | Self::List | Self::Any => false,
        }
    }

    /// Whether values of both kinds can be equal, as far as is known.
    pub(super) fn fits(self, other: Self) -> bool {
        self == Self::Any || other == Self::Any || self == other || self.is_number() && other.is_number()
    }
}

impl Node {
    /// The parts of it.
    pub(super) fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Bool(_)
            | Self::Number(_)
            | Self::Text(_)
            | Self::Read(_)
            | Self::Has(_)
            | Self::Variable(_) => Vec::new(),
            Self::Member { of: one, .. }
            | Self::Not(one)
            | Self::Negative(one)
            | Self::Matches { text: one, .. }
            | Self::Size(one)
            | Self::Convert { of: one, .. } => vec![one],
            Self::Element { of, index } => vec![of, index],
            Self::Joined { parts, .. } => parts.iter().collect(),
            Self::Choose(parts) => parts.iter().collect(),
            Self::Compare { sides, .. } | Self::Compute { sides, .. } | Self::OfText { sides, .. } => {
                sides.iter().collect()
            }
            Self::Within { wanted: one, list } | Self::Quantified { body: one, list, .. } => {
                let mut parts = vec![&**one];
                match list {
                    List::Written(elements) => parts.extend(elements),
                    List::Given(given) => parts.push(given),
                }
                parts
            }
        }
    }
}
