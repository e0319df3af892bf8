//! The policies of the folder, each loaded so that its own problems are reported with all others.
//! What does not load refuses the whole set; a policy is never taken in part.

use std::collections::BTreeMap;

use gateway::declared::PolicyText;

use super::problem::{Problem, Severity};
use super::snapshot::PolicyFile;

/// Loads every policy and keeps the texts of those that load.
#[must_use]
pub fn read(files: &[PolicyFile]) -> (BTreeMap<String, PolicyText>, Vec<Problem>) {
    let mut texts = BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        let found = match policy::load_as(file.format, &file.name, file.bytes.clone()) {
            Ok(policy) => policy.warnings().to_vec(),
            Err(diagnostics) => diagnostics,
        };
        problems.extend(found.iter().map(|diagnostic| problem(file, diagnostic)));
        // A text that is not UTF-8 does not load, so nothing is left out silently here.
        if let Ok(text) = std::str::from_utf8(&file.bytes) {
            texts.insert(file.name.clone(), PolicyText { format: file.format, text: text.to_owned() });
        }
    }
    (texts, problems)
}

/// A diagnostic of a policy with the name of its file.
#[must_use]
pub fn problem(file: &PolicyFile, diagnostic: &policy::Diagnostic) -> Problem {
    Problem {
        file: file.path.clone(),
        line: Some(diagnostic.line),
        column: Some(diagnostic.column),
        severity: match diagnostic.severity {
            policy::Severity::Error => Severity::Error,
            policy::Severity::Warning => Severity::Warning,
        },
        code: Some(diagnostic.code),
        pointer: Some(diagnostic.pointer.clone()),
        message: diagnostic.message.clone(),
        suggestion: diagnostic.suggestion.clone(),
    }
}
