//! Servers: list, show, add, remove.
//! The value of a variable or header must never be shown, and a command must never come from beyond this machine.

use super::grants::State;
use super::{COMMAND, FILE};
use crate::failure::{Failure, FailureKind};
use crate::record::Record;
use crate::registry::Registry;
use crate::rules::{self, Problems};
use crate::stored;
use gateway::declared::{DEFAULT_IDLE_STOP_S, DEFAULT_TIMEOUT_S, Declared, ServerSpec, Setting, Transport};
use gateway::upstream;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::config::{Configuration, Server as Row};

/// A server as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its id.
    pub id: String,
    /// `file` or `command`.
    pub origin: String,
    /// How it is reached.
    #[serde(flatten)]
    pub transport: ShownTransport,
    /// Longest wait for a reply, in seconds.
    pub timeout_s: u64,
    /// A process without a message for so long is stopped, in seconds.
    pub idle_stop_s: u64,
    /// What stands before its tools' names where a grant reaches several servers, if not its id.
    pub alias: Option<String>,
    /// Tools that it listed last.
    pub n_tools: u64,
    /// When it was added, where it was added by command.
    pub created: Option<String>,
}

/// How a server is reached. Variables and headers are shown as references, or as `(set)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "lowercase")]
pub enum ShownTransport {
    /// A process.
    Stdio {
        /// Program and arguments.
        command: Vec<String>,
        /// Variables.
        env: BTreeMap<String, String>,
        /// Working directory.
        cwd: Option<PathBuf>,
    },
    /// Streamable HTTP.
    Http {
        /// The endpoint; of a query only that there is one.
        url: String,
        /// Headers.
        headers: BTreeMap<String, String>,
        /// A further certificate authority.
        ca_file: Option<PathBuf>,
        /// Whether plain HTTP to another machine is permitted.
        insecure: bool,
    },
    /// The first HTTP transport (2024-11-05).
    Sse {
        /// The stream; of a query only that there is one.
        url: String,
        /// Headers.
        headers: BTreeMap<String, String>,
        /// A further certificate authority.
        ca_file: Option<PathBuf>,
        /// Whether plain HTTP to another machine is permitted.
        insecure: bool,
    },
}

/// What is spoken behind a URL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UrlTransport {
    /// Streamable HTTP.
    #[default]
    Http,
    /// The first HTTP transport (2024-11-05).
    Sse,
}

/// All servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Servers {
    /// By id.
    pub servers: Vec<Server>,
}

/// One server with its tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The server.
    #[serde(flatten)]
    pub server: Server,
    /// Grants that reach it.
    pub grants: Vec<String>,
    /// What it lists, and what it once listed.
    pub tools: Vec<Tool>,
}

/// A tool as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The hash of its definition.
    pub hash: String,
    /// Whether the last list holds this definition.
    pub is_listed: bool,
    /// When it was first listed.
    pub first_seen: String,
    /// When it was last listed.
    pub last_seen: String,
}

/// A server to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewServer {
    /// Its id.
    pub id: String,
    /// Program and arguments, for a process.
    pub command: Vec<String>,
    /// Variables: a text, `env:NAME` or `file:PATH`.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub cwd: Option<PathBuf>,
    /// The endpoint, for HTTP.
    pub url: Option<String>,
    /// What it speaks.
    pub transport: UrlTransport,
    /// Headers: a text, `env:NAME` or `file:PATH`.
    pub headers: BTreeMap<String, String>,
    /// A further certificate authority, PEM.
    pub ca_file: Option<PathBuf>,
    /// Permits plain HTTP to another machine.
    pub insecure: bool,
    /// Longest wait for a reply, in seconds.
    pub timeout_s: Option<u64>,
    /// A process without a message for so long is stopped, in seconds.
    pub idle_stop_s: Option<u64>,
    /// What stands before its tools' names where a grant reaches several servers; its id when absent.
    pub alias: Option<String>,
}

impl Registry {
    /// All servers.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn servers(&self) -> Result<Servers, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        let mut servers = Vec::new();
        for (spec, row) in all(&present.files, &rows) {
            let n_tools = self.tools(&spec.id).await?.iter().filter(|tool| tool.is_listed).count() as u64;
            servers.push(shown(&spec, row, n_tools));
        }
        servers.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(Servers { servers })
    }

    /// One server.
    ///
    /// # Errors
    /// Where there is none of that id, or the database cannot be read.
    pub async fn server(&self, id: &str) -> Result<Detail, Failure> {
        let present = self.present().await;
        let rows = self.rows().await?;
        let found = all(&present.files, &rows).into_iter().find(|(spec, _)| spec.id == id);
        let (spec, row) = found.ok_or_else(|| Failure::not_there("server", id))?;
        let tools = self.tools(id).await?;
        let n_tools = tools.iter().filter(|tool| tool.is_listed).count() as u64;
        let grants = self.all_grants(&present.files, &rows).into_iter();
        let grants = grants.filter(|grant| grant.state == State::Valid && grant.servers.contains_key(id));
        Ok(Detail {
            server: shown(&spec, row, n_tools),
            grants: grants.map(|grant| grant.id).collect(),
            tools,
        })
    }

    /// Adds a server; nothing is started or connected to before a call needs it.
    ///
    /// # Errors
    /// Where the id is taken, the server cannot work, or it cannot be recorded or stored.
    pub async fn add_server(&self, new: NewServer) -> Result<Server, Failure> {
        let spec = spec(new)?;
        let present = self.present().await;
        let mut rows = self.rows().await?;
        refuse_taken(&present.files, &rows, &spec.id)?;
        self.try_out(&spec)?;
        let now = self.gateway().store.now();
        let transport = stored::write(&spec).map_err(|error| {
            Failure::new(FailureKind::Invalid, format!("the server cannot be stored: {error}"))
        })?;
        let origin = COMMAND.to_owned();
        let row = Row { id: spec.id.clone(), transport, origin, created: now, updated: now };
        rows.servers.push(row.clone());
        let record = Record::server_added(&spec);
        let to_store = row.clone();
        self.add(&present, &rows, &record, async { self.config().add_server(to_store).await }).await?;
        Ok(shown(&spec, Some(&row), 0))
    }

    /// Removes a server: its processes end, its sessions close, and grants reach it no more.
    ///
    /// # Errors
    /// Where there is none of that id or a file declares it. Where it cannot be stored or recorded, it is out of
    /// force all the same.
    pub async fn remove_server(&self, id: &str) -> Result<(), Failure> {
        let mut present = self.present().await;
        let mut rows = self.rows().await?;
        let n_before = rows.servers.len();
        rows.servers.retain(|row| row.id != id);
        if rows.servers.len() == n_before {
            return Err(not_by_command(&present.files, id));
        }
        let record = Record::server_removed(id);
        self.withdraw(&present, &rows, &record, async { self.config().remove_server(id).await }).await?;
        self.retry_files(&mut present, id).await;
        Ok(())
    }

    async fn tools(&self, server: &str) -> Result<Vec<Tool>, Failure> {
        let stored = self.config().definitions(server).await?.into_iter();
        let tool = |stored: store::config::Definition| Tool {
            name: stored.name,
            hash: stored.hash,
            is_listed: stored.is_current,
            first_seen: stored.first_seen.to_string(),
            last_seen: stored.last_seen.to_string(),
        };
        Ok(stored.map(tool).collect())
    }

    /// Sets the server up with stand-ins for its secrets, which this process may not see: the one that will use them
    /// may have another environment.
    fn try_out(&self, spec: &ServerSpec) -> Result<(), Failure> {
        let mut spec = spec.clone();
        let settings = match &mut spec.transport {
            Transport::Stdio { env, .. } => env,
            Transport::Http { headers, .. } | Transport::Sse { headers, .. } => headers,
        };
        for setting in settings.values_mut().filter(|setting| !matches!(setting, Setting::Literal(_))) {
            *setting = Setting::Literal("stand-in".to_owned());
        }
        let made = upstream::Server::new(spec, &self.gateway().setup());
        made.map(drop)
            .map_err(|error| Failure::invalid("the server cannot be added", vec![error.to_string()]))
    }
}

/// Every server with its row, where it has one. What another version stored is left out, as it is not reachable.
fn all<'a>(files: &Declared, rows: &'a Configuration) -> Vec<(ServerSpec, Option<&'a Row>)> {
    let declared = files.servers.iter().map(|spec| (spec.clone(), None));
    let stored =
        rows.servers.iter().filter_map(|row| Some((stored::read(&row.id, &row.transport)?, Some(row))));
    declared.chain(stored).collect()
}

fn shown(spec: &ServerSpec, row: Option<&Row>, n_tools: u64) -> Server {
    let transport = match &spec.transport {
        Transport::Stdio { command, env, cwd } => {
            ShownTransport::Stdio { command: command.clone(), env: shown_settings(env), cwd: cwd.clone() }
        }
        Transport::Http { url, headers, ca_file, insecure } => ShownTransport::Http {
            url: shown_url(url),
            headers: shown_settings(headers),
            ca_file: ca_file.clone(),
            insecure: *insecure,
        },
        Transport::Sse { url, headers, ca_file, insecure } => ShownTransport::Sse {
            url: shown_url(url),
            headers: shown_settings(headers),
            ca_file: ca_file.clone(),
            insecure: *insecure,
        },
    };
    Server {
        id: spec.id.clone(),
        origin: row.map_or_else(|| FILE.to_owned(), |row| row.origin.clone()),
        transport,
        timeout_s: spec.timeout_s,
        idle_stop_s: spec.idle_stop_s,
        alias: spec.alias.clone(),
        n_tools,
        created: row.map(|row| row.created.to_string()),
    }
}

fn shown_settings(settings: &BTreeMap<String, Setting>) -> BTreeMap<String, String> {
    let text = |setting: &Setting| match setting {
        Setting::Literal(_) => "(set)".to_owned(),
        Setting::Env(name) => format!("env:{name}"),
        Setting::File(path) => format!("file:{}", path.display()),
    };
    settings.iter().map(|(name, setting)| (name.clone(), text(setting))).collect()
}

/// A query may hold a key.
fn shown_url(url: &str) -> String {
    url.split_once('?').map_or_else(|| url.to_owned(), |(plain, _)| format!("{plain}?…"))
}

/// The declaration, checked by itself.
fn spec(new: NewServer) -> Result<ServerSpec, Failure> {
    let mut problems = Problems::new();
    rules::check_id("server", &new.id, &mut problems);
    rules::check_alias(new.alias.as_deref(), &mut problems);
    let timeout_s = new.timeout_s.unwrap_or(DEFAULT_TIMEOUT_S);
    let idle_stop_s = new.idle_stop_s.unwrap_or(DEFAULT_IDLE_STOP_S);
    rules::check_wait("timeout_s", timeout_s, &mut problems);
    rules::check_wait("idle_stop_s", idle_stop_s, &mut problems);
    let settings = |texts: BTreeMap<String, String>| -> BTreeMap<String, Setting> {
        texts.into_iter().map(|(name, text)| (name, Setting::parse(&text))).collect()
    };
    let is_stdio = !new.command.is_empty();
    let has_stdio_parts = is_stdio || !new.env.is_empty() || new.cwd.is_some() || new.idle_stop_s.is_some();
    let is_sse = new.transport == UrlTransport::Sse;
    let has_http_parts = is_sse || !new.headers.is_empty() || new.ca_file.is_some() || new.insecure;
    let transport = match new.url {
        None => {
            if is_stdio && has_http_parts {
                problems.push(
                    "`transport`, `headers`, `ca_file` and `insecure` have no meaning beside a command"
                        .to_owned(),
                );
            }
            let env = settings(new.env);
            rules::check_command(&new.command, &mut problems);
            rules::check_env(&env, &mut problems);
            rules::check_path("cwd", new.cwd.as_deref(), &mut problems);
            Transport::Stdio { command: new.command, env, cwd: new.cwd }
        }
        Some(url) => {
            if has_stdio_parts {
                let message = "a server has either a command, with `env`, `cwd` and `idle_stop_s`, or a `url`; keep one";
                problems.push(message.to_owned());
            }
            let headers = settings(new.headers);
            rules::check_headers(&headers, &mut problems);
            rules::check_path("ca_file", new.ca_file.as_deref(), &mut problems);
            let (ca_file, insecure) = (new.ca_file, new.insecure);
            match new.transport {
                UrlTransport::Http => Transport::Http { url, headers, ca_file, insecure },
                UrlTransport::Sse => Transport::Sse { url, headers, ca_file, insecure },
            }
        }
    };
    match problems.is_empty() {
        true => {
            Ok(ServerSpec { timeout_s, idle_stop_s, alias: new.alias, ..ServerSpec::new(new.id, transport) })
        }
        false => Err(Failure::invalid("the server cannot be added", problems)),
    }
}

fn refuse_taken(files: &Declared, rows: &Configuration, id: &str) -> Result<(), Failure> {
    let place = if files.servers.iter().any(|spec| spec.id == id) {
        "is declared in a file; change it there, or choose another id"
    } else if rows.servers.iter().any(|row| row.id == id) {
        "exists already; choose another id, or remove that one first"
    } else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::Taken, format!("the server `{id}` {place}")))
}

fn not_by_command(files: &Declared, id: &str) -> Failure {
    if !files.servers.iter().any(|spec| spec.id == id) {
        return Failure::not_there("server", id);
    }
    let message = format!(
        "the server `{id}` is declared in a file and read-only here; remove `[servers.{id}]` there, it counts within a \
         second"
    );
    Failure::new(FailureKind::Taken, message)
}
