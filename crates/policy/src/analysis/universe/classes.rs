//! The classes that tools without a definition may have, as far as documents tell them apart.

use crate::class::{Category, Class, Classes, Risk};

/// The classes by which documents select.
#[derive(Default)]
pub(super) struct Selected {
    categories: Vec<Category>,
    risks: Vec<Risk>,
}

impl Selected {
    pub(super) fn add(&mut self, class: Class) {
        match class {
            Class::Category(category) if !self.categories.contains(&category) => {
                self.categories.push(category)
            }
            Class::Risk(risk) if !self.risks.contains(&risk) => self.risks.push(risk),
            Class::Category(_) | Class::Risk(_) => {}
        }
    }

    /// One for each class that may have been accepted: certain of it, or not yet classified.
    pub(super) fn few<T>(&self, make: impl Fn(Classes) -> T) -> Vec<T> {
        let mut all = vec![make(Classes::unknown())];
        all.extend(self.accepted().map(|(category, risk)| make(certain(category, risk))));
        all
    }

    /// The same, and each with one further class that is plausible, and single plausible ones with none accepted.
    pub(super) fn all<T>(&self, make: impl Fn(Classes) -> T) -> Vec<T> {
        let mut all = self.few(&make);
        for (category, risk) in self.accepted() {
            all.push(make(Classes::plausible(vec![category], vec![risk])));
            for further in self.categories.iter().filter(|further| **further != category) {
                let plausible = Classes::plausible(vec![*further], vec![risk]);
                all.push(make(plausible.frozen(category, risk)));
            }
            for further in self.risks.iter().filter(|further| **further != risk) {
                let plausible = Classes::plausible(vec![category], vec![*further]);
                all.push(make(plausible.frozen(category, risk)));
            }
        }
        all
    }

    /// The classes that are told apart: those that a document selects by, and one other.
    fn accepted(&self) -> impl Iterator<Item = (Category, Risk)> {
        let is_any = !self.categories.is_empty() || !self.risks.is_empty();
        let other = Category::ALL.into_iter().find(|category| !self.categories.contains(category));
        let categories: Vec<_> = self.categories.iter().copied().chain(other).filter(|_| is_any).collect();
        let other = Risk::ALL.into_iter().find(|risk| !self.risks.contains(risk));
        let risks: Vec<_> = self.risks.iter().copied().chain(other).collect();
        categories
            .into_iter()
            .flat_map(move |category| risks.clone().into_iter().map(move |risk| (category, risk)))
    }
}

fn certain(category: Category, risk: Risk) -> Classes {
    Classes::plausible(vec![category], vec![risk]).frozen(category, risk)
}
