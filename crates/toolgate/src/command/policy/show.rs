//! `toolgate policy show`: one policy that is in force, whom it binds, and its document as it was written.

use admin::action::policies::Detail;
use clap::Args;

use crate::cli::Global;
use crate::command::administration::{table, with_client};
use crate::exit::Exit;
use crate::output::{Output, Tone, plain};

/// Arguments of `policy show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Its name
    name: String,
}

/// Shows.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let path = ["policies", &arguments.name];
    let detail: Detail = with_client(global, async |client| Ok(client.get(&path).await?))?;
    let output = global.output();
    output.tell(&detail, || print(output, &detail))?;
    Ok(Exit::Ok)
}

fn print(output: Output, detail: &Detail) -> std::io::Result<()> {
    let policy = &detail.policy;
    output.line(output.paint(Tone::Strong, plain(&policy.name)))?;
    let bindings = detail.bindings.iter().map(|binding| format!("{} -> {}", binding.grant, binding.server));
    let mut bindings: Vec<String> = bindings.collect();
    if policy.is_baseline {
        bindings.insert(0, "every grant".to_owned());
    }
    let binds = if bindings.is_empty() { "nobody yet".to_owned() } else { bindings.join(", ") };
    let revision = policy.revision.clone().unwrap_or_else(|| "none: it does not load".to_owned());
    let rows = [("declared", policy.origin.clone()), ("revision", revision), ("binds", binds)];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    table(&rows).iter().try_for_each(|line| output.line(format!("  {}", plain(line))))?;
    for warning in &policy.warnings {
        output.line(output.paint(Tone::Warning, format!("  {}", plain(warning))))?;
    }
    let text = detail.text.replace('\t', "  ");
    text.trim_end().lines().try_for_each(|line| output.line(plain(line)))
}
