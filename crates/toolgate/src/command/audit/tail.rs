//! `toolgate audit tail`: the latest records, and new ones as they come.

use std::time::Duration;

use clap::Args;
use store::audit::Tail;

use super::data_folder;
use super::line::Lines;
use crate::cli::Global;
use crate::exit::Exit;

/// Between two looks for new records.
const LOOK: Duration = Duration::from_millis(200);

const EXAMPLES: &str = "\
Examples:
  toolgate audit tail            the last ten records
  toolgate audit tail -n 100     the last hundred
  toolgate audit tail -f         and every new one
  toolgate audit tail -f --json  the records themselves";

/// Arguments of `audit tail`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Go on with new records until interrupted
    #[arg(long, short)]
    follow: bool,
    /// How many records to begin with
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 10)]
    lines: usize,
}

/// Prints.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let output = global.output();
    let mut lines = Lines::new(output);
    let mut print =
        |record: &String| output.line(if output.is_json() { record.clone() } else { lines.line(record) });
    let (mut tail, last) = Tail::new(&data_folder(global)?, arguments.lines)?;
    last.iter().try_for_each(&mut print)?;
    if !arguments.follow {
        return Ok(Exit::Ok);
    }
    loop {
        std::thread::sleep(LOOK);
        tail.poll()?.iter().try_for_each(&mut print)?;
    }
}
