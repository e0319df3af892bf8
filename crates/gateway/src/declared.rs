//! What an operator declares: servers, grants and the policies that bind them, as plain data.
//! Files and the database both become this; `world` turns it into what the pipeline uses.
//! Nothing here touches the network, a process or a secret's value.

use mcp::era::Era;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A value that may be a secret: written literally, or referred to so that files hold no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// The text itself.
    Literal(String),
    /// `env:NAME`: the gateway's own environment variable.
    Env(String),
    /// `file:PATH`: the file's content without its last newline.
    File(PathBuf),
}

impl Setting {
    /// Reads `env:NAME` and `file:PATH` as references and everything else literally.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            Self::Env(name.to_owned())
        } else if let Some(path) = text.strip_prefix("file:") {
            Self::File(PathBuf::from(path))
        } else {
            Self::Literal(text.to_owned())
        }
    }
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transport {
    /// A process that speaks MCP on its standard input and output.
    Stdio {
        /// Program and arguments; never through a shell.
        command: Vec<String>,
        /// Variables set on top of a small safe base.
        env: BTreeMap<String, Setting>,
        /// Working directory.
        cwd: Option<PathBuf>,
    },
    /// Streamable HTTP.
    Http {
        /// The endpoint; path and query are fixed.
        url: String,
        /// Headers added to every request, such as credentials.
        headers: BTreeMap<String, Setting>,
        /// A further certificate authority, PEM.
        ca_file: Option<PathBuf>,
        /// Permits plain HTTP to another machine.
        insecure: bool,
    },
    /// The first HTTP transport (2024-11-05): a stream that names where messages are posted to.
    Sse {
        /// The stream; what it names must have the same scheme, host and port.
        url: String,
        /// Headers added to every request, such as credentials.
        headers: BTreeMap<String, Setting>,
        /// A further certificate authority, PEM.
        ca_file: Option<PathBuf>,
        /// Permits plain HTTP to another machine.
        insecure: bool,
    },
}

impl Transport {
    /// The values that may be secrets: variables or headers.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, Setting> {
        match self {
            Self::Stdio { env, .. } => env,
            Self::Http { headers, .. } | Self::Sse { headers, .. } => headers,
        }
    }
}

/// One registered upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSpec {
    /// `[a-z0-9][a-z0-9-]{0,31}`.
    pub id: String,
    /// How it is reached.
    pub transport: Transport,
    /// Longest wait for a reply's first byte, in seconds.
    pub timeout_s: u64,
    /// A process without a message for so long is stopped, in seconds.
    pub idle_stop_s: u64,
    /// What stands before its tools' names where a grant reaches several servers, instead of the id.
    pub alias: Option<String>,
    /// The only era of the protocol that it speaks; found out where it is not declared.
    pub era: Option<Era>,
    /// One process serves every grant; only for a program that speaks the modern era, where nothing is asked of clients
    /// but in an answer of their own.
    pub shared: bool,
}

impl ServerSpec {
    /// A server of which nothing but this is declared.
    #[must_use]
    pub fn new(id: impl Into<String>, transport: Transport) -> Self {
        let (timeout_s, idle_stop_s) = (DEFAULT_TIMEOUT_S, DEFAULT_IDLE_STOP_S);
        Self { id: id.into(), transport, timeout_s, idle_stop_s, alias: None, era: None, shared: false }
    }

    /// What stands before its tools' names where a grant reaches several servers.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.id)
    }
}

/// Default of [`ServerSpec::timeout_s`]: five minutes, longer than any client's own default.
pub const DEFAULT_TIMEOUT_S: u64 = 300;
/// Default of [`ServerSpec::idle_stop_s`]: ten minutes.
pub const DEFAULT_IDLE_STOP_S: u64 = 600;

/// An agent's access key as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantSpec {
    /// Public id, unique among all grants.
    pub id: String,
    /// SHA-256 of the bearer token; `None` for the local grant that `wrap` uses.
    pub token_sha256: Option<[u8; 32]>,
    /// Free words for people.
    pub labels: Vec<String>,
    /// Milliseconds of Unix time after which the grant is refused.
    pub expires_ms: Option<u64>,
    /// Revoked grants stay known so that the refusal can say why in the audit.
    pub revoked: bool,
    /// Server id to ordered policy names; an empty list denies everything there.
    pub servers: BTreeMap<String, Vec<String>>,
}

/// A policy as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyText {
    /// How it is written.
    pub format: policy::Format,
    /// The document.
    pub text: String,
}

/// JSON, the canonical form.
impl From<String> for PolicyText {
    fn from(text: String) -> Self {
        Self { format: policy::Format::Json, text }
    }
}

/// JSON, the canonical form.
impl From<&str> for PolicyText {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// Everything declared, from all sources together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// Servers by declaration order.
    pub servers: Vec<ServerSpec>,
    /// Grants by declaration order.
    pub grants: Vec<GrantSpec>,
    /// Policies by name (a file's stem).
    pub policies: BTreeMap<String, PolicyText>,
    /// Policy names that bind every grant, before its own.
    pub baseline: Vec<String>,
}
