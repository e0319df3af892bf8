//! The subcommands, one file each.

mod completions;
mod demo;
mod doctor;
mod init;
mod policy;
mod sample_server;

use clap::Subcommand;

use crate::cli::Global;
use crate::exit::Exit;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See everything at work in a minute
    #[command(long_about = demo::ABOUT)]
    Demo(demo::Arguments),
    /// Check, explain and format policies
    #[command(subcommand)]
    Policy(policy::Command),
    /// Put the servers of an MCP client behind the gateway
    #[command(long_about = init::ABOUT)]
    Init(init::Arguments),
    /// Look at everything that the gateway's guarantees rest on
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Run the imaging sample server
    #[command(hide = true)]
    SampleServer(sample_server::Arguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong; [`crate::exit::Usage`] among it ends with code 2.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(arguments) => demo::run(global, &arguments),
            Self::Policy(command) => command.run(global),
            Self::Init(arguments) => init::run(global, &arguments),
            Self::Doctor(arguments) => doctor::run(global, &arguments),
            Self::Completions(arguments) => completions::run(&arguments),
            Self::SampleServer(arguments) => sample_server::run(global, &arguments),
        }
    }
}
