//! One name of each sort: for every combination of the patterns that documents write, a name that exactly these cover.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::ask::{Ask, Asked};
use crate::analysis::solve::quote;
use crate::analysis::text::{self, Answer, Budget, Demand, Language};
use crate::analysis::want::Want;
use crate::channel::Pattern;
use crate::datum::Numbers;
use crate::operator::{Check, Sense};

/// Sorts that are told apart; documents of real deployments have a few dozen.
const MAX_SORTS: usize = 512;
/// What tells names apart.
#[derive(Clone, Copy)]
pub(crate) enum Sort<'p> {
    /// A pattern of a selector.
    Pattern(&'p Pattern),
    /// A comparison with the name.
    Check(&'p Check),
}

/// Names, one of each sort, and what each stands for.
#[derive(Default)]
pub(crate) struct Sorts {
    pub(crate) names: Vec<(String, String)>,
    /// Why some sorts may be absent, if so.
    pub(crate) gave_up: Option<&'static str>,
}

struct Splitting<'s, 'p> {
    sorts: &'s [Sort<'p>],
    written: &'s BTreeSet<String>,
    budget: Budget,
    found: Sorts,
}

impl Sorts {
    /// Of all names but those that are written out. `some` are names that nobody chose for anything.
    pub(crate) fn of(sorts: &[Sort<'_>], written: &BTreeSet<String>, some: &[&str]) -> Self {
        let unique: BTreeMap<String, Sort<'_>> = sorts.iter().map(|sort| (sort.key(), *sort)).collect();
        let sorts: Vec<_> = unique.into_values().collect();
        let mut splitting =
            Splitting { sorts: &sorts, written, budget: Budget::default(), found: Self::default() };
        let fresh =
            some.iter().find(|name| !written.contains(**name)).copied().unwrap_or("name_of_no_document");
        splitting.split(&mut Vec::new(), fresh.to_owned());
        splitting.found
    }
}

impl Splitting<'_, '_> {
    /// Goes through all combinations that begin so. `name` is one of the first.
    fn split(&mut self, chosen: &mut Vec<bool>, name: String) {
        if self.found.names.len() >= MAX_SORTS {
            self.found.gave_up = Some("there are too many sorts of names; some were not looked at");
            return;
        }
        let Some(sort) = self.sorts.get(chosen.len()) else {
            let what = self.what(chosen);
            self.found.names.push((name, what));
            return;
        };
        let own = sort.holds(&name);
        chosen.push(!own);
        let other = self.example(chosen);
        chosen.pop();
        chosen.push(own);
        self.split(chosen, name);
        chosen.pop();
        match other {
            Answer::Witness(other) => {
                chosen.push(!own);
                self.split(chosen, other);
                chosen.pop();
            }
            Answer::Impossible => {}
            Answer::GaveUp(_) => {
                self.found.gave_up = Some("some sorts of names could not be told apart within the budget");
            }
        }
    }

    /// A name of this combination that no document writes out.
    fn example(&mut self, chosen: &[bool]) -> Answer {
        let (mut languages, mut demands) = (Vec::new(), Vec::new());
        for (sort, is_in) in self.sorts.iter().zip(chosen) {
            match sort {
                Sort::Pattern(pattern) => {
                    let language = Language::named(&pattern.text);
                    languages.push(if *is_in { language } else { language.not() });
                }
                Sort::Check(check) => {
                    let want = if *is_in { Want::True } else { Want::NotTrue };
                    let want = if check.negated { want.negated() } else { want };
                    demands.push(Demand { test: &check.test, want: want.into() });
                }
            }
        }
        languages.push(Language::texts(self.written.iter().map(String::as_str)).not());
        let mut accept = |name: &str| {
            let is_name = !name.is_empty() && !name.contains(char::is_control);
            is_name && !self.written.contains(name)
        };
        text::solve(&demands, &languages, &mut accept, &mut self.budget)
    }

    fn what(&self, chosen: &[bool]) -> String {
        let patterns = self.sorts.iter().zip(chosen).filter(|(_, is_in)| **is_in);
        let patterns: Vec<_> = patterns
            .filter_map(|(sort, _)| match sort {
                Sort::Pattern(pattern) => Some(format!("`{}`", pattern.text)),
                Sort::Check(_) => None,
            })
            .collect();
        if patterns.is_empty() {
            return "any tool that no document names".to_owned();
        }
        format!("any tool that no document names and that {} covers", patterns.join(" and "))
    }
}

impl Sort<'_> {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.matches_name(name),
            Self::Check(check) => {
                let asked = Asked::Check(check);
                let ask = Ask { asked, sense: Sense::Require, numbers: Numbers::Double, want: Want::True };
                ask.judge_text(&quote(name)).is_some_and(|truth| Want::True.met(truth))
            }
        }
    }

    fn key(&self) -> String {
        match self {
            Self::Pattern(pattern) => pattern.text.to_string(),
            Self::Check(check) => format!("{check:?}"),
        }
    }
}
