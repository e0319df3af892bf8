//! The tools that policies are looked at together with: those of a file, or those that the data folder remembers.
//! Nothing is started or connected to for them; what a server lists today may be something else.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::policy::{Definition, KnownTool};
use admin::action::definitions::{Definitions, Servers};
use anyhow::Context as _;
use clap::Args;
use gateway::definitions::{MAX_TOOLS, Tool};
use json::{Document, Limits, Location, Value};

use crate::cli::Global;
use crate::command::administration::with_client;
use crate::config;
use crate::config::name::{ID_EXPECTED, is_id};
use crate::exit::Usage;

/// The server of a file that names none.
pub const DEFAULT_SERVER: &str = "server";
/// What a file has to hold.
const EXPECTED: &str = "write the result of `tools/list`, a JSON list of tools, or an object with such a list for \
                        each server's id";
/// Larger files are no lists of tools.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// The options with which a subcommand is told of tools.
#[derive(Debug, Clone, Args)]
pub struct ToolOptions {
    /// Tools as servers list them: a result of `tools/list`, or lists by server id [default: those that the data
    /// folder remembers]
    #[arg(long, value_name = "FILE")]
    pub tools: Option<PathBuf>,
    /// The server whose tools these are, where the file does not say
    #[arg(id = "tools_server", long = "tools-server", value_name = "ID", default_value = DEFAULT_SERVER, hide_default_value = true)]
    #[arg(requires = "tools", value_parser = server_id)]
    pub server: String,
}

/// One tool as its server listed it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// What policies bind to.
    pub definition: Definition,
    /// The members that the definition's hash covers, as canonical JSON.
    pub entry: Arc<Document>,
    /// Whether the server's last list holds it.
    pub is_current: bool,
}

/// Tools, by server, then by name.
#[derive(Debug, Clone)]
pub struct Known {
    /// Where they are known from, for messages.
    pub origin: String,
    /// The tools.
    pub tools: Vec<Listed>,
}

impl Known {
    /// The tools that servers list now.
    pub fn current(&self) -> impl Iterator<Item = &Listed> {
        self.tools.iter().filter(|tool| tool.is_current)
    }
}

impl Listed {
    /// As the linter takes it.
    pub fn known(&self) -> KnownTool<'_> {
        KnownTool { definition: &self.definition, entry: self.entry.root() }
    }
}

impl ToolOptions {
    /// The tools of the file, else those that the data folder remembers; nothing where it remembers none.
    ///
    /// # Errors
    /// Where the file is no list of tools, or the data folder cannot be read.
    pub fn find(&self, global: &Global) -> anyhow::Result<Option<Known>> {
        match &self.tools {
            Some(path) => read_file(path, &self.server).map(Some),
            None => stored(global),
        }
    }
}

fn server_id(text: &str) -> Result<String, String> {
    if is_id(text) { Ok(text.to_owned()) } else { Err(format!("an id {ID_EXPECTED}")) }
}

/// The tools of a file; `server` is the one of a list that names none.
///
/// # Errors
/// Where it cannot be read or is no list of tools; a whole file is refused for one entry that cannot be used.
pub fn read_file(path: &Path, server: &str) -> anyhow::Result<Known> {
    let shown = path.display().to_string();
    let size = std::fs::metadata(path).with_context(|| format!("cannot read `{shown}`"))?.len();
    if size > MAX_FILE_BYTES {
        return Err(Usage(format!("`{shown}` is larger than {} MiB", MAX_FILE_BYTES >> 20)).into());
    }
    let text = std::fs::read(path).with_context(|| format!("cannot read `{shown}`"))?;
    let tools = read_text(text, server).map_err(|problem| Usage(format!("`{shown}`{problem}")))?;
    Ok(Known { origin: format!("`{shown}`"), tools })
}

/// The tools that the data folder of the configuration remembers; nothing where there are none, or no configuration
/// that loads. Asks the owner where there is one.
///
/// # Errors
/// Where the folder cannot be read.
pub fn stored(global: &Global) -> anyhow::Result<Option<Known>> {
    let Ok(loaded) = global.source().map_err(anyhow::Error::from).and_then(|s| Ok(config::load(&s)?)) else {
        return Ok(None);
    };
    let data = loaded.settings.data;
    if !data.is_dir() {
        return Ok(None);
    }
    let tools = with_client(global, async |client| {
        let servers: Servers = client.get(&["definitions"]).await?;
        let mut tools = Vec::new();
        for server in &servers.servers {
            let stored: Definitions = client.get(&["definitions", server]).await?;
            tools.extend(stored.definitions.into_iter().filter_map(|stored| read_stored(server, stored)));
        }
        Ok(tools)
    })?;
    let origin = format!("the data folder `{}`", data.display());
    Ok((!tools.is_empty()).then_some(Known { origin, tools }))
}

/// A stored definition; nothing where it is not what was once stored.
fn read_stored(server: &str, stored: admin::action::definitions::Definition) -> Option<Listed> {
    let document = Document::scan(stored.canonical.into_bytes(), &Limits::default()).ok()?;
    let tool = Tool::read(server, document.root()).ok()?;
    (tool.hash_text == stored.hash && *tool.name == *stored.name).then(|| Listed {
        definition: tool.definition,
        entry: Arc::new(document),
        is_current: stored.is_listed,
    })
}

/// The tools of a text, or what is wrong with it and where, to be written behind the file's name.
fn read_text(text: Vec<u8>, server: &str) -> Result<Vec<Listed>, String> {
    let document = Document::scan(text.clone(), &Limits::default())
        .map_err(|error| format!(" is not JSON: {} at {}", error.kind, Location::of(&text, error.offset)))?;
    let mut tools = Vec::new();
    for (server, list) in lists(document.root(), server)? {
        read_list(server, list, &mut tools)?;
    }
    tools.sort_by(|a, b| name(a).cmp(&name(b)));
    if let Some([twice, _]) = tools.windows(2).find(|pair| matches!(pair, [a, b] if name(a) == name(b))) {
        let (server, tool) = name(twice);
        return Err(format!(" lists `{tool}` of server `{server}` twice; remove one of both"));
    }
    Ok(tools)
}

fn name(tool: &Listed) -> (&str, &str) {
    (&tool.definition.server, &tool.definition.name)
}

/// The lists of a file with their servers.
fn lists<'a>(root: Value<'a>, server: &str) -> Result<Vec<(String, Value<'a>)>, String> {
    let whole = root.get("result").filter(Value::is_object).unwrap_or(root);
    let one = |list| Ok(vec![(server.to_owned(), list)]);
    if whole.is_array() {
        return one(whole);
    }
    if let Some(list) = whole.get("tools").filter(Value::is_array) {
        if whole.get("nextCursor").is_some_and(|cursor| !cursor.is_null()) {
            return Err(
                " is only the first page of a list; ask for the others and write all tools into one \
                        list"
                    .to_owned(),
            );
        }
        return one(list);
    }
    if !whole.is_object() || whole.is_empty() {
        return Err(format!(" is no list of tools; {EXPECTED}"));
    }
    whole.members().map(|member| of_server(&member.key.as_cow(), member.value)).collect()
}

fn of_server<'a>(server: &str, value: Value<'a>) -> Result<(String, Value<'a>), String> {
    let list = if value.is_object() { value.get("tools").unwrap_or(value) } else { value };
    if !list.is_array() {
        return Err(format!(": `{server}` holds no list of tools{}; {EXPECTED}", place(value)));
    }
    if !is_id(server) {
        return Err(format!(": `{server}` is no id of a server{}; an id {ID_EXPECTED}", place(value)));
    }
    Ok((server.to_owned(), list))
}

fn read_list(server: String, list: Value<'_>, tools: &mut Vec<Listed>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for entry in list.elements() {
        let tool = Tool::read(&server, entry).map_err(|error| format!(": {error}{}", place(entry)))?;
        if seen.len() >= MAX_TOOLS {
            return Err(format!(": server `{server}` has more than {MAX_TOOLS} tools"));
        }
        seen.insert(Arc::clone(&tool.name));
        let document = Document::scan(tool.canonical.into_bytes(), &Limits::default());
        let entry =
            document.map_err(|error| format!(": `{}` cannot be read again: {}", tool.name, error.kind))?;
        tools.push(Listed { definition: tool.definition, entry: Arc::new(entry), is_current: true });
    }
    Ok(())
}

fn place(value: Value<'_>) -> String {
    let text = value.document().text().as_bytes();
    format!(" at {}", Location::of(text, value.span().start))
}
