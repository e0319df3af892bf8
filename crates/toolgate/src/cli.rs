//! The command line: options that every subcommand has, the subcommands, and how a run ends.
//! Failures are printed here, once; subcommands only return them.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};

use crate::command::Command;
use crate::config::Refused;
use crate::config::problem::{Problem, Problems};
use crate::config::source::{Source, Surroundings, locate};
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone, When};

const AFTER_HELP: &str = "\
Start here:
  toolgate demo    see an agent call a server through the gateway, and what is refused
  toolgate init    put the servers of Claude Code, Cursor or VS Code behind the gateway, with undo
  toolgate up      serve agents over HTTP, as toolgate.toml says

Configuration: --config PATH, else ./toolgate.toml, else ~/.config/toolgate/toolgate.toml,
else built-in settings and no servers.

Exit codes: 0 done, allowed, nothing found; 1 failed, denied or problems found; 2 wrong usage.";

/// A policy gateway for the Model Context Protocol.
#[derive(Debug, Parser)]
#[command(name = "toolgate", version, max_term_width = 100, after_help = AFTER_HELP)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Options of every subcommand.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Configuration file to use instead of the one that is found.
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Print JSON, one value per line, for programs.
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,
    /// Use colours: auto (on a terminal unless NO_COLOR is set), always or never.
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    #[arg(help_heading = "Global options", hide_possible_values = true, hide_default_value = true)]
    pub color: When,
}

impl Global {
    /// Where this run writes.
    #[must_use]
    pub fn output(&self) -> Output {
        Output::new(self.json, self.color)
    }

    /// The configuration of this run.
    ///
    /// # Errors
    /// As [`locate`].
    pub fn source(&self) -> Result<Source, Problems> {
        locate(self.config.as_deref(), &Surroundings::of_process())
    }
}

/// Runs the program with this process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = cli.global.output();
    let exit = match cli.command.run(&cli.global) {
        Ok(exit) => exit,
        Err(error) => fail(output, &error),
    };
    exit.into()
}

fn fail(output: Output, error: &anyhow::Error) -> Exit {
    // A reader that has seen enough, such as `head`, is no failure.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return Exit::Ok;
    }
    let problems = problems_of(error);
    if output.is_json() {
        // Standard output that is closed as well leaves nothing to tell anybody.
        let _ = output.value(&serde_json::json!({ "error": format!("{error:#}"), "problems": problems }));
    } else if problems.is_empty() {
        eprintln!("{} {error:#}", output.paint(Tone::Bad, "error:"));
    } else {
        problems.iter().for_each(|problem| eprintln!("{}", output.problem(problem)));
    }
    if error.is::<Usage>() { Exit::Usage } else { Exit::Problems }
}

/// The problems that an error consists of, each with its own place.
fn problems_of(error: &anyhow::Error) -> &[Problem] {
    if let Some(refused) = error.downcast_ref::<Refused>() {
        return refused.problems.as_slice();
    }
    error.downcast_ref::<Problems>().map_or(&[], Problems::as_slice)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
