//! The values of arguments that a limit counts apart. A call without one of them is denied: it would count nowhere.

use std::sync::Arc;

use json::Kind;

use crate::canonical;
use crate::decision::{Denial, Operand, OperandOutcome};
use crate::input::Input;
use crate::operator::kind_name;
use crate::path::{Found, Path};
use crate::policy::Limit;
use crate::reason::{self, CORRECT, advise};
use crate::schema::Schema;
use crate::truth::Truth;

impl Limit {
    /// Whether every call adds the same to the same counter of its grant and tool.
    pub(crate) fn is_fixed(&self) -> bool {
        self.cost.is_fixed() && self.keyed_by.is_empty()
    }

    /// The values of a call, as canonical JSON, or why they cannot be read; nothing where the scope has no arguments.
    pub(crate) fn values(
        &self,
        input: Input<'_>,
        names: Option<&Schema>,
    ) -> Result<Option<Arc<str>>, Box<Denial>> {
        if self.keyed_by.is_empty() {
            return Ok(None);
        }
        let mut text = Vec::with_capacity(64);
        for path in &self.keyed_by {
            text.push(if text.is_empty() { b'[' } else { b',' });
            let found = path.find(input);
            let is_read =
                if let Found::Value(value) = found { canonical::push(&mut text, value) } else { false };
            if !is_read {
                return Err(Box::new(self.value_denial(path, found, names)));
            }
        }
        text.push(b']');
        Ok(Some(Arc::from(String::from_utf8_lossy(&text))))
    }

    #[cold]
    fn value_denial(&self, path: &Path, found: Found<'_>, names: Option<&Schema>) -> Denial {
        let subject = reason::argument(path, names);
        let text = match Operand::of(found) {
            Operand::Missing | Operand::Unknown | Operand::Computed | Operand::NotComputed(_) => {
                format!("{subject} is required, because each value of it is counted apart")
            }
            Operand::Value(Kind::Number) => format!("{subject} must be a number that a double holds exactly"),
            Operand::Value(kind) => {
                format!("{subject} must be a string, a number or a boolean, not {}", kind_name(kind))
            }
            Operand::NotAnObject(kind) | Operand::NotAList(kind) => {
                format!("{subject} cannot be read, because it is inside {}", kind_name(kind))
            }
            Operand::Ambiguous => {
                format!(
                    "{subject} is given under a name that can be read in two ways, because of its dots or its case"
                )
            }
        };
        let truth = if matches!(found, Found::Missing) { Truth::Undefined } else { Truth::Error };
        let (path, found) = (Arc::clone(path.text()), Operand::of(found));
        Denial {
            operands: vec![OperandOutcome { path, operator: "scope", found, truth }],
            ..self.spec.denied(advise(&text, CORRECT))
        }
    }
}
