//! Recordings on a disk that is really full: nobody waits, nothing whole is lost, and it goes on when there is room.
//! A small disk where this machine lets one be mounted, and in any case a limit on the size of files.
//!
//! The test starts itself within either, so it has no test harness.

#![expect(clippy::expect_used, reason = "a test without a test harness")]

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use store::recordings::{
    Draft, Effect, Filter, Held, KeySource, Pattern, Plan, Recorder, Retention, Stats, Tools,
};

const CHILD: &str = "STORE_RECORDINGS_FULL_CHILD";

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
    match String::from_utf8_lossy(&mounted.stdout).contains("begun") {
        true => passed("a small disk", &mounted),
        false => {
            println!("no small disk can be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim())
        }
    }
    let home = tempfile::tempdir().expect("a folder");
    let limit = "trap '' XFSZ; ulimit -f 2048; exec \"$1\"";
    passed("a limit on the size of files", &start(home.path(), &["sh", "-c", limit]));
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

/// Records until nothing more can be written, then makes room and goes on.
fn child(folder: &Path) {
    let data = folder.join("data");
    std::fs::create_dir(&data).expect("a folder");
    let (now_ms, stats) = (Arc::new(AtomicU64::new(0)), Arc::<Stats>::default());
    let clock = Arc::clone(&now_ms);
    let recorder = Recorder::new(&data, Arc::clone(&stats), move || clock.load(Ordering::SeqCst));
    recorder.apply(Some(plan())).expect("recordings");
    println!("begun");
    let mut n = 0;
    while recorder.problem().is_none() {
        (0..100).for_each(|_| recorder.submit(draft(&mut n)));
        recorder.flush();
        assert!(n < 100_000, "it never gets full");
    }
    println!("{n} calls until: {}", recorder.problem().unwrap_or_default());
    assert!(stats.is_failing() && stats.lost() > 0);
    recorder.submit(draft(&mut n));
    check(&recorder, &stats, n);
    // Removing the oldest makes room, also where nothing can be written.
    let removed = recorder.purge(&Filter { tool: Some(Pattern::new("none")), ..Filter::default() });
    assert!(removed.is_ok() || recorder.problem().is_some(), "{removed:?}");
    assert!(recorder.purge(&Filter::default()).expect("removed").n_recordings > 0);
    let n_before = stats.written();
    now_ms.store(10_000, Ordering::SeqCst);
    recorder.submit(draft(&mut n));
    recorder.flush();
    assert_eq!((recorder.problem(), stats.written()), (None, n_before + 1));
    assert_eq!(recorder.read().expect("recordings").filter(Result::is_ok).count(), 1);
}

/// Of all calls it is known whether they were written, and those that were are whole.
fn check(recorder: &Recorder, stats: &Stats, n: u64) {
    let mut reader = recorder.read().expect("recordings");
    let (mut n_whole, mut n_unended) = (0, 0);
    reader.by_ref().for_each(|found| match found {
        Ok(_) => n_whole += 1,
        Err(_) => n_unended += 1,
    });
    assert_eq!(stats.written() + stats.lost() + stats.dropped(), n);
    assert_eq!((n_whole, reader.n_torn()), (stats.written(), 0), "{n_unended} segments without an end");
    println!("{n_whole} are whole, {} were lost", stats.lost());
}

fn plan() -> Plan {
    Plan {
        key: KeySource::DataFolder,
        tools: Tools::parse("*/*").into_iter().collect(),
        except: Vec::new(),
        results: Vec::new(),
        redact: Vec::new(),
        redact_results: Vec::new(),
        max_value_bytes: 10_000,
        max_record_bytes: 10_000,
        retention: Retention::default(),
        min_free_bytes: 0,
    }
}

fn draft(n: &mut u64) -> Draft {
    *n += 1;
    Draft {
        time_ms: *n,
        call: format!("call-{n}"),
        grant: "agent".to_owned(),
        labels: Vec::new(),
        server: "s".to_owned(),
        tool: "t".to_owned(),
        definition: String::new(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Held::Text(format!(r#"{{"text":"{}"}}"#, "x".repeat(500)).into_bytes()),
        result: Held::Nothing,
        is_error: None,
    }
}
