//! Files of cases: calls with what is expected of each, beside the policies that judge them.
//! Read as strictly as policies: an unknown key is an error, and every problem is told at once.

use json::Value;

use super::reader::{Place, Reader};
use super::{MAX_DOCUMENT_BYTES, example, scan, transcript};
use crate::diagnostic::{self, Diagnostic, Found, Severity, code};
use crate::example::{Cases, Example};
use crate::registry::CASES_KEYS;

/// Loads a file of cases, which is JSON.
///
/// # Errors
/// Every problem of the file, in its order.
pub fn load_cases(text: &[u8]) -> Result<Cases, Vec<Diagnostic>> {
    let locate = |problems: Vec<Found>| diagnostic::locate(text, problems);
    if text.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the file is larger than {} MiB; split it", MAX_DOCUMENT_BYTES >> 20);
        return Err(locate(vec![transcript::syntax(0, message)]));
    }
    let scanned = scan::scan(text.to_vec()).map_err(locate)?;
    let mut reader = Reader::new(scanned.renamed_keys);
    let cases = read(&mut reader, scanned.document.root());
    let mut problems = scanned.duplicates;
    problems.append(&mut reader.into_problems());
    let Some(mut cases) = cases.filter(|_| problems.is_empty()) else { return Err(locate(problems)) };
    place(&mut cases.examples, locate);
    Ok(cases)
}

fn read(reader: &mut Reader, root: Value<'_>) -> Option<Cases> {
    let place = Place { value: root, pointer: String::new() };
    let fields = reader.object(&place, &CASES_KEYS)?;
    let mut policies = Vec::new();
    for place in fields.get("policies").and_then(|place| reader.list(&place)).unwrap_or_default() {
        policies.extend(reader.name(&place).map(String::from));
    }
    let schema = fields.get("schema").and_then(|place| example::compile(reader, &place));
    let list = fields.required(reader, "tests", "list the calls")?;
    let known = example::Known { schema: schema.as_ref(), labels: None };
    Some(Cases { policies, examples: example::read_list(reader, &list, known) })
}

/// Gives each entry its line and column.
pub(super) fn place(examples: &mut [Example], locate: impl Fn(Vec<Found>) -> Vec<Diagnostic>) {
    let found = examples.iter().map(|example| Found {
        offset: example.offset,
        severity: Severity::Warning,
        pointer: String::new(),
        message: String::new(),
        suggestion: None,
        code: code::SYNTAX,
    });
    // INVARIANT: entries stand in the order of the text, so sorting by place keeps them.
    for (place, example) in locate(found.collect()).into_iter().zip(examples) {
        example.place = (place.line, place.column);
    }
}
