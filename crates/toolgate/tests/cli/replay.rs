//! `policy replay`: what would have become of calls that were made, from each of their sources.

use crate::administration::configured;
use crate::run::{Place, Ran};
use crate::traffic::{IMPORT, Made, import, recorded};
use serde_json::Value;

const DRAFT: &str = r#"{"version": "1", "default": "deny", "tools": {"start_import": {
    "require": [{"conditions": [{"path": "args.uri", "op": "prefix", "value": "s3://pacs-inbox/"}]}],
    "deny_if": [{"conditions": [{"path": "args.token", "op": "eq", "value": "x"}]}],
    "limits": [{"counter": "imports", "window": "minute", "max": 3, "scope": "grant"}]}}}"#;

fn place(calls: &[Made], with_values: bool) -> Place {
    let place = configured();
    recorded(&place, calls, with_values);
    place.write(&place.work("draft.json"), DRAFT);
    place
}

fn replay(place: &Place, further: &[&str], code: i32) -> Ran {
    let ran = place.run(&[&["policy", "replay", "draft.json"], further].concat());
    assert_eq!(ran.code, Some(code), "{further:?}\n{}", ran.whole());
    ran
}

fn changes(place: &Place, further: &[&str], code: i32) -> Value {
    let told: Value =
        serde_json::from_str(&replay(place, &[further, &["--json"]].concat(), code).stdout).unwrap();
    told
}

/// What was made once: two imports, one from elsewhere, a denied one, one with a token.
fn calls() -> Vec<Made> {
    vec![
        import(r#"{"uri": "s3://pacs-inbox/a"}"#),
        import(r#"{"uri": "s3://elsewhere/very-secret"}"#),
        Made {
            rule: "/tools/start_import/deny_if/args.n-gt",
            ..import(r#"{"uri": "s3://pacs-inbox/b", "n": 9}"#)
        },
        import(r#"{"uri": "s3://pacs-inbox/c", "token": "t"}"#),
        import(r#"{"n": 4}"#),
    ]
}

#[test]
fn recordings_are_judged_by_their_values() {
    let place = place(&calls(), true);
    let told = changes(&place, &[], 1);
    let expected = serde_json::json!({"newly-denied": 2, "newly-allowed": 1, "unknown": 1, "other-rule": 0,
        "not-compared": 0, "same": 1});
    assert_eq!((&told["calls"], &told["changes"]), (&5.into(), &expected), "{told:#}");
    let unknown =
        told["groups"].as_array().unwrap().iter().find(|group| group["change"] == "unknown").unwrap();
    assert_eq!(unknown["now"]["rule"], "/tools/start_import/deny_if/args.token-eq");
    let shown = replay(&place, &[], 1);
    assert!(!shown.whole().contains("very-secret"), "{}", shown.whole());
    insta::assert_snapshot!("replay_recordings", shown.whole());
    let valued = replay(&place, &["--show-values"], 1);
    assert!(valued.stdout.contains("very-secret"), "{}", valued.stdout);
    let each = replay(&place, &["--each", "--json"], 1).stdout;
    assert_eq!(each.lines().filter(|line| line.starts_with(r#"{"call":"#)).count(), 5);
}

#[test]
fn the_audit_log_decides_what_names_decide() {
    let place = place(&calls(), false);
    let told = changes(&place, &["--from", "audit"], 1);
    let expected = serde_json::json!({"newly-denied": 1, "newly-allowed": 0, "unknown": 4, "other-rule": 0,
        "not-compared": 0, "same": 0});
    assert_eq!(told["changes"], expected, "{told:#}");
    let open = r#"{"version": "1", "default": "deny", "tools": {"start_import": {}}}"#;
    place.write(&place.work("draft.json"), open);
    let told = changes(&place, &[], 0);
    assert_eq!((&told["changes"]["same"], &told["changes"]["unknown"]), (&4.into(), &1.into()), "{told:#}");
    assert_eq!(told["notes"]["taken_to_fit_their_schema"], 4);
    assert_eq!(changes(&place, &["--strict"], 0)["changes"]["unknown"], 5);
    assert_eq!(replay(&place, &["--from", "recordings"], 1).stderr.matches("no recordings").count(), 1);
}

#[test]
fn limits_are_gone_through_in_the_order_of_time() {
    let quick = |n| Made { after_ms: 1000, ..import(&format!(r#"{{"uri": "s3://pacs-inbox/{n}"}}"#)) };
    let mut calls: Vec<Made> = (0..5).map(quick).collect();
    calls.push(Made { after_ms: 61_000, ..quick(9) });
    let place = place(&calls, true);
    let told = changes(&place, &[], 1);
    assert_eq!(
        (&told["changes"]["newly-denied"], &told["changes"]["same"]),
        (&2.into(), &4.into()),
        "{told:#}"
    );
    assert_eq!(told["groups"][0]["now"]["answer"], "limited");
    assert_eq!(told["groups"][0]["now"]["rule"], "/tools/start_import/limits/imports");
    assert_eq!(told["groups"][0]["example"]["seq"], 4);
    assert_eq!(changes(&place, &["--no-limits"], 0)["changes"]["same"], 6);
    assert_eq!(changes(&place, &["--against", "draft.json"], 0)["changes"]["same"], 6);
}

#[test]
fn calls_of_a_file_are_replayed_by_anybody() {
    let place = Place::new();
    place.write(&place.work("draft.json"), DRAFT);
    place.write(&place.work("tools.json"), &format!(r#"{{"imaging": [{IMPORT}]}}"#));
    let lines = [
        r#"{"time":"2026-11-20T13:00Z","grant":"g","labels":["ct"],"server":"imaging","tool":"start_import","arguments":{"uri":"s3://pacs-inbox/a"}}"#,
        r#"{"time":"2026-11-20T13:01Z","grant":"g","labels":["ct"],"server":"imaging","tool":"start_import","arguments":{"uri":"s3://out/a"},"effect":"allow"}"#,
        r#"{"time":"2026-11-20T13:02Z","grant":"h","labels":["ct"],"server":"imaging","tool":"start_import","arguments":{"ury":"s3://pacs-inbox/a"}}"#,
        r#"{"server":"other","tool":"x"}"#,
    ];
    place.write(&place.work("calls.jsonl"), &lines.join("\n"));
    let file = ["--calls", "calls.jsonl", "--tools", "tools.json"];
    insta::assert_snapshot!("replay_file", replay(&place, &file, 1).whole());
    let filtered = changes(&place, &[&file[..], &["--grant", "h"]].concat(), 0);
    assert_eq!(
        (&filtered["calls"], &filtered["groups"][0]["now"]["rule"]),
        (&1.into(), &"(arguments)".into())
    );
    let window = ["--since", "2026-11-20T13:01Z", "--until", "2026-11-20T13:01:30Z"];
    assert_eq!(changes(&place, &[&file[..], &window].concat(), 1)["calls"], 1);
    for (fail_on, code) in [("nothing", 0), ("newly-allowed", 0), ("newly-allowed,newly-denied", 1)] {
        replay(&place, &[&file[..], &["--fail-on", fail_on]].concat(), code);
    }
    let without = changes(&place, &["--calls", "calls.jsonl"], 1);
    assert_eq!(without["notes"]["without_a_definition"], 4);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let place = Place::new();
    place.write(&place.work("draft.json"), DRAFT);
    let good = r#"{"server":"imaging","tool":"x"}"#;
    place.write(
        &place.work("calls.jsonl"),
        &format!("{good}\n\n{{\"server\":\"imaging\",\"args\":\"very-secret\"}}\n"),
    );
    let ran = replay(&place, &["--calls", "calls.jsonl"], 1);
    assert!(ran.stderr.contains("line 3 is no call"), "{}", ran.stderr);
    assert!(!ran.whole().contains("very-secret") && ran.stdout.is_empty(), "{}", ran.whole());
    assert!(replay(&place, &["--calls", "none.jsonl"], 1).stderr.contains("cannot read `none.jsonl`"));
    place.write(&place.work("draft.json"), r#"{"version": "1", "defualt": "deny"}"#);
    assert!(replay(&place, &["--calls", "calls.jsonl"], 1).stderr.contains("did you mean `default`"));
    assert_eq!(place.run(&["policy", "replay"]).code, Some(2));
    assert_eq!(place.run(&["policy", "replay", "draft.json", "--fail-on", "all"]).code, Some(2));
}
