//! Which recorded calls a subcommand reads: from the recordings, the audit log, or a file.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use store::Timestamp;
use store::recordings::Key;

use crate::cli::Global;
use crate::command::audit::{data_folder, instant};
use crate::config;
use crate::config::recordings::key_of;
use crate::traffic::{Audit, Feed, Lines, Recordings, Sieve};

/// Where calls come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// The recordings, which hold values.
    Recordings,
    /// The audit log, which holds none.
    Audit,
}

/// The options with which a subcommand is told of calls.
#[derive(Debug, Clone, Default, Args)]
pub struct CallOptions {
    /// `recordings` or `audit` [default: recordings, if there are any]
    #[arg(long, value_enum, hide_possible_values = true, value_name = "SOURCE")]
    from: Option<From>,
    /// A file with one call as JSON on each line instead; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    calls: Option<PathBuf>,
    /// Not before: a date, a time in UTC or a duration before now such as `7d`
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<Timestamp>,
    /// Not after
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
    /// To this server
    #[arg(long, value_name = "ID")]
    server: Option<String>,
    /// Of this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Of this grant
    #[arg(long, value_name = "ID")]
    grant: Option<String>,
}

/// Calls, and how their source is called.
pub struct Found {
    /// The source.
    pub feed: Box<dyn Feed>,
    /// What is wanted of it.
    pub sieve: Sieve,
    /// Its name in messages.
    pub name: String,
}

impl CallOptions {
    /// Whether they come from standard input, which can be read once.
    pub fn is_standard_input(&self) -> bool {
        self.calls.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    /// Opens the source.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find(&self, global: &Global) -> anyhow::Result<Found> {
        let Self { from: _, calls, since, until, server, tool, grant } = self.clone();
        let sieve = Sieve { since, until, server, tool, grant, pairs: None };
        if let Some(path) = calls {
            let name = format!("`{}`", path.display());
            return Ok(Found { feed: Box::new(Lines::open(&path)?), sieve, name });
        }
        let data = data_folder(global)?;
        let recordings = match self.from {
            Some(From::Audit) => None,
            Some(From::Recordings) | None => match recordings_key(global, &data)? {
                Some(key) => Some(Recordings::open(&data, &key)?).filter(|recordings| !recordings.is_empty()),
                None => None,
            },
        };
        match (recordings, self.from) {
            (Some(recordings), _) => {
                Ok(Found { feed: Box::new(recordings), sieve, name: "the recordings".to_owned() })
            }
            (None, Some(From::Recordings)) => bail!(
                "there are no recordings in `{}`; use `--from audit`, which knows no values, or turn recordings on",
                data.display()
            ),
            (None, Some(From::Audit) | None) => {
                let feed = Box::new(Audit::new(data, sieve.clone()));
                Ok(Found { feed, sieve, name: "the audit log".to_owned() })
            }
        }
    }
}

/// A configuration that does not load names no key, and then the data folder's own is tried.
fn recordings_key(global: &Global, data: &Path) -> anyhow::Result<Option<Key>> {
    let loaded = config::load(&global.source()?).ok();
    key_of(loaded.and_then(|loaded| loaded.recordings).as_ref(), data)
}
