//! `each` and `some`: a comparison with every element of a list, or with any.
//! A list that is missing is judged like one missing element, so that no rule is passed by leaving the list out.

use json::Value;

use super::{BadValue, Check, Operator, Sense, Test, find, kind_name};
use crate::diagnostic::code;
use crate::input::Input;
use crate::path::{Found, Path};
use crate::truth::Truth;

pub(super) const EACH: Operator = Operator {
    name: "each",
    doc: "The comparison holds for every element; for an empty list it does.",
    value: "an object with `op` and `value`",
    errors: "the argument is no list, or the comparison is an error for an element and false for none",
    negated: false,
    prepare: |value| prepare(value, Quantifier::Each),
};

pub(super) const SOME: Operator = Operator {
    name: "some",
    doc: "The comparison holds for at least one element; for an empty list it does not.",
    value: "an object with `op` and `value`",
    errors: "the argument is no list, or the comparison is an error for an element and true for none",
    negated: false,
    prepare: |value| prepare(value, Quantifier::Some),
};

/// Every element, or any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Each,
    Some,
}

/// A comparison with the elements of a list.
#[derive(Debug)]
pub(crate) struct Quantified {
    quantifier: Quantifier,
    pub(crate) check: Box<Check>,
}

fn prepare(value: Value<'_>, quantifier: Quantifier) -> Result<Test, BadValue> {
    let bad = |code, message: String| BadValue { code, message, element: None };
    if !value.is_object() {
        let message =
            format!("`value` must be an object with `op` and `value`, not {}", kind_name(value.kind()));
        return Err(bad(code::WRONG_TYPE, message));
    }
    if let Some(member) = value.members().find(|member| !matches!(&*member.key.as_cow(), "op" | "value")) {
        let message = format!("unknown key `{}`; there are `op` and `value`", member.key.as_cow());
        return Err(bad(code::UNKNOWN_KEY, message));
    }
    let (Some(op), Some(inner)) = (value.get("op"), value.get("value")) else {
        return Err(bad(code::MISSING_KEY, "`value` needs both `op` and `value`".to_owned()));
    };
    let name = op.as_str().unwrap_or_default();
    let Some(operator) = find(&name) else {
        return Err(bad(code::UNKNOWN_VALUE, format!("unknown operator `{name}` for the elements")));
    };
    if [EACH.name, SOME.name].contains(&operator.name) {
        let message =
            "elements of elements are written in the path, as in `args.rows[*].cells[*]`".to_owned();
        return Err(bad(code::CONFLICT, message));
    }
    let test = (operator.prepare)(inner).map_err(|bad| BadValue { element: None, ..bad })?;
    let check = Box::new(Check { test, negated: operator.negated });
    Ok(Test::Quantified(Quantified { quantifier, check }))
}

impl Quantified {
    /// Whether one element is enough.
    pub(crate) fn is_some(&self) -> bool {
        self.quantifier == Quantifier::Some
    }

    /// The answer over all that the path leads to.
    pub(crate) fn judge(&self, path: &Path, input: Input<'_>, sense: Sense) -> Truth {
        let (mut answer, combine): (_, fn(Truth, Truth) -> Truth) = match self.quantifier {
            Quantifier::Each => (Truth::True, Truth::and),
            Quantifier::Some => (Truth::False, Truth::or),
        };
        path.visit(input, &mut |found: Found<'_>| {
            answer = combine(answer, self.check.judge(found, input, sense));
        });
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::refuses;
    use super::*;
    use crate::input::Known;
    use crate::operator::testing::document;
    use crate::truth::Truth::{Error, False, True, Undefined};

    fn check(operator: &Operator, path: &str, value: &str, arguments: &str, expected: [Truth; 2]) {
        let (value, document) = (document(value), document(arguments));
        let Ok(Test::Quantified(quantified)) = (operator.prepare)(value.root()) else { panic!("{path}") };
        let path = Path::parse(path).unwrap().with_elements();
        let input = Input::of(Known::undeclared(document.root()));
        let answers = [Sense::Require, Sense::DenyIf].map(|sense| quantified.judge(&path, input, sense));
        assert_eq!(answers, expected, "{} {arguments}", path.text());
    }

    #[test]
    fn elements_of_a_list() {
        let cheap = r#"{"op": "lte", "value": 10}"#;
        let path = "args.items[*].price";
        let items = |prices: &str| format!(r#"{{"items": [{prices}]}}"#);
        check(&EACH, path, cheap, &items(r#"{"price": 1}, {"price": 10}"#), [True, True]);
        check(&EACH, path, cheap, &items(r#"{"price": 1}, {"price": 11}"#), [False, False]);
        check(&EACH, path, cheap, &items(r#"{"price": "x"}, {"price": 11}"#), [False, False]);
        check(&EACH, path, cheap, &items(r#"{"price": "x"}, {"price": 1}"#), [Error, Error]);
        check(&EACH, path, cheap, &items(r#"{}, {"price": 1}"#), [Undefined, False]);
        check(&EACH, path, cheap, &items("null"), [Undefined, False]);
        check(&EACH, path, cheap, &items("7"), [Error, Error]);
        check(&EACH, path, cheap, &items(""), [True, True]);
        check(&EACH, path, cheap, "{}", [Undefined, False]);
        check(&EACH, path, cheap, r#"{"items": {"price": 1}}"#, [Error, Error]);
        check(&SOME, path, cheap, &items(r#"{"price": 11}, {"price": 1}"#), [True, True]);
        check(&SOME, path, cheap, &items(r#"{"price": 11}, {}"#), [Undefined, False]);
        check(&SOME, path, cheap, &items(r#"{"price": "x"}, {"price": 1}"#), [True, True]);
        check(&SOME, path, cheap, &items(""), [False, False]);
        check(&SOME, path, cheap, "{}", [Undefined, False]);
    }

    #[test]
    fn a_path_without_brackets_leads_to_the_list_itself() {
        let text = r#"{"op": "neq", "value": "x"}"#;
        check(&EACH, "args.tags", text, r#"{"tags": ["a", "b"]}"#, [True, True]);
        check(&EACH, "args.tags", text, r#"{"tags": ["a", "x"]}"#, [False, False]);
        check(&SOME, "args.tags", text, "{}", [Undefined, True]);
        check(&EACH, "args.tags", text, r#"{"tags": "a"}"#, [Error, Error]);
        let long = r#"{"op": "len_gte", "value": 2}"#;
        check(
            &SOME,
            "args.rows[*].cells[*]",
            long,
            r#"{"rows": [{"cells": ["a"]}, {"cells": ["ab"]}]}"#,
            [True, True],
        );
        check(&EACH, "args.rows[*][*]", long, r#"{"rows": [["ab"], [], ["abc"]]}"#, [True, True]);
    }

    #[test]
    fn bad_values() {
        refuses(&EACH, "5", "an object with `op`");
        refuses(&EACH, r#"{"op": "eq"}"#, "needs both");
        refuses(&EACH, r#"{"op": "eqq", "value": 1}"#, "unknown operator `eqq`");
        refuses(&SOME, r#"{"op": "each", "value": {"op": "eq", "value": 1}}"#, "in the path");
        refuses(&SOME, r#"{"op": "eq", "value": 1, "path": "args.a"}"#, "unknown key `path`");
        refuses(&SOME, r#"{"op": "lt", "value": "x"}"#, "must be a number");
    }
}
