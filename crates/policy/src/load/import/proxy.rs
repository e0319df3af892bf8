//! The older file itself: what it opens, what it hides, and its tools.

use json::Value;

use super::written::{Written, WrittenRules};
use super::{Translation, keys, rule, spend};
use crate::diagnostic::code;
use crate::load::reader::{Fields, Place, Problem};
use crate::registry::{DEFAULTS, VERSIONS};

/// The key of rules for every tool.
const ALL: &str = "*";
/// The letters that make a pattern of a name here; in the older proxy they were letters.
const WILDCARDS: [char; 6] = ['*', '?', '[', ']', '{', '}'];

/// Reads the whole file.
pub(super) fn read(translation: &mut Translation<'_>, root: Value<'_>) -> Option<Written> {
    let place = Place { value: root, pointer: String::new() };
    let fields = translation.reader.object(&place, &keys::FILE)?;
    if let Some(version) = fields.required(&mut translation.reader, "version", "write `version: \"1\"`") {
        translation.reader.word(&version, &VERSIONS);
    }
    if let Some(place) = fields.get("description") {
        translation.note(place.offset(), "the description is for people and has no place in a policy");
    }
    if let Some(place) = fields.get("approvals") {
        let message =
            "how people are asked is no matter of a policy; remove `approvals`, and set up approvers";
        translation.reader.report(&place, Problem::new(code::NOT_BUILT, message));
    }
    spend::refuse_anywhere(translation, &fields, "the whole file");
    let default = read_default(translation, &place, &fields);
    let hide = read_hide(translation, &fields);
    let mut written = Written { default, hide, all_tools: None, tools: Vec::new() };
    let tools = fields.get("tools");
    let tools =
        tools.and_then(|place| translation.reader.members(&place, "an object with the names of tools"));
    for (name, place) in tools.unwrap_or_default() {
        read_tool(translation, &name, &place, &mut written);
    }
    Some(written)
}

fn read_default(translation: &mut Translation<'_>, file: &Place<'_>, fields: &Fields<'_>) -> &'static str {
    let stated = fields.get("default");
    let offset = stated.as_ref().unwrap_or(file).offset();
    let word = stated.map(|place| translation.reader.word(&place, &DEFAULTS));
    let default = match word {
        Some(Some("deny")) => "deny",
        Some(_) | None => "allow",
    };
    let said = if word.is_none() { "no `default` is said, which means allow" } else { "`default`" };
    if default == "allow" {
        translation.note(offset, format!("{said}: tools that are not listed are open"));
        let message = "what servers ask of the client (sampling, elicitation, roots) and methods outside the \
                       protocol are closed; to open them, name them in the policy";
        translation.stricter(offset, message);
    } else {
        translation.note(offset, format!("{said}: tools that are not listed are denied"));
        let message = "resources, prompts and the other channels are closed as well; to open them, name them in \
                       the policy";
        translation.stricter(offset, message);
    }
    default
}

fn read_hide(translation: &mut Translation<'_>, fields: &Fields<'_>) -> Vec<String> {
    let places = fields.get("hide").and_then(|place| translation.reader.list(&place)).unwrap_or_default();
    let mut names = Vec::new();
    for place in places {
        let Some(name) = translation.reader.name(&place) else { continue };
        if name == ALL {
            translation.note(place.offset(), "every tool is hidden");
        } else if is_pattern(translation, &name, &place) {
            continue;
        } else {
            translation.note(place.offset(), format!("`{name}` is in no list, and calls of it are refused"));
        }
        names.push(name.into_owned());
    }
    names
}

/// Reports a name with a wildcard, which the older proxy took for a name that no tool has.
fn is_pattern(translation: &mut Translation<'_>, name: &str, place: &Place<'_>) -> bool {
    let is_pattern = name.contains(WILDCARDS);
    if is_pattern {
        let message = format!(
            "the older proxy knew no patterns, so `{name}` did nothing there, and here it would; write exact names, \
             or remove it"
        );
        translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    is_pattern
}

fn read_tool(translation: &mut Translation<'_>, name: &str, place: &Place<'_>, written: &mut Written) {
    let is_all = name == ALL;
    if !is_all && is_pattern(translation, name, place) {
        return;
    }
    let rules = if place.value.is_null() {
        // A key without anything is the older proxy's empty list of rules.
        Some(WrittenRules::default())
    } else {
        rule::read_tool(translation, name, place)
    };
    let Some(rules) = rules else { return };
    if rules.is_empty() && !is_all {
        let what =
            if written.default == "deny" { "open without further rules" } else { "listed without rules" };
        translation.note(place.offset(), format!("`{name}` is {what}"));
    }
    if is_all {
        written.all_tools = Some(rules).filter(|rules| !rules.is_empty());
    } else {
        written.tools.push((name.to_owned(), rules));
    }
}

impl WrittenRules {
    fn is_empty(&self) -> bool {
        let Self { require, denies, limits, approval } = self;
        require.is_empty() && denies.is_empty() && limits.is_empty() && approval.is_none()
    }
}
