//! What fits together, as far as it is known before any call: a comparison that could only be an error is a mistake.
//! Says nothing where a call decides.

use super::mistake::Mistake;
use super::parse::Parser;
use super::tree::{Comparing, Computing, Expr, Kind, List, Node};
use crate::fact::Fact;
use crate::path::Source;
use crate::zone::WEEKDAYS;

impl Parser {
    /// Reports a part that is known to be of another kind.
    pub(super) fn needs(&mut self, part: &Expr, wanted: Kind, rule: &str) {
        if !part.kind.fits(wanted) {
            self.mistakes.push(Mistake::new(part.offset, format!("{rule}; this is {}", part.kind.noun())));
        }
    }

    /// The kind of either of two parts.
    pub(super) fn either(&mut self, one: &Expr, other: &Expr, rule: &str) -> Kind {
        self.needs(other, one.kind, rule);
        if one.kind == other.kind {
            one.kind
        } else if one.kind.is_number() && other.kind.is_number() {
            Kind::Number
        } else {
            Kind::Any
        }
    }

    pub(super) fn compare(&mut self, by: Comparing, left: Expr, right: Expr) -> Result<Expr, Mistake> {
        let is_order = match by {
            Comparing::Equal | Comparing::Unequal => false,
            Comparing::Less | Comparing::LessOrEqual | Comparing::Greater | Comparing::GreaterOrEqual => true,
        };
        for side in [&left, &right] {
            let is_comparable = match side.kind {
                Kind::Int | Kind::Number | Kind::Text | Kind::Any => true,
                Kind::Bool => !is_order,
                Kind::List => false,
            };
            if !is_comparable {
                self.mistakes
                    .push(Mistake::new(side.offset, format!("{} is not compared so", side.kind.noun())));
            }
        }
        if !left.kind.fits(right.kind) {
            let message = format!("{} is never compared with {}", left.kind.noun(), right.kind.noun());
            self.mistakes.push(Mistake::new(right.offset, message));
        }
        self.check_weekday(&left, &right);
        self.check_weekday(&right, &left);
        let offset = left.offset;
        self.part(offset, Kind::Bool, Node::Compare { by, sides: Box::new([left, right]) })
    }

    pub(super) fn check_within(&mut self, wanted: &Expr, list: &List) {
        match list {
            List::Written(elements) => {
                if elements.is_empty() {
                    self.mistakes.push(Mistake::new(wanted.offset, "nothing is in an empty list"));
                }
                for element in elements {
                    if !wanted.kind.fits(element.kind) {
                        let message = format!("{} is never {}", wanted.kind.noun(), element.kind.noun());
                        self.mistakes.push(Mistake::new(element.offset, message));
                    }
                    self.check_weekday(wanted, element);
                }
            }
            List::Given(given) => {
                self.needs(
                    given,
                    Kind::List,
                    "behind `in` stands a list, or an object whose member is asked for",
                );
            }
        }
    }

    /// A weekday is one of seven words.
    fn check_weekday(&mut self, read: &Expr, other: &Expr) {
        let Node::Read(path) = read.node else { return };
        let source = self.paths.get(usize::from(path)).map(crate::path::Path::source);
        if let Node::Text(text) = &other.node
            && source == Some(Source::Fact(Fact::Weekday))
            && !WEEKDAYS.contains(&&**text)
        {
            let message =
                format!("a weekday is one of {}", WEEKDAYS.map(|day| format!("`{day}`")).join(", "));
            let meant = crate::suggest::nearest(text, WEEKDAYS);
            self.mistakes.push(Mistake::new(other.offset, message).meant(meant));
        }
    }

    pub(super) fn compute(&mut self, by: Computing, left: Expr, right: Expr) -> Result<Expr, Mistake> {
        let joins_texts = by == Computing::Add && (left.kind == Kind::Text || right.kind == Kind::Text);
        for side in [&left, &right] {
            if joins_texts {
                self.needs(side, Kind::Text, "a text is joined with a text; convert with `string(…)`");
            } else if by != Computing::Add || side.kind != Kind::Text {
                self.needs(side, Kind::Number, "this is computed with numbers");
            }
        }
        let kind = match (left.kind, right.kind) {
            _ if joins_texts => Kind::Text,
            (Kind::Int, Kind::Int) => Kind::Int,
            (Kind::Any, Kind::Any) if by == Computing::Add => Kind::Any,
            (Kind::Bool | Kind::Int | Kind::Number | Kind::Text | Kind::List | Kind::Any, _) => Kind::Number,
        };
        let offset = left.offset;
        self.part(offset, kind, Node::Compute { by, sides: Box::new([left, right]) })
    }
}
