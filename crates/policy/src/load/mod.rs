//! From the text of a document to a policy, or to everything that is wrong with it.
//! Reports every problem at once; never guesses what an unknown word could mean, and never drops one.

mod approval;
mod arguments;
mod channel;
mod condition;
mod counters;
mod document;
mod example;
mod fact;
mod limit;
mod pattern;
mod reader;
mod rules;
mod scan;
mod section;
mod short;
mod window;

use std::sync::Arc;

use crate::diagnostic::{self, Diagnostic};
use crate::policy::Policy;
use crate::{lint, normalise};

/// A document larger than this is refused; the largest ones of real deployments are far below.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// Loads a document under a name.
///
/// # Errors
/// Every problem of the document, in its order.
pub fn load(name: &str, text: Vec<u8>) -> Result<Policy, Vec<Diagnostic>> {
    let scanned = scan::scan(text)?;
    let root = scanned.document.root();
    let mut reader = reader::Reader::new(scanned.renamed_keys);
    let draft = document::read(&mut reader, root, &Arc::from(name));
    if let Some(draft) = &draft {
        counters::check(&mut reader, draft);
    }
    let text = scanned.document.text().as_bytes();
    let mut problems = scanned.duplicates;
    problems.append(&mut reader.into_problems());
    let Some(mut policy) = draft.filter(|_| problems.is_empty()) else {
        return Err(diagnostic::locate(text, problems));
    };
    policy.hash = normalise::hash(&policy);
    policy.warnings = diagnostic::locate(text, lint::lint(&policy));
    Ok(policy)
}
