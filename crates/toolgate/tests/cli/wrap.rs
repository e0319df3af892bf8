//! `wrap`: a client starts it in the place of a server and speaks with that server through the gateway.

use crate::administration::configured;
use crate::gateway::{Gateway, end_owner};
use crate::run::PROGRAM;
use serde_json::Value;

/// A client that asks for the tools.
pub const TALK: &str = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
    "\n",
    r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
    "\n",
    r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
    "\n"
);

/// The names of the tools that a client sees.
fn listed(stdout: &str) -> Vec<String> {
    let answers: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let list = answers.iter().find(|answer| answer["id"] == 2).unwrap();
    let tools = list["result"]["tools"].as_array().unwrap();
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_wrapped_server_is_judged_and_the_gateway_starts_by_itself() {
    let place = configured();
    let wrap = ["wrap", "--server", "other", "--policy", "imaging", "--", PROGRAM, "sample-server"];
    let ran = place.answer(&wrap, TALK);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    assert_eq!((listed(&ran.stdout), ran.stderr.as_str()), (vec!["list_datastores".to_owned()], ""));
    let status = place.run(&["status"]);
    assert_eq!(status.code, Some(0), "it stays for a while");
    assert!(status.stdout.starts_with("the gateway runs for wrapped servers alone"), "{}", status.stdout);
    let bare = place.answer(&["wrap", "--", PROGRAM, "sample-server"], TALK);
    assert!(
        listed(&bare.stdout).is_empty() && bare.stderr.contains("add `--policy toolgate`"),
        "{}",
        bare.whole()
    );
    let ran = place.answer(&["wrap", "--policy", "none", "--", PROGRAM, "sample-server"], TALK);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "standard output is the protocol's alone");
    assert!(ran.stderr.contains("there is no policy `none`"), "{}", ran.stderr);
    end_owner(&place);
    assert_eq!(place.run(&["status"]).code, Some(1));
    assert!(place.run(&["audit", "verify"]).stdout.starts_with("intact"));
}

#[test]
fn a_running_gateway_serves_wrapped_servers_as_well() {
    let place = configured();
    let gateway = Gateway::up(&place);
    let ran = place.answer(&["wrap", "--policy", "imaging", "--", PROGRAM, "sample-server"], TALK);
    assert_eq!((ran.code, listed(&ran.stdout).len()), (Some(0), 1), "{}", ran.whole());
    assert_eq!(gateway.end().code(), Some(0));
}

#[test]
fn a_configuration_in_the_folder_of_the_client_does_not_decide() {
    let place = configured();
    place.write(&place.work("toolgate.toml"), "data = \"elsewhere\"\n");
    place.write(&place.work("policies/imaging.json"), r#"{"version": "1", "default": "allow"}"#);
    let ran = place.answer(&["wrap", "--policy", "imaging", "--", PROGRAM, "sample-server"], TALK);
    assert_eq!(listed(&ran.stdout), ["list_datastores"], "{}", ran.whole());
    assert!(!place.work("elsewhere").exists());
    end_owner(&place);
}

#[test]
fn wrong_usage_is_told_before_anything_starts() {
    let place = configured();
    for (arguments, part) in [
        (&["wrap"][..], "required"),
        (&["wrap", "--server", "Not An Id", "--", "true"], "an id must be"),
        (&["wrap", "--grant", "a/b", "--", "true"], "an id must be"),
        (&["wrap", "--policy", "../x", "--", "true"], "a policy's name must be"),
        (&["wrap", "--", "---"], "name it with `--server ID`"),
    ] {
        let ran = place.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}\n{}", ran.whole());
        assert!(ran.stderr.contains(part), "{arguments:?}\n{}", ran.stderr);
    }
    assert!(!place.home(".local").exists());
}
