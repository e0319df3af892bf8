//! What a document says of tools that servers do not have, and what it does not say of those that they have.
//! Knows the tools that it is given and no others; a server that lists nothing is not known to lack anything.

mod arguments;
mod multiplexed;
mod names;

use json::Value;

use super::Warnings;
use crate::input::Tool;
use crate::policy::{Policy, Rules};
use crate::schema::{Declared, Schema};
use crate::section::Section;
use crate::stack::Definition;

/// A tool that a document is looked at together with.
#[derive(Debug, Clone, Copy)]
pub struct KnownTool<'a> {
    /// What policies bind to.
    pub definition: &'a Definition,
    /// The tool as its server listed it.
    pub entry: Value<'a>,
}

/// The lints that need tools.
const LINTS: &[fn(&Policy, &[Listed<'_>], &mut Warnings)] =
    &[names::check, arguments::check, multiplexed::check];

/// A known tool, as rules select it.
struct Listed<'a> {
    tool: Tool,
    entry: Value<'a>,
    schema: Option<&'a Schema>,
    /// Whether the document has its very name.
    is_exact: bool,
}

impl<'a> Listed<'a> {
    fn of(policy: &Policy, known: &KnownTool<'a>) -> Self {
        let tool = Tool::of(known.definition);
        let is_exact = sections(policy, &tool.server).any(|section| section.is_exact(&tool.name));
        Self { tool, entry: known.entry, schema: known.definition.input_schema.as_ref(), is_exact }
    }

    fn declared(&self) -> Option<&'a Declared> {
        self.schema.map(Schema::declared)
    }
}

/// The sections that hold on a server.
fn sections<'p>(policy: &'p Policy, server: &str) -> impl Iterator<Item = &'p Section> {
    let own = policy.servers.iter().find(|(id, _)| **id == *server).map(|(_, section)| section);
    [&policy.top].into_iter().chain(own)
}

/// The rules that mean a tool by its name or by a pattern of names.
fn named_rules<'p>(policy: &'p Policy, tool: &Tool) -> impl Iterator<Item = &'p Rules> {
    let by_name: Vec<&Rules> = sections(policy, &tool.server)
        .flat_map(|section| {
            let patterns = section.patterns.iter().filter(|(pattern, _)| pattern.matches_name(&tool.name));
            let places = section.index.get(&*tool.name).copied().into_iter();
            let places: Vec<usize> = places.chain(patterns.map(|(_, place)| *place)).collect();
            places.into_iter().filter_map(|place| section.tools.get(place)).map(|(_, rules)| &**rules)
        })
        .collect();
    by_name.into_iter()
}

/// All warnings about a document and tools.
pub(super) fn check(policy: &Policy, tools: &[KnownTool<'_>], warnings: &mut Warnings) {
    let listed: Vec<Listed<'_>> = tools.iter().map(|known| Listed::of(policy, known)).collect();
    for check in LINTS {
        check(policy, &listed, warnings);
    }
}
