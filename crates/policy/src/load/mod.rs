//! From the text of a document to a policy, or to everything that is wrong with it.
//! Reports every problem at once; never guesses what an unknown word could mean, and never drops one.

mod approval;
mod arguments;
mod cases;
mod channel;
mod concurrency;
mod condition;
mod counters;
mod document;
mod example;
mod expression;
mod fact;
mod flow;
mod import;
mod label;
mod limit;
mod past;
mod pattern;
mod reader;
mod release;
mod rules;
mod scan;
mod scope;
mod section;
mod short;
mod single;
mod terms;
mod toml;
mod transcript;
mod window;
mod yaml;

pub use import::{ImportNote, ImportOptions, Imported, import};

use std::sync::Arc;

pub use cases::load_cases;
pub(crate) use single::condition;
use transcript::Transcribed;

use crate::diagnostic::{self, Diagnostic, Found};
use crate::lint::KnownTool;
use crate::policy::Policy;
use crate::{lint, normalise};

/// A document larger than this is refused; the largest ones of real deployments are far below.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;

/// How the text of a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JSON, the canonical form.
    Json,
    /// YAML, as far as JSON has it too.
    Yaml,
    /// TOML, as far as JSON has it too.
    Toml,
}

impl Format {
    /// What people call it, in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Toml => "toml",
        }
    }

    /// The format that the name of a file says by its end.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, end) = name.rsplit_once('.')?;
        match end {
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// Loads a document under a name.
///
/// # Errors
/// Every problem of the document, in its order.
pub fn load(name: &str, text: Vec<u8>) -> Result<Policy, Vec<Diagnostic>> {
    load_as(Format::Json, name, text)
}

/// Loads a document in another format under a name.
///
/// # Errors
/// Every problem of the document, at its place in the text as it is written.
pub fn load_as(format: Format, name: &str, text: Vec<u8>) -> Result<Policy, Vec<Diagnostic>> {
    load_with(format, name, text, &[])
}

/// Loads a document, and warns of what does not fit these tools besides. They change nothing of the policy.
///
/// # Errors
/// As [`load_as`].
pub fn load_with(
    format: Format,
    name: &str,
    text: Vec<u8>,
    tools: &[KnownTool<'_>],
) -> Result<Policy, Vec<Diagnostic>> {
    load_and(format, name, text, &|policy| lint::lint(policy, tools))
}

/// The places where a document is stricter than the older product, each with the name of a
/// [`StricterRule`](crate::StricterRule) as its code.
///
/// # Errors
/// As [`load_as`].
pub fn stricter(format: Format, name: &str, text: Vec<u8>) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    load_and(format, name, text, &lint::stricter).map(|policy| policy.warnings)
}

/// Loads a document; what `find` finds in it become its warnings.
pub(crate) fn load_and(
    format: Format,
    name: &str,
    text: Vec<u8>,
    find: &dyn Fn(&Policy) -> Vec<Found>,
) -> Result<Policy, Vec<Diagnostic>> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the document is larger than {} MiB; split it", MAX_DOCUMENT_BYTES >> 20);
        return Err(diagnostic::locate(&[], vec![transcript::syntax(0, message)]));
    }
    let (json, places) = match format {
        Format::Json => return read(name, text.clone(), |offset| offset, &text, find),
        Format::Yaml => transcribe(&text, yaml::read)?,
        Format::Toml => transcribe(&text, toml::read)?,
    };
    read(name, json, |offset| transcript::source_offset(&places, offset), &text, find)
}

fn transcribe(
    text: &[u8],
    read: fn(&str) -> Result<Transcribed, Vec<Found>>,
) -> Result<Transcribed, Vec<Diagnostic>> {
    let transcribed = match std::str::from_utf8(text) {
        Ok(text) => read(text),
        Err(error) => {
            Err(vec![transcript::syntax(error.valid_up_to(), "the document is not valid UTF-8".to_owned())])
        }
    };
    transcribed.map_err(|problems| diagnostic::locate(text, problems))
}

/// Reads JSON; `source` tells where a place of it is in the text that people wrote.
fn read(
    name: &str,
    json: Vec<u8>,
    source: impl Fn(usize) -> usize,
    text: &[u8],
    find: &dyn Fn(&Policy) -> Vec<Found>,
) -> Result<Policy, Vec<Diagnostic>> {
    let locate = |problems: Vec<Found>| {
        let at = |found: Found| Found { offset: source(found.offset), ..found };
        diagnostic::locate(text, problems.into_iter().map(at).collect())
    };
    let scanned = scan::scan(json).map_err(locate)?;
    let mut reader = reader::Reader::new(scanned.renamed_keys);
    let draft = document::read(&mut reader, scanned.document.root(), &Arc::from(name));
    if let Some(draft) = &draft {
        counters::check(&mut reader, draft);
        counters::check_costs(&mut reader, draft);
        counters::check_sessions(&mut reader, draft);
        terms::check(&mut reader, draft);
    }
    let mut problems = scanned.duplicates;
    problems.append(&mut reader.into_problems());
    let Some(mut policy) = draft.filter(|_| problems.is_empty()) else {
        return Err(locate(problems));
    };
    cases::place(&mut policy.examples, locate);
    policy.hash = normalise::hash(&policy);
    policy.warnings = locate(find(&policy));
    Ok(policy)
}
