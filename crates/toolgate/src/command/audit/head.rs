//! `toolgate audit head`: which record is the last, sealed, to be kept where nobody who can edit the log can reach.

use admin::action::audit::Head;
use clap::Args;

use crate::cli::Global;
use crate::command::administration::with_client;
use crate::exit::Exit;

/// What `audit head` does, for its help.
pub const ABOUT: &str = "\
Print the sealed head, to be kept elsewhere.

A log whose end was cut off looks like an earlier state of itself. A head that is kept where nobody who can edit \
the log can reach it shows the cut: `toolgate audit verify --head FILE`.";

const EXAMPLES: &str = "\
Examples:
  toolgate audit head | ssh vault 'cat >> toolgate-heads'     such as every hour
  toolgate audit verify --head toolgate-heads                 the file's last line counts";

/// Arguments of `audit head`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {}

/// Prints the head; it is one line of JSON already.
pub fn run(global: &Global, _: &Arguments) -> anyhow::Result<Exit> {
    let head: Head = with_client(global, async |client| Ok(client.get(&["audit", "head"]).await?))?;
    global.output().line(head.line)?;
    Ok(Exit::Ok)
}
