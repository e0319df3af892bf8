//! What a document says of tools that servers do not have, and what it does not say of those that they have.
//! Knows the tools that it is given and no others; a server that lists nothing is not known to lack anything.

mod names;

use json::Value;

use super::Warnings;
use crate::input::Tool;
use crate::policy::Policy;
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
const LINTS: &[fn(&Policy, &[Listed<'_>], &mut Warnings)] = &[names::check];

/// A known tool, as rules select it.
struct Listed<'a> {
    tool: Tool,
    #[expect(dead_code, reason = "read by the lints of arguments")]
    entry: Value<'a>,
}

/// All warnings about a document and tools.
pub(super) fn check(policy: &Policy, tools: &[KnownTool<'_>], warnings: &mut Warnings) {
    let listed: Vec<Listed<'_>> =
        tools.iter().map(|known| Listed { tool: Tool::of(known.definition), entry: known.entry }).collect();
    for check in LINTS {
        check(policy, &listed, warnings);
    }
}
