//! The classes that tools without a definition may have, as far as documents tell them apart.

use crate::class::{Category, Class, Classes, Risk};

/// The classes by which documents select.
#[derive(Default)]
pub(super) struct Selected {
    categories: Vec<Category>,
    risks: Vec<Risk>,
    /// Those that a statement asks for, perhaps of one tool.
    asked: Vec<Class>,
}

/// Categories and risks that are plausible besides the accepted ones.
type Further = (Vec<Category>, Vec<Risk>);

/// Classes of a statement of which all combinations are looked at.
const MAX_ASKED: usize = 3;

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

    /// Adds a class that a statement asks for.
    pub(super) fn ask(&mut self, class: Class) {
        self.add(class);
        if !self.asked.contains(&class) {
            self.asked.push(class);
        }
    }

    /// Why some combinations may be absent, if so.
    pub(super) fn gave_up(&self) -> Option<&'static str> {
        (self.asked.len() > MAX_ASKED).then_some("the statement asks for too many classes at once")
    }

    /// One for each class that may have been accepted: certain of it, or not yet classified.
    fn few<T>(&self, make: impl Fn(Classes) -> T) -> Vec<T> {
        let mut all = vec![make(Classes::unknown())];
        all.extend(self.accepted().map(|(category, risk)| make(certain(category, risk))));
        all
    }

    /// The same, and each with further classes that are plausible, and plausible ones with none accepted. A rule
    /// that denies is of one class, and fewer plausible classes restrict less: so one further class shows all that
    /// documents do, and the classes of a statement, in every combination, all that it says.
    pub(super) fn all<T>(&self, make: impl Fn(Classes) -> T) -> Vec<T> {
        let (mut all, further) = (self.few(&make), self.further());
        for (category, risk) in self.accepted() {
            all.push(make(Classes::plausible(vec![category], vec![risk])));
            for (categories, risks) in &further {
                let categories = categories.iter().copied().chain([category]).collect();
                let risks = risks.iter().copied().chain([risk]).collect();
                let plausible = Classes::plausible(categories, risks);
                all.push(make(plausible.frozen(category, risk)));
            }
        }
        all
    }

    /// Each class alone, and each combination of those that are asked for, with and without one more.
    fn further(&self) -> Vec<Further> {
        let categories = self.categories.iter().map(|category| Class::Category(*category));
        let single: Vec<_> = categories.chain(self.risks.iter().map(|risk| Class::Risk(*risk))).collect();
        let mut all: Vec<Further> = single.iter().map(|class| split(&[*class])).collect();
        let asked: Vec<_> = self.asked.iter().copied().take(MAX_ASKED).collect();
        for chosen in 0..1_u32 << asked.len() {
            let is_chosen = |place: &usize| chosen >> place & 1 == 1;
            let together = asked.iter().enumerate().filter(|(place, _)| is_chosen(place));
            let together: Vec<_> = together.map(|(_, class)| *class).collect();
            if together.is_empty() {
                continue;
            }
            all.push(split(&together));
            all.extend(single.iter().map(|one| split(&[together.as_slice(), &[*one]].concat())));
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

fn split(classes: &[Class]) -> Further {
    let (mut categories, mut risks) = (Vec::new(), Vec::new());
    for class in classes {
        match class {
            Class::Category(category) => categories.push(*category),
            Class::Risk(risk) => risks.push(*risk),
        }
    }
    (categories, risks)
}
