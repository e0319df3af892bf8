//! `toolgate demo`: everything in one process, to be seen in a minute.

use crate::cli::Global;
use crate::demo::run::{Choices, run as play};
use crate::exit::Exit;
use crate::owner::runtime;
use clap::Args;

/// What stands above the options in `--help`.
pub const ABOUT: &str = "\
Start a gateway and an imaging server on loopback, and let an agent call through them

Ten imports pass, the eleventh is refused until the minute is over, the export is denied with its reason, \
the hidden tool looks unknown. Nothing outside a temporary folder is touched.";

const EXAMPLES: &str = "\
Examples:
  toolgate demo                 play it, then stay up to be tried with a client of your own
  toolgate demo --once          play it and end; exit code 1 if a step went wrong
  toolgate demo --once --json   one JSON object per step and a closing one with the counts";

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// End after the last step
    #[arg(long)]
    once: bool,
    /// Port for agents; 0 takes any free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    port: u16,
}

/// Plays the demonstration.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let choices = Choices { once: arguments.once, port: arguments.port };
    let output = global.output();
    let runtime = runtime::start()?;
    runtime.block_on(play(choices, output))?;
    Ok(Exit::Ok)
}
