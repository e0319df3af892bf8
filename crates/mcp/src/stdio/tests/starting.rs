//! Tests of what is started: command, arguments, environment, folder; and of commands that cannot be.

use super::{line, shell, spec, start, status, ticks};
use crate::stdio::{Environment, Exit, Settings, Spec, spawn};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

fn refusal(spec: &Spec) -> String {
    spawn(spec, &Settings::default(), ticks()).expect_err("it cannot be started").to_string()
}

#[tokio::test]
async fn commands_that_cannot_be_started_are_named() {
    let missing = refusal(&spec("no-such-server", &["--token", "secret"]));
    assert_eq!(missing, "starting `no-such-server`: no such program; install it, or give its full path");
    assert!(refusal(&spec("/no/such/server", &[])).contains("no such program"));
    assert!(refusal(&spec("", &[])).contains("no such program"));
    let folder = std::env::temp_dir().display().to_string();
    assert!(refusal(&spec(&folder, &[])).contains("it may not be run; make it executable"));

    let mut nowhere = spec("sh", &[]);
    nowhere.cwd = Some(PathBuf::from("/no/such/folder"));
    assert!(refusal(&nowhere).contains("the working folder `/no/such/folder` is not a folder"));

    for name in ["", "A=B"] {
        let mut wrong = spec("sh", &[]);
        wrong.env = Environment::Base(vec![(name.into(), "secret".into())]);
        assert!(refusal(&wrong).contains(&format!("`{name}` cannot be the name")), "{name}");
    }
    let nul = refusal(&spec("sh", &["a\0b"]));
    assert!(nul.starts_with("starting `sh`: "), "{nul}");
}

async fn environment(env: Environment) -> BTreeMap<String, String> {
    let mut spec = spec("/usr/bin/env", &[]);
    spec.env = env;
    let mut spawned = start(&spec);
    let mut variables = BTreeMap::new();
    while let Some(line) = line(&mut spawned.reader).await {
        let (name, value) = line.split_once('=').unwrap();
        variables.insert(name.to_owned(), value.to_owned());
    }
    variables
}

fn variables(variables: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

#[tokio::test]
async fn the_environment_is_a_small_base_and_what_was_configured() {
    let got = environment(Environment::Base(variables(&[("API_KEY", "k"), ("LANG", "own")]))).await;
    assert_eq!(got.get("PATH"), std::env::var("PATH").ok().as_ref());
    assert_eq!(got.get("API_KEY").map(String::as_str), Some("k"));
    assert_eq!(got.get("LANG").map(String::as_str), Some("own"));
    let base = [
        "HOME", "LANG", "LC_", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER", "XDG_", "API_KEY",
    ];
    let is_base = |name: &str| base.iter().any(|known| name.starts_with(known));
    assert!(std::env::vars().any(|(name, _)| !is_base(&name)), "there is something to leave out");
    assert!(got.keys().all(|name| is_base(name)), "{got:?}");
}

#[tokio::test]
async fn a_full_environment_is_taken_as_it_is() {
    let got = environment(Environment::Full(variables(&[("ONLY", "this")]))).await;
    assert_eq!(got, BTreeMap::from([("ONLY".to_owned(), "this".to_owned())]));
}

#[tokio::test]
async fn arguments_and_folder_are_passed_on() {
    let folder = std::env::temp_dir().canonicalize().unwrap();
    let mut spec = spec("sh", &["-c", "pwd -P; echo \"$@\"", "name", "a b", "$HOME", ";"]);
    spec.cwd = Some(folder.clone());
    let mut spawned = start(&spec);
    assert_eq!(line(&mut spawned.reader).await, Some(folder.display().to_string()));
    assert_eq!(line(&mut spawned.reader).await.as_deref(), Some("a b $HOME ;"));
    assert_eq!(line(&mut spawned.reader).await, None);
}

#[tokio::test]
async fn a_process_leads_a_group_of_its_own() {
    let mut spawned = shell("echo $$ $(ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat)");
    let line = line(&mut spawned.reader).await.unwrap();
    let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().unwrap());
    let (process, group) = (numbers.next().unwrap(), numbers.next().unwrap());
    assert_eq!((process, group), (group, spawned.process.id().unwrap()));
}

#[tokio::test]
async fn one_that_ends_at_once_leaves_its_last_words() {
    let cases = [
        ("echo oops >&2; exit 3", Exit::Status(3), "ended with status 3"),
        ("echo oops >&2", Exit::Status(0), "ended with status 0"),
        ("echo oops >&2; kill -9 $$", Exit::Signal(9), "was ended by signal 9"),
    ];
    for (script, exit, text) in cases {
        let mut spawned = shell(script);
        assert_eq!(line(&mut spawned.reader).await, None, "{script}");
        assert_eq!(status(&spawned).await, exit, "{script}");
        assert_eq!(spawned.process.exit(), Some(exit), "{script}");
        assert_eq!(exit.to_string(), text);
        assert_eq!(spawned.process.last_lines(), ["oops"], "{script}");
    }
}

#[test]
fn arguments_and_values_are_not_printed() {
    let mut spec = spec("server", &["secret"]);
    spec.env = Environment::Base(variables(&[("TOKEN", "secret")]));
    let shown = format!("{spec:?}");
    assert!(!shown.contains("secret") && shown.contains("TOKEN") && shown.contains("server"), "{shown}");
}
