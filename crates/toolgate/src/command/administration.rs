//! The way of a subcommand to the administration API: over the owner's socket, or, when there is no owner, within this
//! process, which then owns the data folder for the moment. Must never write to a folder that another process owns.

use std::sync::Arc;
use std::time::Duration;

use admin::Registry;
use admin::client::Client;
use anyhow::Context as _;
use gateway::{Bounds, Gateway};
use store::clock::Clock;
use store::{OpenError, Store};

use crate::cli::Global;
use crate::config::recordings::Recordings;
use crate::config::{self, Loaded, Refused};
use crate::output::{Output, Tone};
use crate::owner::place::{Place, advise};

/// Between two looks at a folder that somebody owns who does not answer: a subcommand, or an owner that is starting.
const LOOK: Duration = Duration::from_millis(50);
/// So often at most: ten seconds.
const MAX_LOOKS: u32 = 200;

/// Does `work` with the API of the configured data folder.
///
/// # Errors
/// Where the configuration does not load, the folder cannot be opened, or `work` fails.
pub fn with_client<T>(
    global: &Global,
    work: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let loaded = config::load(&global.source()?);
    runtime()?.block_on(async {
        let (mut client, moment) = match loaded {
            Ok(loaded) => reach(global.output(), loaded).await?,
            Err(refused) => (reach_running(global.output(), refused).await?, None),
        };
        let result = work(&mut client).await;
        if let Some(gateway) = moment {
            gateway.store.close();
        }
        result
    })
}

/// A runtime for one short piece of work.
///
/// # Errors
/// Where the system gives no threads.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the runtime")
}

/// Asks a running gateway, where there is one; the data folder is not opened for it.
///
/// # Errors
/// Where `work` fails.
pub fn ask_running<T>(
    global: &Global,
    work: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
) -> anyhow::Result<Option<T>> {
    let Ok(Ok(loaded)) = global.source().map(|source| config::load(&source)) else { return Ok(None) };
    runtime()?.block_on(async {
        let Some(stream) = Place::connect(&Place::new(&loaded.settings.data).admin()).await? else {
            return Ok(None);
        };
        work(&mut Client::over(stream).await?).await.map(Some)
    })
}

async fn reach(output: Output, loaded: Loaded) -> anyhow::Result<(Client, Option<Arc<Gateway>>)> {
    let place = Place::new(&loaded.settings.data);
    let mut n_looks = 0;
    loop {
        if let Some(stream) = Place::connect(&place.admin()).await? {
            return Ok((Client::over(stream).await?, None));
        }
        match Store::open(&loaded.settings.store_options(), Clock::System) {
            Ok(store) => {
                let gateway = Arc::new(Gateway::new(store, Bounds::default()));
                let registry = Arc::new(Registry::new(Arc::clone(&gateway)));
                registry.note_files(loaded.declared).await;
                prepare(output, &gateway, loaded.recordings.as_ref());
                return Ok((Client::within(registry), Some(gateway)));
            }
            Err(OpenError::Locked { .. }) if n_looks < MAX_LOOKS => n_looks += 1,
            Err(error) => return Err(advise(error)),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Recordings can be read and purged without a gateway, but nothing is recorded.
fn prepare(output: Output, gateway: &Gateway, recordings: Option<&Recordings>) {
    match recordings.map(Recordings::plan).transpose() {
        Ok(plan) => gateway.recorder.prepare(plan),
        Err(why) => warn(output, &[format!("recordings cannot be read: {why}")]),
    }
}

/// Only a gateway that runs can do anything for a configuration that does not load: it has an older one in force.
async fn reach_running(output: Output, refused: Refused) -> anyhow::Result<Client> {
    let stream = match &refused.data {
        Some(data) => Place::connect(&Place::new(data).admin()).await?,
        None => None,
    };
    let Some(stream) = stream else { return Err(refused.into()) };
    warn_of(output, &refused, "the running gateway goes on with what it has");
    Ok(Client::over(stream).await?)
}

/// Tells the mistakes in a configuration that is not needed for what is being done.
pub fn warn_of(output: Output, refused: &Refused, consequence: &str) {
    refused.problems.as_slice().iter().for_each(|problem| eprintln!("{}", output.problem(problem)));
    warn(output, &[format!("the configuration does not load; {consequence}")]);
}

/// Warnings go where results do not, so that a token can be taken from standard output.
pub fn warn(output: Output, warnings: &[String]) {
    for warning in warnings {
        eprintln!("{} {warning}", output.paint(Tone::Warning, "warning:"));
    }
}

/// A table whose columns are as wide as their widest cell.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..n_columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_line_up() {
        let rows = [["a", "bcd", "x"], ["äöü", "e", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), ["a    bcd  x", "äöü  e"]);
        assert!(table(&[]).is_empty());
    }
}
