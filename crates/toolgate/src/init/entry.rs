//! The servers of a client's configuration: what each entry starts, and which are left alone.
//! Entries are only read here; anything that is not understood is left alone, with the reason.

use std::collections::BTreeMap;
use std::path::Path;

use json::{Document, Value};

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The keys that lead to it from the top of the document.
    pub path: Vec<String>,
    /// What it is.
    pub kind: Kind,
}

impl Entry {
    /// The name under which the client shows the server.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A command that can be wrapped.
    Stdio(Launch),
    /// A command that is wrapped already.
    Wrapped {
        /// The server id that it was given.
        server: Option<String>,
    },
    /// Something else, and why it is left alone.
    LeftAlone(String),
}

/// What a client starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments as written.
    pub command: Vec<String>,
    /// Variables as written.
    pub env: BTreeMap<String, String>,
    /// Working directory as written.
    pub cwd: Option<String>,
}

/// All entries: those at the top, then those of the given project (Claude Code keeps both in one file).
#[must_use]
pub fn read(document: &Document, project: &Path) -> Vec<Entry> {
    let project = project.to_string_lossy();
    read_where(document, |name| name == project)
}

/// All entries of all projects.
#[must_use]
pub fn read_all(document: &Document) -> Vec<Entry> {
    read_where(document, |_| true)
}

fn read_where(document: &Document, is_wanted: impl Fn(&str) -> bool) -> Vec<Entry> {
    let root = document.root();
    let mut entries = Vec::new();
    for key in ["mcpServers", "servers"] {
        read_map(root.get(key), &[key], &mut entries);
    }
    for project in root.get("projects").iter().flat_map(Value::members) {
        let name = project.key.as_cow();
        if is_wanted(&name) {
            read_map(project.value.get("mcpServers"), &["projects", &name, "mcpServers"], &mut entries);
        }
    }
    entries
}

/// The value that keys lead to; unlike a JSON pointer this needs no escaping.
#[must_use]
pub fn at<'a>(document: &'a Document, path: &[String]) -> Option<Value<'a>> {
    path.iter().try_fold(document.root(), |value, key| value.get(key))
}

fn read_map(map: Option<Value<'_>>, path: &[&str], entries: &mut Vec<Entry>) {
    for member in map.iter().flat_map(Value::members) {
        let mut path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        path.push(member.key.as_cow().into_owned());
        entries.push(Entry { path, kind: kind(&member.value) });
    }
}

fn kind(entry: &Value<'_>) -> Kind {
    if let Some(url) = entry.get("url") {
        let url = url.as_str().unwrap_or_default();
        let host = host_of(&url);
        let reason =
            format!("a remote server at `{host}`; declare it in toolgate.toml and use `toolgate up`");
        return Kind::LeftAlone(reason);
    }
    match launch(entry) {
        Ok(launch) if is_wrapped(&launch.command) => Kind::Wrapped { server: server_of(&launch.command) },
        Ok(launch) => Kind::Stdio(launch),
        Err(reason) => Kind::LeftAlone(reason),
    }
}

/// A URL's host; everything else of it may hold a secret.
fn host_of(url: &str) -> &str {
    let authority =
        url.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(""));
    authority.rsplit('@').next().unwrap_or("")
}

fn launch(entry: &Value<'_>) -> Result<Launch, String> {
    if entry.get("envFile").is_some() {
        return Err("its `envFile` is not understood; move the variables to `env`".to_owned());
    }
    let program = entry.get("command").and_then(|command| command.as_str());
    let program =
        program.filter(|program| !program.is_empty()).ok_or("it has neither `command` nor `url`")?;
    let mut command = vec![program.into_owned()];
    if let Some(args) = entry.get("args") {
        if !args.is_array() {
            return Err("its `args` is not a list".to_owned());
        }
        for argument in args.elements() {
            let text = argument.as_str().ok_or("its `args` holds something that is not a string")?;
            command.push(text.into_owned());
        }
    }
    let mut env = BTreeMap::new();
    for variable in entry.get("env").iter().flat_map(Value::members) {
        let text = variable.value.as_str().ok_or("its `env` holds something that is not a string")?;
        env.insert(variable.key.as_cow().into_owned(), text.into_owned());
    }
    let cwd = entry.get("cwd").and_then(|cwd| cwd.as_str()).map(std::borrow::Cow::into_owned);
    Ok(Launch { command, env, cwd })
}

/// Whether a command is `toolgate … wrap … --`, or what an import by a renamed program writes.
fn is_wrapped(command: &[String]) -> bool {
    let program = command.first().map(Path::new).and_then(Path::file_name);
    let is_ours = program.is_some_and(|name| name == "toolgate" || name == "toolgate.exe");
    let mut own_words =
        command.iter().skip(1).take_while(|word| *word != "--").skip_while(|word| *word != "wrap");
    if is_ours { own_words.next().is_some() } else { is_import(&own_words.collect::<Vec<_>>()) }
}

/// The words that an import puts between the program and the command.
fn is_import(words: &[&String]) -> bool {
    let words: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
    matches!(words.as_slice(), ["wrap", "--server", server, "--policy", policy] if server == policy)
}

/// The word behind `--server` of a wrapped command.
fn server_of(command: &[String]) -> Option<String> {
    let mut own_words = command.iter().take_while(|word| *word != "--");
    own_words.find(|word| *word == "--server")?;
    own_words.next().cloned()
}

#[cfg(test)]
mod tests {
    use super::{Kind, at, read, read_all};
    use json::{Document, Limits};
    use std::path::Path;

    fn document(text: &str) -> Document {
        Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap()
    }

    #[test]
    fn kinds_of_entries() {
        for (entry, expected) in [
            (r#"{"command": "npx", "args": ["-y", "x"]}"#, "npx -y x"),
            (r#"{"type": "stdio", "command": "server"}"#, "server"),
            (r#"{"command": "toolgate", "args": ["wrap", "--server", "x", "--", "npx"]}"#, "wrapped x"),
            (
                r#"{"command": "/usr/bin/toolgate", "args": ["--config", "c", "wrap", "--", "npx"]}"#,
                "wrapped -",
            ),
            (
                r#"{"command": "toolgate", "args": ["sample-server", "--", "wrap"]}"#,
                "toolgate sample-server -- wrap",
            ),
            (
                r#"{"command": "/opt/tg", "args": ["wrap", "--server", "x", "--policy", "x", "--", "npx"]}"#,
                "wrapped x",
            ),
            (r#"{"command": "my-wrap", "args": ["wrap", "--", "npx"]}"#, "my-wrap wrap -- npx"),
            (
                r#"{"url": "https://user:pw@mcp.example/x?key=secret"}"#,
                "a remote server at `mcp.example`; declare it in toolgate.toml and use `toolgate up`",
            ),
            (r#"{"command": ""}"#, "it has neither `command` nor `url`"),
            (r#"{}"#, "it has neither `command` nor `url`"),
            (r#""text""#, "it has neither `command` nor `url`"),
            (r#"{"command": "x", "args": "y"}"#, "its `args` is not a list"),
            (r#"{"command": "x", "args": [1]}"#, "its `args` holds something that is not a string"),
            (r#"{"command": "x", "env": {"A": 1}}"#, "its `env` holds something that is not a string"),
            (
                r#"{"command": "x", "envFile": ".env"}"#,
                "its `envFile` is not understood; move the variables to `env`",
            ),
        ] {
            let entries = read(&document(&format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#)), Path::new("/p"));
            let shown = match &entries[0].kind {
                Kind::Stdio(launch) => launch.command.join(" "),
                Kind::Wrapped { server } => format!("wrapped {}", server.as_deref().unwrap_or("-")),
                Kind::LeftAlone(reason) => reason.clone(),
            };
            assert_eq!(shown, expected, "{entry}");
        }
    }

    #[test]
    fn entries_of_other_projects_are_not_read_unless_asked_for() {
        let text = r#"{"mcpServers": {"top": {"command": "a"}}, "projects": {
            "/p": {"mcpServers": {"mine": {"command": "b"}}}, "/q": {"mcpServers": {"theirs": {"command": "c"}}}}}"#;
        let document = document(text);
        let names = |entries: Vec<super::Entry>| {
            entries.iter().map(|entry| entry.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(read(&document, Path::new("/p"))), ["top", "mine"]);
        assert_eq!(names(read_all(&document)), ["top", "mine", "theirs"]);
        let path = &read(&document, Path::new("/p"))[1].path;
        assert_eq!(at(&document, path).unwrap().raw(), r#"{"command": "b"}"#);
    }
}
