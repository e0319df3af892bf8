//! `scope` and `max_keys`: per what a limit counts, and how many values of arguments it may tell apart.

use std::sync::Arc;

use super::condition::read_path;
use super::reader::{Fields, Place, Problem, Reader};
use crate::diagnostic::code;
use crate::limit::{LimitSpec, Scope, ScopeWord};
use crate::path::Path;
use crate::registry::SCOPES;

/// More arguments than this never name one thing.
const MAX_ARGUMENTS: usize = 4;
/// The most values that a limit may tell apart: each of them is kept in memory.
const MAX_KEYS: u64 = 1_000_000;

/// A scope and the arguments in it, in its order.
pub(super) struct Scoped {
    pub(super) scope: Scope,
    pub(super) keyed_by: Box<[Path]>,
    pub(super) max_keys: Option<u32>,
}

/// Reads `scope` and `max_keys`.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<Scoped> {
    let place = fields.required(reader, "scope", "say per what it counts, such as `\"grant\"`");
    let read = place.and_then(|place| read_scope(reader, &place));
    let max_keys = fields.get("max_keys");
    let stated = max_keys.as_ref().map(|place| read_max_keys(reader, place));
    let (scope, keyed_by) = read?;
    let max_keys = match (keyed_by.is_empty(), max_keys) {
        (true, Some(place)) => {
            let message = "`max_keys` belongs beside a `scope` with arguments; remove it";
            reader.report(&place, Problem::new(code::CONFLICT, message));
            return None;
        }
        (true, None) => None,
        (false, None) => Some(LimitSpec::MAX_KEYS),
        (false, Some(_)) => Some(stated??),
    };
    Some(Scoped { scope, keyed_by, max_keys })
}

fn read_scope(reader: &mut Reader, place: &Place<'_>) -> Option<(Scope, Box<[Path]>)> {
    if !place.value.is_array() {
        if let Some(text) = place.value.as_str().filter(|text| text.starts_with("args.")) {
            let message = format!(
                "an argument is a scope only beside others; write `[\"grant\", \"{text}\"]`, or `server` or `all` \
                 instead of `grant`"
            );
            reader.report(place, Problem::new(code::BAD_VALUE, message));
            return None;
        }
        let word = read_word(reader, place)?;
        return Some((Scope::new(vec![word], Vec::new()), Box::from([])));
    }
    let (mut words, mut paths): (Vec<ScopeWord>, Vec<Path>) = (Vec::new(), Vec::new());
    let elements = reader.list(place)?;
    let n_elements = elements.len();
    for element in &elements {
        if element.value.as_str().is_some_and(|text| text.starts_with("args.")) {
            paths.extend(read_argument(reader, element));
        } else {
            words.extend(read_word(reader, element));
        }
    }
    if words.len() + paths.len() < n_elements {
        return None;
    }
    if let Some(message) = misfit(&words, &paths) {
        reader.report(place, Problem::new(code::CONFLICT, message));
        return None;
    }
    // Who counts each session counts each access key.
    if words.contains(&ScopeWord::Session) {
        words.retain(|word| *word != ScopeWord::Grant);
    }
    paths.sort_unstable_by(|one, two| one.text().cmp(two.text()));
    let texts = paths.iter().map(|path| Arc::clone(path.text())).collect();
    Some((Scope::new(words, texts), paths.into()))
}

/// Why these do not go together.
fn misfit(words: &[ScopeWord], paths: &[Path]) -> Option<String> {
    let has = |word| words.contains(&word);
    let twice =
        words.iter().enumerate().any(|(index, word)| words.iter().skip(index + 1).any(|other| other == word));
    let paths_twice = paths
        .iter()
        .enumerate()
        .any(|(index, path)| paths.iter().skip(index + 1).any(|other| other.text() == path.text()));
    let message = if twice || paths_twice {
        "each scope is listed once"
    } else if paths.len() > MAX_ARGUMENTS {
        return Some(format!("a scope has at most {MAX_ARGUMENTS} arguments"));
    } else if words.is_empty() {
        "say per what besides its arguments it counts: `grant`, `server`, `tool` or `all`"
    } else if has(ScopeWord::All) && (has(ScopeWord::Server) || has(ScopeWord::Tool)) {
        "`all` counts all servers together; remove it, or `server` and `tool`"
    } else if has(ScopeWord::Server) && words.len() > 1 {
        "the others count on each server already; remove `server`"
    } else if has(ScopeWord::All) && has(ScopeWord::Session) {
        "a session is with one server; remove `all` or `session`"
    } else {
        return None;
    };
    Some(message.to_owned())
}

fn read_argument(reader: &mut Reader, place: &Place<'_>) -> Option<Path> {
    let path = read_path(reader, place)?;
    if path.has_elements() {
        let message = "a scope needs one value; name an argument without `[*]`";
        reader.report(place, Problem::new(code::BAD_VALUE, message));
        return None;
    }
    Some(path)
}

fn read_word(reader: &mut Reader, place: &Place<'_>) -> Option<ScopeWord> {
    match reader.word(place, &SCOPES)? {
        "grant" => Some(ScopeWord::Grant),
        "server" => Some(ScopeWord::Server),
        "tool" => Some(ScopeWord::Tool),
        "all" => Some(ScopeWord::All),
        "session" => Some(ScopeWord::Session),
        _ => None,
    }
}

fn read_max_keys(reader: &mut Reader, place: &Place<'_>) -> Option<u32> {
    let number = place.value.as_number().and_then(|number| number.as_u64());
    let number = number.filter(|number| (1..=MAX_KEYS).contains(number));
    if number.is_none() {
        let message = format!("must be a whole number from 1 to {MAX_KEYS}");
        reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    number.and_then(|number| u32::try_from(number).ok())
}
