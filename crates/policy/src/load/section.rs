//! The rules of tools: by name, by pattern, by class, for all; at the top of a document or under a server.

use std::sync::Arc;

use super::reader::{Fields, Place, Problem, Reader};
use super::rules::{self, Target};
use super::{label, pattern};
use crate::channel::Pattern;
use crate::class::{CATEGORIES, Category, Class, RISKS, Risk};
use crate::diagnostic::code;
use crate::policy::{HIDE_ALL, Hidden, Rules};
use crate::registry::{SERVER_KEYS, Table};
use crate::section::Section;

/// A server's id, as the registration of servers bounds it.
const MAX_SERVER_CHARS: usize = 32;

/// Reads the keys of a section.
pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, policy: &Arc<str>) -> Section {
    let hide = read_hide(reader, fields);
    let all_tools =
        fields.get("all_tools").map(|place| rules::read(reader, &place, &Target::AllTools, policy));
    let labels = label::read(reader, fields);
    let mut section = Section { all_tools: all_tools.map(Arc::new), labels, ..Section::default() };
    read_tools(reader, fields, policy, &mut section);
    let categories = Category::ALL.map(Class::Category);
    section.classes = read_classes(reader, fields, policy, &CATEGORIES, &categories);
    section.classes.append(&mut read_classes(reader, fields, policy, &RISKS, &Risk::ALL.map(Class::Risk)));
    // The first of two equal names is the one that hides.
    let exact = hide.iter().enumerate().rev().filter(|(_, hidden)| hidden.pattern.is_none());
    section.hide_index = exact.map(|(index, hidden)| (hidden.name.clone(), index)).collect();
    section.hide = hide;
    section
}

/// Reads `servers`.
pub(super) fn read_servers(
    reader: &mut Reader,
    fields: &Fields<'_>,
    policy: &Arc<str>,
) -> Vec<(Box<str>, Section)> {
    let Some(place) = fields.get("servers") else { return Vec::new() };
    let members = reader.members(&place, "an object with the ids of servers as keys").unwrap_or_default();
    let mut servers = Vec::new();
    for (id, place) in members {
        if !is_server_id(&id) {
            let message = format!(
                "`{id}` is no id of a server; write lower-case letters, digits and `-`, at most {MAX_SERVER_CHARS}"
            );
            reader.report(&place, Problem::new(code::BAD_VALUE, message));
        }
        if let Some(fields) = reader.object(&place, &SERVER_KEYS) {
            servers.push((Box::from(id), read(reader, &fields, policy)));
        }
    }
    servers
}

fn is_server_id(id: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !id.is_empty() && id.len() <= MAX_SERVER_CHARS && !id.starts_with('-') && id.chars().all(is_plain)
}

fn read_hide(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Hidden> {
    let Some(places) = fields.get("hide").and_then(|place| reader.list(&place)) else { return Vec::new() };
    let mut names = Vec::new();
    for place in places {
        let Some(name) = reader.name(&place) else { continue };
        let pattern = if &*name == HIDE_ALL { None } else { read_pattern(reader, &name, &place) };
        names.push(Hidden { name: Box::from(name), pattern, offset: place.offset() });
    }
    names
}

fn read_tools(reader: &mut Reader, fields: &Fields<'_>, policy: &Arc<str>, section: &mut Section) {
    let members = fields
        .get("tools")
        .and_then(|place| reader.members(&place, "an object with the names of tools as keys"))
        .unwrap_or_default();
    for (index, (tool, place)) in members.into_iter().enumerate() {
        if tool.trim().is_empty() {
            reader.report(&place, Problem::new(code::BAD_VALUE, "the name of a tool must not be empty"));
        }
        let rules = match read_pattern(reader, &tool, &place) {
            Some(pattern) => {
                section.patterns.push((pattern, index));
                rules::read(reader, &place, &Target::Pattern(&tool), policy)
            }
            None => {
                section.index.insert(Box::from(&*tool), index);
                rules::read(reader, &place, &Target::Tool(&tool), policy)
            }
        };
        section.tools.push((Box::from(tool), Arc::new(rules)));
    }
}

/// The pattern that a name is, if it is one. No server may use the letters of patterns in a name.
fn read_pattern(reader: &mut Reader, name: &str, place: &Place<'_>) -> Option<Pattern> {
    if !name.contains(['*', '?', '[', ']', '{', '}']) {
        return None;
    }
    pattern::name(name).map_err(|problem| reader.report(place, problem)).ok()
}

fn read_classes(
    reader: &mut Reader,
    fields: &Fields<'_>,
    policy: &Arc<str>,
    table: &Table,
    classes: &[Class],
) -> Vec<(Class, Arc<Rules>)> {
    let key = table.title.trim_matches('`');
    let Some(place) = fields.get(key) else { return Vec::new() };
    let Some(stated) = reader.object(&place, table) else { return Vec::new() };
    let mut found = Vec::new();
    for class in classes {
        if let Some(place) = stated.get(class.keys().1) {
            let rules = rules::read(reader, &place, &Target::Class(*class), policy);
            found.push((*class, Arc::new(rules)));
        }
    }
    found
}
