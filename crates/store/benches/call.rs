//! The cost of one call's records: reserve, begin and finish, at 1, 32 and 256 calls at once.
//!
//! Wall time on one thread of an event loop that does nothing else is its CPU time but for the flushing and syncing
//! threads; `perf stat` or `time` on this bench shows those too.

#![expect(clippy::expect_used, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use store::audit::{ArgumentFacts, Judged, Outcome, OutcomeKind, PolicyRef};
use store::clock::Clock;
use store::{CalendarUnit, CounterKey, Demand, Options, Store, Window, Zone};

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// One call with a record as the gateway writes it.
async fn call(store: Store, key: CounterKey) {
    let window = Window::Sliding { ms: 60_000 };
    let demand =
        Demand { key: &key, amount: 1.into(), max: 1_000_000_000.into(), window, max_keys: None, index: 0 };
    let reservation = store.reserve(store.next_call(), &[demand]).expect("room");
    let judged = Judged {
        grant: "agent-7",
        server: "imaging",
        method: "tools/call",
        tool: Some("start_dicom_import_job"),
        definition: Some(HASH),
        policies: &[PolicyRef { name: "imaging", hash: HASH }],
        arguments: Some(ArgumentFacts {
            keys: &["datastore_id", "input_s3_uri", "data_access_role_arn"],
            n_other_keys: 0,
            repaired: &[],
            digest: store.digest(b"{\"datastore_id\":\"12345678901234567890123456789012\"}"),
        }),
        n_bytes: 212,
        ..Judged::default()
    };
    let mut open = store.begin(reservation, &judged).await.expect("recorded");
    open.written(store.now());
    let kind = OutcomeKind::Answered;
    open.finish(&Outcome {
        upstream_status: Some(200),
        n_sent: 212,
        n_received: 340,
        ..Outcome::bare(kind, "")
    });
}

fn calls(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&Options::new(folder.path().join("data")), Clock::System).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let key = CounterKey::new(
        "imaging",
        Some("imaging"),
        "start_dicom_import_job_rate",
        "calls",
        &["grant", "agent-7"],
    );
    let mut group = criterion.benchmark_group("call");
    for n_at_once in [1_usize, 32, 256] {
        group.throughput(Throughput::Elements(n_at_once as u64));
        group.bench_function(format!("{n_at_once} at once"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let spawn = |_| tokio::spawn(call(store.clone(), key.clone()));
                    let tasks: Vec<_> = (0..n_at_once).map(spawn).collect();
                    for task in tasks {
                        task.await.expect("a call");
                    }
                });
            });
        });
    }
    group.finish();
    limits(criterion, &store);
    drop(store);
}

/// The counters alone, in memory.
fn limits(criterion: &mut Criterion, store: &Store) {
    let mut group = criterion.benchmark_group("reserve");
    for max in [10_u64, 100, 100_000] {
        let key = CounterKey::new("p", Some("s"), &max.to_string(), "calls", &[]);
        let window = Window::Sliding { ms: 3_600_000 };
        let demand =
            Demand { key: &key, amount: 1.into(), max: max.into(), window, max_keys: None, index: 0 };
        group.bench_function(format!("of {max} an hour"), |bencher| {
            bencher.iter(|| drop(black_box(store.reserve(store.next_call(), &[demand]))));
        });
    }
    let berlin = Zone::named("Europe/Berlin").expect("a zone");
    let family = CounterKey::new("p", Some("s"), "account", "calls", &["grant+args.account", "g"]);
    let zoned = [
        ("of a day in Berlin", Window::Zoned(CalendarUnit::Day, berlin), family.clone()),
        ("of an hour in Berlin", Window::Zoned(CalendarUnit::Hour, berlin), family.clone()),
        ("of an account", Window::Sliding { ms: 3_600_000 }, family.of_values(store.digest(b"[5]"))),
    ];
    for (name, window, key) in zoned {
        let demand =
            Demand { key: &key, amount: 1.into(), max: 10.into(), window, max_keys: Some(1000), index: 0 };
        group.bench_function(name, |bencher| {
            bencher.iter(|| drop(black_box(store.reserve(store.next_call(), &[demand]))));
        });
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
