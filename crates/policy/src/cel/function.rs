//! The functions and macros of expressions.
//! What CEL has and this version has not is a mistake, never a function that answers something else.

use super::mistake::Mistake;
use super::name::value;
use super::parse::{Parser, Part};
use super::token::What;
use super::tree::{Convert, Expr, Kind, List, Macro, Node, TextTest};
use crate::operator::compile_pattern;
use crate::registry::{CEL_FUNCTIONS, PATH_ROOTS};
use crate::suggest;

impl Parser {
    /// A function before its parentheses, of which the first is read.
    pub(super) fn function(&mut self, offset: usize, name: &str) -> Result<Part, Mistake> {
        match name {
            "has" => self.has(offset).map(Part::Value),
            "size" => {
                let [of] = self.operands(offset, "size(x)")?;
                self.size(offset, of).map(Part::Value)
            }
            "matches" => {
                let [text, pattern] = self.operands(offset, "matches(x, 'pattern')")?;
                self.matches(text, &pattern).map(Part::Value)
            }
            "int" => self.convert(offset, Convert::Int).map(Part::Value),
            "double" => self.convert(offset, Convert::Double).map(Part::Value),
            "string" => self.convert(offset, Convert::Text).map(Part::Value),
            _ if CEL_FUNCTIONS.find(name).is_some() => {
                Err(Mistake::new(offset, format!("`{name}` stands behind a value: `args.x.{name}(…)`")))
            }
            _ => self.unknown(offset, name),
        }
    }

    /// A function behind a value.
    pub(super) fn method(&mut self, offset: usize, name: &str, of: Part) -> Result<Part, Mistake> {
        let of_text = match name {
            "all" => return self.quantified(Macro::All, of).map(Part::Value),
            "exists" => return self.quantified(Macro::Exists, of).map(Part::Value),
            "exists_one" => return self.quantified(Macro::ExistsOne, of).map(Part::Value),
            "startsWith" => TextTest::Starts,
            "endsWith" => TextTest::Ends,
            "contains" => TextTest::Contains,
            "size" => {
                let [] = self.operands(offset, "x.size()")?;
                let of = value(of)?;
                return self.size(offset, of).map(Part::Value);
            }
            "matches" => {
                let [pattern] = self.operands(offset, "x.matches('pattern')")?;
                let of = value(of)?;
                return self.matches(of, &pattern).map(Part::Value);
            }
            _ if CEL_FUNCTIONS.find(name).is_some() => {
                return Err(Mistake::new(
                    offset,
                    format!("`{name}` stands before its parentheses: `{name}(…)`"),
                ));
            }
            _ => return self.unknown(offset, name),
        };
        let text = value(of)?;
        let [other] = self.operands(offset, &format!("x.{name}('text')"))?;
        for side in [&text, &other] {
            self.needs(side, Kind::Text, &format!("`{name}` is about texts"));
        }
        let sides = Box::new([text, other]);
        self.part(offset, Kind::Bool, Node::OfText { test: of_text, sides }).map(Part::Value)
    }

    /// Exactly so many operands, up to the closing parenthesis.
    fn operands<const N: usize>(&mut self, offset: usize, form: &str) -> Result<[Expr; N], Mistake> {
        let operands = self.listed(")")?;
        operands.try_into().map_err(|_| Mistake::new(offset, format!("it is written `{form}`")))
    }

    fn unknown(&mut self, offset: usize, name: &str) -> Result<Part, Mistake> {
        let message = match name {
            "map" | "filter" | "timestamp" | "duration" | "bytes" | "uint" | "bool" | "type" | "dyn" => {
                format!("CEL's `{name}` is not read here; there are {}", CEL_FUNCTIONS.built_names())
            }
            _ => format!("unknown function `{name}`; there are {}", CEL_FUNCTIONS.built_names()),
        };
        let meant = match name {
            "len" | "length" | "count" => Some("size"),
            "every" | "each" => Some("all"),
            "any" | "some" => Some("exists"),
            "match" | "regex" | "test" => Some("matches"),
            "includes" => Some("contains"),
            _ => suggest::nearest(name, CEL_FUNCTIONS.entries.iter().map(|entry| entry.name)),
        };
        self.mistakes.push(Mistake::unknown(offset, message).meant(meant));
        self.skip_operands()?;
        self.part(offset, Kind::Any, Node::Bool(false)).map(Part::Value)
    }

    /// Skips what an unknown function is given: nobody knows what its names mean.
    fn skip_operands(&mut self) -> Result<(), Mistake> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.what() {
                What::Sign("(") => depth += 1,
                What::Sign(")") => depth -= 1,
                What::End => return Err(self.unexpected("`)`")),
                What::Name(_) | What::Number(_) | What::Text(_) | What::Sign(_) => {}
            }
            self.advance();
        }
        Ok(())
    }

    fn has(&mut self, offset: usize) -> Result<Expr, Mistake> {
        let [of] = self.operands(offset, "has(args.name)")?;
        let node = if let Node::Read(path) = of.node {
            Node::Has(path)
        } else if let Node::Member { of, name, .. } = of.node {
            Node::Member { of, name, is_asked: true }
        } else {
            // A name that is not known was reported.
            if self.mistakes.is_empty() {
                let message = "`has` asks for a member, such as `has(args.name)`";
                self.mistakes.push(Mistake::new(of.offset, message));
            }
            Node::Bool(false)
        };
        self.part(offset, Kind::Bool, node)
    }

    fn size(&mut self, offset: usize, of: Expr) -> Result<Expr, Mistake> {
        if !matches!(of.kind, Kind::Text | Kind::List | Kind::Any) {
            self.mistakes.push(Mistake::new(of.offset, format!("{} has no size", of.kind.noun())));
        }
        self.part(offset, Kind::Int, Node::Size(Box::new(of)))
    }

    fn matches(&mut self, text: Expr, pattern: &Expr) -> Result<Expr, Mistake> {
        self.needs(&text, Kind::Text, "`matches` is about texts");
        let Node::Text(written) = &pattern.node else {
            return Err(Mistake::new(
                pattern.offset,
                "a pattern is written out as a text, so that it is compiled once",
            ));
        };
        let compiled = compile_pattern(written).map_err(|message| Mistake::new(pattern.offset, message))?;
        let (offset, pattern) = (text.offset, Box::new(compiled));
        self.part(offset, Kind::Bool, Node::Matches { text: Box::new(text), pattern })
    }

    fn convert(&mut self, offset: usize, to: Convert) -> Result<Expr, Mistake> {
        let (form, kind) = match to {
            Convert::Int => ("int(x)", Kind::Int),
            Convert::Double => ("double(x)", Kind::Number),
            Convert::Text => ("string(x)", Kind::Text),
        };
        let [of] = self.operands(offset, form)?;
        let is_readable = match of.kind {
            Kind::Int | Kind::Number | Kind::Text | Kind::Any => true,
            Kind::Bool => to == Convert::Text,
            Kind::List => false,
        };
        if !is_readable {
            self.mistakes.push(Mistake::new(of.offset, format!("{} cannot be converted so", of.kind.noun())));
        }
        self.part(offset, kind, Node::Convert { to, of: Box::new(of) })
    }

    /// A macro over a list: its variable, and what is asked of each element.
    fn quantified(&mut self, by: Macro, of: Part) -> Result<Expr, Mistake> {
        let (offset, list, kind) = match of {
            Part::Written(offset, elements) => {
                let kind = elements.first().map_or(Kind::Any, |first| first.kind);
                let kind = if elements.iter().all(|element| element.kind == kind) { kind } else { Kind::Any };
                (offset, List::Written(elements), kind)
            }
            Part::Value(given) => {
                self.needs(&given, Kind::List, "`all`, `exists` and `exists_one` stand behind a list");
                let kind = if given.kind == Kind::List { Kind::Text } else { Kind::Any };
                (given.offset, List::Given(Box::new(given)), kind)
            }
        };
        let What::Name(variable) = self.what().clone() else {
            return Err(self.unexpected("the name of a variable"));
        };
        if PATH_ROOTS.find(&variable).is_some() || self.scope.iter().any(|(known, _)| *known == variable) {
            return Err(Mistake::new(
                self.offset(),
                format!("`{variable}` has a meaning here already; choose another name"),
            ));
        }
        self.advance();
        self.expect(",")?;
        self.scope.push((variable, kind));
        let body = self.expression();
        self.scope.pop();
        let body = body?;
        self.expect(")")?;
        self.needs(&body, Kind::Bool, "what is asked of each element is true or false");
        self.repeats = true;
        self.part(offset, Kind::Bool, Node::Quantified { by, list, body: Box::new(body) })
    }
}
