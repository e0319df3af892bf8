//! Crashes at named points and by `kill -9`: a limit of a hundred holds over them, and the audit accounts for all.
//!
//! Run with `cargo test -p store --features fault-points --test crash`. The test starts itself as the process that
//! dies, so it has no test harness.

#![expect(clippy::expect_used, reason = "a test without a test harness")]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use store::audit::{Judged, Outcome, OutcomeKind, Tally, verify};
use store::clock::Clock;
use store::{CounterKey, Demand, Durability, Options, Store, Window};

const CHILD: &str = "STORE_CRASH_CHILD";
const DURABILITY: &str = "STORE_CRASH_DURABILITY";
const CALLS: &str = "STORE_CRASH_CALLS";
const LIMIT: u64 = 100;
/// Calls of a run, unless it says otherwise.
const N_CALLS: usize = 1000;

fn main() {
    match std::env::var_os(CHILD) {
        Some(folder) => child(Path::new(&folder)),
        None => parent(),
    }
}

/// Makes more calls at once than the limit lets through; each that passes writes a byte to the upstream.
fn child(folder: &Path) {
    let mut options = Options::new(folder.join("data"));
    if std::env::var(DURABILITY).as_deref() == Ok("power") {
        options.durability = Durability::Power;
    }
    let store = Store::open(&options, Clock::System).expect("a store");
    let upstream = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("upstream"));
    let upstream = Arc::new(upstream.expect("an upstream"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let n_calls = std::env::var(CALLS).ok().and_then(|text| text.parse().ok()).unwrap_or(N_CALLS);
    let call = |_| runtime.spawn(call(store.clone(), upstream.clone()));
    let calls: Vec<_> = (0..n_calls).map(call).collect();
    for call in calls {
        runtime.block_on(call).expect("a call");
    }
    store.close();
}

async fn call(store: Store, upstream: Arc<std::fs::File>) {
    let key = CounterKey::new("p", Some("s"), "rate", "calls", &["grant", "agent"]);
    let window = Window::Sliding { ms: 3_600_000 };
    let demand = Demand { key: &key, amount: 1.into(), max: LIMIT.into(), window, max_keys: None, index: 0 };
    let judged =
        Judged { grant: "agent", server: "s", method: "tools/call", tool: Some("t"), ..Judged::default() };
    let id = store.next_call();
    let Ok(reservation) = store.reserve(id, &[demand]) else { return store.denied(id, &judged, "limit") };
    let mut open = store.begin(reservation, &judged).await.expect("recorded");
    (&*upstream).write_all(b"x").expect("forwarded");
    store::fault::point("after-first-byte");
    open.written(store.now());
    println!("forwarded");
    tokio::task::yield_now().await;
    open.finish(&Outcome::bare(OutcomeKind::Answered, ""));
}

fn start(folder: &Path, durability: &str, fault: Option<&str>, n_calls: usize) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.env(CHILD, folder).env(DURABILITY, durability).env(CALLS, n_calls.to_string());
    command.stdout(Stdio::piped());
    if let Some(fault) = fault {
        command.env("TOOLGATE_FAULT", fault);
    }
    command.spawn().expect("a child")
}

/// Runs to the end; the signal that ended it.
fn run(folder: &Path, durability: &str, fault: Option<&str>) -> Option<i32> {
    end(start(folder, durability, fault, N_CALLS))
}

fn end(process: Child) -> Option<i32> {
    let output = process.wait_with_output().expect("a child that ends");
    assert!(output.status.success() || output.status.signal().is_some(), "{}", output.status);
    output.status.signal()
}

struct Seen {
    upstream: u64,
    tally: Tally,
}

fn look(folder: &Path) -> Seen {
    let upstream = std::fs::metadata(folder.join("upstream")).map_or(0, |file| file.len());
    let report = verify(&folder.join("data"), None).expect("an audit");
    assert!(report.is_ok(), "{:#?}", report.problems);
    Seen { upstream, tally: report.tally }
}

/// What must hold once the limit is used up, however often the process died.
fn check_at_the_end(folder: &Path, name: &str) {
    let Seen { upstream, tally } = look(folder);
    assert!(upstream <= LIMIT, "{name}: {upstream} reached the upstream");
    assert_eq!(tally.forwarded() + tally.unresolved(), LIMIT, "{name}: {tally:?}");
    assert!(tally.forwarded() <= upstream, "{name}: {tally:?}");
    assert!(upstream <= tally.forwarded() + tally.recovered, "{name}: {tally:?}");
    println!(
        "ok {name}: {upstream} at the upstream, {} forwarded and {} unresolved in the audit",
        tally.forwarded(),
        tally.unresolved()
    );
}

fn parent() {
    const SIGABRT: i32 = 6;
    for durability in ["process", "power"] {
        for point in ["after-journal", "after-intent", "after-first-byte", "before-outcome"] {
            for nth in [1, 37, 100] {
                let fault = format!("{point}:{nth}");
                let home = tempfile::tempdir().expect("a folder");
                assert_eq!(
                    run(home.path(), durability, Some(&fault)),
                    Some(SIGABRT),
                    "{fault} was not passed"
                );
                assert_eq!(run(home.path(), durability, None), None);
                check_at_the_end(home.path(), &format!("{durability} {fault}"));
            }
        }
        several_deaths(durability);
        killed(durability);
    }
}

/// Dies again while it is still counting what an earlier death left.
fn several_deaths(durability: &str) {
    let home = tempfile::tempdir().expect("a folder");
    for fault in ["after-journal:10", "after-intent:10", "after-first-byte:10", "before-outcome:10"] {
        // Few calls, so that something is left of the limit for the next death.
        assert!(end(start(home.path(), durability, Some(fault), 20)).is_some());
        assert!(look(home.path()).upstream <= LIMIT);
    }
    assert_eq!(run(home.path(), durability, None), None);
    check_at_the_end(home.path(), &format!("{durability} four deaths"));
}

/// `kill -9` from outside, at the moment at which so many calls were forwarded.
fn killed(durability: &str) {
    for n_forwarded in [1, 20, 60, 99] {
        let home = tempfile::tempdir().expect("a folder");
        let mut process = start(home.path(), durability, None, N_CALLS);
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        assert_eq!(lines.take(n_forwarded).count(), n_forwarded);
        process.kill().expect("a kill");
        process.wait().expect("a child that ends");
        assert_eq!(run(home.path(), durability, None), None);
        check_at_the_end(home.path(), &format!("{durability} kill -9 after {n_forwarded}"));
    }
}
