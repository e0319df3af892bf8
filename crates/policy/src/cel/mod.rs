//! Expressions in a subset of CEL, as leaves of conditions: `{ "cel": "args.amount <= 100.0" }`.
//! Compiled once when the document loads, judged with exact numbers and a bound on steps. Never panics, never
//! rounds, and never answers true or false where something that it needs is missing, of the wrong type or ambiguous.

mod compute;
mod function;
mod kind;
mod mistake;
mod name;
mod parse;
mod quantify;
mod run;
mod token;
mod tree;
mod value;

use std::sync::Arc;

pub(crate) use mistake::Mistake;
use run::Run;
use tree::Expr;
pub use value::Cause;
use value::Fault;

use crate::decision::{Operand, OperandOutcome};
use crate::input::Input;
use crate::path::Path;
use crate::reason;
use crate::schema::Schema;
use crate::truth::{Possible, Truth};

/// The operator that explanations name.
pub(crate) const OPERATOR: &str = "cel";
/// Explanations show so much of an expression.
const MAX_SHOWN_CHARS: usize = 80;

/// An expression, ready to judge.
#[derive(Debug)]
pub(crate) struct Expression {
    /// As it was written.
    pub(crate) text: Box<str>,
    shown: Arc<str>,
    root: Expr,
    paths: Vec<Path>,
    repeats: bool,
}

impl Expression {
    /// Compiles a text.
    pub(crate) fn compile(text: &str) -> Result<Self, Vec<Mistake>> {
        let parsed = parse::parse(text)?;
        let mut shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = shown.char_indices().nth(MAX_SHOWN_CHARS) {
            shown.truncate(end);
            shown.push('…');
        }
        Ok(Self {
            text: text.into(),
            shown: shown.into(),
            root: parsed.root,
            paths: parsed.paths,
            repeats: parsed.repeats,
        })
    }

    /// What it answers. An expression has no undefined: what is missing is an error.
    pub(crate) fn judge(&self, input: Input<'_>) -> Truth {
        truth(self.run(input))
    }

    /// The answers that are possible while some of the input is not known. What is not known may be so large that it
    /// takes all steps, so an error stays possible where the answer is decided without it.
    pub(crate) fn possible(&self, input: Input<'_>) -> Possible {
        let mut run = Run::new(self, input);
        let answer = Possible::of(truth(run.holds(&self.root)));
        if run.met_unknown { answer.or_else(Possible::of(Truth::Error)) } else { answer }
    }

    fn run(&self, input: Input<'_>) -> Result<bool, Fault> {
        Run::new(self, input).holds(&self.root)
    }

    /// What it answers, for an explanation.
    pub(crate) fn outcome(&self, input: Input<'_>) -> OperandOutcome {
        let found = match self.run(input) {
            Ok(_) => Operand::Computed,
            Err(Fault::Unknown) => Operand::Unknown,
            Err(Fault::Error(cause, _)) => Operand::NotComputed(cause),
        };
        OperandOutcome { path: Arc::clone(&self.shown), operator: OPERATOR, found, truth: self.judge(input) }
    }

    /// What it reads of a call.
    pub(crate) fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Why it cannot be judged, for the agent.
    pub(crate) fn error_text(&self, input: Input<'_>, names: Option<&Schema>) -> Option<String> {
        let Err(Fault::Error(cause, path)) = self.run(input) else { return None };
        let path = path.and_then(|index| self.paths.get(usize::from(index)));
        let subject = path.map_or_else(|| "a value".to_owned(), |path| reason::argument(path, names));
        Some(match cause {
            Cause::Missing | Cause::NoElement => format!("{subject} is required, or a part of it is"),
            Cause::Ambiguous => {
                format!(
                    "{subject} is given under a name that can be read in two ways, because of its dots or its case"
                )
            }
            Cause::WrongType => format!("{subject} has a type that the policy does not read"),
            Cause::Inexact => format!("{subject} must be a number that a double holds exactly"),
            Cause::Arithmetic => format!("{subject} leads to a number that is not exact"),
            Cause::TooManySteps => "the arguments are too large to be judged".to_owned(),
        })
    }
}

fn truth(answer: Result<bool, Fault>) -> Truth {
    match answer {
        Ok(holds) => Truth::from_bool(holds),
        Err(Fault::Unknown) => Truth::Unknown,
        Err(Fault::Error(..)) => Truth::Error,
    }
}

#[cfg(test)]
mod tests;
