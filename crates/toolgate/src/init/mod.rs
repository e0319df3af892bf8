//! Importing an MCP client's configuration: every local server then runs behind `toolgate wrap`.
//! Nothing is started and nothing is written before a yes, and what was written can be undone exactly.

pub mod client;
pub mod confirm;
pub mod diff;
pub mod entry;
pub mod expand;
pub mod file;
pub mod import;
pub mod listing;
pub mod plan;
pub mod policy;
pub mod show;
pub mod splice;
pub mod undo;
