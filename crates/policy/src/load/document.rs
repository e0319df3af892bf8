//! The document itself: version, default, and its sections.

use std::sync::Arc;

use json::Value;

use super::reader::{Place, Reader};
use super::{channel, example, flow, section, terms};
use crate::hash::Hash;
use crate::policy::{Effect, Policy};
use crate::registry::{DEFAULTS, DOCUMENT_KEYS, VERSIONS};

/// Reads a whole document; nothing when it is not even an object with a default.
pub(super) fn read(reader: &mut Reader, root: Value<'_>, name: &Arc<str>) -> Option<Policy> {
    let place = Place { value: root, pointer: String::new() };
    let fields = reader.object(&place, &DOCUMENT_KEYS)?;
    if let Some(place) = fields.get("$schema") {
        reader.text(&place);
    }
    if let Some(version) = fields.required(reader, "version", "write `\"version\": \"1\"`") {
        reader.word(&version, &VERSIONS);
    }
    let default = fields
        .required(reader, "default", "write `\"default\": \"deny\"` or `\"default\": \"allow\"`")
        .and_then(|place| reader.word(&place, &DEFAULTS));
    let is_shadow = terms::is_shadow(reader, &fields);
    let reveal = terms::read_reveal(reader, &fields);
    let top = section::read(reader, &fields, name);
    let servers = section::read_servers(reader, &fields, name);
    let channels = channel::read(reader, &fields);
    let sections = [&top].into_iter().chain(servers.iter().map(|(_, section)| section));
    let labelled = sections.flat_map(|section| &section.labels);
    let labels = labelled.flat_map(|labelled| labelled.labels.iter().cloned()).collect();
    let flows = flow::read(reader, &fields, &labels);
    let examples = example::read(reader, &fields, &labels);
    Some(Policy {
        name: Arc::clone(name),
        default: if default == Some("allow") { Effect::Allow } else { Effect::Deny },
        is_shadow,
        reveal,
        top,
        servers,
        channels,
        flows,
        examples,
        hash: Hash::of(&[]),
        warnings: Vec::new(),
    })
}
