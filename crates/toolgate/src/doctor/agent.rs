//! What the agent's user could do to the gateway. The gateway judges calls; it cannot judge a program that reads
//! and writes the same files by itself, so this says plainly what is outside its guarantee.

use std::path::{Path, PathBuf};

use super::Finding;
use super::access::steps;
use super::users::User;

const CHECK: &str = "agent's user";

/// Compares the agent's user with the operator's and with the files.
#[must_use]
pub fn look(
    operator: &User,
    agent: Option<&User>,
    deciding: &[PathBuf],
    secrets: &[PathBuf],
) -> Vec<Finding> {
    let Some(agent) = agent else {
        let text = format!(
            "an agent that runs as `{}` as well can change configuration and policies, read the data and secrets, \
             and start servers without the gateway",
            operator.name
        );
        let advice = "run the agent, or the gateway, as another user; `--agent-user NAME` then checks what that user can do";
        return vec![Finding::warning(CHECK, text, advice)];
    };
    if agent.uid == operator.uid || agent.uid == 0 {
        let text = format!(
            "`{}` is the gateway's own user or root: what it does outside of MCP is not held back by any policy",
            agent.name
        );
        return vec![Finding::problem(CHECK, text, "run the agent as a user of its own")];
    }
    let mut findings: Vec<Finding> = deciding.iter().filter_map(|file| writable(agent, file)).collect();
    findings.extend(secrets.iter().filter_map(|file| readable(agent, file)));
    if findings.is_empty() {
        let text =
            format!("`{}` can neither change the configuration and data nor read the secrets", agent.name);
        findings.push(Finding::ok(CHECK, text));
    }
    findings
}

fn writable(agent: &User, file: &Path) -> Option<Finding> {
    let step = steps(file).ok()?.into_iter().find(|step| step.is_writable_by(agent))?;
    let text = format!("`{}` can change `{}` through `{}`", agent.name, file.display(), step.path.display());
    Some(Finding::problem(CHECK, text, "take the right away, or move the file"))
}

fn readable(agent: &User, file: &Path) -> Option<Finding> {
    let is_readable = steps(file).ok()?.iter().all(|step| step.is_readable_by(agent));
    let text = format!("`{}` can read the secret in `{}`", agent.name, file.display());
    is_readable.then(|| Finding::problem(CHECK, text, format!("close it: chmod go-rwx '{}'", file.display())))
}
