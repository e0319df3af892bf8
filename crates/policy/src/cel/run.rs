//! Judges an expression on one call, counting steps: equal calls cost equal steps, on every machine.
//! Never goes on beyond the bound, and never turns what stands in the way of a value into true or false.

use json::Kind;

use super::Expression;
use super::compute;
use super::tree::{Expr, Join, List, Node, TextTest};
use super::value::{Answer, Cause, Fault, Value};
use crate::datum::Datum;
use crate::input::Input;
use crate::member::{OtherSpelling, member};
use crate::path::Found;

/// Steps of one judgement. A part costs one, a text one for 64 bytes, a pattern four times that.
pub(super) const MAX_STEPS: usize = 10_000;
/// So many bytes of text are one step.
const BYTES_OF_STEP: usize = 64;
/// So many members or elements that are passed over are one step.
const MEMBERS_OF_STEP: usize = 8;

/// One judgement.
pub(super) struct Run<'a> {
    expression: &'a Expression,
    input: Input<'a>,
    n_steps: usize,
    pub(super) variables: Vec<Answer<'a>>,
    /// Whether it met something that is not known.
    pub(super) met_unknown: bool,
    /// What paths led to, where parts are judged more than once.
    found: Vec<Option<Found<'a>>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(expression: &'a Expression, input: Input<'a>) -> Self {
        let n_kept = if expression.repeats { expression.paths.len() } else { 0 };
        Self {
            expression,
            input,
            n_steps: 0,
            variables: Vec::new(),
            met_unknown: false,
            found: vec![None; n_kept],
        }
    }

    /// Whether a part holds.
    pub(super) fn holds(&mut self, part: &'a Expr) -> Result<bool, Fault> {
        self.value(part)?.bool().map_err(|fault| fault.about(subject(part)))
    }

    /// Whether no steps are left.
    pub(super) const fn is_over(&self) -> bool {
        self.n_steps > MAX_STEPS
    }

    /// Counts steps, up to the bound.
    fn spend(&mut self, n_steps: usize) -> Result<(), Fault> {
        self.n_steps = self.n_steps.saturating_add(n_steps);
        if self.is_over() { Err(Fault::of(Cause::TooManySteps)) } else { Ok(()) }
    }

    pub(super) fn value(&mut self, part: &'a Expr) -> Answer<'a> {
        self.spend(1)?;
        match &part.node {
            Node::Bool(holds) => Ok(Value::Bool(*holds)),
            Node::Number(number) => Ok(Value::Number(*number)),
            Node::Text(text) => Ok(Value::Text((&**text).into())),
            Node::Read(path) => self.read(*path).map_err(|fault| fault.about(Some(*path))),
            Node::Has(path) => self.has(*path).map_err(|fault| fault.about(Some(*path))),
            Node::Variable(index) => self.variable(*index),
            Node::Member { of, name, is_asked } => self.member(of, name, *is_asked),
            Node::Element { of, index } => self.element(of, index),
            Node::Not(of) => Ok(Value::Bool(!self.holds(of)?)),
            Node::Negative(of) => Ok(Value::Number(self.number(of)?.negated())),
            Node::Joined { by, parts } => self.joined(*by, parts.iter()),
            Node::Choose(parts) => {
                let [condition, chosen, other] = &**parts;
                if self.holds(condition)? { self.value(chosen) } else { self.value(other) }
            }
            Node::Compare { by, sides } => {
                let [left, right] = self.both(sides)?;
                let compared = compute::compare(*by, &left, &right);
                compared.map(Value::Bool).map_err(|fault| fault.about(subject_of(sides)))
            }
            Node::Compute { by, sides } => {
                let [left, right] = self.both(sides)?;
                let computed = compute::compute(*by, left, right, part.kind);
                let computed = computed.map_err(|fault| fault.about(subject_of(sides)))?;
                self.pay(&computed)?;
                Ok(computed)
            }
            Node::Within { wanted, list } => self.within(wanted, list),
            Node::OfText { test, sides } => self.of_text(*test, sides),
            Node::Matches { text, pattern } => {
                let text = self.text(text)?;
                self.spend(text.len() * 4 / BYTES_OF_STEP)?;
                Ok(Value::Bool(pattern.is_match(&text)))
            }
            Node::Size(of) => self.size(of),
            Node::Convert { to, of } => {
                let value = self.value(of)?;
                compute::convert(*to, value).map_err(|fault| fault.about(subject(of)))
            }
            Node::Quantified { by, list, body } => self.quantified(*by, list, body),
        }
    }

    /// Pays for a value by its size.
    fn pay(&mut self, value: &Value<'_>) -> Result<(), Fault> {
        match value {
            Value::Text(text) => self.spend(text.len() / BYTES_OF_STEP),
            Value::Bool(_) | Value::Number(_) | Value::Inner(_) => Ok(()),
        }
    }

    /// Reads a value of the call, paid by its size before it is read.
    pub(super) fn of(&mut self, datum: Datum<'a>) -> Answer<'a> {
        if let Datum::Json(value, _) = datum
            && matches!(value.kind(), Kind::String | Kind::Number)
        {
            self.spend(value.raw().len() / BYTES_OF_STEP)?;
        }
        Value::of(datum)
    }

    fn find(&mut self, path: u16) -> Result<Datum<'a>, Fault> {
        let index = usize::from(path);
        let kept = self.found.get(index).copied().flatten();
        let found = match (kept, self.expression.paths.get(index)) {
            (Some(found), _) => found,
            (None, Some(path)) => path.find(self.input),
            (None, None) => Found::Unknown,
        };
        if let Some(place) = self.found.get_mut(index) {
            *place = Some(found);
        }
        match found {
            Found::Value(datum) => Ok(datum),
            Found::Missing => Err(Fault::of(Cause::Missing)),
            Found::NotAnObject(_) | Found::NotAList(_) => Err(Fault::of(Cause::WrongType)),
            Found::Ambiguous => Err(Fault::of(Cause::Ambiguous)),
            Found::Unknown => {
                self.met_unknown = true;
                Err(Fault::Unknown)
            }
        }
    }

    fn read(&mut self, path: u16) -> Answer<'a> {
        let datum = self.find(path)?;
        self.of(datum)
    }

    fn has(&mut self, path: u16) -> Answer<'a> {
        match self.find(path) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Fault::Error(Cause::Missing, _)) => Ok(Value::Bool(false)),
            Err(fault) => Err(fault),
        }
    }

    fn variable(&mut self, index: usize) -> Answer<'a> {
        // INVARIANT: a variable stands inside its macro only, which has put its value here.
        let value = self.variables.get(index).cloned().unwrap_or(Err(Fault::of(Cause::Missing)))?;
        self.pay(&value)?;
        Ok(value)
    }

    fn member(&mut self, of: &'a Expr, name: &str, is_asked: bool) -> Answer<'a> {
        let found = match self.value(of) {
            Ok(Value::Inner(datum)) => self.member_of(datum, name),
            Ok(Value::Bool(_) | Value::Number(_) | Value::Text(_)) => Err(Fault::of(Cause::WrongType)),
            Err(fault) => Err(fault),
        };
        match found.map_err(|fault| fault.about(subject(of))) {
            Ok(_) if is_asked => Ok(Value::Bool(true)),
            Ok(datum) => self.of(datum).map_err(|fault| fault.about(subject(of))),
            Err(Fault::Error(Cause::Missing, _)) if is_asked => Ok(Value::Bool(false)),
            Err(fault) => Err(fault),
        }
    }

    fn member_of(&mut self, datum: Datum<'a>, name: &str) -> Result<Datum<'a>, Fault> {
        let (object, numbers) = datum.object().ok_or(Fault::of(Cause::WrongType))?;
        self.spend(object.members().take(MAX_STEPS * MEMBERS_OF_STEP).count() / MEMBERS_OF_STEP)?;
        match member(object, name, |_| false) {
            Ok(Some(value)) if !value.is_null() => Ok(Datum::Json(value, numbers)),
            Ok(_) => Err(Fault::of(Cause::Missing)),
            Err(OtherSpelling) => Err(Fault::of(Cause::Ambiguous)),
        }
    }

    fn element(&mut self, of: &'a Expr, index: &'a Expr) -> Answer<'a> {
        let about = subject(of);
        let list = self.value(of).and_then(Value::list).map_err(|fault| fault.about(about))?;
        let index = compute::index(self.number(index)?)?;
        self.spend(index / MEMBERS_OF_STEP)?;
        match list.all_elements().nth(index) {
            Some(Some(element)) => self.of(element).map_err(|fault| fault.about(about)),
            Some(None) => Err(Fault::Error(Cause::Missing, about)),
            None => Err(Fault::Error(Cause::NoElement, about)),
        }
    }

    fn both(&mut self, sides: &'a [Expr; 2]) -> Result<[Value<'a>; 2], Fault> {
        let [left, right] = sides;
        let left = self.value(left);
        // What is not known on one side leaves open whether the other errs.
        match (left, self.value(right)) {
            (Ok(left), Ok(right)) => Ok([left, right]),
            (Err(left), Err(right)) => Err(left.worse(right)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
        }
    }

    fn number(&mut self, part: &'a Expr) -> Result<json::Decimal, Fault> {
        self.value(part)?.number().map_err(|fault| fault.about(subject(part)))
    }

    fn text(&mut self, part: &'a Expr) -> Result<std::borrow::Cow<'a, str>, Fault> {
        self.value(part)?.text().map_err(|fault| fault.about(subject(part)))
    }

    /// All hold, or any does. A false decides an `and` whatever else stands in the way, a true an `or`.
    fn joined(&mut self, by: Join, parts: impl Iterator<Item = &'a Expr>) -> Answer<'a> {
        let decisive = by == Join::Or;
        let mut answer = Ok(Value::Bool(!decisive));
        for part in parts {
            match self.holds(part) {
                Ok(holds) if holds == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(fault) => answer = Err(fault_after(answer, fault)),
            }
        }
        answer
    }

    fn within(&mut self, wanted: &'a Expr, list: &'a List) -> Answer<'a> {
        let about = subject(wanted);
        let wanted = self.value(wanted)?;
        let mut answer = Ok(Value::Bool(false));
        match list {
            List::Written(elements) => {
                for element in elements {
                    let element = self.value(element);
                    if step(&mut answer, element, &wanted) {
                        return Ok(Value::Bool(true));
                    }
                }
            }
            List::Given(given) => {
                let Value::Inner(datum) = self.value(given)? else {
                    return Err(Fault::Error(Cause::WrongType, subject(given)));
                };
                if datum.kind() == Kind::Object {
                    return self.is_member(datum, wanted).map_err(|fault| fault.about(subject(given)));
                }
                for element in datum.elements() {
                    self.spend(1)?;
                    let element = self.of(element);
                    if step(&mut answer, element, &wanted) {
                        return Ok(Value::Bool(true));
                    }
                }
            }
        }
        answer.map_err(|fault| fault.about(about))
    }

    fn is_member(&mut self, object: Datum<'a>, wanted: Value<'a>) -> Answer<'a> {
        let name = wanted.text()?;
        match self.member_of(object, &name) {
            Ok(_) => Ok(Value::Bool(true)),
            Err(Fault::Error(Cause::Missing, _)) => Ok(Value::Bool(false)),
            Err(fault) => Err(fault),
        }
    }

    fn of_text(&mut self, test: TextTest, sides: &'a [Expr; 2]) -> Answer<'a> {
        let [text, other] = self.both(sides)?;
        let about = |fault: Fault| fault.about(subject_of(sides));
        let (text, other) = (text.text().map_err(about)?, other.text().map_err(about)?);
        self.spend((text.len() + other.len()) / BYTES_OF_STEP)?;
        Ok(Value::Bool(match test {
            TextTest::Starts => text.starts_with(&*other),
            TextTest::Ends => text.ends_with(&*other),
            TextTest::Contains => text.contains(&*other),
        }))
    }

    fn size(&mut self, of: &'a Expr) -> Answer<'a> {
        let value = self.value(of)?;
        let n_units = match value {
            Value::Text(text) => {
                self.spend(text.len() / BYTES_OF_STEP)?;
                text.chars().count()
            }
            Value::Inner(datum) if datum.kind() == Kind::Array => {
                let n_elements = datum.n_elements();
                self.spend(n_elements / MEMBERS_OF_STEP)?;
                n_elements
            }
            Value::Inner(_) | Value::Bool(_) | Value::Number(_) => {
                return Err(Fault::Error(Cause::WrongType, subject(of)));
            }
        };
        Ok(Value::Number(u64::try_from(n_units).unwrap_or(u64::MAX).into()))
    }
}

/// The fault after a further one: the first, unless something is not known.
pub(super) fn fault_after(before: Answer<'_>, fault: Fault) -> Fault {
    match before {
        Ok(_) => fault,
        Err(first) => first.worse(fault),
    }
}

/// Compares one element; whether it is the wanted one.
fn step<'a>(answer: &mut Answer<'a>, element: Answer<'a>, wanted: &Value<'a>) -> bool {
    let is_equal = element.and_then(|element| compute::equal(&element, wanted));
    match is_equal {
        Ok(true) => return true,
        Ok(false) => {}
        Err(fault) => {
            let before = std::mem::replace(answer, Err(fault));
            *answer = Err(fault_after(before, fault));
        }
    }
    false
}

/// The path that a part is about.
pub(super) fn subject(part: &Expr) -> Option<u16> {
    if let Node::Read(path) | Node::Has(path) = &part.node {
        return Some(*path);
    }
    part.node.parts().into_iter().find_map(subject)
}

fn subject_of(sides: &[Expr; 2]) -> Option<u16> {
    sides.iter().find_map(subject)
}
