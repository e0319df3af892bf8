//! `toolgate doctor`: looks at everything that the gateway's guarantees rest on.

use std::path::PathBuf;

use clap::Args;
use gateway::declared::Setting;

use crate::cli::Global;
use crate::config::{self, Loaded};
use crate::doctor::users::{User, Users};
use crate::doctor::{Finding, Status, agent, clock, commands, configuration, data, disk, ports, recordings};
use crate::exit::{Exit, Usage};
use crate::output::{Output, Tone, count, plain};

const EXAMPLES: &str = "\
Examples:
  toolgate doctor                      look at everything
  toolgate doctor --agent-user bot     check what the user that the agent runs as could do

Exit codes: 0 no problem, perhaps warnings; 1 problems found; 2 wrong usage.";

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The user that the agent runs as, by name or number
    #[arg(long, value_name = "USER")]
    agent_user: Option<String>,
}

/// Looks and reports.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let users = Users::of_machine();
    let agent = arguments.agent_user.as_deref().map(|name| find(&users, name)).transpose()?;
    let findings = look(global, &users, agent.as_ref())?;
    let output = global.output();
    for finding in &findings {
        if output.is_json() { output.value(finding)? } else { print(output, finding)? }
    }
    let n_of = |status: Status| findings.iter().filter(|finding| finding.status == status).count();
    let n_problems = n_of(Status::Problem);
    if !output.is_json() {
        let tone = if n_problems > 0 { Tone::Bad } else { Tone::Good };
        let counted =
            format!("{}, {}", count(n_problems, "problem"), count(n_of(Status::Warning), "warning"));
        output.line(output.paint(tone, counted))?;
    }
    Ok(if n_problems > 0 { Exit::Problems } else { Exit::Ok })
}

fn look(global: &Global, users: &Users, agent: Option<&User>) -> anyhow::Result<Vec<Finding>> {
    let source = global.source()?;
    let loaded = config::load(&source);
    let operator = users.of_process();
    let data_folder =
        loaded.as_ref().ok().map(|loaded| loaded.settings.data.clone()).or(source.default_data.clone());
    let deciding = configuration::deciding_files(&source, data_folder.as_deref());
    let mut findings = configuration::loads(&source, loaded.as_ref());
    findings.extend(configuration::strangers(&deciding, &operator, users));
    let secrets = loaded.as_ref().map(secrets).unwrap_or_default();
    findings.extend(agent::look(&operator, agent, &deciding, &secrets));
    if let Some(folder) = &data_folder {
        findings.extend(data::look(folder, operator.uid));
    }
    if let Ok(loaded) = &loaded {
        let settings = &loaded.settings;
        findings.push(disk::look(&settings.data, settings.free_space_reserve_bytes));
        findings.extend(recordings::look(loaded.recordings.as_ref(), &settings.data));
        let owner = data::owner(&settings.data);
        findings.push(ports::look("listen", settings.listen, owner));
        findings.push(ports::look("admin_listen", settings.admin_listen, owner));
        findings.extend(commands::look(&loaded.declared.servers));
    }
    findings.push(clock::look(store::clock::Clock::System.wall_ns() / 1_000_000));
    Ok(findings)
}

/// Files that hold something that the agent must not read.
fn secrets(loaded: &Loaded) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = loaded.settings.tls.iter().map(|tls| tls.key.clone()).collect();
    for server in &loaded.declared.servers {
        files.extend(server.transport.settings().values().filter_map(|value| match value {
            Setting::File(path) => Some(path.clone()),
            Setting::Literal(_) | Setting::Env(_) => None,
        }));
    }
    if let Some(Setting::File(key)) =
        loaded.recordings.as_ref().and_then(|recordings| recordings.key.as_ref())
    {
        files.push(key.clone());
    }
    files.push(loaded.settings.data.clone());
    files
}

fn find(users: &Users, name: &str) -> Result<User, Usage> {
    users.find(name).ok_or_else(|| Usage(format!("there is no user `{name}` in /etc/passwd")))
}

fn print(output: Output, finding: &Finding) -> std::io::Result<()> {
    let (tone, word) = match finding.status {
        Status::Ok => (Tone::Good, "ok"),
        Status::Warning => (Tone::Warning, "warning"),
        Status::Problem => (Tone::Bad, "problem"),
    };
    let status = output.paint(tone, format!("{word:<8}"));
    output.line(format!("{status}{}: {}", finding.check, plain(&finding.text)))?;
    match &finding.advice {
        Some(advice) => output.line(output.paint(Tone::Quiet, format!("        {}", plain(advice)))),
        None => Ok(()),
    }
}
