//! What to start: command, arguments, environment, working folder, as the operator configured them.
//!
//! Must never: print an argument or a variable's value, which may be a secret.

use super::error::SpawnError;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// Variables of the gateway that a server gets without being configured to: enough to find programs, the home
/// folder, the language and the time zone, and nothing that usually holds a secret.
const BASE: &[&str] = &[
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
];

/// The environment of a server process.
#[derive(Clone)]
pub enum Environment {
    /// A small safe part of the gateway's own environment, and these variables.
    Base(Vec<(OsString, OsString)>),
    /// Exactly these variables.
    Full(Vec<(OsString, OsString)>),
}

impl Environment {
    fn variables(&self) -> Vec<(OsString, OsString)> {
        match self {
            Environment::Full(variables) => variables.clone(),
            Environment::Base(configured) => {
                let base = BASE
                    .iter()
                    .filter_map(|name| std::env::var_os(name).map(|value| (OsString::from(name), value)));
                base.filter(|(_, value)| !is_function(value)).chain(configured.iter().cloned()).collect()
            }
        }
    }
}

/// Old shells export functions as variables, which other shells then run.
fn is_function(value: &OsStr) -> bool {
    value.as_encoded_bytes().starts_with(b"()")
}

impl fmt::Debug for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, variables) = match self {
            Environment::Base(variables) => ("Base", variables),
            Environment::Full(variables) => ("Full", variables),
        };
        let names: Vec<&OsString> = variables.iter().map(|(name, _)| name).collect();
        out.debug_tuple(kind).field(&names).finish()
    }
}

/// A server command.
#[derive(Clone)]
pub struct Spec {
    /// A program's name, looked up in the server's own `PATH`, or its path.
    pub command: String,
    /// Its arguments; no shell reads them.
    pub args: Vec<String>,
    /// Its environment.
    pub env: Environment,
    /// Its working folder; none: the gateway's.
    pub cwd: Option<PathBuf>,
}

impl Spec {
    /// The command, ready to spawn in a process group of its own with all three streams piped.
    pub(super) fn prepare(&self) -> Result<Command, SpawnError> {
        let mut command = Command::new(&self.command);
        command.args(&self.args).env_clear().process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in self.env.variables() {
            if name.is_empty() || name.as_encoded_bytes().contains(&b'=') {
                let name = name.to_string_lossy().into_owned();
                return Err(SpawnError::Variable { command: self.command.clone(), name });
            }
            command.env(name, value);
        }
        if let Some(cwd) = &self.cwd {
            if !cwd.is_dir() {
                return Err(SpawnError::Folder { command: self.command.clone(), cwd: cwd.clone() });
            }
            command.current_dir(cwd);
        }
        Ok(command)
    }

    /// The system's error for this command.
    pub(super) fn refused(&self, error: &std::io::Error) -> SpawnError {
        let command = self.command.clone();
        if error.kind() == std::io::ErrorKind::NotFound {
            SpawnError::NotFound { command }
        } else if error.kind() == std::io::ErrorKind::PermissionDenied {
            SpawnError::NotAllowed { command }
        } else {
            SpawnError::System { command, why: error.to_string() }
        }
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Spec")
            .field("command", &self.command)
            .field("n_args", &self.args.len())
            .field("env", &self.env)
            .field("cwd", &self.cwd)
            .finish()
    }
}
