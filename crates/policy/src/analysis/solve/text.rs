//! Texts that meet all demands: the operators' languages, and those of the schema's simple keywords.

use super::{Solved, Solver, is_met};
use crate::analysis::ask::scan;
use crate::analysis::store::Node;
use crate::analysis::text::{self, Answer, Demand, Language};
use crate::operator::{Scalar, Test};

impl Solver {
    /// A text.
    pub(super) fn text(&mut self, node: &Node<'_>) -> Solved<String> {
        let demands: Vec<_> =
            node.asks.iter().filter_map(|ask| ask.test()).filter(|(test, _)| reads_texts(test)).collect();
        let also = languages(node);
        let mut key: Vec<_> =
            demands.iter().map(|(test, want)| (std::ptr::from_ref::<Test>(test).addr(), *want)).collect();
        key.sort_unstable();
        key.dedup();
        let is_plain = also.is_empty() && !node.is_opaque();
        let known = if is_plain { self.texts.get(&key).cloned() } else { None };
        let answer = known.unwrap_or_else(|| {
            let demands: Vec<_> =
                demands.iter().map(|(test, want)| Demand { test, want: (*want).into() }).collect();
            let mut accept = |text: &str| is_met(node, &quote(text));
            text::solve(&demands, &also, &mut accept, &mut self.budget)
        });
        if is_plain && !matches!(answer, Answer::GaveUp(_)) {
            self.texts.insert(key, answer.clone());
        }
        match answer {
            Answer::Witness(text) => Solved::Found(quote(&text)),
            Answer::Impossible => Solved::Impossible,
            Answer::GaveUp(why) => Solved::GaveUp(why),
        }
    }
}

/// Whether a test tells texts apart.
fn reads_texts(test: &Test) -> bool {
    match test {
        Test::Equals(Scalar::String(_))
        | Test::Contains(Scalar::String(_))
        | Test::Matches { .. }
        | Test::Affix { .. }
        | Test::HostIn(_)
        | Test::InNetwork(_)
        | Test::Under(_)
        | Test::Length { .. } => true,
        Test::OneOf(set) => set.strings().next().is_some(),
        Test::Equals(Scalar::Number(_) | Scalar::Bool(_))
        | Test::Contains(Scalar::Number(_) | Scalar::Bool(_))
        | Test::Order { .. }
        | Test::Present(_)
        | Test::Types(_)
        | Test::Quantified(_)
        | Test::SameAs(_)
        | Test::Within(_) => false,
    }
}

/// What schemas say of the text, never too little, and what it must not be.
fn languages(node: &Node<'_>) -> Vec<Language> {
    let mut also: Vec<_> = node.schemas.iter().map(|schema| Language::of_schema(*schema)).collect();
    for avoided in &node.avoided {
        let document = scan(avoided);
        if let Some(text) = document.as_ref().and_then(|document| document.root().as_str()) {
            also.push(Language::text(&text).not());
        }
    }
    also
}

/// A text as JSON.
pub(crate) fn quote(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}
