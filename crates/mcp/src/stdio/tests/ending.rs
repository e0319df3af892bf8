//! Tests of the end: asked for, forced, or by dropping; nothing of a server may stay behind.

use super::{all_gone, hasty, line, patient, python, shell, status, within};
use crate::http::{Progress, Written};
use crate::stdio::{Exit, Waits};
use std::io::Read;
use std::time::Duration;

/// Starts a grandchild in the same group that never ends by itself and keeps standard output open.
const GRANDCHILD: &str =
    "sh -c 'trap \"\" TERM HUP INT; echo born; while :; do read x < /dev/null; sleep 1000; done' &\n";

#[tokio::test]
async fn the_end_of_input_is_enough_for_most() {
    let mut spawned = shell("while read x; do :; done; echo bye; exit 7");
    assert_eq!(within(spawned.process.shut_down(&patient())).await, Exit::Status(7));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("bye"));
    assert_eq!(line(&mut spawned.reader).await, None);
    assert_eq!(
        within(spawned.process.shut_down(&patient())).await,
        Exit::Status(7),
        "a second time is no harm"
    );
}

#[tokio::test]
async fn one_that_ignores_the_end_of_input_is_asked_to_terminate() {
    let mut spawned = python(
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\nprint('ready', flush=True)\n\
         while True: signal.pause()",
    );
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("ready"));
    let waits = Waits { after_eof: Duration::from_millis(20), ..patient() };
    assert_eq!(within(spawned.process.shut_down(&waits)).await, Exit::Status(5));
}

#[tokio::test]
async fn one_that_ignores_everything_is_killed() {
    let mut spawned = python(
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\nwhile True: signal.pause()",
    );
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("ready"));
    assert_eq!(within(spawned.process.shut_down(&hasty())).await, Exit::Signal(9));
    all_gone(&mut spawned.reader).await;
}

#[tokio::test]
async fn grandchildren_end_with_a_server_that_is_shut_down() {
    let mut spawned = shell(&format!("{GRANDCHILD} while read x; do :; done"));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("born"));
    assert_eq!(within(spawned.process.shut_down(&patient())).await, Exit::Status(0));
    all_gone(&mut spawned.reader).await;
}

#[tokio::test]
async fn grandchildren_end_with_a_server_that_ends_by_itself() {
    let mut spawned = shell(&format!("{GRANDCHILD} read x; exit 4"));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("born"));
    within(spawned.writer.write("now".into(), &Progress::new())).await.unwrap();
    assert_eq!(status(&spawned).await, Exit::Status(4));
    all_gone(&mut spawned.reader).await;
}

#[tokio::test]
async fn dropping_the_handle_kills_the_whole_group() {
    let mut spawned = shell(&format!("trap '' TERM HUP INT\n{GRANDCHILD} while :; do sleep 1000; done"));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("born"));
    drop(spawned.process);
    all_gone(&mut spawned.reader).await;
    let progress = Progress::new();
    assert!(within(spawned.writer.write("x".into(), &progress)).await.is_err());
    assert_eq!(progress.written(), Written::Nothing);
}

#[test]
fn the_end_of_the_runtime_kills_the_whole_group() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let script = format!("exec 3<>{}\n{GRANDCHILD} while :; do sleep 1000; done", pipe.display());
    let first = runtime();
    let (process, mut held) = first.block_on(async {
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut spawned = shell(&script);
        assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("born"));
        (spawned.process, std::fs::File::open(&pipe).unwrap())
    });
    // The handle outlives the runtime, so it is not its drop that kills.
    drop(first);
    // Reading ends when nobody holds the pipe open for writing any more, which every member of the group does.
    let (sender, gone) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(held.read(&mut [0; 1]).unwrap()).unwrap());
    assert_eq!(gone.recv_timeout(Duration::from_secs(20)), Ok(0));
    drop(process);
}

#[tokio::test]
async fn dropping_every_writer_ends_the_input() {
    let spawned = shell("while read x; do :; done; exit 6");
    drop(spawned.writer);
    assert_eq!(within(spawned.process.ended()).await, Exit::Status(6));
}

#[tokio::test]
async fn messages_are_refused_from_the_beginning_of_the_end() {
    let mut spawned = python(
        "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: os.write(1, b'term\\n'))\nprint('ready', flush=True)\n\
         while True: signal.pause()",
    );
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("ready"));
    let shut_down = async {
        let waits = Waits { after_eof: Duration::from_millis(20), after_term: Duration::from_secs(20) };
        spawned.process.shut_down(&waits).await
    };
    let refused = async {
        assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("term"));
        let progress = Progress::new();
        let error = within(spawned.writer.write("x".into(), &progress)).await.unwrap_err();
        assert_eq!(error.written, Written::Nothing, "{error}");
    };
    tokio::select! {
        exit = shut_down => panic!("it should still run: {exit}"),
        () = refused => {}
    }
}

#[tokio::test]
async fn many_end_at_once_and_none_is_missed() {
    let mut running = Vec::new();
    for n in 0..20 {
        running.push((n, shell(&format!("read x; exit {n}"))));
    }
    for (_, spawned) in &running {
        within(spawned.writer.write("go".into(), &Progress::new())).await.unwrap();
    }
    for (n, spawned) in &running {
        assert_eq!(status(spawned).await, Exit::Status(*n));
    }
}
