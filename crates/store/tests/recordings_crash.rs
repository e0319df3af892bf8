//! Crashes while recordings are written: whole recordings stay, the torn end is set aside, and it goes on.
//!
//! Run with `cargo test -p store --features fault-points --test recordings_crash`. The test starts itself as the
//! process that dies, so it has no test harness.

#![expect(clippy::expect_used, reason = "a test without a test harness")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use store::recordings::{
    Draft, Effect, Held, Key, KeySource, Plan, Problem, Reader, Recorder, Recording, Retention, Tools,
};

const CHILD: &str = "STORE_RECORDINGS_CHILD";
const N_CALLS: u64 = 2_000;

fn main() {
    match std::env::var_os(CHILD) {
        Some(folder) => child(Path::new(&folder)),
        None => parent(),
    }
}

/// Records calls, and says after each hundred how many are written.
fn child(folder: &Path) {
    let recorder = Recorder::new(folder, Arc::default(), || 1_000);
    recorder.apply(Some(plan())).expect("recordings");
    for n in 0..N_CALLS {
        recorder.submit(draft(n));
        if n % 100 == 99 {
            recorder.flush();
            println!("{}", n + 1);
        }
    }
    recorder.close();
}

fn plan() -> Plan {
    Plan {
        key: KeySource::DataFolder,
        tools: Tools::parse("*/*").into_iter().collect(),
        except: Vec::new(),
        results: Vec::new(),
        redact: Vec::new(),
        redact_results: Vec::new(),
        max_value_bytes: 1_000,
        max_record_bytes: 10_000,
        // Small segments, so that many begin and end.
        retention: Retention { max_age_ms: None, max_bytes: Some(3_000_000) },
        min_free_bytes: 0,
    }
}

fn draft(n: u64) -> Draft {
    Draft {
        time_ms: n,
        call: format!("call-{n}"),
        grant: "agent".to_owned(),
        labels: Vec::new(),
        server: "s".to_owned(),
        tool: "t".to_owned(),
        definition: String::new(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Held::Text(format!(r#"{{"n":{n},"text":"{}"}}"#, "x".repeat(600)).into_bytes()),
        result: Held::Nothing,
        is_error: None,
    }
}

fn start(folder: &Path, fault: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.env(CHILD, folder).stdout(Stdio::piped());
    if let Some(fault) = fault {
        command.env("TOOLGATE_FAULT", fault);
    }
    command.spawn().expect("a child")
}

/// Runs until it dies or ends: how many it said are written, and the signal.
fn run(folder: &Path, fault: Option<&str>) -> (u64, Option<i32>) {
    let output = start(folder, fault).wait_with_output().expect("a child that ends");
    let said = String::from_utf8_lossy(&output.stdout).lines().last().and_then(|line| line.parse().ok());
    assert!(output.status.success() || output.status.signal().is_some(), "{}", output.status);
    (said.unwrap_or(0), output.status.signal())
}

fn read(folder: &Path) -> Vec<Recording> {
    let Some(key) = Key::load(folder).expect("a key or none") else { return Vec::new() };
    let found: Result<Vec<_>, Problem> = Reader::open(folder, &key).expect("recordings").collect();
    found.expect("all of them whole")
}

/// After a death all that was said to be written is there, in order and once, and more can be written.
fn check(folder: &Path, n_said: u64, name: &str) {
    let n_before = read(folder).len() as u64;
    assert!(n_before >= n_said, "{name}: {n_before} of {n_said}");
    let (_, signal) = run(folder, None);
    assert_eq!(signal, None, "{name}");
    let recorded = read(folder);
    assert_eq!(recorded.len() as u64, n_before + N_CALLS, "{name}");
    assert!(recorded.is_sorted_by(|one, next| one.seq < next.seq), "{name}");
    let times: Vec<u64> = recorded.iter().map(|one| one.time_ms).collect();
    assert!(times.iter().copied().eq((0..n_before).chain(0..N_CALLS)), "{name}");
    println!("ok {name}: {n_said} were said to be written, {n_before} were");
}

fn parent() {
    const SIGABRT: i32 = 6;
    for point in ["recordings-segment-begun", "recordings-written", "recordings-before-end"] {
        for nth in [1, 2, 4] {
            let fault = format!("{point}:{nth}");
            let home = tempfile::tempdir().expect("a folder");
            let (n_said, signal) = run(home.path(), Some(&fault));
            assert_eq!(signal, Some(SIGABRT), "{fault} was not passed");
            check(home.path(), n_said, &fault);
        }
    }
    for n_lines in [1, 5, 12] {
        let home = tempfile::tempdir().expect("a folder");
        let mut process = start(home.path(), None);
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        assert_eq!(lines.take(n_lines).count(), n_lines);
        process.kill().expect("a kill");
        process.wait().expect("a child that ends");
        check(home.path(), 100 * n_lines as u64, &format!("kill -9 after {n_lines}00"));
    }
}
