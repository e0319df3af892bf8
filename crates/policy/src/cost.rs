//! What a call adds to a limit: one, a fixed cost, or what its arguments say.
//! What cannot be counted exactly, or is negative, denies.

use std::sync::Arc;

use json::{Decimal, Kind};

use crate::datum::Datum;
use crate::decision::{Denial, DenialKind, Operand, OperandOutcome};
use crate::input::Input;
use crate::limit::LimitSpec;
use crate::operator::{kind_name, length};
use crate::path::{Found, Path};
use crate::policy::Limit;
use crate::reason::{self, CORRECT, advise};
use crate::schema::Schema;
use crate::terms::Reveal;
use crate::truth::Truth;

/// What is counted.
#[derive(Debug)]
pub(crate) enum Cost {
    /// Each call as one.
    Calls,
    /// Each call as so much.
    Fixed(Decimal),
    /// A number, or the sum of those in a list.
    Sum(Path),
    /// The length of a text or list, or the sum of those in a list.
    Length(Path),
}

impl Cost {
    /// Whether it is the same for every call.
    pub(crate) const fn is_fixed(&self) -> bool {
        match self {
            Self::Calls | Self::Fixed(_) => true,
            Self::Sum(_) | Self::Length(_) => false,
        }
    }

    /// Where it reads, if it does.
    pub(crate) const fn path(&self) -> Option<&Path> {
        match self {
            Self::Calls | Self::Fixed(_) => None,
            Self::Sum(path) | Self::Length(path) => Some(path),
        }
    }

    /// The unit of the counter.
    pub(crate) fn unit(&self) -> Arc<str> {
        match self {
            Self::Calls => Arc::from(LimitSpec::CALLS),
            Self::Fixed(_) => Arc::from("cost"),
            Self::Sum(path) => Arc::clone(path.text()),
            Self::Length(path) => Arc::from(format!("length of {}", path.text())),
        }
    }

    /// The key that states it.
    const fn key(&self) -> &'static str {
        match self {
            Self::Calls | Self::Sum(_) => "increment_from",
            Self::Fixed(_) | Self::Length(_) => "cost",
        }
    }

    /// What one value adds.
    fn of(&self, value: Datum<'_>) -> Option<Decimal> {
        match self {
            Self::Sum(_) => value.number().filter(|amount| !amount.is_negative()),
            Self::Length(_) => length::of(value).and_then(|length| Decimal::parse(&length.to_string()).ok()),
            Self::Calls | Self::Fixed(_) => None,
        }
    }
}

impl Limit {
    /// What a call adds, or why that cannot be counted.
    pub(crate) fn amount(&self, input: Input<'_>, names: Option<&Schema>) -> Result<Decimal, Box<Denial>> {
        let path = match &self.cost {
            Cost::Calls => return Ok(Decimal::ONE),
            Cost::Fixed(amount) => return Ok(*amount),
            Cost::Sum(path) | Cost::Length(path) => path,
        };
        let mut total = Ok(Decimal::ZERO);
        path.visit(input, &mut |found: Found<'_>| {
            if let Ok(sum) = total {
                let amount = if let Found::Value(value) = found { self.cost.of(value) } else { None };
                total = amount.and_then(|amount| sum.checked_add(&amount)).ok_or(found);
            }
        });
        total.map_err(|found| Box::new(self.amount_denial(path, found, names)))
    }

    #[cold]
    fn amount_denial(&self, path: &Path, found: Found<'_>, names: Option<&Schema>) -> Denial {
        let subject = reason::argument(path, names);
        let text = match Operand::of(found) {
            Operand::Missing | Operand::Unknown | Operand::Computed | Operand::NotComputed(_) => {
                format!("{subject} is required, because it is counted")
            }
            Operand::Value(kind) if matches!(self.cost, Cost::Length(_)) => {
                format!("{subject} must be a string or an array, not {}", kind_name(kind))
            }
            Operand::Value(Kind::Number) => {
                format!("{subject} must be a number of at least 0 that a double holds exactly")
            }
            Operand::Value(kind) => {
                format!("{subject} must be a number of at least 0, not {}", kind_name(kind))
            }
            Operand::NotAnObject(kind) => {
                format!("{subject} cannot be read, because it is inside {}", kind_name(kind))
            }
            Operand::NotAList(kind) => format!("{subject} must be inside an array, not {}", kind_name(kind)),
            Operand::Ambiguous => {
                format!(
                    "{subject} is given under a name that can be read in two ways, because of its dots or its case"
                )
            }
        };
        let truth = if matches!(found, Found::Missing) { Truth::Undefined } else { Truth::Error };
        let outcome = OperandOutcome {
            path: Arc::clone(path.text()),
            operator: self.cost.key(),
            found: Operand::of(found),
            truth,
        };
        Denial {
            rule: self.spec.rule.clone(),
            pointer: self.spec.pointer.clone(),
            policy: Some(Arc::clone(&self.spec.policy)),
            kind: DenialKind::Limit,
            reason: Some(Arc::from(advise(&text, CORRECT))),
            operands: vec![outcome],
            reveal: Reveal::default(),
        }
    }
}
