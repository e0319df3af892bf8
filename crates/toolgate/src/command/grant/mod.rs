//! `toolgate grant …`: agents' access keys.

mod create;
mod token;

use admin::action::grants::{Grant, Grants, State};
use clap::{Args, Subcommand};

use super::administration::{table, with_client};
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::{Output, Tone, plain};

/// What to do with grants.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the grants of files and commands
    List(Listed),
    /// Show one grant
    Show(One),
    /// Create a grant and print its token, this once
    #[command(long_about = create::ABOUT)]
    Create(create::Arguments),
    /// Print a fresh token and its hash, for a grant that a file declares
    #[command(long_about = token::ABOUT)]
    Token(token::Arguments),
    /// Revoke a grant at once and for good
    Revoke(One),
}

/// Which grants to list.
#[derive(Debug, Args)]
pub struct Listed {
    /// List revoked and expired ones too
    #[arg(long)]
    all: bool,
}

/// One grant.
#[derive(Debug, Args)]
pub struct One {
    /// Its id
    id: String,
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::List(listed) => list(global, listed.all),
            Self::Show(one) => show(global, &one.id),
            Self::Create(arguments) => create::run(global, &arguments),
            Self::Token(arguments) => token::run(global, &arguments),
            Self::Revoke(one) => revoke(global, &one.id),
        }
    }
}

fn list(global: &Global, all: bool) -> anyhow::Result<Exit> {
    let mut listed: Grants = with_client(global, async |client| Ok(client.get(&["grants"]).await?))?;
    let n_all = listed.grants.len();
    listed.grants.retain(|grant| all || grant.state == State::Valid);
    let output = global.output();
    if output.is_json() {
        listed.grants.iter().try_for_each(|grant| output.value(grant))?;
    } else if n_all == 0 {
        output.line("no grant yet; make one with `toolgate grant create NAME --server ID=POLICY`")?;
    } else {
        let rows: Vec<Vec<String>> = listed.grants.iter().map(row).collect();
        table(&rows).iter().try_for_each(|line| output.line(plain(line)))?;
        if listed.grants.len() < n_all {
            let hidden =
                format!("{} revoked or expired; `--all` lists them too", n_all - listed.grants.len());
            output.line(output.paint(Tone::Quiet, hidden))?;
        }
    }
    Ok(Exit::Ok)
}

fn show(global: &Global, id: &str) -> anyhow::Result<Exit> {
    let grant: Grant = with_client(global, async |client| Ok(client.get(&["grants", id]).await?))?;
    let output = global.output();
    output.tell(&grant, || print(output, &grant))?;
    Ok(Exit::Ok)
}

fn revoke(global: &Global, id: &str) -> anyhow::Result<Exit> {
    let path = ["grants", id, "revoke"];
    let grant: Grant = with_client(global, async |client| Ok(client.post(&path, None::<&()>).await?))?;
    let output = global.output();
    output.tell(&grant, || {
        output.line(format!("revoked the grant `{id}`; its next message is refused, its sessions are closed"))
    })?;
    Ok(Exit::Ok)
}

fn row(grant: &Grant) -> Vec<String> {
    let expires = grant.expires.as_ref().map(|at| format!("until {at}"));
    let no_token = (!grant.has_token).then(|| "no token: for `wrap` only".to_owned());
    let notes: Vec<String> = expires.into_iter().chain(no_token).collect();
    vec![grant.id.clone(), grant.origin.clone(), state(grant).to_owned(), reaches(grant), notes.join(", ")]
}

fn state(grant: &Grant) -> &'static str {
    match grant.state {
        State::Valid => "valid",
        State::Expired => "expired",
        State::Revoked => "revoked",
    }
}

fn reaches(grant: &Grant) -> String {
    let server = |(server, policies): (&String, &Vec<String>)| match policies.as_slice() {
        [] => format!("{server} (no policy: all denied)"),
        policies => format!("{server}={}", policies.join(",")),
    };
    if grant.servers.is_empty() {
        return "no server".to_owned();
    }
    grant.servers.iter().map(server).collect::<Vec<_>>().join(" ")
}

fn print(output: Output, grant: &Grant) -> std::io::Result<()> {
    output.line(output.paint(Tone::Strong, &grant.id))?;
    let mut rows = Vec::new();
    let mut add = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    add("state", state(grant).to_owned());
    add(
        "declared",
        grant.created.as_ref().map_or("in a file".to_owned(), |at| format!("by {}, {at}", grant.origin)),
    );
    add(
        "token",
        if grant.has_token { "kept as a hash" } else { "none: for `wrap` on this machine" }.to_owned(),
    );
    if !grant.labels.is_empty() {
        add("labels", grant.labels.join(", "));
    }
    grant.expires.iter().for_each(|at| add("expires", at.clone()));
    grant.revoked.iter().for_each(|at| add("revoked", at.clone()));
    if !grant.baseline.is_empty() {
        add("baseline", grant.baseline.join(", "));
    }
    add("reaches", reaches(grant));
    table(&rows).iter().try_for_each(|line| output.line(format!("  {}", plain(line))))?;
    Ok(())
}
