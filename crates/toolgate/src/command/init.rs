//! `toolgate init`: puts the servers of an MCP client behind the gateway, or takes them out again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::config;
use crate::config::source::{Surroundings, locate};
use crate::exit::{Exit, Usage};
use crate::init::client::{Client, ClientFile, find, guess};
use crate::init::import::{Setting, import};
use crate::init::plan::plan;
use crate::init::{entry, file, undo};

/// What `init` does, for its help.
pub const ABOUT: &str = "\
Put the servers of an MCP client behind the gateway.

Reads the configuration of Claude Code (.mcp.json, ~/.claude.json), Cursor (.cursor/mcp.json) or VS Code \
(.vscode/mcp.json), shows the commands found there, starts each of them once after a yes to list its tools, \
writes a policy that opens exactly these tools, shows the change of the client's file, and writes it after \
another yes. A copy of the file is kept beside it.

Servers that several agents share are better declared in toolgate.toml: their agents find all of them at one address, \
/mcp.";

const EXAMPLES: &str = "\
Examples:
  toolgate init                        import what is found in this folder or at home
  toolgate init .cursor/mcp.json       import this file
  toolgate init --server github        import one entry only
  toolgate init --undo                 put everything back as it was
  toolgate init --json                 show what would be done, for programs; nothing is started";

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The client's configuration file; without it, the usual places are searched
    file: Option<PathBuf>,
    /// Look only for this client's file: claude-code, cursor or vscode
    #[arg(long, value_enum, hide_possible_values = true)]
    client: Option<Client>,
    /// Import only this entry; may be repeated
    #[arg(long = "server", value_name = "NAME", conflicts_with = "undo")]
    servers: Vec<String>,
    /// Put the original commands back
    #[arg(long)]
    undo: bool,
    /// Answer yes to every question
    #[arg(long, short)]
    yes: bool,
}

/// Imports or undoes.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let surroundings = Surroundings::of_process();
    let chosen = choose(arguments, &surroundings)?;
    let original = file::read(&chosen.path)?;
    let is_done = if arguments.undo {
        undo::undo(global.output(), &original, arguments.yes)?
    } else {
        start_import(global, arguments, &surroundings, &chosen, &original)?
    };
    Ok(if is_done { Exit::Ok } else { Exit::Problems })
}

fn start_import(
    global: &Global,
    arguments: &Arguments,
    surroundings: &Surroundings,
    chosen: &ClientFile,
    original: &file::Original,
) -> anyhow::Result<bool> {
    // A wrapped command is started in any folder, so only a file that does not depend on the folder counts.
    let source = locate(global.config.as_deref(), &surroundings.clone().without_working_folder())?;
    let loaded = config::load(&source).context("the configuration has problems that must be mended first")?;
    let workspace = workspace_of(&chosen.path, surroundings);
    let entries = entry::read(&original.document, &workspace);
    let taken: BTreeSet<String> = loaded.declared.servers.into_iter().map(|server| server.id).collect();
    let plan = plan(entries, &arguments.servers, &taken).map_err(Usage)?;
    let mut program = vec![own_program()?, "wrap".to_owned()];
    if let Some(file) = global.config.as_ref().and(source.file.as_ref()) {
        program.extend(["--config".to_owned(), file.to_string_lossy().into_owned()]);
    }
    let setting = Setting {
        output: global.output(),
        client: chosen.client,
        workspace,
        home: surroundings.home.clone(),
        policies: source.policies(),
        program: &program,
        is_yes_to_all: arguments.yes,
    };
    import(&setting, original, plan)
}

fn choose(arguments: &Arguments, surroundings: &Surroundings) -> Result<ClientFile, Usage> {
    if let Some(path) = &arguments.file {
        return Ok(ClientFile {
            client: arguments.client.unwrap_or_else(|| guess(path)),
            path: path.clone(),
        });
    }
    let working = surroundings.working.as_deref().unwrap_or(Path::new("."));
    let mut found = find(arguments.client, working, surroundings.home.as_deref());
    match found.len() {
        0 => Err(Usage(
            "no configuration of Claude Code, Cursor or VS Code was found; name the file".to_owned(),
        )),
        1 => found.pop().ok_or_else(|| Usage("the file went away".to_owned())),
        _ => {
            let lines: Vec<String> = found
                .iter()
                .map(|file| format!("  {} ({})", file.path.display(), file.client.name()))
                .collect();
            Err(Usage(format!("several files were found; name one of them:\n{}", lines.join("\n"))))
        }
    }
}

/// The project that a file belongs to; of a file at home, the working folder.
fn workspace_of(path: &Path, surroundings: &Surroundings) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    let is_inner = folder.file_name().is_some_and(|name| name == ".cursor" || name == ".vscode");
    let project = if is_inner { folder.parent().unwrap_or(folder) } else { folder };
    let working = surroundings.working.clone();
    if Some(project) == surroundings.home.as_deref() {
        working.unwrap_or_else(|| project.into())
    } else {
        project.into()
    }
}

/// `toolgate` when that starts this very program, else its full path.
fn own_program() -> anyhow::Result<String> {
    let own = std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .context("this program's path is not known")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first =
        std::env::split_paths(&path).map(|folder| folder.join("toolgate")).find(|file| file.is_file());
    let is_on_path = first.and_then(|file| std::fs::canonicalize(file).ok()).is_some_and(|file| file == own);
    Ok(if is_on_path { "toolgate".to_owned() } else { own.to_string_lossy().into_owned() })
}
