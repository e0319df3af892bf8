//! One comparison in Cedar. In Cedar `==` on another type is false and so its opposite true; here another type is an
//! error, so each opposite stands beside something that Cedar cannot evaluate on another type.

use json::Decimal;

use super::Unsaid;
use super::pattern::{self, quoted};
use crate::condition::Comparison;
use crate::operator::{End, Relation, Scalar, Sense, Test};
use crate::path::{Path, Source};

/// Between these every whole number is one that a double holds, so that rules read it.
const EXACT: &str = "9007199254740992";

/// What holds where the comparison is what is wanted, true or false.
pub(super) fn holds(comparison: &Comparison, sense: Sense, want: bool) -> Result<String, Unsaid> {
    let check = &comparison.check;
    let wanted = want != check.negated;
    let unsaid = |why: &str| Unsaid {
        pointer: comparison.pointer.clone(),
        offset: comparison.value_offset,
        why: format!("`{}` on `{}`: {why}", comparison.operator, comparison.path.text()),
    };
    let Some(place) = Place::of(&comparison.path) else {
        return Err(unsaid("only plain arguments can be read"));
    };
    if let Test::Present(present) = &check.test {
        return Ok(place.guarded(if wanted == *present { place.is_there() } else { place.is_missing() }));
    }
    let Some(test) = test(&check.test, &place.value, wanted) else {
        return Err(unsaid("has no equivalent in Cedar"));
    };
    let passes_missing = sense == Sense::DenyIf && !wanted;
    Ok(place.guarded(if passes_missing {
        format!("({} || {test})", place.is_missing())
    } else {
        format!("({} && {test})", place.is_there())
    }))
}

/// An argument in Cedar.
struct Place {
    value: String,
    /// That each step is there.
    steps: Vec<String>,
    /// The argument of the whole name with its dots, which nobody may bring.
    dotted: Option<String>,
}

impl Place {
    fn of(path: &Path) -> Option<Self> {
        if path.source() != Source::Args || path.has_elements() {
            return None;
        }
        let (mut value, mut steps) = ("context.args".to_owned(), Vec::new());
        for name in path.names() {
            let name = quoted(name);
            steps.push(format!("{value} has {name}"));
            value = format!("{value}[{name}]");
        }
        let dotted = path.dotted.as_deref().map(quoted);
        Some(Self { value, steps, dotted })
    }

    fn is_there(&self) -> String {
        self.steps.join(" && ")
    }

    fn is_missing(&self) -> String {
        format!("!({})", self.is_there())
    }

    fn guarded(&self, test: String) -> String {
        match &self.dotted {
            Some(dotted) => format!("(!(context.args has {dotted}) && {test})"),
            None => test,
        }
    }
}

/// That the value is one that the test answers with true, or false; nothing where Cedar cannot say it.
fn test(test: &Test, value: &str, wanted: bool) -> Option<String> {
    let like = |like: String| if wanted { like } else { format!("!({like})") };
    match test {
        Test::Equals(scalar) => equals(scalar, value, wanted),
        Test::OneOf(set) => {
            let texts: Vec<String> = set.strings().map(quoted).collect();
            if !set.numbers().is_empty() || !set.booleans().is_empty() {
                return None;
            }
            let held = format!("[{}].contains({value})", texts.join(", "));
            Some(if wanted { held } else { format!("({value} like \"*\" && !{held})") })
        }
        Test::Order { relation, bound } => order(*relation, long(bound)?, value, wanted),
        Test::Matches { pattern, is_glob, .. } => {
            let form = if *is_glob { pattern::of_glob(pattern) } else { pattern::of_regex(pattern) };
            Some(like(format!("{value} like \"{}\"", form?)))
        }
        Test::Affix { end, wanted: text } => {
            let text = pattern::literal(text);
            Some(like(match end {
                End::Start => format!("{value} like \"{text}*\""),
                End::End => format!("{value} like \"*{text}\""),
            }))
        }
        // A list of texts is one that Cedar cannot evaluate here, and so denied.
        Test::Contains(Scalar::String(text)) => {
            Some(like(format!("{value} like \"*{}*\"", pattern::literal(text))))
        }
        Test::Contains(Scalar::Number(_) | Scalar::Bool(_))
        | Test::Present(_)
        | Test::HostIn(_)
        | Test::InNetwork(_)
        | Test::Under(_)
        | Test::Length { .. }
        | Test::Types(_)
        | Test::Quantified(_)
        | Test::SameAs(_)
        | Test::Within(_) => None,
    }
}

fn equals(scalar: &Scalar, value: &str, wanted: bool) -> Option<String> {
    Some(match (scalar, wanted) {
        (Scalar::String(text), true) => format!("{value} == {}", quoted(text)),
        (Scalar::String(text), false) => format!("({value} like \"*\" && {value} != {})", quoted(text)),
        (Scalar::Bool(boolean), _) => format!("{value} == {}", *boolean == wanted),
        (Scalar::Number(number), true) => format!("{value} == {}", long(number)?),
        (Scalar::Number(number), false) => {
            format!("({value} >= -{EXACT} && {value} <= {EXACT} && {value} != {})", long(number)?)
        }
    })
}

fn order(relation: Relation, bound: i64, value: &str, wanted: bool) -> Option<String> {
    let sign = match (relation, wanted) {
        (Relation::Less, true) | (Relation::GreaterOrEqual, false) => "<",
        (Relation::LessOrEqual, true) | (Relation::Greater, false) => "<=",
        (Relation::Greater, true) | (Relation::LessOrEqual, false) => ">",
        (Relation::GreaterOrEqual, true) | (Relation::Less, false) => ">=",
    };
    Some(format!("({value} {sign} {bound} && {value} >= -{EXACT} && {value} <= {EXACT})"))
}

/// The number, where Cedar has it.
fn long(number: &Decimal) -> Option<i64> {
    let long: i64 = number.to_string().parse().ok()?;
    // INVARIANT: a number of a document is one that a double holds, and the smallest of Cedar cannot be written in it.
    (long != i64::MIN).then_some(long)
}
