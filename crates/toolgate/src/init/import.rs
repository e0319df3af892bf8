//! The import from the first question to the last write. Its order is its guarantee: show, ask, list, show, ask,
//! write the policies, keep a copy, and only then replace the client's file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use crate::output::{Output, Tone, count, plain};

use super::client::Client;
use super::confirm::confirm;
use super::expand::{Variables, expand};
use super::file::{self, Original};
use super::listing::list_tools;
use super::plan::{Candidate, Plan};
use super::splice::{self, Wrapping};
use super::{policy, show};

/// Where an import happens and how.
pub struct Setting<'a> {
    /// Where it writes to the operator.
    pub output: Output,
    /// The client.
    pub client: Client,
    /// The folder that the client works in.
    pub workspace: PathBuf,
    /// The operator's home.
    pub home: Option<PathBuf>,
    /// Where policies are kept.
    pub policies: PathBuf,
    /// The program and options that every wrapped command begins with, up to and with `wrap`.
    pub program: &'a [String],
    /// Yes to everything.
    pub is_yes_to_all: bool,
}

/// What became of one entry, for programs.
#[derive(Debug, Serialize)]
pub struct Outcome {
    name: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PathBuf>,
}

/// What became of the whole import, for programs.
#[derive(Debug, Serialize)]
pub struct Summary {
    file: PathBuf,
    client: &'static str,
    servers: Vec<Outcome>,
    written: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<PathBuf>,
}

/// Imports. Returns whether everything that was found is wrapped now.
///
/// # Errors
/// When something cannot be read or written; the client's file then is as it was.
pub fn import(setting: &Setting<'_>, original: &Original, plan: Plan) -> anyhow::Result<bool> {
    let output = setting.output;
    let mut summary = Summary {
        file: original.path.clone(),
        client: setting.client.name(),
        servers: plan.left_alone.iter().map(|(name, reason)| Outcome::left_alone(name, reason)).collect(),
        written: false,
        copy: None,
    };
    show_plan(setting, original, &plan)?;
    if plan.candidates.is_empty() {
        return finish(output, &summary, "there is nothing to wrap").map(|()| true);
    }
    let question = format!("Start {} once, to list its tools?", count(plan.candidates.len(), "command"));
    if !confirm(output, &question, setting.is_yes_to_all)? {
        summary.servers.extend(plan.candidates.iter().map(|candidate| Outcome::of(candidate, "planned")));
        return finish(output, &summary, "nothing was started or changed").map(|()| false);
    }
    let listed = list_all(setting, &plan.candidates, &mut summary)?;
    if listed.is_empty() {
        return finish(output, &summary, "nothing was changed").map(|()| false);
    }
    let n_failed = plan.candidates.len() - listed.len();
    let text = wrapped(setting, original, &listed)?;
    show_changes(setting, original, &text, &listed)?;
    if !confirm(output, "Write this?", setting.is_yes_to_all)? {
        return finish(output, &summary, "nothing was changed").map(|()| false);
    }
    write(setting, original, &text, &listed, &mut summary)?;
    let end = match &summary.copy {
        Some(copy) => format!(
            "written; the file as it was is `{}`\nrestart {}; `toolgate init --undo {}` puts everything back",
            copy.display(),
            setting.client.name(),
            original.path.display()
        ),
        None => "written".to_owned(),
    };
    finish(output, &summary, &end).map(|()| n_failed == 0)
}

fn show_plan(setting: &Setting<'_>, original: &Original, plan: &Plan) -> anyhow::Result<()> {
    let output = setting.output;
    if output.is_json() {
        return Ok(());
    }
    let place = format!("{} ({})", original.path.display(), setting.client.name());
    output.line(output.paint(Tone::Strong, place))?;
    let width = plan.candidates.iter().map(|candidate| candidate.entry.name().len()).max().unwrap_or(0);
    for candidate in &plan.candidates {
        let name = format!("{:width$}", plain(candidate.entry.name()));
        output.line(format!("  {name}  {}", show::command(&candidate.launch.command)))?;
    }
    for (name, reason) in &plan.left_alone {
        output.line(
            output.paint(Tone::Quiet, format!("  `{}` stays as it is: {}", plain(name), plain(reason))),
        )?;
    }
    Ok(())
}

/// Starts every candidate once; what fails is reported and left out.
fn list_all<'a>(
    setting: &Setting<'_>,
    candidates: &'a [Candidate],
    summary: &mut Summary,
) -> anyhow::Result<Vec<(&'a Candidate, BTreeSet<String>)>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let environment = |name: &str| std::env::var(name).ok();
    let variables =
        Variables { workspace: &setting.workspace, home: setting.home.as_deref(), environment: &environment };
    let mut listed = Vec::new();
    for candidate in candidates {
        let output = setting.output;
        if !output.is_json() {
            // Before the start: a first one may download the server and take its time.
            output.ask(&format!("{}:", plain(candidate.entry.name())))?;
        }
        let outcome = match expand(&candidate.launch, &variables) {
            Ok(launch) => runtime.block_on(list_tools(&launch)),
            Err(reason) => Err(reason),
        };
        match outcome {
            Ok(tools) => {
                say(output, count(tools.len(), "tool"))?;
                summary
                    .servers
                    .push(Outcome { tools: Some(tools.clone()), ..Outcome::of(candidate, "listed") });
                listed.push((candidate, tools));
            }
            Err(reason) => {
                say(output, output.paint(Tone::Bad, format!("stays as it is: {}", plain(&reason))))?;
                summary.servers.push(Outcome { reason: Some(reason), ..Outcome::of(candidate, "failed") });
            }
        }
    }
    Ok(listed)
}

fn wrapped(
    setting: &Setting<'_>,
    original: &Original,
    listed: &[(&Candidate, BTreeSet<String>)],
) -> anyhow::Result<Vec<u8>> {
    let (program, options) = setting.program.split_first().context("the program's own path is not known")?;
    let wrappings: Vec<Wrapping> = listed
        .iter()
        .map(|(candidate, _)| {
            let mut words = options.to_vec();
            words.extend(["--server", &candidate.id, "--policy", &candidate.id, "--"].map(str::to_owned));
            Wrapping { path: candidate.entry.path.clone(), program: program.clone(), words }
        })
        .collect();
    splice::wrap(&original.document, &wrappings).map_err(anyhow::Error::msg)
}

fn show_changes(
    setting: &Setting<'_>,
    original: &Original,
    text: &[u8],
    listed: &[(&Candidate, BTreeSet<String>)],
) -> anyhow::Result<()> {
    let output = setting.output;
    for (candidate, tools) in listed {
        let path = policy_path(setting, candidate);
        let shown = path.display();
        say(
            output,
            match policy::named_in(&path)? {
                None => format!(
                    "new policy `{shown}`: opens {}, everything else is denied",
                    count(tools.len(), "tool")
                ),
                Some(named) => {
                    let denied: Vec<String> = tools.difference(&named).map(|tool| plain(tool)).collect();
                    let denied = if denied.is_empty() {
                        "all tools".to_owned()
                    } else {
                        format!("all but {}", denied.join(", "))
                    };
                    format!("policy `{shown}` is there already and stays; it names {denied}")
                }
            },
        )?;
    }
    for line in show::changes(output, original.document.text().as_bytes(), text) {
        say(output, line)?;
    }
    Ok(())
}

fn write(
    setting: &Setting<'_>,
    original: &Original,
    text: &[u8],
    listed: &[(&Candidate, BTreeSet<String>)],
    summary: &mut Summary,
) -> anyhow::Result<()> {
    for (candidate, tools) in listed {
        let path = policy_path(setting, candidate);
        write_policy(&path, tools).with_context(|| format!("cannot write `{}`", path.display()))?;
        let outcome =
            summary.servers.iter_mut().find(|outcome| outcome.server.as_ref() == Some(&candidate.id));
        if let Some(outcome) = outcome {
            outcome.status = "wrapped";
            outcome.policy = Some(path);
        }
    }
    summary.copy = Some(file::keep_copy(original)?);
    file::replace(original, text)?;
    summary.written = true;
    Ok(())
}

fn write_policy(path: &Path, tools: &BTreeSet<String>) -> anyhow::Result<()> {
    if policy::named_in(path)?.is_some() {
        return Ok(());
    }
    let folder = path.parent().context("it has no folder")?;
    // Whoever can write here decides what agents may do, so nobody else may.
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
        .create(folder)?;
    Ok(file::write_in_one_step(path, 0o600, policy::text(tools).as_bytes())?)
}

/// The policy of a server: the file that is there in whichever format, else the one to be written.
fn policy_path(setting: &Setting<'_>, candidate: &Candidate) -> PathBuf {
    let named = |end: &str| setting.policies.join(format!("{}.{end}", candidate.id));
    let present = ["yaml", "yml", "toml"].map(named).into_iter().find(|path| path.exists());
    present.unwrap_or_else(|| named("json"))
}

fn finish(output: Output, summary: &Summary, text: &str) -> anyhow::Result<()> {
    if output.is_json() {
        output.value(summary)?
    } else {
        output.line(text)?
    }
    Ok(())
}

fn say(output: Output, line: String) -> std::io::Result<()> {
    if output.is_json() { Ok(()) } else { output.line(line) }
}

impl Outcome {
    fn of(candidate: &Candidate, status: &'static str) -> Self {
        Self {
            name: candidate.entry.name().to_owned(),
            status,
            reason: None,
            server: Some(candidate.id.clone()),
            command: candidate.launch.command.clone(),
            tools: None,
            policy: None,
        }
    }

    fn left_alone(name: &str, reason: &str) -> Self {
        Self {
            name: name.to_owned(),
            status: "left alone",
            reason: Some(reason.to_owned()),
            server: None,
            command: Vec::new(),
            tools: None,
            policy: None,
        }
    }
}
