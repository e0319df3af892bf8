//! Crashes of a gateway at named points and by `kill -9`: a limit of a hundred holds over them at the server, and the
//! audit accounts for every unit of it.
//!
//! Run with `cargo test -p gateway --features fault-points --test crash`. The test starts itself as the gateway that
//! dies, so it has no test harness; the server and the clients live on in the parent.

#![expect(clippy::expect_used, reason = "a test without a test harness")]

mod child;
mod clients;

use child::Child;
use std::path::Path;
use store::audit::{Tally, verify};
use testkit::{Answer, Gate, Script, Tool, Upstream};

/// So many calls may reach the server, over all runs.
const LIMIT: u64 = 100;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    if child::serve_if_asked().await {
        return;
    }
    for point in ["after-journal", "after-intent", "after-first-byte", "before-outcome"] {
        for (durability, nth) in [("process", 1), ("process", 37), ("process", 100), ("power", 37)] {
            at_point(point, nth, durability).await;
        }
    }
    for durability in ["process", "power"] {
        killed_under_way(durability).await;
    }
}

async fn upstream(answer: Answer) -> Upstream {
    Upstream::start(Script::new().tool(Tool::new("copy").answer(answer))).await
}

/// Dies at the n-th pass of a named point, starts anew, and goes on until the limit is used up.
async fn at_point(point: &str, nth: u32, durability: &str) {
    let name = format!("{point}:{nth} {durability}");
    let (upstream, folder) = (upstream(Answer::text("ok")).await, tempfile::tempdir().expect("a folder"));
    let doomed = Child::start(folder.path(), &upstream.url(), durability, Some(&format!("{point}:{nth}")));
    clients::storm(doomed.address).await;
    assert_eq!(doomed.end(), Some(SIGABRT), "{name}: the point was not passed {nth} times");
    look(folder.path(), &name);
    let next = Child::start(folder.path(), &upstream.url(), durability, None);
    let n_denied = clients::storm(next.address).await;
    assert!(n_denied > 0, "{name}: the limit was not used up");
    assert_eq!(next.end(), None, "{name}");
    check(&upstream, &look(folder.path(), &name), &name);
}

/// Dies by `kill -9` while forty calls are under way at the server.
async fn killed_under_way(durability: &str) {
    let name = format!("kill -9 {durability}");
    let gate = Gate::closed();
    let (upstream, folder) =
        (upstream(Answer::text("ok").held(&gate)).await, tempfile::tempdir().expect("a folder"));
    let doomed = Child::start(folder.path(), &upstream.url(), durability, None);
    let clients = clients::hang(doomed.address, 40).await;
    gate.arrived(40).await;
    doomed.kill();
    drop(clients);
    gate.open();
    let tally = look(folder.path(), &name);
    assert_eq!((tally.intents, tally.forwarded()), (40, 0), "{name}: {tally:?}");
    let next = Child::start(folder.path(), &upstream.url(), durability, None);
    clients::storm(next.address).await;
    assert_eq!(next.end(), None, "{name}");
    let tally = look(folder.path(), &name);
    assert_eq!(tally.recovered, 40, "{name}: {tally:?}");
    check(&upstream, &tally, &name);
}

const SIGABRT: i32 = 6;

/// What the audit adds up to; it must verify after each run.
fn look(folder: &Path, name: &str) -> Tally {
    let report = verify(&folder.join("data"), None).expect("an audit");
    assert!(report.is_ok(), "{name}: {:#?}", report.problems);
    report.tally
}

/// What must hold once the limit is used up.
fn check(upstream: &Upstream, tally: &Tally, name: &str) {
    let n_received = upstream.calls().len() as u64;
    assert!(n_received <= LIMIT, "{name}: {n_received} calls reached the server");
    assert_eq!(tally.forwarded() + tally.unresolved(), LIMIT, "{name}: {tally:?}");
    assert!(tally.forwarded() <= n_received, "{name}: {n_received} received, {tally:?}");
    assert!(n_received <= tally.forwarded() + tally.recovered, "{name}: {n_received} received, {tally:?}");
    let (forwarded, unresolved) = (tally.forwarded(), tally.unresolved());
    println!(
        "ok {name}: {n_received} at the server, {forwarded} forwarded and {unresolved} unresolved in the audit"
    );
}
