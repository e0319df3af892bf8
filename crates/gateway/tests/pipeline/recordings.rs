//! Recordings: what was judged is what is kept, only where it was asked for, and never at the cost of a call.

use crate::support::{NOW_MS, Running, Test, text};
use gateway::Gateway;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use store::recordings::{Draft, Effect, Held, KeySource, Plan, Recorder, Recording, Retention, Tools};
use testkit::wait::within;
use testkit::{Answer, Message, Tool};
use tokio::sync::Notify;

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {
  "copy": {"deny_if": [{"conditions": [{"path": "args.n", "op": "gt", "value": 100}], "on_deny": "Too many."}]},
  "long": {}, "fails": {}, "breaks": {}, "hangs": {},
  "once": {"limits": [{"counter": "c", "window": "minute", "max": 1, "scope": "grant"}]}}}"#;
const PLANTED: &str = "planted-8d1f";

fn plan(record: &[&str], results: &[&str]) -> Plan {
    let tools = |texts: &[&str]| texts.iter().map(|text| Tools::parse(text).unwrap()).collect();
    Plan {
        key: KeySource::DataFolder,
        tools: tools(record),
        except: Vec::new(),
        results: tools(results),
        redact: Vec::new(),
        redact_results: Vec::new(),
        max_value_bytes: 1_000_000,
        max_record_bytes: 1_000_000,
        retention: Retention::default(),
        min_free_bytes: 0,
    }
}

async fn start(plan: Option<Plan>) -> Running {
    let number = json!({"type": "number"});
    let test = Test::new()
        .policy(POLICY)
        .tool(Tool::new("copy").property("n", number.clone()).property("text", json!({"type": "string"})))
        .tool(Tool::new("once").property("n", number))
        .tool(Tool::new("long").answer(Answer::text(&"x".repeat(100_000))))
        .tool(Tool::new("fails").answer(Answer::failure("no")))
        .tool(Tool::new("breaks").answer(Answer::error(-32000, "no")))
        .tool(Tool::new("hangs").answer(Answer::hang_up()))
        .start()
        .await;
    test.gateway.recorder.apply(plan).unwrap();
    test.listed().await;
    test
}

fn recorded(gateway: &Gateway) -> Vec<Recording> {
    gateway.recorder.read().unwrap().map(Result::unwrap).collect()
}

fn json(document: &Option<Vec<u8>>) -> Value {
    document.as_deref().map_or(Value::Null, |text| serde_json::from_slice(text).unwrap())
}

#[tokio::test]
async fn nothing_is_kept_unless_it_was_asked_for() {
    let test = start(None).await;
    test.call("copy", json!({"n": 1})).await;
    let data = test.folder.path().join("data");
    assert!(!data.join("recordings").exists() && !data.join("recordings.key").exists());
    test.gateway.recorder.apply(Some(plan(&["imaging/once"], &[]))).unwrap();
    test.call("copy", json!({"n": 1})).await;
    assert!(recorded(&test.gateway).is_empty());
    assert!(!data.join("recordings").exists());
}

#[tokio::test]
async fn an_allowed_call_is_kept_as_it_was_judged() {
    let test = start(Some(plan(&["imaging/*"], &[]))).await;
    // The schema wants a number, so the string is mended.
    test.call("copy", json!({"text": "t", "n": "5"})).await;
    let [one] = &recorded(&test.gateway)[..] else { panic!("one recording") };
    assert_eq!(one.arguments.as_deref(), Some(&br#"{"n":5,"text":"t"}"#[..]));
    assert_eq!(
        (one.grant.as_str(), one.server.as_str(), one.tool.as_str()),
        ("radiology", "imaging", "copy")
    );
    assert_eq!((one.effect, one.rule.as_str(), one.time_ms), (Effect::Allow, "", NOW_MS));
    assert_eq!((one.is_error, &one.result, &one.redacted[..]), (Some(false), &None, &[][..]));
    let books = test.books();
    let intent = books.of("intent")[0];
    assert_eq!(intent["call"], one.call.as_str());
    assert_eq!(intent["definition"], one.definition.as_str());
}

#[tokio::test]
async fn denied_calls_are_kept_with_their_rule() {
    let test = start(Some(plan(&["imaging/*"], &[]))).await;
    test.denied("copy", json!({"n": "500"})).await;
    test.denied("copy", json!({"n": "many"})).await;
    test.denied("unknown", json!({"a": 1})).await;
    test.call("once", json!({})).await;
    test.denied("once", json!({"n": 2})).await;
    let recorded = recorded(&test.gateway);
    let rules: Vec<_> = recorded.iter().map(|one| (one.tool.as_str(), one.rule.as_str())).collect();
    assert_eq!(
        rules,
        [
            ("copy", "/tools/copy/deny_if/args.n-gt"),
            ("copy", "(arguments)"),
            ("unknown", "(default deny)"),
            ("once", ""),
            ("once", "/tools/once/limits/c"),
        ]
    );
    let given: Vec<_> = recorded.iter().map(|one| json(&one.arguments)).collect();
    assert_eq!(given, [json!({"n": 500}), json!({"n": "many"}), json!({"a": 1}), json!({}), json!({"n": 2})]);
    let is_known: Vec<_> = recorded.iter().map(|one| !one.definition.is_empty()).collect();
    assert_eq!(is_known, [true, true, false, true, true]);
    let denied: Vec<_> = recorded.iter().filter(|one| one.effect == Effect::Deny).collect();
    assert!(denied.len() == 4 && denied.iter().all(|one| one.is_error.is_none()));
    let books = test.books();
    let calls: Vec<_> = books.of("denied").iter().map(|record| record["call"].clone()).collect();
    assert_eq!(calls, denied.iter().map(|one| Value::from(one.call.as_str())).collect::<Vec<_>>());
}

#[tokio::test]
async fn results_are_kept_where_they_were_asked_for() {
    let test = start(Some(plan(&["imaging/*"], &["imaging/copy", "imaging/long", "imaging/*s"]))).await;
    for tool in ["copy", "once", "long", "fails", "breaks", "hangs"] {
        test.call(tool, json!({})).await;
    }
    // What streams through is settled behind its last byte.
    within("all calls to be recorded", async {
        while recorded(&test.gateway).len() < 6 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut recorded = recorded(&test.gateway);
    recorded.sort_by(|one, other| one.call.cmp(&other.call));
    let found: Vec<_> =
        recorded.iter().map(|one| (one.is_error, one.result.is_some(), one.redacted_result.len())).collect();
    assert_eq!(
        found,
        [
            (Some(false), true, 0),
            (Some(false), false, 0),
            (Some(false), false, 1),
            (Some(true), true, 0),
            (Some(true), false, 0),
            (None, false, 0),
        ]
    );
    assert_eq!(json(&recorded[0].result)["content"][0]["text"], "ok");
    assert_eq!(recorded[2].redacted_result, [""], "a long one is told as not kept");
}

#[tokio::test]
async fn handshake_era_clients_are_recorded_too() {
    let test = start(Some(plan(&["imaging/*"], &["imaging/*"]))).await;
    let legacy = test.legacy().await;
    legacy.call("copy", json!({"n": 3})).await;
    let [one] = &recorded(&test.gateway)[..] else { panic!("one recording") };
    assert_eq!((json(&one.arguments), one.is_error), (json!({"n": 3}), Some(false)));
    assert!(one.result.is_some());
}

#[tokio::test]
async fn a_disk_without_space_stops_recording_and_no_call() {
    let full = Plan { min_free_bytes: u64::MAX, ..plan(&["imaging/*"], &[]) };
    let test = start(Some(full)).await;
    for _ in 0..3 {
        assert_eq!(text(&test.call("copy", json!({"n": 1})).await), "ok");
    }
    test.gateway.recorder.flush();
    let metrics = test.gateway.metrics.render().unwrap();
    for line in
        ["toolgate_recordings_lost_total 3", "toolgate_recordings_failing 1", "recordings_written_total 0"]
    {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    assert!(test.gateway.recorder.problem().unwrap().contains("MiB free"));
}

/// What an idle gateway hands over for a call.
fn draft(size: usize) -> Draft {
    Draft {
        time_ms: NOW_MS,
        call: String::new(),
        grant: String::new(),
        labels: Vec::new(),
        server: Running::SERVER.into(),
        tool: "copy".into(),
        definition: String::new(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Held::Text(vec![b' '; size]),
        result: Held::Nothing,
        is_error: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_loses_recordings_and_holds_up_no_call() {
    // The thread that writes asks for the time first, and gets no answer before the gate is open.
    let (gate, closed) = mpsc::channel::<()>();
    let (closed, is_asked) = (Mutex::new(closed), Arc::new(Notify::new()));
    let asked = Arc::clone(&is_asked);
    let test =
        Test::new().policy(POLICY).tool(Tool::new("copy")).tool(Tool::new("once")).gateway(|gateway| {
            let now_ms = move || {
                asked.notify_one();
                assert!(closed.lock().unwrap().recv().is_err(), "nobody says anything");
                NOW_MS
            };
            let stats = Arc::clone(&gateway.metrics.recordings);
            gateway.recorder = Recorder::new(gateway.store.folder(), stats, now_ms);
        });
    let test = test.start().await;
    // A test that fails opens the gate before the gateway waits for the thread.
    let gate = gate;
    test.listed().await;
    test.gateway.recorder.apply(Some(plan(&["imaging/*"], &["imaging/*"]))).unwrap();
    test.gateway.recorder.submit(draft(0));
    within("the thread to begin", is_asked.notified()).await;
    // More than may wait, first by size, then what is small enough for the room that is left.
    (0..64).for_each(|_| test.gateway.recorder.submit(draft(1 << 20)));
    (0..16_384).for_each(|_| test.gateway.recorder.submit(draft(0)));
    let n_dropped = test.gateway.metrics.recordings.dropped();
    for n in 0..5 {
        assert_eq!(text(&test.call("copy", json!({"n": n})).await), "ok");
        test.denied("copy", json!({"n": 500})).await;
    }
    assert!(n_dropped > 64);
    assert_eq!(test.gateway.metrics.recordings.dropped(), n_dropped + 10);
    drop(gate);
    assert!(recorded(&test.gateway).iter().all(|one| one.call.is_empty()));
    assert_eq!(text(&test.call("once", json!({})).await), "ok");
    assert_eq!(
        recorded(&test.gateway).iter().filter(|one| one.tool == "once").count(),
        1,
        "and goes on after"
    );
    let books = test.books();
    assert_eq!((books.tally.answered, books.denials().len()), (6, 5), "the audit has them all");
}

#[tokio::test]
async fn no_value_is_readable_anywhere_in_the_data_folder() {
    let test = start(Some(plan(&["imaging/*"], &["imaging/*"]))).await;
    test.call("copy", json!({"text": PLANTED})).await;
    test.denied("copy", json!({"text": PLANTED, "n": 500})).await;
    let recorded = recorded(&test.gateway);
    assert!(recorded.iter().all(|one| json(&one.arguments)["text"] == PLANTED) && recorded.len() == 2);
    test.gateway.recorder.close();
    test.gateway.store.close();
    let n_files = search(&test.folder.path().join("data"));
    assert!(n_files > 5, "{n_files}");
}

/// Searches every file for the planted value; how many files there are.
fn search(folder: &Path) -> usize {
    let mut n_files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            n_files += search(&path);
        } else if path.is_file() {
            n_files += 1;
            let content = std::fs::read(&path).unwrap();
            let is_there = content.windows(PLANTED.len()).any(|window| window == PLANTED.as_bytes());
            assert!(!is_there, "{}", path.display());
        }
    }
    n_files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turning_it_on_and_off_loses_no_call() {
    let test = start(None).await;
    let recorder = &test.gateway.recorder;
    for n in 0..5 {
        recorder.apply(Some(plan(&["imaging/*"], &[]))).unwrap();
        test.modern(Message::call(n, "copy", json!({"n": n}))).await;
        recorder.apply(None).unwrap();
        test.modern(Message::call(n, "copy", json!({"n": 99}))).await;
    }
    let kept: Vec<_> = recorded(&test.gateway).iter().map(|one| json(&one.arguments)["n"].clone()).collect();
    assert_eq!(kept, [0, 1, 2, 3, 4]);
}
