//! `learn`: nothing changes before the answers, nothing opens, and everything can be put back.

use crate::run::{PROGRAM, Place, Ran};
use crate::traffic::{Made, import, recorded};
use serde_json::Value;

const OPEN: &str = "{\"version\": \"1\", \"default\": \"allow\"}\n";

fn place() -> Place {
    let place = Place::new();
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\n[servers.imaging]\ncommand = [\"{PROGRAM}\", \
         \"sample-server\"]\n\n[grants.radiology.servers]\nimaging = [\"imaging\"]\n\n[grants.strict.servers]\n\
         imaging = [\"narrow\"]\n\n[grants.none.servers]\nimaging = []\n"
    );
    place.write(&place.home(".config/toolgate/toolgate.toml"), &toml);
    place.write(&policy(&place), OPEN);
    let narrow = r#"{"version": "1", "default": "deny", "hide": ["x"], "tools": {"start_import": {}}}"#;
    place.write(&place.home(".config/toolgate/policies/narrow.json"), narrow);
    place
}

fn policy(place: &Place) -> std::path::PathBuf {
    place.home(".config/toolgate/policies/imaging.json")
}

fn learn(place: &Place, arguments: &[&str], code: i32) -> Ran {
    let ran = place.run(&[&["learn"], arguments].concat());
    assert_eq!(ran.code, Some(code), "{arguments:?}\n{}", ran.whole());
    ran
}

fn text(place: &Place) -> String {
    std::fs::read_to_string(policy(place)).unwrap()
}

/// A place where it began long before the calls that were recorded.
fn begun() -> Place {
    let place = place();
    let mut calls: Vec<Made> = (0..3).map(|n| import(&format!(r#"{{"uri": "s3://in/{n}"}}"#))).collect();
    calls.push(Made { tool: "delete_image_set", ..import("{}") });
    calls.push(Made { tool: "get_image_set", rule: "(default deny)", ..import("{}") });
    recorded(&place, &calls, true);
    let begun = learn(&place, &["start", "radiology", "--for", "2d"], 0).stdout;
    assert!(begun.contains("every tool stays open, as before; nothing was changed"), "{begun}");
    assert!(begun.contains("radiology -> imaging"), "{begun}");
    let state = place.home(".config/toolgate/learning/imaging.json");
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&state).unwrap()).unwrap();
    kept["since_ms"] = 0.into();
    place.write(&state, &kept.to_string());
    assert_eq!(text(&place), OPEN);
    place
}

#[test]
fn the_answers_write_the_policy_and_undo_puts_it_back() {
    let place = begun();
    let status = learn(&place, &["status"], 0).stdout;
    assert!(status.contains("imaging/delete: 1 call: delete_image_set (1)"), "{status}");
    assert!(
        status.contains("imaging/start: 3 calls: start_import (3)") && !status.contains("get"),
        "{status}"
    );
    let asked: Value = serde_json::from_str(&learn(&place, &["finish", "--json"], 1).stdout).unwrap();
    assert_eq!((&asked["written"], asked["unanswered"].as_array().map(Vec::len)), (&false.into(), Some(2)));
    assert_eq!(text(&place), OPEN);
    let written = learn(&place, &["finish", "--yes", "imaging/start", "--no", "imaging/delete"], 0).stdout;
    assert!(
        written.contains("everything else is closed") && written.contains("learn undo imaging"),
        "{written}"
    );
    let policy: Value = serde_json::from_str(&text(&place)).unwrap();
    assert_eq!(policy["default"], "deny");
    assert_eq!(policy["tools"].as_object().unwrap().keys().collect::<Vec<_>>(), ["start_import"]);
    assert_eq!(place.run(&["policy", "lint", "imaging", "--strict"]).code, Some(0));
    assert!(learn(&place, &["finish", "--yes", "imaging/start"], 1).stderr.contains("written already"));
    learn(&place, &["undo"], 0);
    assert_eq!(text(&place), OPEN);
    assert!(learn(&place, &["undo"], 1).stderr.contains("nothing is learned"));
}

#[test]
fn only_a_yes_on_the_terminal_opens_and_writes() {
    for (input, is_written) in [("n\ny\ny\n", true), ("y\n\n\n", false), ("", false), ("n\nn\n", false)] {
        let place = begun();
        let ran = place.answer(&["learn", "finish"], input);
        assert_eq!(ran.code, Some(if is_written { 0 } else { 1 }), "{input:?}\n{}", ran.whole());
        assert_eq!(text(&place) != OPEN, is_written, "{input:?}");
        assert!(!is_written || !text(&place).contains("delete_image_set"));
    }
}

#[test]
fn what_restricts_or_was_changed_is_left_alone() {
    let place = begun();
    for (named, part) in [
        ("strict", "`narrow` binds them and says more than which tools are open"),
        ("imaging", "every call is denied there; bind one first"),
        ("none", "every call is denied there"),
        ("nobody", "no grant `nobody`"),
        ("radiology", "`imaging` is learned already"),
    ] {
        let said = learn(&place, &["start", named], 1).stderr;
        assert!(said.contains(part), "{named}: {said}");
    }
    learn(&place, &["finish", "--yes", "imaging/none"], 2);
    learn(&place, &["finish", "--yes", "imaging/start", "--no", "imaging/start"], 2);
    place.write(&policy(&place), "{\"version\": \"1\", \"default\": \"allow\", \"hide\": [\"x\"]}\n");
    assert!(learn(&place, &["finish", "--yes", "imaging/start"], 1).stderr.contains("was changed since"));
    learn(&place, &["undo"], 0);
    assert!(text(&place).contains("hide"), "what somebody wrote stays");
}

#[test]
fn an_undo_does_not_write_over_what_somebody_wrote_since() {
    let place = begun();
    learn(&place, &["finish", "--yes", "imaging/start", "--no", "imaging/delete"], 0);
    let changed = text(&place).replace("start_import", "other");
    place.write(&policy(&place), &changed);
    assert!(learn(&place, &["undo"], 1).stderr.contains("was changed since it was written"));
    assert_eq!(text(&place), changed);
}

#[test]
fn a_policy_in_shadow_may_stand_beside_the_learned_one() {
    let place = begun();
    let toml = place.home(".config/toolgate/toolgate.toml");
    let bound = std::fs::read_to_string(&toml).unwrap();
    let bound = bound.replace("imaging = [\"imaging\"]", "imaging = [\"imaging\", \"draft\"]");
    place.write(&toml, &bound);
    let draft = place.home(".config/toolgate/policies/draft.json");
    place.write(&draft, r#"{"version": "1", "default": "deny", "mode": "shadow", "hide": ["x"]}"#);
    learn(&place, &["undo"], 0);
    let said = learn(&place, &["start", "radiology"], 0).stdout;
    assert!(said.contains("learning `imaging`"), "{said}");
    // Enforced meanwhile, it restricts, and `finish` looks again.
    place.write(&draft, r#"{"version": "1", "default": "deny", "hide": ["x"]}"#);
    let said = learn(&place, &["finish", "--yes", "imaging/start"], 1).stderr;
    assert!(said.contains("`draft` binds them and says more"), "{said}");
    learn(&place, &["undo"], 0);
    assert!(learn(&place, &["start", "radiology"], 1).stderr.contains("`draft` binds them and says more"));
    // Alone, shadow leaves nothing to learn.
    place.write(&draft, r#"{"version": "1", "default": "deny", "mode": "shadow"}"#);
    place.write(&toml, &bound.replace("[\"imaging\", \"draft\"]", "[\"draft\"]"));
    assert!(learn(&place, &["start", "radiology"], 1).stderr.contains("no policy binds them"));
}
