//! `toolgate policy …`: what can be asked of policies, in files or in force. It must never change one but its form.

mod call;
pub mod calls;
pub mod definitions;
mod diff;
mod differed;
pub mod document;
mod example_call;
mod explain;
mod explained;
mod export;
mod fmt;
mod import;
mod lint;
mod list;
mod manual;
pub mod opposite;
mod prove;
pub mod replay;
mod replayed;
mod schema;
mod show;
mod suggest;
mod test;
mod tested;

use clap::Subcommand;

use crate::cli::Global;
use crate::exit::Exit;

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the policies that are in force
    List(list::Arguments),
    /// Show a policy that is in force, and whom it binds
    Show(show::Arguments),
    /// Check policies and report everything that is wrong or doubtful
    Lint(lint::Arguments),
    /// Tell what policies decide about one call, step by step
    Explain(explain::Arguments),
    /// Tell what policies would have decided about calls that were made
    #[command(long_about = replay::ABOUT)]
    Replay(replay::Arguments),
    /// Judge the example calls of policies and of files of cases
    Test(test::Arguments),
    /// Print the tightest policy that allows the calls that were seen
    #[command(long_about = suggest::ABOUT)]
    Suggest(suggest::Arguments),
    /// Print what the language has: every operator and key, with an example
    Manual(manual::Arguments),
    /// Print the JSON Schema of policies, for editors
    #[command(after_help = schema::EXAMPLES)]
    Schema,
    /// Print a policy in its documented form
    Fmt(fmt::Arguments),
    /// Translate a policy of the older open-source proxy
    Import(import::Arguments),
    /// Print a policy in the language of another product, as far as that can say it
    Export(export::Arguments),
    /// Tell what two policies decide differently, with a call as an example for each difference
    Diff(diff::Arguments),
    /// Prove statements about every call that policies allow, or show a call that disproves them
    Prove(prove::Arguments),
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::List(arguments) => list::run(global, &arguments),
            Self::Show(arguments) => show::run(global, &arguments),
            Self::Lint(arguments) => lint::run(global, &arguments),
            Self::Explain(arguments) => explain::run(global, &arguments),
            Self::Replay(arguments) => replay::run(global, &arguments),
            Self::Test(arguments) => test::run(global, &arguments),
            Self::Suggest(arguments) => suggest::run(global, &arguments),
            Self::Manual(arguments) => manual::run(global, &arguments),
            Self::Schema => schema::run(global),
            Self::Fmt(arguments) => fmt::run(global, &arguments),
            Self::Import(arguments) => import::run(global, &arguments),
            Self::Export(arguments) => export::run(global, &arguments),
            Self::Diff(arguments) => diff::run(global, &arguments),
            Self::Prove(arguments) => prove::run(global, &arguments),
        }
    }
}
