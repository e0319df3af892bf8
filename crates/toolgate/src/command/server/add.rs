//! `toolgate server add`: a command or a URL, kept in the database.
//! Nothing is started or connected to here, and a secret is only ever referred to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use admin::action::servers::{NewServer, Server, UrlTransport};
use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::command::administration::with_client;
use crate::config::quantity::duration_ms;
use crate::exit::{Exit, Usage};

/// What `server add` does, for its help.
pub const ABOUT: &str = "\
Add a server: a command, or a URL.

It is kept in the data folder and counts at once. Nothing is started or connected to before an agent calls. \
Secrets are referred to, as `env:NAME` in the gateway's own environment or `file:PATH`, and never kept.";

const EXAMPLES: &str = "\
Examples:
  toolgate server add files -- npx -y @modelcontextprotocol/server-filesystem /srv/share
  toolgate server add imaging --env AWS_REGION=eu-central-1 -- uvx awslabs.healthimaging-mcp-server
  toolgate server add github --url https://mcp.example/mcp --header Authorization=file:/run/token

Then open it to a grant:
  toolgate grant create laptop --server github=github";

/// Arguments of `server add`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "toolgate server add ID [OPTIONS] -- COMMAND...\n       \
                                                   toolgate server add ID [OPTIONS] --url URL")]
pub struct Arguments {
    /// Its id: lower-case letters, digits and `-`
    id: String,
    /// Program and arguments, after `--`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// A variable of the command's environment: a text, `env:NAME` or `file:PATH`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// The command's working folder
    #[arg(long, value_name = "PATH")]
    cwd: Option<PathBuf>,
    /// The endpoint of a server that speaks HTTP
    #[arg(long, conflicts_with = "command")]
    url: Option<String>,
    /// What the endpoint speaks: `http` (streamable HTTP), or `sse` (HTTP+SSE of 2024-11-05)
    #[arg(long, value_name = "KIND", value_parser = transport, requires = "url")]
    transport: Option<UrlTransport>,
    /// A header of every request: a text, `env:NAME` or `file:PATH`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, requires = "url")]
    header: Vec<(String, String)>,
    /// A further certificate authority, PEM
    #[arg(long, value_name = "PATH", requires = "url")]
    ca_file: Option<PathBuf>,
    /// Permit plain HTTP to another machine
    #[arg(long, requires = "url")]
    insecure: bool,
    /// Longest wait for a reply, such as `30s`; five minutes when absent
    #[arg(long, value_name = "DURATION", value_parser = seconds)]
    timeout: Option<u64>,
    /// Stop the process after so long without a message, such as `10m`; ten minutes when absent
    #[arg(long, value_name = "DURATION", value_parser = seconds, conflicts_with = "url")]
    idle_stop: Option<u64>,
    /// What stands before its tools' names where a grant reaches several servers; its id when absent
    #[arg(long)]
    alias: Option<String>,
}

/// Adds.
pub fn run(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    if arguments.command.is_empty() && arguments.url.is_none() {
        let message = "a server needs a command after `--`, or `--url URL`; see `toolgate server add --help`";
        return Err(Usage(message.to_owned()).into());
    }
    let id = arguments.id.clone();
    let new = new_server(arguments, &std::env::current_dir().context("reading the working folder")?);
    let added: Server =
        with_client(global, async |client| Ok(client.post(&["servers"], Some(&new)).await?))?;
    let output = global.output();
    output.tell(&added, || {
        output.line(format!("added the server `{id}`"))?;
        output.line(format!("open it to an agent: `toolgate grant create NAME --server {id}=POLICY`"))
    })?;
    Ok(Exit::Ok)
}

/// What was typed is relative to where it was typed; the gateway works elsewhere.
fn new_server(arguments: Arguments, working: &Path) -> NewServer {
    let mut command = arguments.command;
    if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
        *program = working.join(&program).to_string_lossy().into_owned();
    }
    let values = |pairs: Vec<(String, String)>| -> BTreeMap<String, String> {
        pairs.into_iter().map(|(name, value)| (name, absolute_reference(value, working))).collect()
    };
    NewServer {
        id: arguments.id,
        command,
        env: values(arguments.env),
        cwd: arguments.cwd.map(|cwd| working.join(cwd)),
        url: arguments.url,
        transport: arguments.transport.unwrap_or_default(),
        headers: values(arguments.header),
        ca_file: arguments.ca_file.map(|file| working.join(file)),
        insecure: arguments.insecure,
        timeout_s: arguments.timeout,
        idle_stop_s: arguments.idle_stop,
        alias: arguments.alias,
    }
}

fn absolute_reference(value: String, working: &Path) -> String {
    match value.strip_prefix("file:") {
        Some(path) => format!("file:{}", working.join(path).display()),
        None => value,
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write `NAME=VALUE`")?;
    if name.is_empty() {
        Err("the name is missing before `=`".to_owned())
    } else {
        Ok((name.to_owned(), value.to_owned()))
    }
}

fn transport(text: &str) -> Result<UrlTransport, String> {
    match text {
        "http" => Ok(UrlTransport::Http),
        "sse" => Ok(UrlTransport::Sse),
        _ => Err("write `http` or `sse`".to_owned()),
    }
}

fn seconds(text: &str) -> Result<u64, String> {
    duration_ms(text).map(|ms| ms.div_ceil(1_000)).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{Arguments, absolute_reference, new_server, pair};
    use std::path::Path;

    #[test]
    fn what_was_typed_is_relative_to_where_it_was_typed() {
        let arguments = |program: &str| Arguments {
            id: "a".to_owned(),
            command: vec![program.to_owned()],
            env: Vec::new(),
            cwd: Some("in".into()),
            url: None,
            transport: None,
            header: Vec::new(),
            ca_file: None,
            insecure: false,
            timeout: None,
            idle_stop: None,
            alias: None,
        };
        for (program, expected) in [("npx", "npx"), ("./run", "/w/./run"), ("/bin/x", "/bin/x")] {
            let new = new_server(arguments(program), Path::new("/w"));
            assert_eq!((new.command[0].as_str(), new.cwd.as_deref()), (expected, Some(Path::new("/w/in"))));
        }
        for (value, expected) in
            [("file:k", "file:/w/k"), ("file:/k", "file:/k"), ("env:K", "env:K"), ("k", "k")]
        {
            assert_eq!(absolute_reference(value.to_owned(), Path::new("/w")), expected);
        }
    }

    #[test]
    fn pairs() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert!(pair("A").is_err() && pair("=b").is_err());
    }
}
