//! `toolgate policy …`
use crate::cli::Global;
use crate::exit::Exit;
use clap::Subcommand;
/// x
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lint
    Lint,
}
impl Command {
    /// Does it.
    pub fn run(self, _global: &Global) -> anyhow::Result<Exit> {
        Ok(Exit::Ok)
    }
}
