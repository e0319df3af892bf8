//! Loads every example policy and makes a few calls, so that none of them can rot or mean something else.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::path::Path;
use std::sync::Arc;

use common::{FACTS, definition, document};
use policy::{Arguments, Channel, Decision, Format, Policy, Stack, normalise};

const BASELINE: &str = "policies/baseline.json";
const CHANNELS: &str = "policies/channels.json";
const DICOM: &str = "policies/dicom-import-rate.json";
const FILES: &str = "policies/filesystem.json";
const GIT: &str = "policies/git.json";
const IMAGING: &str = "policies/healthimaging.json";
const FILES_YAML: &str = "policies/filesystem-in-yaml.yaml";
const TRIFECTA: &str = "policies/lethal-trifecta.json";
const PAYMENTS: &str = "policies/payments.json";
const PAYMENTS_TOML: &str = "policies/payments-in-toml.toml";
const ALL: [&str; 10] =
    [BASELINE, CHANNELS, DICOM, FILES_YAML, FILES, GIT, IMAGING, TRIFECTA, PAYMENTS_TOML, PAYMENTS];

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn load(file: &str) -> Arc<Policy> {
    let text = std::fs::read(folder().join(file)).expect(file);
    let format = Format::of_file(file).expect(file);
    Arc::new(
        policy::load_as(format, file, text).map_err(|problems| format!("{file}: {problems:#?}")).unwrap(),
    )
}

/// The rule that decides, and what it reserves.
fn decides(files: &[&str], tool: &str, arguments: &str) -> String {
    let stack = Stack::new(files.iter().map(|file| load(file)).collect());
    let bound = stack.bind(&definition(tool, Some("{}")));
    let arguments = document(arguments);
    match bound.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Deny(denial) => denial.rule.to_string(),
        Decision::Allow(allowed) => {
            let counters: Vec<_> = allowed
                .limits
                .iter()
                .map(|demand| format!("{} +{}", demand.spec.counter, demand.amount))
                .collect();
            format!("allow {}", counters.join(", "))
        }
    }
}

#[test]
fn every_file_is_known_and_loads_without_a_warning() {
    let mut files: Vec<_> = std::fs::read_dir(folder().join("policies"))
        .unwrap()
        .map(|entry| format!("policies/{}", entry.unwrap().file_name().to_string_lossy()))
        .collect();
    files.sort();
    assert_eq!(files, ALL);
    for file in ALL {
        let warnings: Vec<_> =
            load(file).warnings().iter().map(|warning| (warning.code, warning.to_string())).collect();
        match file {
            DICOM => assert_eq!(warnings.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["opens-tool"]),
            _ => assert!(warnings.is_empty(), "{file}: {warnings:#?}"),
        }
    }
}

/// A call that the gateway forwards today, and what it denies as long as nothing remembers what was done before.
#[test]
fn flows_pass_their_own_tests_and_deny_without_a_history() {
    let outcomes = policy::run_tests(&load(TRIFECTA));
    assert!(outcomes.len() > 5 && outcomes.iter().all(|outcome| outcome.passed), "{outcomes:#?}");
    assert_eq!(decides(&[TRIFECTA], "get_patient", "{}"), "allow ");
    assert_eq!(decides(&[TRIFECTA], "send_mail", "{}"), "/flows/phi-never-leaves");
    assert_eq!(decides(&[TRIFECTA], "apply", "{}"), "/flows/plan-before-apply");
}

#[test]
fn a_policy_says_the_same_in_every_format() {
    for (json, other) in [(FILES, FILES_YAML), (PAYMENTS, PAYMENTS_TOML)] {
        let (json, other) = (load(json), load(other));
        assert_eq!(json.revision_hash(), other.revision_hash(), "{}", normalise(&other));
    }
}

#[test]
fn imaging() {
    let import = |store: &str, uri: &str, owner: &str| {
        let role = "arn:aws:iam::123456789012:role/imaging-import";
        let call = format!(
            r#"{{"datastore_id": "{store}", "input_s3_uri": "{uri}", "data_access_role_arn": "{role}"{owner}}}"#
        );
        decides(&[IMAGING], "start_dicom_import_job", &call)
    };
    let store = "00000000000000000000000000000009";
    assert_eq!(import(store, "s3://pacs-inbox/1", ""), "allow imports +1, imports_per_day +1, all_calls +1");
    assert_eq!(
        import(store, "s3://elsewhere/1", ""),
        "/tools/start_dicom_import_job/require/args.input_s3_uri-regex"
    );
    assert_eq!(
        import("00000000000000000000000000000001", "s3://pacs-inbox/1", ""),
        "/tools/start_dicom_import_job/deny_if/args.datastore_id-in"
    );
    let foreign = r#", "input_owner_account_id": "999999999999""#;
    assert_eq!(
        import(store, "s3://pacs-inbox/1", foreign),
        "/tools/start_dicom_import_job/deny_if/args.input_owner_account_id-neq"
    );
    assert_eq!(decides(&[IMAGING], "start_dicom_export_job", "{}"), "/tools/start_dicom_export_job/action");
    assert_eq!(decides(&[IMAGING], "delete_datastore", "{}"), "(hidden)");
    assert_eq!(decides(&[IMAGING], "update_image_set_metadata", "{}"), "(default deny)");
    assert_eq!(decides(&[DICOM], "start_dicom_import_job", "{}"), "allow start_dicom_import_job_rate +1");
}

#[test]
fn files() {
    let write = |path: &str| decides(&[FILES], "write_file", &format!(r#"{{"path": "{path}"}}"#));
    assert_eq!(write("/workspace/notes/a.md"), "allow write_file_rate +1");
    assert_eq!(write("/workspace/../etc/passwd"), "/tools/write_file/deny_if/args.path-regex");
    assert_eq!(write("/etc/passwd"), "/tools/write_file/require/args.path-regex");
    let read = |path: &str| decides(&[FILES], "read_text_file", &format!(r#"{{"path": "{path}"}}"#));
    assert_eq!(read("/workspace/readme.env.md"), "allow ");
    for secret in
        ["/workspace/.env", "/home/u/.ssh/config", "id_rsa", "/workspace/.env.local", "/x/id_ed25519.pub"]
    {
        assert_eq!(read(secret), "/tools/read_text_file/deny_if/args.path-regex", "{secret}");
    }
}

#[test]
fn git() {
    let branch =
        |name: &str| decides(&[GIT], "git_create_branch", &format!(r#"{{"branch_name": "{name}"}}"#));
    assert_eq!(branch("agent/fix-typo"), "allow ");
    assert_eq!(branch("main"), "/tools/git_create_branch/require/args.branch_name-regex");
    assert_eq!(decides(&[GIT], "git_reset", "{}"), "(hidden)");
}

/// The rule that denies a message of a channel.
fn channel_decides(files: &[&str], channel: Channel, subject: Option<&str>) -> String {
    let stack = Stack::new(files.iter().map(|file| load(file)).collect());
    match stack.judge_channel(channel, &FACTS, subject) {
        Ok(()) => "allow".to_owned(),
        Err(denial) => denial.rule.to_string(),
    }
}

#[test]
fn channels() {
    let read = |uri: &str| channel_decides(&[CHANNELS], Channel::Resources, Some(uri));
    assert_eq!(read("file:///srv/docs/a/b.md"), "allow");
    assert_eq!(read("file:///srv/docs/drafts/b.md"), "/resources/file:~1~1~1srv~1docs~1drafts~1**/action");
    assert_eq!(read("file:///srv/docs/a/.env"), "/resources/**~1.env/action");
    assert_eq!(read("file:///srv/docs/../keys"), "(default deny)");
    assert_eq!(read("https://wiki.example.com/pages/start"), "allow");
    assert_eq!(read("https://wiki.example.com/pages/start?edit"), "(default deny)");
    assert_eq!(read("https://en.handbook.example.com/a/b"), "allow");
    let ask = |channel, subject| channel_decides(&[CHANNELS], channel, subject);
    assert_eq!(ask(Channel::Prompts, Some("summarise_week")), "allow");
    assert_eq!(ask(Channel::Prompts, Some("translate")), "(default deny)");
    assert_eq!(ask(Channel::Elicitation, Some("form")), "allow");
    assert_eq!(ask(Channel::Elicitation, Some("url")), "/elicitation/url/action");
    assert_eq!(ask(Channel::Sampling, None), "/sampling/action");
    assert_eq!(ask(Channel::Tasks, None), "allow");
}

#[test]
fn a_baseline_that_says_nothing_of_what_servers_ask_for_closes_it() {
    let ask = |channel, subject| channel_decides(&[BASELINE, CHANNELS], channel, subject);
    assert_eq!(ask(Channel::Elicitation, Some("form")), "(closed)");
    assert_eq!(ask(Channel::Prompts, Some("review")), "allow");
}

#[test]
fn payments() {
    let charge = |amount: &str| {
        decides(
            &[PAYMENTS],
            "create_charge",
            &format!(r#"{{"amount": {amount}, "currency": "eur", "tags": ["a"]}}"#),
        )
    };
    assert_eq!(charge("12.50"), "allow charged +12.5, charges +1");
    assert_eq!(charge("500"), "allow charged +500, charges +1");
    assert_eq!(charge("500.01"), "/tools/create_charge/deny_if/args.amount-gt");
    assert_eq!(charge("-1"), "/tools/create_charge/require/args.currency-in");
    assert_eq!(charge("\"5\""), "/tools/create_charge/require/args.currency-in");
}

#[test]
fn a_baseline_binds_every_policy() {
    assert_eq!(decides(&[BASELINE, GIT], "git_status", "{}"), "allow calls-per-minute +1");
    assert_eq!(decides(&[BASELINE, GIT], "run_shell", "{}"), "(default deny)");
    assert_eq!(decides(&[BASELINE], "run_shell", "{}"), "/tools/run_shell/action");
    assert_eq!(decides(&[BASELINE, GIT], "drop_database", "{}"), "(hidden)");
}
