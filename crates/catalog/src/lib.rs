//! Knows tools: reads a tool's definition as a server listed it and gives it a stable hash.
//! It must never read text of a server as an instruction, and never relax anything because of it.

pub mod definition;

pub use definition::{DefinitionError, Listed, read_tool};
