//! `toolgate server …`: the MCP servers behind the gateway.

mod add;

use admin::action::servers::{Detail, Server, Servers, ShownTransport};
use clap::{Args, Subcommand};

use super::administration::{table, with_client};
use crate::cli::Global;
use crate::exit::Exit;
use crate::output::{Output, Tone, count, plain};

/// What to do with servers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the servers of files and commands
    List,
    /// Show one server and its tools
    Show(One),
    /// Add a server: a command, or a URL
    #[command(long_about = add::ABOUT)]
    Add(Box<add::Arguments>),
    /// Remove a server that was added by command
    Remove(One),
}

/// One server.
#[derive(Debug, Args)]
pub struct One {
    /// Its id
    id: String,
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::List => list(global),
            Self::Show(one) => show(global, &one.id),
            Self::Add(arguments) => add::run(global, *arguments),
            Self::Remove(one) => remove(global, &one.id),
        }
    }
}

fn list(global: &Global) -> anyhow::Result<Exit> {
    let listed: Servers = with_client(global, async |client| Ok(client.get(&["servers"]).await?))?;
    let output = global.output();
    if output.is_json() {
        listed.servers.iter().try_for_each(|server| output.value(server))?;
    } else if listed.servers.is_empty() {
        output
            .line("no server yet; add one with `toolgate server add ID -- COMMAND`, or in toolgate.toml")?;
    } else {
        let tools = |server: &Server| count(usize::try_from(server.n_tools).unwrap_or(usize::MAX), "tool");
        let row =
            |server: &Server| vec![server.id.clone(), server.origin.clone(), tools(server), way(server)];
        let rows: Vec<Vec<String>> = listed.servers.iter().map(row).collect();
        table(&rows).iter().try_for_each(|line| output.line(plain(line)))?;
    }
    Ok(Exit::Ok)
}

fn show(global: &Global, id: &str) -> anyhow::Result<Exit> {
    let detail: Detail = with_client(global, async |client| Ok(client.get(&["servers", id]).await?))?;
    let output = global.output();
    output.tell(&detail, || print(output, &detail))?;
    Ok(Exit::Ok)
}

fn remove(global: &Global, id: &str) -> anyhow::Result<Exit> {
    with_client(global, async |client| Ok(client.delete(&["servers", id]).await?))?;
    let output = global.output();
    let removed = serde_json::json!({ "removed": id });
    output.tell(&removed, || output.line(format!("removed the server `{id}`")))?;
    Ok(Exit::Ok)
}

/// How a server is reached, on one line.
fn way(server: &Server) -> String {
    match &server.transport {
        ShownTransport::Stdio { command, .. } => command.join(" "),
        ShownTransport::Http { url, .. } => url.clone(),
        ShownTransport::Sse { url, .. } => format!("{url} (sse)"),
    }
}

fn print(output: Output, detail: &Detail) -> std::io::Result<()> {
    let server = &detail.server;
    output.line(output.paint(Tone::Strong, &server.id))?;
    let mut rows = vec![vec!["declared".to_owned(), origin(server)], vec!["reached".to_owned(), way(server)]];
    let mut add = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    match &server.transport {
        ShownTransport::Stdio { env, cwd, .. } => {
            env.iter().for_each(|(name, value)| add("variable", format!("{name}={value}")));
            cwd.iter().for_each(|cwd| add("folder", cwd.display().to_string()));
            add("idle stop", format!("{}s", server.idle_stop_s));
        }
        ShownTransport::Http { headers, ca_file, insecure, .. }
        | ShownTransport::Sse { headers, ca_file, insecure, .. } => {
            headers.iter().for_each(|(name, value)| add("header", format!("{name}: {value}")));
            ca_file.iter().for_each(|file| add("ca file", file.display().to_string()));
            insecure.then(|| add("insecure", "plain HTTP to another machine is permitted".to_owned()));
        }
    }
    server.alias.iter().for_each(|alias| add("alias", alias.clone()));
    add("timeout", format!("{}s", server.timeout_s));
    let grants = if detail.grants.is_empty() { "none".to_owned() } else { detail.grants.join(", ") };
    add("grants", grants);
    table(&rows).iter().try_for_each(|line| output.line(format!("  {}", plain(line))))?;
    let listed: Vec<_> = detail.tools.iter().filter(|tool| tool.is_listed).collect();
    if listed.is_empty() {
        output.line("  it has not listed its tools yet; it does when an agent first asks")?;
    }
    for tool in listed {
        let (name, hash) = (plain(&tool.name), tool.hash.get(..12).unwrap_or(&tool.hash));
        output.line(format!(
            "  tool      {name}  {}",
            output.paint(Tone::Quiet, format!("{hash}, since {}", tool.first_seen))
        ))?;
    }
    Ok(())
}

fn origin(server: &Server) -> String {
    match &server.created {
        None => "in a file".to_owned(),
        Some(created) => format!("by {}, {created}", server.origin),
    }
}
