//! `toolgate wrap`: stands in for a server's command in a client's configuration.
//! Standard output belongs to the protocol: nothing else may ever be written there.

mod package;

use std::ffi::OsString;

use anyhow::Context as _;
use clap::Args;

use super::administration::runtime;
use crate::cli::Global;
use crate::config::source::{Surroundings, locate};
use crate::config::{self, name};
use crate::exit::{Exit, Usage};
use crate::owner::place::Place;
use crate::wrap::{Launch, Wanted};

/// What `wrap` does, for its help.
pub const ABOUT: &str = "\
Stand in for a server's command: start the server behind the gateway and judge every message to it.

Put it before the command in the configuration of an MCP client. All wrapped servers share one gateway, which is \
started when none runs and ends by itself; limits and the audit log are shared as well. Without a policy everything \
is denied, and standard error says how to add one.

The configuration is the one of --config or of ~/.config/toolgate; a toolgate.toml in the folder where the client \
starts is not used.";

const EXAMPLES: &str = "\
Examples:
  toolgate wrap -- npx -y @modelcontextprotocol/server-filesystem /srv/share
  toolgate wrap --server imaging --policy imaging -- uvx awslabs.healthimaging-mcp-server@latest

In a client's configuration:
  { \"command\": \"toolgate\", \"args\": [\"wrap\", \"--policy\", \"files\", \"--\", \"npx\", \"-y\", \"some-server\"] }";

/// Arguments of `wrap`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "toolgate wrap [OPTIONS] -- COMMAND...")]
pub struct Arguments {
    /// The server's id in limits and audit; from the package's name in the command when absent
    #[arg(long, value_name = "ID")]
    server: Option<String>,
    /// The grant under which calls are judged
    #[arg(long, value_name = "ID", default_value = "local")]
    grant: String,
    /// A policy besides those that the grant has for the server
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Program and arguments of the server
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Wraps.
pub fn run(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let wanted = wanted(arguments)?;
    let source = locate(global.config.as_deref(), &Surroundings::of_process().without_working_folder())?;
    let loaded = config::load(&source)?;
    let launch = Launch {
        program: std::env::current_exe().context("this program's path is not known")?,
        config: source.file,
        data: loaded.settings.data.clone(),
    };
    let place = Place::new(&loaded.settings.data);
    let runtime = runtime()?;
    let ended = runtime.block_on(crate::wrap::run(&wanted, &place, &launch));
    // Standard input is read by a thread that only its client can end.
    runtime.shutdown_background();
    ended.map(|()| Exit::Ok)
}

fn wanted(arguments: Arguments) -> Result<Wanted, Usage> {
    let Arguments { server, grant, policy, command } = arguments;
    let server = match server {
        Some(server) => server,
        None => package::id(&command).ok_or_else(|| {
            Usage("the command does not tell the server's name; name it with `--server ID`".to_owned())
        })?,
    };
    for (option, id) in [("--server", &server), ("--grant", &grant)] {
        if !name::is_id(id) {
            return Err(Usage(format!("`{option} {id}`: an id {}", name::ID_EXPECTED)));
        }
    }
    if let Some(policy) = policy.as_ref().filter(|policy| !name::is_policy(policy)) {
        return Err(Usage(format!("`--policy {policy}`: a policy's name {}", name::POLICY_EXPECTED)));
    }
    Ok(Wanted { server, grant, policy, command })
}
