//! A disk that is really full: a small one where this machine lets one be mounted, and in any case a limit on the
//! size of files, at which the kernel refuses writes in the same way.
//!
//! The test starts itself within either, so it has no test harness.

#![expect(clippy::expect_used, reason = "a test without a test harness")]

use std::path::Path;
use std::process::{Command, Output};
use store::audit::{Judged, Outcome, OutcomeKind, Report, verify};
use store::clock::Clock;
use store::{CounterKey, Demand, OpenCall, Options, Store, StoreError, Window};

const CHILD: &str = "STORE_FULL_DISK_CHILD";
const LIMIT: u64 = 1_000_000;

fn main() {
    match std::env::var_os(CHILD) {
        Some(folder) => child(Path::new(&folder)),
        None => parent(),
    }
}

fn parent() {
    let home = tempfile::tempdir().expect("a folder");
    let mount = "mount -t tmpfs -o size=3m tmpfs \"$0\" && exec \"$1\"";
    let mounted = start(home.path(), &["unshare", "--map-root-user", "--mount", "sh", "-c", mount]);
    let said = String::from_utf8_lossy(&mounted.stdout).into_owned();
    match said.contains("begun") {
        true => passed("a small disk", &mounted),
        false => {
            println!("no small disk can be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim())
        }
    }
    let home = tempfile::tempdir().expect("a folder");
    let limit = "trap '' XFSZ; ulimit -f 2048; exec \"$1\"";
    passed("a limit on the size of files", &start(home.path(), &["sh", "-c", limit]));
    recovered(home.path());
}

/// Without the limit on files, the ends that could not be written are recovered as unknown, and all calls count.
fn recovered(folder: &Path) {
    let store = Store::open(&Options::new(folder.join("data")), Clock::System).expect("a store");
    let n_used = used(&store);
    store.close();
    let tally = verified(folder).tally;
    assert_eq!((n_used, tally.forwarded() + tally.unresolved()), (tally.intents, tally.intents));
}

fn start(folder: &Path, command: &[&str]) -> Output {
    let (program, arguments) = command.split_first().expect("a program");
    let this = std::env::current_exe().expect("this test");
    let started = Command::new(program).args(arguments).arg(folder).arg(this).env(CHILD, folder).output();
    started.expect("a child")
}

fn passed(name: &str, output: &Output) {
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {said}\n{complained}");
    println!("ok {name}: {}", said.trim().replace('\n', ", "));
}

/// Fills the disk with calls, ends those that are open, makes room, and goes on.
fn child(folder: &Path) {
    let mut options = Options::new(folder.join("data"));
    options.free_space_reserve_bytes = 0;
    let store = Store::open(&options, Clock::System).expect("a store");
    println!("begun");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let (mut open, mut n_begun) = (Vec::new(), 0);
    let error = loop {
        match runtime.block_on(begin(&store)) {
            Ok(call) if n_begun % 7 == 0 => open.push(call),
            Ok(call) => call.finish(&Outcome::bare(OutcomeKind::Answered, "")),
            Err(error) => break error,
        }
        n_begun += 1;
        assert!(n_begun < 100_000, "it never gets full");
    };
    println!("{n_begun} calls until: {error}");
    assert!(matches!(error, StoreError::DiskFull { .. } | StoreError::Write { .. }));
    let is_full = matches!(error, StoreError::DiskFull { .. });
    let ballast = folder.join("ballast");
    if is_full {
        // The last byte too, so that only what was allocated ahead is left.
        assert!(std::fs::write(&ballast, vec![0; 4 << 20]).is_err());
    }
    for _ in 0..50 {
        assert!(runtime.block_on(begin(&store)).is_err());
    }
    assert_eq!(used(&store), n_begun, "refused calls use nothing");
    open.into_iter().for_each(|call| call.finish(&Outcome::bare(OutcomeKind::Answered, "")));
    if is_full {
        std::fs::remove_file(&ballast).expect("a ballast");
        for _ in 0..50 {
            runtime
                .block_on(begin(&store))
                .expect("room again")
                .finish(&Outcome::bare(OutcomeKind::Answered, ""));
        }
        n_begun += 50;
    }
    store.close();
    let report = verified(folder);
    assert_eq!((report.n_torn, report.tally.intents), (0, n_begun));
    // Allocating ahead holds against a full disk; against a limit on files the kernel does not keep that promise.
    assert_eq!(report.n_open == 0, is_full, "{} ends are missing", report.n_open);
    println!("all {n_begun} are in the audit");
}

fn verified(folder: &Path) -> Report {
    let report = verify(&folder.join("data"), None).expect("an audit");
    assert!(report.is_ok(), "{:#?}", report.problems);
    report
}

async fn begin(store: &Store) -> Result<OpenCall, StoreError> {
    let (key, judged) = (key(), Judged { grant: "agent", ..Judged::default() });
    let demand = demand(&key, LIMIT);
    let reservation = store.reserve(store.next_call(), &[demand]).expect("the limit is not what is tested");
    store.begin(reservation, &judged).await
}

fn key() -> CounterKey {
    CounterKey::new("p", Some("s"), "rate", "calls", &["grant", "agent"])
}

fn demand(key: &CounterKey, max: u64) -> Demand<'_> {
    Demand {
        key,
        amount: 1.into(),
        max: max.into(),
        window: Window::Sliding { ms: 3_600_000 },
        max_keys: None,
        index: 0,
    }
}

fn used(store: &Store) -> u64 {
    let key = key();
    let fits = |max: u64| store.ledger().peek(&[demand(&key, max)], store.now()).is_ok();
    let (mut low, mut high) = (0, LIMIT);
    while low < high {
        let middle = low.midpoint(high);
        if fits(middle + 1) { high = middle } else { low = middle + 1 }
    }
    low
}
