//! `toolgate recordings …`: the recorded values of calls. Must never print a value unless that was asked for.

mod list;
mod purge;
mod show;
mod stats;

use admin::action::recordings::Which;
use clap::{Args, Subcommand};

use super::administration::warn;
use super::audit::instant;
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::{Output, plain};

/// What to do with recordings.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the latest recordings, without their values
    List(list::Arguments),
    /// Show one recording
    #[command(long_about = show::ABOUT)]
    Show(show::Arguments),
    /// Remove recordings
    #[command(long_about = purge::ABOUT)]
    Purge(purge::Arguments),
    /// Tell whether calls are recorded, and what there is by tool
    Stats(stats::Arguments),
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::List(arguments) => list::run(global, &arguments),
            Self::Show(arguments) => show::run(global, &arguments),
            Self::Purge(arguments) => purge::run(global, &arguments),
            Self::Stats(arguments) => stats::run(global, &arguments),
        }
    }
}

/// Which recordings are meant.
#[derive(Debug, Args)]
struct Chosen {
    /// Of this server; `*` stands for any letters
    #[arg(long, value_name = "ID")]
    server: Option<String>,
    /// Of this tool; `*` stands for any letters
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Of this grant; `*` stands for any letters
    #[arg(long, value_name = "ID")]
    grant: Option<String>,
}

impl Chosen {
    fn which(&self) -> Which {
        let Self { server, tool, grant } = self;
        Which { server: server.clone(), tool: tool.clone(), grant: grant.clone(), ..Which::default() }
    }
}

/// Tells what could not be read.
fn tell_problems(output: Output, problems: &[String]) {
    let problems: Vec<String> = problems.iter().map(|problem| plain(problem)).collect();
    warn(output, &problems);
}
