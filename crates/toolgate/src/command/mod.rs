//! The subcommands, one file each.

mod completions;
mod policy;

use clap::Subcommand;

use crate::cli::Global;
use crate::exit::Exit;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check, explain and format policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong; [`crate::exit::Usage`] among it ends with code 2.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Policy(command) => command.run(global),
            Self::Completions(arguments) => completions::run(&arguments),
        }
    }
}
