//! Statements as people write them: `never: tool ~ "delete_*" and not approved`.
//! What has no meaning is an error with its place, never a guess.

use super::StatementError;
use super::expression::{Atom, Expression};
use super::token::{self, Kind, Token};
use crate::channel::Pattern;
use crate::class::{Category, Class, Risk};
use crate::load;
use crate::operator::{find, names};
use crate::suggest;

/// A statement about every call that is allowed.
#[derive(Debug)]
pub struct Statement {
    /// As it was written.
    pub text: String,
    /// What no allowed call meets.
    pub(super) never: Expression,
}

/// Parentheses within parentheses.
const MAX_DEPTH: usize = 32;
/// What a condition can begin with.
const BEGINNINGS: [&str; 12] = [
    "tool", "server", "category", "risk", "approved", "limited", "args", "grant", "time", "input", "not",
    "true",
];

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, StatementError> {
        let tokens = token::split(text)?;
        let mut reader = Reader { tokens: &tokens, end: text.len() };
        let is_never = match reader.next().map(|token| (token.text.as_str(), token.offset)) {
            Some(("never", _)) => true,
            Some(("always", _)) => false,
            Some((other, offset)) => {
                let why = "a statement starts with `never:` or `always:`".to_owned();
                let meant = suggest::nearest(other, ["never", "always"]).map(str::to_owned);
                return Err(StatementError { offset, why, meant });
            }
            None => {
                let why = "a statement starts with `never:` or `always:`".to_owned();
                return Err(StatementError { offset: 0, why, meant: None });
            }
        };
        if reader.take(":").is_none() {
            return Err(reader.wrong("write `:` behind `never` or `always`"));
        }
        let expression = reader.any(0)?;
        if reader.peek().is_some() {
            return Err(reader.wrong("write `and` or `or` between conditions"));
        }
        let never = if is_never { expression } else { Expression::Not(Box::new(expression)) };
        Ok(Self { text: text.to_owned(), never })
    }
}

struct Reader<'t> {
    tokens: &'t [Token],
    end: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    fn next(&mut self) -> Option<&'t Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, text: &str) -> Option<&'t Token> {
        let is_meant = self.peek().is_some_and(|token| token.kind != Kind::Value && token.text == text);
        if is_meant { self.next() } else { None }
    }

    fn wrong(&self, why: &str) -> StatementError {
        let offset = self.peek().map_or(self.end, |token| token.offset);
        StatementError { offset, why: why.to_owned(), meant: None }
    }

    fn any(&mut self, depth: usize) -> Result<Expression, StatementError> {
        let mut parts = vec![self.all(depth)?];
        while self.take("or").is_some() {
            parts.push(self.all(depth)?);
        }
        Ok(Expression::Any(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, StatementError> {
        let mut parts = vec![self.one(depth)?];
        while self.take("and").is_some() {
            parts.push(self.one(depth)?);
        }
        Ok(Expression::All(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, StatementError> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("the statement is nested too deeply; split it"));
        }
        if self.take("not").is_some() {
            return Ok(Expression::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.take("(").is_some() {
            let inner = self.any(depth + 1)?;
            return match self.take(")") {
                Some(_) => Ok(inner),
                None => Err(self.wrong("close the parenthesis")),
            };
        }
        self.atom().map(Expression::Atom)
    }

    fn atom(&mut self) -> Result<Atom, StatementError> {
        let Some(first) = self.peek().filter(|token| token.kind == Kind::Word) else {
            return Err(
                self.wrong("a condition is missing here, such as `tool = \"x\"` or `args.amount > 5`")
            );
        };
        self.next();
        match first.text.as_str() {
            "true" => Ok(Atom::Always),
            "approved" => Ok(Atom::Approved),
            "limited" => self.limited(),
            "tool" => self.names().map(Atom::Tool),
            "server" => self.names().map(Atom::Server),
            "category" => {
                let known = Category::ALL.map(|category| (category.as_str(), Class::Category(category)));
                self.class(&known)
            }
            "risk" => self.class(&Risk::ALL.map(|risk| (risk.as_str(), Class::Risk(risk)))),
            path if path.contains('.') => self.comparison(first),
            other => {
                let meant = suggest::nearest(other, BEGINNINGS).map(str::to_owned);
                let why = format!("`{other}` is nothing that a statement knows");
                Err(StatementError { offset: first.offset, why, meant })
            }
        }
    }

    fn limited(&mut self) -> Result<Atom, StatementError> {
        if self.take("by").is_none() {
            return Ok(Atom::Limited(None));
        }
        match self.peek().filter(|token| token.kind != Kind::Sign) {
            Some(token) => {
                self.next();
                Ok(Atom::Limited(Some(said(token))))
            }
            None => Err(self.wrong("name a counter, such as `limited by imports`")),
        }
    }

    /// `= "x"`, `~ "x*"` or `in ["x", "y"]`, quotes or not.
    fn names(&mut self) -> Result<Vec<Pattern>, StatementError> {
        let Some(sign) = self.next() else { return Err(self.wrong("write `=`, `~` or `in` and a name")) };
        let Some(value) = self.next().filter(|token| token.kind != Kind::Sign) else {
            return Err(self.wrong("a name is missing here"));
        };
        let too_large = || StatementError {
            offset: value.offset,
            why: "the pattern is too large".to_owned(),
            meant: None,
        };
        match sign.text.as_str() {
            "=" | "==" => Ok(vec![Pattern::exact(&said(value))]),
            "~" => Ok(vec![Pattern::name(&said(value)).ok_or_else(too_large)?]),
            "in" => {
                let document = super::super::ask::scan(&value.text);
                let names: Vec<_> = document
                    .iter()
                    .flat_map(|document| document.root().elements())
                    .filter_map(|name| Some(Pattern::exact(&name.as_str()?)))
                    .collect();
                if names.is_empty() {
                    let why = "write a list of names, such as `[\"a\", \"b\"]`".to_owned();
                    return Err(StatementError { offset: value.offset, why, meant: None });
                }
                Ok(names)
            }
            _ => {
                let why = "names are compared with `=`, `~` and `in`".to_owned();
                Err(StatementError { offset: sign.offset, why, meant: None })
            }
        }
    }

    fn class(&mut self, known: &[(&'static str, Class)]) -> Result<Atom, StatementError> {
        if self.take("=").is_none() {
            return Err(self.wrong("write `=` and one of the classes"));
        }
        let Some(word) = self.next() else { return Err(self.wrong("a class is missing here")) };
        let said = said(word);
        match known.iter().find(|(name, _)| *name == said) {
            Some((_, class)) => Ok(Atom::Class(*class)),
            None => {
                let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
                let why = format!("there is no class `{said}`; there are {}", names.join(", "));
                let meant = suggest::nearest(&said, names).map(str::to_owned);
                Err(StatementError { offset: word.offset, why, meant })
            }
        }
    }

    /// A path, an operator of conditions and its value; after `each` or `some` another operator.
    fn comparison(&mut self, path: &Token) -> Result<Atom, StatementError> {
        let operator = self.operator()?;
        let value = match operator {
            "each" | "some" => {
                let inner = self.operator()?;
                format!("{{\"op\":\"{inner}\",\"value\":{}}}", self.value(inner)?)
            }
            other => self.value(other)?,
        };
        let mut json = Vec::new();
        let mut writer = json::ObjectWriter::begin(&mut json);
        writer.str("path", &path.text).str("op", operator).raw("value", &value);
        if self.take("zone").is_some() {
            let Some(zone) = self.next() else {
                return Err(self.wrong("name a zone, such as `zone \"Europe/Berlin\"`"));
            };
            writer.str("timezone", &said(zone));
        }
        writer.end();
        let wrong = |(why, meant)| StatementError { offset: path.offset, why, meant };
        let condition = load::condition(&String::from_utf8_lossy(&json)).map_err(wrong)?;
        Ok(Atom::Condition(Box::new(condition)))
    }

    fn operator(&mut self) -> Result<&'static str, StatementError> {
        let Some(token) = self.peek().filter(|token| token.kind != Kind::Value) else {
            return Err(self.wrong("an operator is missing here, such as `=`, `<` or `prefix`"));
        };
        self.next();
        let name = match token.text.as_str() {
            "=" | "==" => "eq",
            "!=" => "neq",
            "<" => "lt",
            "<=" => "lte",
            ">" => "gt",
            ">=" => "gte",
            "~" => "glob",
            word => word,
        };
        let known = find(name).map(|operator| operator.name);
        known.ok_or_else(|| StatementError {
            offset: token.offset,
            why: format!("there is no operator `{name}`"),
            meant: suggest::nearest(name, names()).map(str::to_owned),
        })
    }

    /// The value of a comparison as JSON; `exists` alone means that it does.
    fn value(&mut self, operator: &str) -> Result<String, StatementError> {
        let next = self.peek();
        match next {
            Some(token) if token.kind == Kind::Value => {
                self.next();
                Ok(token.text.clone())
            }
            Some(token) if ["true", "false"].contains(&token.text.as_str()) => {
                self.next();
                Ok(token.text.clone())
            }
            Some(_) | None if operator == "exists" => Ok("true".to_owned()),
            Some(_) | None => {
                Err(self.wrong("a value is missing here: a number, `true`, a text in quotes or a list"))
            }
        }
    }
}

/// What a word says: a text without its quotes.
fn said(token: &Token) -> String {
    let document = super::super::ask::scan(&token.text);
    let text = document.as_ref().and_then(|document| document.root().as_str());
    text.map_or_else(|| token.text.clone(), |text| text.into_owned())
}
