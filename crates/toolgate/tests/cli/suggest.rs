//! `policy suggest`: what is printed allows what was seen, and a replay says so.

use crate::administration::configured;
use crate::run::{Place, Ran};
use crate::traffic::{Made, import, recorded};
use serde_json::Value;

fn suggest(place: &Place, further: &[&str], code: i32) -> Ran {
    let ran = place.run(&[&["policy", "suggest"], further].concat());
    assert_eq!(ran.code, Some(code), "{further:?}\n{}", ran.whole());
    ran
}

fn told(place: &Place, further: &[&str]) -> Value {
    serde_json::from_str(&suggest(place, &[further, &["--json"]].concat(), 0).stdout).unwrap()
}

/// Thirty imports from one bucket, some denied because of their mode.
fn calls() -> Vec<Made> {
    let mode = |n: u64| if n.is_multiple_of(2) { "fast" } else { "slow" };
    let call =
        |n| import(&format!(r#"{{"uri": "s3://pacs-inbox/ct/{n}", "mode": "{}", "n": {n}}}"#, mode(n)));
    let mut calls: Vec<Made> = (0..30).map(|n| Made { after_ms: 15_000, ..call(n) }).collect();
    let raw = r#"{"uri": "s3://pacs-inbox/ct/1", "mode": "raw", "n": 1}"#;
    calls.push(Made { rule: "/tools/start_import/deny_if/args.mode-eq", ..import(raw) });
    calls.push(Made { rule: "(hidden)", tool: "delete_image_set", ..import("{}") });
    calls
}

#[test]
fn what_is_printed_allows_what_was_seen_and_no_more() {
    let place = configured();
    recorded(&place, &calls(), true);
    let printed = suggest(&place, &["--with-tests"], 0);
    insta::assert_snapshot!("suggest", printed.whole());
    place.write(&place.work("draft.json"), &printed.stdout);
    assert_eq!(place.run(&["policy", "lint", "draft.json", "--strict"]).code, Some(0));
    let replayed = place.run(&[
        "policy",
        "replay",
        "draft.json",
        "--json",
        "--fail-on",
        "newly-denied,newly-allowed,unknown",
    ]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.whole());
    let told = told(&place, &["--min-calls", "31"]);
    assert!(told["document"].as_str().unwrap().lines().all(|line| !line.contains("require")), "{told:#}");
    assert_eq!(
        (&told["checked"]["allowed"], &told["checked"]["opened"]),
        (&30.into(), &0.into()),
        "{told:#}"
    );
}

#[test]
fn the_audit_log_supports_names_and_rates_only() {
    let place = configured();
    recorded(&place, &calls(), false);
    let told = told(&place, &["--name", "narrow"]);
    let document = told["document"].as_str().unwrap();
    assert!(
        document.contains("\"start_import\"") && document.contains("start_import_per_minute"),
        "{document}"
    );
    assert!(!document.contains("args.") && !document.contains("delete_image_set"), "{document}");
    assert!(told["notes"].to_string().contains("values were not kept"), "{told:#}");
    assert_eq!(told["checked"]["unknown"], 0, "{told:#}");
    suggest(&place, &["--tool", "none"], 1);
    suggest(&place, &["--name", "No Name"], 2);
    suggest(&place, &["--calls", "-"], 2);
}

/// A string that the schema mends is judged as a number, which the first document did not know.
#[test]
fn a_rule_that_would_deny_what_was_allowed_is_left_out_again() {
    let place = Place::new();
    place.write(&place.work("tools.json"), &format!(r#"{{"imaging": [{}]}}"#, crate::traffic::IMPORT));
    let line = r#"{"server":"imaging","tool":"start_import","arguments":{"n":"7","mode":"fast"}}"#;
    place.write(&place.work("calls.jsonl"), &format!("{line}\n").repeat(25));
    let told = told(&place, &["--calls", "calls.jsonl", "--tools", "tools.json"]);
    assert_eq!(
        (&told["checked"]["allowed"], told["notes"].as_array().unwrap().len()),
        (&25.into(), 1),
        "{told:#}"
    );
    assert!(told["notes"][0].as_str().unwrap().contains("nothing is said of `n`"), "{told:#}");
    let document = told["document"].as_str().unwrap();
    assert!(document.contains("args.mode") && !document.contains("args.n"), "{document}");
}
