//! One condition on its own, as questions about policies state it. It is checked like one of a document.

use super::condition::read_condition;
use super::reader::{Place, Reader};
use super::scan;
use crate::condition::Condition;

/// What is wrong with a condition, and what was probably meant.
pub(crate) type Wrong = (String, Option<String>);

/// Reads a condition.
pub(crate) fn condition(json: &str) -> Result<Condition, Wrong> {
    let nothing = || ("the condition cannot be read".to_owned(), None);
    let scanned = scan::scan(json.as_bytes().to_vec()).map_err(|_| nothing())?;
    let mut reader = Reader::new(scanned.renamed_keys);
    let place = Place { value: scanned.document.root(), pointer: String::new() };
    let read = read_condition(&mut reader, &place, 0);
    match (read, reader.into_problems().into_iter().next()) {
        (_, Some(problem)) => Err((problem.message, problem.suggestion)),
        (Some(condition), None) => Ok(condition),
        (None, None) => Err(nothing()),
    }
}
