//! The demonstration as its watcher and as programs see it.

use crate::run::Place;
use serde_json::Value;

#[test]
fn its_steps_are_told_to_programs() {
    let place = Place::new();
    let ran = place.run(&["demo", "--once", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    let mut lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let closing = lines.pop().unwrap();
    for (n, step) in lines.iter().enumerate() {
        assert_eq!(
            (step["step"].as_u64(), &step["server"]),
            (Some(n as u64 + 1), &"imaging".into()),
            "{step}"
        );
        let mut names: Vec<&str> = step.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["effect", "message", "method", "rule", "server", "step", "tool"]);
    }
    let judged = |tool: &str, effect: &str| {
        lines.iter().filter(|step| step["tool"] == tool && step["effect"] == effect).collect::<Vec<_>>()
    };
    assert_eq!(judged("start_dicom_import_job", "allow").len(), 10);
    let refused = judged("start_dicom_import_job", "deny");
    assert_eq!(refused[0]["rule"], "/tools/start_dicom_import_job/limits/start_dicom_import_job_rate");
    assert!(refused[0]["message"].as_str().unwrap().contains("retry after"), "{}", refused[0]);
    let export = judged("start_dicom_export_job", "deny");
    assert!(export[0]["message"].as_str().unwrap().contains("transfer office"), "{}", export[0]);
    assert_eq!(judged("delete_image_set", "deny")[0]["rule"], "(hidden)");
    assert!(!lines[0]["message"].as_str().unwrap().contains("delete_image_set"));
    assert_eq!((&closing["allowed"], &closing["denied"]), (&12.into(), &3.into()));
    assert_eq!((&closing["imports_started"], &closing["exports_started"]), (&10.into(), &0.into()));
    assert_eq!(closing["audit"]["intact"], true);
}

#[test]
fn its_transcript_fits_a_terminal_and_leaves_nothing_behind() {
    let place = Place::new();
    let temporary = place.work("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let ran = place.run_with(&["demo", "--once"], "TMPDIR", temporary.to_str().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{}", ran.whole());
    let long: Vec<&str> = ran.stdout.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(long.is_empty(), "{long:#?}");
    assert!(ran.stdout.starts_with("toolgate demo: an agent"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("the server itself counts 10 imports and 0 exports\n"), "{}", ran.stdout);
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0);
    assert!(!place.home(".local").exists());
}
