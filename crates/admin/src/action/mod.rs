//! What an operator can do, one file per noun. Command line, API and pages do nothing that is not here.

pub mod audit;
pub mod counters;
pub mod definitions;
pub mod grants;
pub mod policies;
pub mod recordings;
pub mod servers;
pub mod status;

/// Where something was declared, for what files declare.
pub const FILE: &str = "file";
/// Where something was declared, for what was made by command.
pub const COMMAND: &str = "command";
