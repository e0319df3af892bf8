//! `toolgate policy export`: a policy in the language of another product.
//! What that language cannot say is told with its place, and never makes the export allow more.

use clap::Args;
use serde::Serialize;

use crate::cli::Global;
use crate::config::problem::Problem;
use crate::exit::{Exit, Usage};
use crate::output::{count, plain};

use super::document;

const EXAMPLES: &str = "\
Examples:
  toolgate policy export --cedar imaging > imaging.cedar   standard error tells what Cedar cannot say
  toolgate policy export --cedar ./new.json --strict       exit code 1 where anything is left out

Every tool that the policy names becomes one `permit`, with its rules as conditions. A tool with a rule that Cedar
cannot say has none, so that Cedar denies it. Take one policy at a time: permits of several would add up, and here all
policies of an access key have to allow.

Exit codes: 0 printed; 1 does not load, or with --strict something is left out; 2 wrong usage.";

/// Arguments of `policy export`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A file, the name of a policy, or `-` for standard input
    #[arg(value_name = "FILE|NAME")]
    policy: String,
    /// In Cedar
    #[arg(long, required = true)]
    cedar: bool,
    /// End with exit code 1 where anything is left out
    #[arg(long)]
    strict: bool,
}

/// What was exported, for programs.
#[derive(Serialize)]
struct Told<'a> {
    policy: &'a str,
    permits: usize,
    cedar: &'a str,
    unsaid: &'a [Problem],
}

/// Prints it.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let files = document::read(global, std::slice::from_ref(&arguments.policy))?;
    let Some(file) = files.first() else { return Err(Usage("name a policy".to_owned()).into()) };
    let exported = ::policy::export_cedar(file.format, &file.name, file.bytes.clone())
        .map_err(|problems| document::problems(file, &problems))?;
    let unsaid = document::problems(file, &exported.unsaid);
    let output = global.output();
    if output.is_json() {
        let (permits, cedar) = (exported.n_permits, &*exported.text);
        output.value(&Told { policy: &file.name, permits, cedar, unsaid: unsaid.as_slice() })?;
    } else {
        for found in &exported.unsaid {
            let pointer = if found.pointer.is_empty() { "the top level" } else { &found.pointer };
            let place = format!("{}:{}:{}", file.path.display(), found.line, found.column);
            eprintln!("{}: {} at {}", plain(&place), plain(&found.message), plain(pointer));
        }
        let (permits, unsaid) = (count(exported.n_permits, "permit"), count(exported.unsaid.len(), "place"));
        eprintln!("{permits}; {unsaid} that Cedar cannot say");
        output.line(exported.text.trim_end())?;
    }
    let is_bad = arguments.strict && !exported.unsaid.is_empty();
    Ok(if is_bad { Exit::Problems } else { Exit::Ok })
}
