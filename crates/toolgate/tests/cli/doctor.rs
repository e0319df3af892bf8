//! `toolgate doctor`: what it finds in a good and in a bad place.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::run::{Place, Ran};

/// Ports that the system chooses, so that tests do not meet.
const PORTS: &str = "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn findings(ran: &Ran) -> Vec<(String, String, String)> {
    let field = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
    let lines = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| (field(&line, "check"), field(&line, "status"), field(&line, "text"))).collect()
}

#[track_caller]
fn has(ran: &Ran, check: &str, status: &str, text: &str) {
    let findings = findings(ran);
    let found = findings.iter().any(|(c, s, t)| c == check && s == status && t.contains(text));
    assert!(found, "no {status} of {check} with `{text}` in {findings:#?}");
}

#[test]
fn a_good_place_has_no_problems_in_it() {
    let place = Place::new();
    let file = place.work("toolgate.toml");
    place.write(&file, &format!("{PORTS}data = \"data\"\n[servers.shell]\ncommand = [\"sh\"]\n"));
    let ran = place.run(&["doctor", "--json"]);
    has(&ran, "configuration", "ok", "/work/toolgate.toml`: 1 server, 0 grants, 0 policies");
    has(&ran, "data folder", "ok", "is not there yet");
    has(&ran, "agent's user", "warning", "an agent that runs as");
    has(&ran, "listener", "ok", "127.0.0.1:0 is free");
    has(&ran, "server", "ok", "`shell`");
    has(&ran, "clock", "ok", "T");
    has(&ran, "free disk", "ok", "MiB free");
    let text = place.run(&["doctor"]);
    assert!(text.stdout.contains("warning agent's user: "), "{}", text.stdout);
}

#[test]
fn a_configuration_that_does_not_load_is_told_in_full() {
    let place = Place::new();
    place.write(&place.work("toolgate.toml"), "lisen = 1\ndurability = \"x\"\n");
    let ran = place.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1));
    has(
        &ran,
        "configuration",
        "problem",
        "toolgate.toml:1:1: error: unknown key `lisen`; did you mean `listen`?",
    );
    has(&ran, "configuration", "problem", "toolgate.toml:2:14: error: `durability` must be");
}

#[test]
fn what_other_users_could_change_or_read_is_a_problem() {
    let place = Place::new();
    let file = place.work("toolgate.toml");
    place.write(&file, &format!("{PORTS}data = \"data\"\n"));
    set_mode(&file, 0o666);
    place.write(&place.work("data/audit/key"), "");
    set_mode(&place.work("data"), 0o755);
    let ran = place.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1));
    has(&ran, "who can change it", "problem", "/work/toolgate.toml` can be changed by every user");
    has(&ran, "data folder", "problem", "/work/data` is open to other users");
    has(&ran, "data folder", "problem", "/work/data/audit/key` is open to other users");
}

#[test]
fn the_same_user_for_agent_and_gateway_is_a_problem_when_stated() {
    let place = Place::new();
    let ran = place.run(&["doctor", "--agent-user", "root", "--json"]);
    assert_eq!(ran.code, Some(1));
    has(&ran, "agent's user", "problem", "is not held back by any policy");
    let unknown = place.run(&["doctor", "--agent-user", "no such user"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no user `no such user`"), "{}", unknown.stderr);
}

#[test]
fn a_taken_port_and_a_missing_program_are_problems() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let text = format!(
        "listen = \"{address}\"\nadmin_listen = \"127.0.0.1:0\"\n[servers.x]\ncommand = [\"no-such-program\"]\n"
    );
    place.write(&place.work("toolgate.toml"), &text);
    let ran = place.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(1));
    has(&ran, "listener", "problem", "is in use by another program");
    has(&ran, "server", "problem", "program `no-such-program` is not found");
}
