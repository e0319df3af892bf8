//! `toolgate audit …`: reads the tamper-evident log. It reads the files themselves, so that nobody has to be running.
//! It must never change one.

mod explain;
mod explained;
mod export;
mod head;
mod line;
mod query;
mod tail;
mod verify;

use std::io;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use store::Timestamp;
use store::clock::Clock;

use super::administration::warn_of;
use crate::cli::Global;
use crate::config;
use crate::config::quantity::duration_ms;
use crate::exit::Exit;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the latest records, and follow new ones
    Tail(tail::Arguments),
    /// Search the records
    Query(query::Arguments),
    /// Tell why a recorded call was decided so, and what would have to change
    #[command(long_about = explain::ABOUT)]
    Explain(explain::Arguments),
    /// Write records to a file that verifies on its own
    #[command(long_about = export::ABOUT)]
    Export(export::Arguments),
    /// Prove that no record was edited, dropped, inserted or swapped
    #[command(long_about = verify::ABOUT)]
    Verify(verify::Arguments),
    /// Print the sealed head, to be kept elsewhere
    #[command(long_about = head::ABOUT)]
    Head(head::Arguments),
}

/// Records of some time.
#[derive(Debug, Args)]
struct Span {
    /// Not before
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    /// Not after
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Option<Timestamp>,
}

impl Command {
    /// Does it.
    pub fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self {
            Self::Tail(arguments) => tail::run(global, &arguments),
            Self::Query(arguments) => query::run(global, arguments),
            Self::Explain(arguments) => explain::run(global, &arguments),
            Self::Export(arguments) => export::run(global, &arguments),
            Self::Verify(arguments) => verify::run(global, &arguments),
            Self::Head(arguments) => head::run(global, &arguments),
        }
    }
}

/// The configured data folder, which has a log. What else the configuration says does not matter here.
pub fn data_folder(global: &Global) -> anyhow::Result<PathBuf> {
    let loaded = config::load(&global.source()?);
    let (data, refused) = match loaded {
        Ok(loaded) => (loaded.settings.data, None),
        Err(refused) => (refused.data.clone().ok_or_else(|| refused.clone())?, Some(refused)),
    };
    let log = data.join("audit");
    match (std::fs::read_dir(&log), refused) {
        (Ok(_), None) => {}
        (Ok(_), Some(refused)) => warn_of(global.output(), &refused, "the log is read all the same"),
        (Err(_), Some(refused)) => return Err(refused.into()),
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => bail!(
            "nothing is recorded in `{}` yet; start the gateway with `toolgate up`, or name its configuration with \
             `--config`",
            data.display()
        ),
        (Err(error), None) => {
            let advice = "run this as the user who runs the gateway";
            return Err(error).with_context(|| format!("reading `{}`; {advice}", log.display()));
        }
    }
    Ok(data)
}

/// The present time.
pub fn now() -> Timestamp {
    Timestamp::from_ms(Clock::System.wall_ns() / 1_000_000)
}

/// A date, a time in UTC, or a duration before now such as `2h`.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let ago = |ms| now().minus_ms(ms);
    Timestamp::parse(text).or_else(|| duration_ms(text).ok().map(ago)).ok_or_else(|| {
        "write a date (`2026-11-20`), a time in UTC (`2026-11-20T13:00Z`) or a duration before now (`2h`)"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::{instant, now};

    #[test]
    fn instants() {
        for (text, expected) in [
            ("2026-11-20", Some("2026-11-20T00:00:00.000Z")),
            ("2026-11-20T13:00Z", Some("2026-11-20T13:00:00.000Z")),
            ("2026-11-20T13:00:01.5Z", Some("2026-11-20T13:00:01.500Z")),
            ("2026-11-20T13:00", None),
            ("yesterday", None),
        ] {
            assert_eq!(instant(text).ok().map(|at| at.to_string()).as_deref(), expected, "{text}");
        }
        let hour_ago = instant("1h").unwrap();
        assert!(now().ms_since(hour_ago) >= 3_600_000 && now().ms_since(hour_ago) < 3_700_000);
    }
}
