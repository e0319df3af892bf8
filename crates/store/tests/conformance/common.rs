//! A data folder for tests: opened, closed and opened again under a clock that the test sets.
//! Must never wait for time to pass.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::audit::{Judged, Outcome, OutcomeKind, Report, verify};
use store::clock::{Clock, ManualClock};
use store::{CounterKey, Demand, OpenCall, OpenError, Options, Refused, Store, StoreError, Window};

/// 2026-11-20T13:10:51.007Z.
pub const START: u64 = 1_795_180_251_007;
pub const MINUTE: Window = Window::Sliding { ms: 60_000 };

pub struct Home {
    _parent: tempfile::TempDir,
    pub options: Options,
    pub clock: Arc<ManualClock>,
    pub runtime: tokio::runtime::Runtime,
}

/// Why a call did not go through.
#[derive(Debug)]
pub enum Denied {
    Limit(Refused),
    Store(StoreError),
}

impl Home {
    pub fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let options = Options::new(parent.path().join("data"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { _parent: parent, options, clock: ManualClock::new(START), runtime }
    }

    pub fn open(&self) -> Store {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<Store, OpenError> {
        Store::open(&self.options, Clock::Manual(self.clock.clone()))
    }

    pub fn folder(&self) -> &Path {
        &self.options.folder
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The present segment, by number.
    pub fn segment(&self, number: u64) -> PathBuf {
        self.folder().join("audit").join(format!("{number:010}.jsonl"))
    }

    /// All whole lines of the log, as they stand.
    pub fn lines(&self) -> Vec<String> {
        (1..)
            .map(|number| self.segment(number))
            .take_while(|path| path.exists())
            .flat_map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                text.lines().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    }

    pub fn kinds(&self) -> Vec<String> {
        let kind =
            |line: &String| line.split("\"kind\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        self.lines().iter().map(kind).collect()
    }

    pub fn verify(&self) -> Report {
        let report = verify(self.folder(), None).unwrap();
        assert!(report.is_ok(), "{:#?}", report.problems);
        report
    }

    /// Begins a call against a limit of `max` per minute.
    pub fn begin(&self, store: &Store, max: u64) -> Result<OpenCall, Denied> {
        self.runtime.block_on(begin(store, "limit", max))
    }

    /// A whole call.
    pub fn call(&self, store: &Store, max: u64) -> Result<(), Denied> {
        let mut call = self.begin(store, max)?;
        call.written(store.now());
        call.finish(&answered());
        Ok(())
    }
}

pub fn key(name: &str) -> CounterKey {
    CounterKey::new("policy", Some("imaging"), name, "calls", &["grant", "agent"])
}

pub fn judged() -> Judged<'static> {
    Judged {
        grant: "agent",
        server: "imaging",
        method: "tools/call",
        tool: Some("start_dicom_import_job"),
        ..Judged::default()
    }
}

pub fn answered() -> Outcome<'static> {
    Outcome {
        upstream_status: Some(200),
        n_sent: 120,
        n_received: 340,
        ..Outcome::bare(OutcomeKind::Answered, "")
    }
}

pub async fn begin(store: &Store, counter: &str, max: u64) -> Result<OpenCall, Denied> {
    let key = key(counter);
    let demand =
        Demand { key: &key, amount: 1.into(), max: max.into(), window: MINUTE, max_keys: None, index: 0 };
    let reservation = store.reserve(store.next_call(), &[demand]).map_err(Denied::Limit)?;
    store.begin(reservation, &judged()).await.map_err(Denied::Store)
}

/// How many more calls a limit of `max` per minute would let through now.
pub fn room(store: &Store, max: u64) -> u64 {
    let key = key("limit");
    let fits = |amount: u64| {
        let demand = Demand {
            key: &key,
            amount: amount.into(),
            max: max.into(),
            window: MINUTE,
            max_keys: None,
            index: 0,
        };
        store.ledger().peek(&[demand], store.now()).is_ok()
    };
    (0..=max).rev().find(|amount| fits(*amount)).unwrap_or(0)
}

/// Ends a process's hold on a folder as `kill -9` does: nothing is closed, flushed or written any more.
///
/// The folder is copied, because the process that holds it lives on within the test.
pub fn copy_of(home: &Home) -> Home {
    let copy = Home { clock: home.clock.clone(), ..Home::new() };
    copy_folder(home.folder(), copy.folder());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
