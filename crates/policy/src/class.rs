//! What kind of thing a tool does, and how bad it can be: categories and risks, as far as they are known.
//! What is not known matches every restriction and no allow.

use crate::registry::{Entry, Status, Table};

/// What a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// Reads.
    Read,
    /// Creates or changes.
    Write,
    /// Runs code or commands.
    Execute,
    /// Deletes or overwrites what cannot be had back.
    Destructive,
    /// Moves money or spends it.
    Financial,
}

/// How much harm a wrong call can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Risk {
    /// Hardly any.
    Low,
    /// Some that can be undone.
    Medium,
    /// Much, or some that cannot be undone.
    High,
    /// Much that cannot be undone.
    Critical,
}

/// The keys of `categories`.
pub(crate) const CATEGORIES: Table = Table { title: "`categories`", entries: CATEGORY };
const CATEGORY: &[Entry] = &[
    word("read", "Reads."),
    word("write", "Creates or changes."),
    word("execute", "Runs code or commands."),
    word("destructive", "Deletes or overwrites what cannot be had back."),
    word("financial", "Moves money or spends it."),
];

/// The keys of `risk`.
pub(crate) const RISKS: Table = Table { title: "`risk`", entries: RISK };
const RISK: &[Entry] = &[
    word("low", "Hardly any harm."),
    word("medium", "Some harm that can be undone."),
    word("high", "Much harm, or some that cannot be undone."),
    word("critical", "Much harm that cannot be undone."),
];

const fn word(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::Built }
}

impl Category {
    /// All, in the order of the manual.
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Execute, Self::Destructive, Self::Financial];

    /// Its key in a document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
            Self::Destructive => "destructive",
            Self::Financial => "financial",
        }
    }
}

impl Risk {
    /// All, from the smallest.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Its key in a document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The classes of one tool. Restrictions of every plausible class apply; only the class that was frozen when the tool
/// was accepted can open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    plausible_categories: Vec<Category>,
    plausible_risks: Vec<Risk>,
    frozen: Option<(Category, Risk)>,
}

impl Default for Classes {
    fn default() -> Self {
        Self::unknown()
    }
}

impl Classes {
    /// Of a tool that nobody has classified: everything is plausible, nothing is frozen.
    #[must_use]
    pub fn unknown() -> Self {
        Self {
            plausible_categories: Category::ALL.to_vec(),
            plausible_risks: Risk::ALL.to_vec(),
            frozen: None,
        }
    }

    /// Of a tool that may be any of these. A list without an entry is like one with all.
    #[must_use]
    pub fn plausible(categories: Vec<Category>, risks: Vec<Risk>) -> Self {
        let unknown = Self::unknown();
        Self {
            plausible_categories: if categories.is_empty() {
                unknown.plausible_categories
            } else {
                categories
            },
            plausible_risks: if risks.is_empty() { unknown.plausible_risks } else { risks },
            frozen: None,
        }
    }

    /// The same, with the class that was accepted with the tool's definition, which is plausible too.
    #[must_use]
    pub fn frozen(mut self, category: Category, risk: Risk) -> Self {
        if !self.plausible_categories.contains(&category) {
            self.plausible_categories.push(category);
        }
        if !self.plausible_risks.contains(&risk) {
            self.plausible_risks.push(risk);
        }
        self.frozen = Some((category, risk));
        self
    }

    pub(crate) fn may_be(&self, class: Class) -> bool {
        match class {
            Class::Category(category) => self.plausible_categories.contains(&category),
            Class::Risk(risk) => self.plausible_risks.contains(&risk),
        }
    }

    pub(crate) fn is(&self, class: Class) -> bool {
        match class {
            Class::Category(category) => self.frozen.is_some_and(|(frozen, _)| frozen == category),
            Class::Risk(risk) => self.frozen.is_some_and(|(_, frozen)| frozen == risk),
        }
    }
}

/// What a part of a document selects by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Category(Category),
    Risk(Risk),
}

impl Class {
    /// The key under which it stands, and its own.
    pub(crate) const fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Category(category) => ("categories", category.as_str()),
            Self::Risk(risk) => ("risk", risk.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_everything_and_allows_nothing() {
        let unknown = Classes::plausible(Vec::new(), Vec::new());
        for class in Category::ALL.map(Class::Category) {
            assert!(unknown.may_be(class) && !unknown.is(class));
        }
        let frozen =
            Classes::plausible(vec![Category::Write], vec![Risk::High]).frozen(Category::Read, Risk::Low);
        assert!(frozen.is(Class::Category(Category::Read)) && !frozen.is(Class::Category(Category::Write)));
        assert!(frozen.may_be(Class::Category(Category::Write)) && frozen.may_be(Class::Risk(Risk::Low)));
        assert!(!frozen.may_be(Class::Risk(Risk::Critical)));
    }

    #[test]
    fn the_words_are_in_their_tables() {
        assert!(CATEGORY.iter().map(|entry| entry.name).eq(Category::ALL.map(Category::as_str)));
        assert!(RISK.iter().map(|entry| entry.name).eq(Risk::ALL.map(Risk::as_str)));
    }
}
