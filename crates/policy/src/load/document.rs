//! The document itself: version, default, hidden names, and the rules of tools.

use std::collections::HashMap;
use std::sync::Arc;

use json::Value;

use super::channel;
use super::reader::{Fields, Place, Problem, Reader, not_built};
use super::rules::{self, Target};
use crate::diagnostic::code;
use crate::hash::Hash;
use crate::policy::{Effect, HIDE_ALL, Hidden, Policy, Rules};
use crate::registry::{DEFAULTS, DOCUMENT_KEYS, VERSIONS};

/// Reads a whole document; nothing when it is not even an object with a default.
pub(super) fn read(reader: &mut Reader, root: Value<'_>, name: &Arc<str>) -> Option<Policy> {
    let place = Place { value: root, pointer: String::new() };
    let fields = reader.object(&place, &DOCUMENT_KEYS)?;
    if let Some(version) = fields.required(reader, "version", "write `\"version\": \"1\"`") {
        reader.word(&version, &VERSIONS);
    }
    let default = fields
        .required(reader, "default", "write `\"default\": \"deny\"` or `\"default\": \"allow\"`")
        .and_then(|place| reader.word(&place, &DEFAULTS));
    let hide = read_hide(reader, &fields);
    let all_tools = fields.get("all_tools").map(|place| rules::read(reader, &place, &Target::AllTools, name));
    let tools = read_tools(reader, &fields, name);
    let channels = channel::read(reader, &fields);
    let index =
        tools.iter().enumerate().map(|(index, (tool, _))| (tool.clone(), index)).collect::<HashMap<_, _>>();
    // The first of two equal names is the one that hides.
    let hide_index =
        hide.iter().enumerate().rev().map(|(index, hidden)| (hidden.name.clone(), index)).collect();
    Some(Policy {
        name: Arc::clone(name),
        default: if default == Some("allow") { Effect::Allow } else { Effect::Deny },
        hide,
        all_tools: all_tools.map(Arc::new),
        tools,
        channels,
        index,
        hide_index,
        hash: Hash::of(&[]),
        warnings: Vec::new(),
    })
}

fn read_hide(reader: &mut Reader, fields: &Fields<'_>) -> Vec<Hidden> {
    let Some(places) = fields.get("hide").and_then(|place| reader.list(&place)) else { return Vec::new() };
    let mut names = Vec::new();
    for place in places {
        let Some(name) = reader.name(&place) else { continue };
        if &*name != HIDE_ALL && is_glob(&name) {
            reader.report(
                &place,
                not_built(&name, "a pattern of tool names; write each name, or `\"*\"` for all"),
            );
        }
        names.push(Hidden { name: Box::from(name), offset: place.offset() });
    }
    names
}

fn read_tools(reader: &mut Reader, fields: &Fields<'_>, name: &Arc<str>) -> Vec<(Box<str>, Arc<Rules>)> {
    let members = fields
        .get("tools")
        .and_then(|place| reader.members(&place, "an object with the names of tools as keys"))
        .unwrap_or_default();
    let mut tools = Vec::new();
    for (tool, place) in members {
        check_tool_name(reader, &tool, &place);
        let rules = rules::read(reader, &place, &Target::Tool(&tool), name);
        tools.push((Box::from(tool), Arc::new(rules)));
    }
    tools
}

fn check_tool_name(reader: &mut Reader, tool: &str, place: &Place<'_>) {
    if tool.trim().is_empty() {
        reader.report(place, Problem::new(code::BAD_VALUE, "the name of a tool must not be empty"));
    } else if tool == HIDE_ALL {
        let problem =
            Problem::new(code::NOT_BUILT, "`*` as a tool is known but not built yet; write `all_tools`");
        reader.report(place, problem.meant(Some("all_tools")));
    } else if is_glob(tool) {
        reader.report(place, not_built(tool, "a pattern of tool names; write each name"));
    }
}

/// Whether a name would be a pattern once patterns are built. No server may use these letters in a name.
fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '[', ']', '{', '}'])
}
