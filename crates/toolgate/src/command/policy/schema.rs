//! `toolgate policy schema`: the JSON Schema of policies, as editors use it. It reads nothing.

use crate::cli::Global;
use crate::exit::Exit;

pub const EXAMPLES: &str = "\
Examples:
  toolgate policy schema > policy.schema.json

A policy beside it that begins with { \"$schema\": \"./policy.schema.json\", … is
completed and checked by editors. `toolgate policy lint` checks more.

Exit codes: 0 done.";

/// Prints.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let schema = ::policy::registry::json_schema();
    global.output().line(schema.trim_end())?;
    Ok(Exit::Ok)
}
