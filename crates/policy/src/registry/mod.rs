//! Every word of the language in one place: keys, values and operators, built or not yet.
//! The loader, "did you mean" and the manual read these tables; a word that is not here is an error.

mod cel;
mod keys;
mod methods;
mod page;
mod shape;
mod values;

pub(crate) use cel::{CEL_FUNCTIONS, CEL_SIGNS};
pub(crate) use keys::{
    APPROVAL_KEYS, ARGUMENT_KEYS, CALL_KEYS, CASES_KEYS, CHANNEL_KEYS, CONDITION_KEYS, COST_KEYS,
    DOCUMENT_KEYS, ELICITATION_MODES, FLOW_KEYS, HISTORY_KEYS, LIMIT_KEYS, NEEDS_KEYS, PAST_CALL_KEYS,
    PAST_LABEL_KEYS, PREDICATE_KEYS, RATE_LIMIT_KEYS, RULE_KEYS, SERVER_KEYS, TEST_KEYS,
};
pub(crate) use methods::PROTOCOL_METHODS;
pub use page::{Page, pages};
pub use shape::json_schema;
pub(crate) use values::{
    ACTIONS, ALIGNMENTS, APPROVAL_REASONS, CALENDAR_WINDOWS, CHANNEL_ACTIONS, CHANNELS, DEFAULTS,
    EXPECTATIONS, EXPIRY_ACTIONS, FLOW_EXCEPTIONS, LIMIT_KINDS, MODES, NUMBERS, PATH_ROOTS, RELEASES,
    REVEALS, SCHEMA_CHECKS, SCOPES, UNKNOWN_ARGUMENTS, VERSIONS, WINDOWS,
};

/// Whether this version enforces a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Enforced.
    Built,
    /// Part of the language; a document that uses it is refused until it can be enforced.
    NotYetBuilt,
}

/// One word: a key, a value or an operator.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// As it is written.
    pub name: &'static str,
    /// One line for the manual.
    pub doc: &'static str,
    /// Whether this version enforces it.
    pub status: Status,
}

/// The words that one place of a document can hold.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// What messages and the manual call the place.
    pub title: &'static str,
    /// The words, in the order of the manual.
    pub entries: &'static [Entry],
}

impl Table {
    /// The entry of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&'static Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The known word nearest to an unknown one.
    pub(crate) fn nearest(&self, word: &str) -> Option<&'static str> {
        crate::suggest::nearest(word, self.entries.iter().map(|entry| entry.name))
    }

    /// The enforced words as a list for a message: "`allow`, `deny`".
    pub(crate) fn built_names(&self) -> String {
        let built = self.entries.iter().filter(|entry| entry.status == Status::Built);
        built.map(|entry| format!("`{}`", entry.name)).collect::<Vec<_>>().join(", ")
    }
}

/// All tables but the operators', in the order of the manual.
#[must_use]
pub fn tables() -> Vec<Table> {
    vec![
        DOCUMENT_KEYS,
        SERVER_KEYS,
        crate::class::CATEGORIES,
        crate::class::RISKS,
        RULE_KEYS,
        PREDICATE_KEYS,
        CONDITION_KEYS,
        CEL_SIGNS,
        CEL_FUNCTIONS,
        LIMIT_KEYS,
        COST_KEYS,
        RATE_LIMIT_KEYS,
        ARGUMENT_KEYS,
        CHANNEL_KEYS,
        ELICITATION_MODES,
        VERSIONS,
        DEFAULTS,
        ACTIONS,
        CHANNEL_ACTIONS,
        WINDOWS,
        CALENDAR_WINDOWS,
        ALIGNMENTS,
        SCOPES,
        LIMIT_KINDS,
        RELEASES,
        SCHEMA_CHECKS,
        UNKNOWN_ARGUMENTS,
        NUMBERS,
        MODES,
        EXPIRY_ACTIONS,
        REVEALS,
        APPROVAL_KEYS,
        APPROVAL_REASONS,
        FLOW_KEYS,
        NEEDS_KEYS,
        FLOW_EXCEPTIONS,
        TEST_KEYS,
        CALL_KEYS,
        CHANNELS,
        CASES_KEYS,
        HISTORY_KEYS,
        PAST_LABEL_KEYS,
        PAST_CALL_KEYS,
        EXPECTATIONS,
        PATH_ROOTS,
        crate::fact::FACTS,
    ]
}

/// A built word.
const fn built(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::Built }
}

/// A word that loads only once it can be enforced.
const fn not_yet(name: &'static str, doc: &'static str) -> Entry {
    Entry { name, doc, status: Status::NotYetBuilt }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_written_once_and_explained() {
        for table in tables() {
            assert!(!table.entries.is_empty(), "{}", table.title);
            for (index, entry) in table.entries.iter().enumerate() {
                assert!(entry.doc.len() > 3, "{} has no doc line", entry.name);
                let twice = table.entries.iter().skip(index + 1).any(|other| other.name == entry.name);
                assert!(!twice, "{} is twice in {}", entry.name, table.title);
            }
        }
    }
}
