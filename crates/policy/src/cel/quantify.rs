//! `all`, `exists` and `exists_one`: what is asked of the elements of a list.
//! An element that decides ends the list; one that cannot be judged does not, as long as another may decide.

use super::run::{Run, fault_after, subject};
use super::tree::{Expr, List, Macro};
use super::value::{Answer, Cause, Fault, Value};

/// What a macro has heard so far.
struct Asked<'a> {
    by: Macro,
    n_true: usize,
    answer: Answer<'a>,
}

impl<'a> Run<'a> {
    pub(super) fn quantified(&mut self, by: Macro, list: &'a List, body: &'a Expr) -> Answer<'a> {
        let mut asked = Asked { by, n_true: 0, answer: Ok(Value::Bool(by == Macro::All)) };
        match list {
            List::Written(elements) => {
                for element in elements {
                    let element = self.value(element);
                    if self.ask(&mut asked, element, body) {
                        break;
                    }
                }
            }
            List::Given(given) => {
                let list = self.value(given).and_then(Value::list);
                for element in list.map_err(|fault| fault.about(subject(given)))?.all_elements() {
                    let element = element.map_or(Err(Fault::of(Cause::Missing)), |element| self.of(element));
                    let element = element.map_err(|fault| fault.about(subject(given)));
                    if self.ask(&mut asked, element, body) {
                        break;
                    }
                }
            }
        }
        if by == Macro::ExistsOne {
            asked.answer.map(|_| Value::Bool(asked.n_true == 1))
        } else {
            asked.answer
        }
    }

    /// Asks the body of one element; whether the answer is final.
    fn ask(&mut self, asked: &mut Asked<'a>, element: Answer<'a>, body: &'a Expr) -> bool {
        self.variables.push(element);
        let held = self.holds(body);
        self.variables.pop();
        match held {
            Ok(holds) => {
                asked.n_true += usize::from(holds);
                let decisive = match asked.by {
                    Macro::All => !holds,
                    Macro::Exists => holds,
                    Macro::ExistsOne => false,
                };
                if decisive {
                    asked.answer = Ok(Value::Bool(holds));
                }
                decisive
            }
            Err(fault) => {
                let before = std::mem::replace(&mut asked.answer, Err(fault));
                asked.answer = Err(fault_after(before, fault));
                self.is_over()
            }
        }
    }
}
