//! `audit`: what is shown, exported and proved, and that tampering shows.

use crate::administration::configured;
use crate::gateway::Gateway;
use crate::run::{PROGRAM, Place, Ran};
use crate::wrap::TALK;
use std::path::PathBuf;

fn run(place: &Place, arguments: &[&str], code: i32) -> Ran {
    let ran = place.run(&[&["audit"], arguments].concat());
    assert_eq!(ran.code, Some(code), "{arguments:?}\n{}", ran.whole());
    ran
}

/// A home whose audit holds two grants.
fn recorded() -> Place {
    let place = configured();
    for id in ["a", "b"] {
        assert_eq!(place.run(&["grant", "create", id, "--server", "imaging=imaging"]).code, Some(0));
    }
    place
}

fn segment(place: &Place) -> PathBuf {
    let folder = place.home(".local/share/toolgate/audit");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.pop().unwrap()
}

#[test]
fn records_are_shown_to_people_and_programs() {
    let place = recorded();
    let tail = run(&place, &["tail", "-n", "3"], 0).stdout;
    assert_eq!(tail.lines().count(), 3);
    let shown = run(&place, &["query", "--kind", "admin"], 0).stdout;
    let ends = [
        "admin     grant.create `a` by local  server imaging: imaging",
        "admin     grant.create `b` by local  server imaging: imaging",
    ];
    assert!(shown.lines().zip(ends).all(|(line, end)| line.ends_with(end)), "{shown}");
    let raw = run(&place, &["query", "--json"], 0).stdout;
    let records: Vec<serde_json::Value> =
        raw.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().zip(1_u64..).all(|(record, seq)| record["seq"] == seq), "{raw}");
    assert_eq!(run(&place, &["query", "-n", "2", "--json"], 0).stdout.lines().count(), 2);
    assert_eq!(run(&place, &["query", "--from", "2000-01-01", "--to", "2000-01-02"], 0).stdout, "");
    run(&place, &["query", "--from", "yesterday"], 2);
    run(&place, &["query", "--effect", "maybe"], 2);
    run(&place, &["query", "--call", "x"], 2);
}

#[test]
fn an_intact_log_is_proved_as_far_as_it_can_be() {
    let place = recorded();
    let plain = run(&place, &["verify"], 0).stdout;
    assert!(plain.starts_with("intact: ") && plain.contains("cut off cannot be excluded"), "{plain}");
    place.write(&place.work("heads"), &run(&place, &["head"], 0).stdout);
    let with_head = run(&place, &["verify", "--head", "heads"], 0).stdout;
    assert!(with_head.contains("holds at record"), "{with_head}");
    let told: serde_json::Value =
        serde_json::from_str(&run(&place, &["verify", "--json"], 0).stdout).unwrap();
    assert_eq!(
        (&told["intact"], &told["seals_checked"], &told["n_problems"]),
        (&true.into(), &true.into(), &0.into())
    );
    place.write(&place.work("heads"), "{}\n");
    assert!(run(&place, &["verify", "--head", "heads"], 1).stderr.contains("does not end in a head"));
}

#[test]
fn an_edited_or_cut_log_is_broken() {
    let place = recorded();
    place.write(&place.work("heads"), &run(&place, &["head"], 0).stdout);
    let (file, whole) = (segment(&place), std::fs::read_to_string(segment(&place)).unwrap());
    place.write(&file, &whole.replacen("grant.create", "grant.revoke", 1));
    let edited = run(&place, &["verify"], 1).stdout;
    assert!(edited.contains("was edited") && edited.contains("broken: 1 problem"), "{edited}");
    assert!(!edited.contains("intact"), "{edited}");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    place.write(&file, &lines[..lines.len() - 4].concat());
    assert!(
        run(&place, &["verify"], 0).stdout.starts_with("intact"),
        "a cut end alone looks like an earlier state"
    );
    let cut = run(&place, &["verify", "--head", "heads"], 1).stdout;
    assert!(cut.contains("the end was cut off"), "{cut}");
    let told: serde_json::Value =
        serde_json::from_str(&run(&place, &["verify", "--head", "heads", "--json"], 1).stdout).unwrap();
    assert_eq!((&told["intact"], told["problems"].as_array().map(Vec::len)), (&false.into(), Some(1)));
}

#[test]
fn an_export_verifies_on_its_own_and_overwrites_nothing() {
    let place = recorded();
    run(&place, &["export", "--output", "all.jsonl"], 0);
    assert!(
        run(&place, &["export", "--output", "all.jsonl"], 1)
            .stderr
            .contains("name a file that is not there yet")
    );
    assert!(run(&place, &["verify", "all.jsonl"], 0).stdout.starts_with("intact"));
    let printed = run(&place, &["export"], 0).stdout;
    place.write(&place.work("printed.jsonl"), &printed);
    run(&place, &["verify", "printed.jsonl"], 0);
    place.write(&place.work("edited.jsonl"), &printed.replacen("local", "other", 1));
    assert!(run(&place, &["verify", "edited.jsonl"], 1).stdout.contains("was edited"));
    let elsewhere = Place::new();
    elsewhere.write(&elsewhere.work("printed.jsonl"), &printed);
    let without_key = run(&elsewhere, &["verify", "printed.jsonl"], 0).stdout;
    assert!(
        without_key.starts_with("intact") && without_key.contains("seals were not checked"),
        "{without_key}"
    );
}

#[test]
fn where_there_is_no_audit_that_is_said() {
    let place = configured();
    for arguments in [&["tail"][..], &["query"], &["verify"], &["export"]] {
        assert!(run(&place, arguments, 1).stderr.contains("nothing is recorded in"), "{arguments:?}");
    }
    assert!(!place.home(".local").exists(), "reading creates nothing");
    run(&place, &["verify", "missing.jsonl"], 1);
}

/// What the policy of the next test asks.
const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {
  "start_dicom_import_job": {
    "require": [{"conditions": [{"path": "args.input_s3_uri", "op": "prefix", "value": "s3://pacs-inbox/"}]}],
    "limits": [{"counter": "imports", "window": "hour", "max": 10, "scope": "grant"}]}}}"#;

/// A client that starts a job, tries to start one from elsewhere, and calls what nothing names.
fn talk() -> String {
    let call = |id: u8, tool: &str, arguments: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        ) + "\n"
    };
    let import = |place: &str| {
        let store = "12345678901234567890123456789012";
        let role = "arn:aws:iam::123456789012:role/x";
        format!(
            r#"{{"datastore_id":"{store}","data_access_role_arn":"{role}","input_s3_uri":"s3://{place}/x"}}"#
        )
    };
    let job = "start_dicom_import_job";
    let calls = [call(3, job, &import("pacs-inbox")), call(4, job, &import("very-secret"))];
    [TALK, &calls.concat(), &call(5, "delete_image_set", "{}")].concat()
}

#[test]
fn recorded_decisions_are_told_with_what_would_have_to_change() {
    let place = configured();
    let file = place.home(".config/toolgate/policies/imaging.json");
    place.write(&file, POLICY);
    let gateway = Gateway::up(&place);
    let wrap = ["wrap", "--server", "wrapped", "--policy", "imaging", "--", PROGRAM, "sample-server"];
    assert_eq!(place.answer(&wrap, &talk()).code, Some(0));
    let record = |effect: &str, tool: &str| {
        let found = run(&place, &["query", "--effect", effect, "--tool", tool, "--json"], 0).stdout;
        serde_json::from_str::<serde_json::Value>(found.lines().next().unwrap()).unwrap()
    };
    let job = "start_dicom_import_job";
    let (allowed, denied) = (record("allow", job), record("deny", job));
    let rule = "/tools/start_dicom_import_job/require/args.input_s3_uri-prefix";
    for record in [&allowed, &denied] {
        assert_eq!(record["matched"], serde_json::json!([rule]), "{record}");
        assert!(record["definition"].is_string(), "{record}");
    }
    let told = run(&place, &["explain", denied["call"].as_str().unwrap()], 0).stdout;
    for part in [
        &format!("  denied by      {rule}"),
        "  read           args.input_s3_uri prefix false (a string)",
        "  to be allowed  `args.input_s3_uri` must start with `s3://pacs-inbox/`",
        ": as it is now",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("very-secret"), "{told}");
    let told = run(&place, &["explain", &allowed["seq"].to_string()], 0).stdout;
    for part in [
        "  reserved       1 of imaging / ",
        "  ended          ",
        "to be denied   `args.input_s3_uri` must not start",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let unnamed = record("deny", "delete_image_set");
    let told = run(&place, &["explain", &unnamed["seq"].to_string(), "--json"], 0).stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(told["opposite"]["note"].as_str().unwrap().contains("nothing names the tool"), "{told}");
    drop(gateway);
    place.write(&file, &POLICY.replace("pacs-inbox", "elsewhere"));
    let gone = run(&place, &["explain", &denied["seq"].to_string()], 0).stdout;
    assert!(gone.contains("this revision is no longer here") && gone.contains("undecided"), "{gone}");
    assert!(!gone.contains("elsewhere"), "{gone}");
    assert!(run(&place, &["explain", "1"], 1).stderr.contains("there is no such record of a decision"));
    run(&place, &["explain", "x"], 2);
}
