//! Names in an expression: what of the call they read, and what follows them.
//! A name that nothing stands behind is a mistake with a suggestion, never a missing value.

use super::mistake::Mistake;
use super::parse::{Parser, Part};
use super::token::What;
use super::tree::{Expr, Kind, Node};
use crate::fact::FACTS;
use crate::path::{Path, PathProblem, Source};
use crate::registry::PATH_ROOTS;
use crate::suggest;

impl Parser {
    /// A value with what follows it: members, elements, functions.
    pub(super) fn chain(&mut self) -> Result<Part, Mistake> {
        let mut part = self.first()?;
        loop {
            let offset = self.offset();
            if self.takes(".") {
                let What::Name(name) = self.what().clone() else { return Err(self.unexpected("a name")) };
                let name_offset = self.offset();
                self.advance();
                part = if self.takes("(") {
                    self.method(name_offset, &name, part)?
                } else {
                    Part::Value(self.member(offset, part, &name)?)
                };
            } else if self.takes("[") {
                part = Part::Value(self.element(offset, part)?);
            } else {
                return Ok(part);
            }
        }
    }

    fn first(&mut self) -> Result<Part, Mistake> {
        let What::Name(name) = self.what().clone() else { return self.literal() };
        let offset = self.offset();
        self.advance();
        if self.takes("(") {
            return self.function(offset, &name);
        }
        match &*name {
            "true" | "false" => self.part(offset, Kind::Bool, Node::Bool(name == "true")).map(Part::Value),
            "null" => Err(Mistake::new(offset, "null counts as missing; ask with `has(…)`")),
            _ => self.variable(offset, &name).map(Part::Value),
        }
    }

    fn variable(&mut self, offset: usize, name: &str) -> Result<Expr, Mistake> {
        if let Some(index) = self.scope.iter().position(|(variable, _)| variable == name) {
            let kind = self.scope.get(index).map_or(Kind::Any, |(_, kind)| *kind);
            return self.part(offset, kind, Node::Variable(index));
        }
        if PATH_ROOTS.find(name).is_some() {
            return self.path(offset, name);
        }
        let near = PATH_ROOTS.nearest(name).map(str::to_owned);
        let variables = self.scope.iter().map(|(variable, _)| variable.as_str());
        let near = near.or_else(|| suggest::nearest(name, variables).map(str::to_owned));
        let meant = match name {
            "arguments" | "params" | "request" => "args".to_owned(),
            "now" => "time.hour".to_owned(),
            _ => near.unwrap_or_else(|| format!("args.{name}")),
        };
        let message = format!(
            "unknown name `{name}`; what an expression reads starts with {}",
            PATH_ROOTS.built_names()
        );
        self.mistakes.push(Mistake::unknown(offset, message).meant(Some(meant)));
        self.part(offset, Kind::Any, Node::Bool(false))
    }

    /// The names behind a root, as far as they are fixed.
    fn path(&mut self, offset: usize, root: &str) -> Result<Expr, Mistake> {
        let mut names = Vec::new();
        loop {
            let name = match (self.what(), self.what_after(1), self.what_after(2)) {
                (What::Sign("."), What::Name(name), after) if after != &What::Sign("(") => name.clone(),
                (What::Sign("["), What::Text(name), What::Sign("]")) => name.clone(),
                (What::Name(_) | What::Number(_) | What::Text(_) | What::Sign(_) | What::End, _, _) => break,
            };
            self.at_next_name();
            names.push(name);
        }
        match Path::of(root, names) {
            Ok(path) if path.source() == Source::Annotations => {
                let message = "what a server says of its tool can only restrict, so an expression does not read it; \
                               use a comparison in `deny_if`";
                Err(Mistake::new(offset, message))
            }
            Ok(path) => self.read(offset, path),
            Err(problem) => {
                self.mistakes.push(unreadable(offset, root, problem));
                self.part(offset, Kind::Any, Node::Bool(false))
            }
        }
    }

    /// Steps over `.name` or `["name"]`.
    fn at_next_name(&mut self) {
        let is_bracket = self.what() == &What::Sign("[");
        self.advance();
        self.advance();
        if is_bracket {
            self.advance();
        }
    }

    fn read(&mut self, offset: usize, path: Path) -> Result<Expr, Mistake> {
        let kind = match path.source() {
            Source::Args | Source::Input | Source::Annotations => Kind::Any,
            Source::Fact(fact) if fact.is_number() => Kind::Int,
            Source::Fact(fact) if fact.is_list() => Kind::List,
            Source::Fact(_) => Kind::Text,
        };
        let known = self.paths.iter().position(|known| known.is_same(&path));
        let index = known.unwrap_or(self.paths.len());
        if known.is_none() {
            self.paths.push(path);
        }
        let index = u16::try_from(index).map_err(|_| Mistake::new(offset, "too many names"))?;
        self.part(offset, kind, Node::Read(index))
    }

    fn member(&mut self, offset: usize, of: Part, name: &str) -> Result<Expr, Mistake> {
        let of = value(of)?;
        if of.kind != Kind::Any {
            return Err(Mistake::new(offset, format!("{} has no members", of.kind.noun())));
        }
        let (offset, of, name) = (of.offset, Box::new(of), name.into());
        self.part(offset, Kind::Any, Node::Member { of, name, is_asked: false })
    }

    /// What stands in brackets behind a value.
    fn element(&mut self, offset: usize, of: Part) -> Result<Expr, Mistake> {
        if let (What::Text(name), What::Sign("]")) = (self.what().clone(), self.what_after(1)) {
            self.advance();
            self.advance();
            return self.member(offset, of, &name);
        }
        let of = value(of)?;
        let index = self.expression()?;
        self.expect("]")?;
        self.needs(&of, Kind::List, "brackets with a number stand behind a list");
        self.needs(
            &index,
            Kind::Number,
            "elements of a list are named by number, members by a text in quotes",
        );
        let kind = if of.kind == Kind::List { Kind::Text } else { Kind::Any };
        let (offset, of, index) = (of.offset, Box::new(of), Box::new(index));
        self.part(offset, kind, Node::Element { of, index })
    }
}

/// A value; a list that is written out is none.
pub(super) fn value(part: Part) -> Result<Expr, Mistake> {
    match part {
        Part::Value(value) => Ok(value),
        Part::Written(offset, _) => {
            Err(Mistake::new(offset, "only `all`, `exists` and `exists_one` stand behind a list in brackets"))
        }
    }
}

fn unreadable(offset: usize, root: &str, problem: PathProblem) -> Mistake {
    match problem {
        PathProblem::RootNotBuilt => Mistake::new(offset, format!("`{root}` is not built yet")),
        PathProblem::EmptyName => {
            Mistake::new(offset, format!("name what is read of `{root}`, such as `{root}.name`"))
        }
        PathProblem::UnknownRoot | PathProblem::UnknownFact | PathProblem::Bracket => {
            let start = format!("{root}.");
            let names = FACTS.entries.iter().map(|entry| entry.name).filter(|name| name.starts_with(&start));
            let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
            Mistake::unknown(offset, format!("`{root}` has {}", names.join(", ")))
        }
    }
}
