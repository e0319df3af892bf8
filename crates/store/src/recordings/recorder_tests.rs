//! The recorder as the gateway uses it: off, on, full, failing, purged.

use super::codec::tests::full;
use super::queue::MAX_DRAFTS;
use super::*;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

struct Test {
    folder: tempfile::TempDir,
    now_ms: Arc<AtomicU64>,
    recorder: Recorder,
}

impl Test {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now_ms = Arc::new(AtomicU64::new(1_000_000));
        let now = Arc::clone(&now_ms);
        let recorder = Recorder::new(folder.path(), Arc::default(), move || now.load(Ordering::SeqCst));
        Self { folder, now_ms, recorder }
    }

    fn recorded(&self) -> Vec<Recording> {
        self.recorder.read().unwrap().map(Result::unwrap).collect()
    }

    fn submit(&self, drafts: impl IntoIterator<Item = Draft>) {
        drafts.into_iter().for_each(|draft| self.recorder.submit(draft));
    }

    fn n_files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("recordings")).map_or(0, Iterator::count)
    }
}

fn plan() -> Plan {
    Plan {
        key: KeySource::DataFolder,
        tools: vec![Tools::parse("*/*").unwrap()],
        except: Vec::new(),
        results: vec![Tools::parse("*/*").unwrap()],
        redact: vec![Redact { tools: Tools::parse("s/t*").unwrap(), paths: paths(&["/name"]) }],
        redact_results: vec![Redact {
            tools: Tools::parse("s/t*").unwrap(),
            paths: paths(&["/content/*/text"]),
        }],
        max_value_bytes: 1_000,
        max_record_bytes: 2_000,
        retention: Retention::default(),
        min_free_bytes: 0,
    }
}

fn paths(texts: &[&str]) -> Vec<ValuePath> {
    texts.iter().map(|text| ValuePath::parse(text).unwrap()).collect()
}

fn draft(n: u64) -> Draft {
    Draft {
        time_ms: 1_000 + n,
        call: format!("call-{n}"),
        grant: "agent".to_owned(),
        labels: vec!["team".to_owned()],
        server: "s".to_owned(),
        tool: "t".to_owned(),
        definition: "d".to_owned(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Held::Text(format!(r#"{{"n":{n}, "a":1}}"#).into_bytes()),
        result: Held::Nothing,
        is_error: Some(false),
    }
}

fn text(document: &Option<Vec<u8>>) -> &str {
    document.as_deref().map_or("", |text| std::str::from_utf8(text).unwrap())
}

#[test]
fn off_writes_no_file() {
    let test = Test::new();
    assert_eq!(test.recorder.wanted("s", "t"), None);
    test.submit([draft(1)]);
    test.recorder.flush();
    assert!(test.recorded().is_empty());
    assert_eq!(std::fs::read_dir(test.folder.path()).unwrap().count(), 0);
}

#[test]
fn calls_are_kept_in_canonical_form_until_it_is_turned_off() {
    let test = Test::new();
    test.recorder.apply(Some(plan())).unwrap();
    assert_eq!(test.recorder.wanted("s", "t"), Some(Wanted { result: true }));
    assert_eq!(test.n_files(), 0, "nothing is written before something is to be recorded");
    test.submit((1..=3).map(draft));
    let recorded = test.recorded();
    assert_eq!(
        recorded.iter().map(|one| text(&one.arguments)).collect::<Vec<_>>(),
        [r#"{"a":1,"n":1}"#, r#"{"a":1,"n":2}"#, r#"{"a":1,"n":3}"#]
    );
    assert_eq!(recorded.iter().map(|one| one.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((recorded[0].call.as_str(), recorded[0].time_ms), ("call-1", 1_001));
    test.recorder.apply(None).unwrap();
    test.submit([draft(4)]);
    assert_eq!(test.recorded().len(), 3, "what is there stays");
    assert_eq!(test.recorder.stats().written(), 3);
}

#[test]
fn what_was_handed_over_under_another_plan_is_kept_only_if_this_one_wants_it() {
    let test = Test::new();
    test.recorder
        .apply(Some(Plan { except: vec![Tools::parse("s/u").unwrap()], results: Vec::new(), ..plan() }))
        .unwrap();
    let result = || Held::Text(b"{}".to_vec());
    test.submit([Draft { tool: "u".to_owned(), ..draft(1) }, Draft { result: result(), ..draft(2) }]);
    let recorded = test.recorded();
    assert_eq!(
        recorded.iter().map(|one| (one.call.as_str(), &one.result)).collect::<Vec<_>>(),
        [("call-2", &None)]
    );
    assert_eq!(test.recorder.stats().written(), 1);
}

#[test]
fn what_is_to_be_dropped_is_in_no_file() {
    let test = Test::new();
    test.recorder.apply(Some(plan())).unwrap();
    let arguments = br#"{"name":"planted","token":"planted","other":"kept"}"#.to_vec();
    let result = br#"{"content":[{"type":"text","text":"planted"}]}"#.to_vec();
    test.submit([Draft { arguments: Held::Text(arguments), result: Held::Text(result), ..draft(1) }]);
    let recorded = &test.recorded()[0];
    assert_eq!(text(&recorded.arguments), r#"{"name":null,"other":"kept","token":null}"#);
    assert_eq!(recorded.redacted, ["/name", "/token"]);
    assert_eq!(text(&recorded.result), r#"{"content":[{"text":null,"type":"text"}]}"#);
    assert_eq!(recorded.redacted_result, ["/content/0/text"]);
}

#[test]
fn what_is_too_long_is_told_as_not_kept() {
    let test = Test::new();
    test.recorder.apply(Some(plan())).unwrap();
    let list = |n: usize| format!("[{}]", vec!["\"1234567\""; n].join(",")).into_bytes();
    let of = |arguments, result| Draft { arguments: Held::Text(arguments), result, ..draft(1) };
    test.submit([
        of(list(100), Held::Text(list(99))),
        of(list(150), Held::Text(list(100))),
        of(list(300), Held::Nothing),
        of(list(1), Held::TooLong),
        of(format!(r#"{{"a":"{}","b":1}}"#, "x".repeat(1_000)).into_bytes(), Held::Nothing),
    ]);
    let kept: Vec<_> = test
        .recorded()
        .into_iter()
        .map(|one| (one.arguments.is_some(), one.redacted, one.result.is_some(), one.redacted_result))
        .collect();
    let (none, whole): (Vec<String>, _) = (Vec::new(), vec![String::new()]);
    assert_eq!(
        kept,
        [
            (true, none.clone(), true, none.clone()),
            (true, none.clone(), false, whole.clone()),
            (false, whole.clone(), false, none.clone()),
            (true, none.clone(), false, whole),
            (true, vec!["/a".to_owned()], false, none),
        ]
    );
}

#[test]
fn a_full_queue_drops_and_counts_and_nobody_waits() {
    let test = Test::new();
    let queue = queue::Queue::default();
    let n_put = (0..=MAX_DRAFTS as u64).filter(|n| queue.put(draft(*n))).count();
    assert_eq!(n_put, MAX_DRAFTS);
    let queue = queue::Queue::default();
    let long = || Draft { arguments: Held::Text(vec![b' '; queue::MAX_BYTES / 4]), ..draft(1) };
    assert_eq!((0..5).filter(|_| queue.put(long())).count(), 3, "bytes are bounded too");
    // The thread is busy with an order for as long as nobody takes what it says.
    test.recorder.apply(Some(plan())).unwrap();
    let n_submitted = 4 * MAX_DRAFTS as u64;
    test.submit((0..n_submitted).map(draft));
    test.recorder.flush();
    let stats = test.recorder.stats();
    assert_eq!(stats.written() + stats.dropped(), n_submitted);
    assert_eq!(test.recorded().len() as u64, stats.written());
}

#[test]
fn a_disk_with_too_little_space_stops_recording_and_it_goes_on_later() {
    let test = Test::new();
    test.recorder.apply(Some(Plan { min_free_bytes: u64::MAX, ..plan() })).unwrap();
    test.submit([draft(1)]);
    test.recorder.flush();
    assert!(test.recorder.problem().unwrap().contains("MiB free"));
    assert!(test.recorder.stats().is_failing());
    test.submit([draft(2)]);
    test.recorder.apply(Some(plan())).unwrap();
    test.recorder.flush();
    test.submit([draft(3)]);
    test.recorder.flush();
    assert!(test.recorder.problem().is_some(), "it is not tried again at once");
    assert_eq!((test.recorder.stats().lost(), test.n_files()), (3, 0));
    test.now_ms.fetch_add(5_000, Ordering::SeqCst);
    test.submit([draft(4)]);
    assert_eq!(test.recorded()[0].call, "call-4");
    assert_eq!((test.recorder.problem(), test.recorder.stats().is_failing()), (None, false));
}

#[test]
fn old_recordings_go_by_the_gateways_clock() {
    let test = Test::new();
    let retention = Retention { max_age_ms: Some(8_000), max_bytes: None };
    test.recorder.apply(Some(Plan { retention, ..plan() })).unwrap();
    let at = |time_ms| Draft { time_ms, ..draft(1) };
    test.submit([at(1_000_000)]);
    test.recorder.flush();
    test.now_ms.store(1_001_000, Ordering::SeqCst);
    // An order wakes the thread, which looks for what is old after it.
    test.recorder.flush();
    test.recorder.flush();
    test.submit([at(1_001_000)]);
    assert_eq!(test.recorded().len(), 2);
    test.now_ms.store(1_008_001, Ordering::SeqCst);
    test.recorder.flush();
    test.recorder.flush();
    assert_eq!(test.recorded().iter().map(|one| one.time_ms).collect::<Vec<_>>(), [1_001_000]);
}

fn filter(tool: &str) -> Filter {
    Filter { tool: Some(Pattern::new(tool)), ..Filter::default() }
}

fn mixed(test: &Test) {
    let named = |n: u64, tool: &str| Draft { tool: tool.to_owned(), ..draft(n) };
    test.submit([named(1, "get_a"), named(2, "put_a"), named(3, "get_b"), named(4, "put_b")]);
}

fn tools(test: &Test) -> Vec<String> {
    test.recorded().into_iter().map(|one| one.tool).collect()
}

#[test]
fn a_purge_removes_what_is_meant_and_nothing_else() {
    for is_on in [true, false] {
        let test = Test::new();
        test.recorder.apply(Some(plan())).unwrap();
        mixed(&test);
        if !is_on {
            test.recorder.apply(None).unwrap();
        }
        let purge = |filter: &Filter| test.recorder.purge(filter).unwrap().n_recordings;
        assert_eq!(purge(&filter("none")), 0);
        assert_eq!(purge(&filter("get_*")), 2);
        assert_eq!(tools(&test), ["put_a", "put_b"]);
        assert_eq!(purge(&Filter { before_ms: Some(1_004), ..Filter::default() }), 1);
        assert_eq!(tools(&test), ["put_b"]);
        assert_eq!(purge(&Filter { since_ms: Some(1_005), ..Filter::default() }), 0);
        assert_eq!(purge(&filter("put_*")), 1);
        assert_eq!((tools(&test).len(), test.n_files()), (0, 0));
        test.recorder.apply(Some(plan())).unwrap();
        mixed(&test);
        assert!(test.recorded()[0].seq > 4 || !is_on, "numbers go on");
        assert_eq!(test.recorder.purge(&Filter::default()).unwrap().n_recordings, 4);
        assert_eq!(test.n_files(), 0);
        mixed(&test);
        assert_eq!(tools(&test).len(), 4, "it goes on after a purge of all");
    }
}

#[test]
fn a_purge_of_all_takes_no_key() {
    let test = Test::new();
    test.recorder.apply(Some(plan())).unwrap();
    mixed(&test);
    test.recorder.apply(None).unwrap();
    std::fs::remove_file(Key::file(test.folder.path())).unwrap();
    assert!(matches!(test.recorder.read(), Err(Problem::NoKey { .. })));
    assert!(matches!(test.recorder.apply(Some(plan())), Err(Problem::NoKey { .. })));
    assert!(test.recorder.purge(&filter("*")).is_err());
    test.recorder.purge(&Filter::default()).unwrap();
    test.recorder.apply(Some(plan())).unwrap();
}

#[test]
fn what_a_purge_cannot_read_is_told_and_left() {
    let test = Test::new();
    test.recorder.apply(Some(plan())).unwrap();
    mixed(&test);
    test.recorder.apply(None).unwrap();
    let path = std::fs::read_dir(test.recorder.folder()).unwrap().next().unwrap().unwrap().path();
    let mut content = std::fs::read(&path).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::write(&path, &content).unwrap();
    let purged = test.recorder.purge(&filter("get_*")).unwrap();
    assert!(matches!(purged.problems[..], [Problem::Damaged { .. }]), "{purged:?}");
    assert_eq!(std::fs::read(&path).unwrap(), content);
}

#[test]
fn another_key_is_refused_and_recording_goes_on() {
    let test = Test::new();
    let given = |digit: &str| KeySource::Given(Key::parse(&digit.repeat(64), "test").unwrap());
    test.recorder.apply(Some(Plan { key: given("a"), ..plan() })).unwrap();
    test.submit([draft(1)]);
    test.recorder.flush();
    let problem = test.recorder.apply(Some(Plan { key: given("b"), ..plan() })).unwrap_err();
    assert!(matches!(problem, Problem::WrongKey { .. }), "{problem}");
    test.submit([draft(2)]);
    assert_eq!(test.recorded().len(), 2);
    assert!(!Path::new(&Key::file(test.folder.path())).exists());
}

#[test]
fn a_filter_asks_all_that_it_says() {
    let one = full(2);
    let of = |text: &str| Some(Pattern::new(text));
    for (filter, fits) in [
        (Filter::default(), true),
        (Filter { server: of("ima*"), grant: of("agent-7"), ..Filter::default() }, true),
        (Filter { server: of("ima*"), grant: of("agent-8"), ..Filter::default() }, false),
        (Filter { tool: of("start"), ..Filter::default() }, false),
        (Filter { before_ms: Some(one.time_ms), ..Filter::default() }, false),
        (Filter { since_ms: Some(one.time_ms), ..Filter::default() }, true),
    ] {
        assert_eq!(filter.fits(&one), fits, "{filter:?}");
    }
}
