//! The subcommands, one file each.

pub mod administration;
pub mod audit;
mod completions;
mod demo;
mod doctor;
mod grant;
mod init;
mod learn;
pub mod policy;
mod recordings;
mod sample_server;
mod server;
mod status;
mod up;
mod wrap;

use clap::Subcommand;

use crate::cli::Global;
use crate::exit::Exit;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See everything at work in a minute
    #[command(long_about = demo::ABOUT)]
    Demo(demo::Arguments),
    /// Serve agents
    #[command(long_about = up::ABOUT)]
    Up(up::Arguments),
    /// Stand in for a server's command in a client's configuration
    #[command(long_about = wrap::ABOUT)]
    Wrap(wrap::Arguments),
    /// List, add and remove servers
    #[command(subcommand)]
    Server(server::Command),
    /// List, create and revoke agents' access keys
    #[command(subcommand)]
    Grant(grant::Command),
    /// Check, explain, test, compare and prove policies, and more
    #[command(subcommand)]
    Policy(policy::Command),
    /// Read, search, export and verify the audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// List, show and remove the recorded values of calls
    #[command(subcommand)]
    Recordings(recordings::Command),
    /// Tell whether a gateway runs and what it has
    Status(status::Arguments),
    /// Put the servers of an MCP client behind the gateway
    #[command(long_about = init::ABOUT)]
    Init(init::Arguments),
    /// Learn a policy from what is used
    #[command(subcommand, long_about = learn::ABOUT)]
    Learn(learn::Command),
    /// Look at everything that the gateway's guarantees rest on
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell
    Completions(completions::Arguments),
    /// Run the imaging sample server
    #[command(hide = true)]
    SampleServer(sample_server::Arguments),
    /// Kill what the servers of a gateway leave behind when it is killed
    #[command(hide = true)]
    KeepServers,
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// What went wrong; [`crate::exit::Usage`] among it ends with code 2.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Demo(arguments) => demo::run(global, &arguments),
            Self::Up(arguments) => up::run(global, &arguments),
            Self::Wrap(arguments) => wrap::run(global, arguments),
            Self::Server(command) => command.run(global),
            Self::Grant(command) => command.run(global),
            Self::Policy(command) => command.run(global),
            Self::Audit(command) => command.run(global),
            Self::Recordings(command) => command.run(global),
            Self::Status(arguments) => status::run(global, &arguments),
            Self::Init(arguments) => init::run(global, &arguments),
            Self::Learn(command) => command.run(global),
            Self::Doctor(arguments) => doctor::run(global, &arguments),
            Self::Completions(arguments) => completions::run(&arguments),
            Self::SampleServer(arguments) => sample_server::run(global, &arguments),
            Self::KeepServers => {
                mcp::stdio::keeper::keep(std::io::stdin().lock());
                Ok(Exit::Ok)
            }
        }
    }
}
