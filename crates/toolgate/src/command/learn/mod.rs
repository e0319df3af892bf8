//! `toolgate learn …`: from a policy that only names to one that says what is needed, with a question for each group of
//! tools. It must never write a policy without having shown what it closes.

mod finish;
mod start;
mod status;
mod undo;

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::Global;
use crate::exit::Exit;

/// What it does.
pub const ABOUT: &str = "\
Learn a policy from what is used.

A policy that only names tools, or allows all, stays in force as it is for a time. Then, for each group of tools that was \
used, one question: is it to stay open? The answers write a policy that allows just what was seen of them, in the place of \
the one before, which `learn undo` puts back. Nothing is ever opened.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Begin to learn the policy of grants or servers; nothing is changed
    Start(start::Arguments),
    /// Tell what is being learned, and what was used so far
    Status(status::Arguments),
    /// Ask about what was used, and write the policy
    Finish(finish::Arguments),
    /// Put the policy back that was there before, or stop learning
    Undo(undo::Arguments),
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Start(arguments) => start::run(global, &arguments),
            Self::Status(arguments) => status::run(global, &arguments),
            Self::Finish(arguments) => finish::run(global, &arguments),
            Self::Undo(arguments) => undo::run(global, &arguments),
        }
    }
}

/// The folder of the configuration.
fn folder(global: &Global) -> anyhow::Result<PathBuf> {
    Ok(global.source()?.folder)
}

/// The file of a policy.
fn policy_file(global: &Global, policy: &str) -> anyhow::Result<PathBuf> {
    Ok(global.source()?.policies().join(format!("{policy}.json")))
}
