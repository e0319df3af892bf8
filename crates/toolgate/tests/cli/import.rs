//! `toolgate init`: what it asks, starts and writes, and that it can be undone.

use crate::run::{PROGRAM, Place};

/// A client's configuration with the sample server, a remote server and one that does not start.
fn client_file(place: &Place) -> String {
    let text = r#"{
  "mcpServers": {
    "Imaging (test)": {
      "command": "PROGRAM",
      "args": [
        "sample-server"
      ],
      "env": { "API_KEY": "very-secret" }
    },
    "remote": { "url": "https://mcp.example/mcp?key=very-secret" }
  },
  "unknown": 1.50
}
"#;
    let text = text.replace("PROGRAM", PROGRAM);
    place.write(&place.work(".mcp.json"), &text);
    text
}

fn read(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn imports_after_two_yeses_and_undoes_exactly() {
    let place = Place::new();
    let before = client_file(&place);
    let ran = place.answer(&["init"], "y\nyes\n");
    insta::assert_snapshot!("init", ran.whole());

    let policy = read(&place.home(".config/toolgate/policies/imaging-test.json"));
    insta::assert_snapshot!("init_policy", policy);
    let after = read(&place.work(".mcp.json"));
    assert!(
        after.contains(r#""wrap", "--server", "imaging-test", "--policy", "imaging-test", "--", "#),
        "{after}"
    );
    assert_eq!(read(&place.work(".mcp.json.toolgate-backup")), before);

    let again = place.answer(&["init"], "y\ny\n");
    assert_eq!(again.code, Some(0));
    assert!(
        again.stdout.contains("`Imaging (test)` stays as it is: it is wrapped already"),
        "{}",
        again.stdout
    );
    assert_eq!(read(&place.work(".mcp.json")), after);

    let undone = place.answer(&["init", "--undo"], "y\n");
    insta::assert_snapshot!("init_undo", undone.whole());
    assert_eq!(read(&place.work(".mcp.json")), before);
    assert!(!place.work(".mcp.json.toolgate-backup").exists());
}

#[test]
fn without_a_yes_nothing_is_started_or_written() {
    let place = Place::new();
    let witness = place.work("started");
    let text =
        format!(r#"{{"mcpServers": {{"a": {{"command": "touch", "args": ["{}"]}}}}}}"#, witness.display());
    place.write(&place.work(".mcp.json"), &text);
    for (arguments, answer) in
        [(&["init"][..], ""), (&["init"], "n\n"), (&["init"], "\n"), (&["init", "--json"], "y\n")]
    {
        let ran = place.answer(arguments, answer);
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        assert!(!witness.exists(), "{arguments:?} {answer:?}");
    }
    assert_eq!(read(&place.work(".mcp.json")), text);
    assert!(!place.home(".config").exists());
}

#[test]
fn a_no_to_the_change_leaves_everything_as_it_was() {
    let place = Place::new();
    let before = client_file(&place);
    let ran = place.answer(&["init"], "y\nn\n");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.ends_with("nothing was changed\n"), "{}", ran.stdout);
    assert_eq!(read(&place.work(".mcp.json")), before);
    assert!(!place.home(".config").exists());
}

#[test]
fn a_server_that_fails_stays_as_it_is_and_the_others_are_wrapped() {
    let place = Place::new();
    let text = format!(
        r#"{{"servers": {{"bad": {{"command": "false"}}, "gone": {{"command": "no-such-program"}},
            "asks": {{"command": "x", "args": ["${{input:key}}"]}},
            "good": {{"command": "{PROGRAM}", "args": ["sample-server"]}}}}}}"#
    );
    place.write(&place.work(".vscode/mcp.json"), &text);
    let ran = place.run(&["init", "--yes", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let status = |name: &str| {
        let servers = summary["servers"].as_array().unwrap();
        let server = servers.iter().find(|server| server["name"] == name).unwrap();
        (
            server["status"].as_str().unwrap().to_owned(),
            server["reason"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let failed = |reason: &str| ("failed".to_owned(), reason.to_owned());
    assert_eq!(status("good"), ("wrapped".to_owned(), String::new()));
    assert_eq!(
        status("bad"),
        failed("it ended with status 1 before it answered; start it by hand to see why")
    );
    assert_eq!(
        status("gone"),
        failed("starting `no-such-program`: no such program; install it, or give its full path")
    );
    assert_eq!(status("asks"), failed("it needs `${input:key}`, which has no value here"));
    assert!(read(&place.work(".vscode/mcp.json")).contains(r#""bad": {"command": "false"}"#));
}

/// A server that knows no handshake, as a script: it answers the first line it gets.
const MODERN_ONLY: &str = r#"read line
case "$line" in
  *'"method":"initialize"'*) echo '{"jsonrpc":"2.0","id":1,"error":{"code":-32022,"message":"no"}}' ;;
  *) echo '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","tools":[{"name":"only_modern"}]}}' ;;
esac
cat >/dev/null"#;

#[test]
fn a_server_of_the_stateless_era_only_is_listed_as_well() {
    let place = Place::new();
    let script = serde_json::json!(MODERN_ONLY);
    let text = format!(r#"{{"mcpServers": {{"new": {{"command": "sh", "args": ["-c", {script}]}}}}}}"#);
    place.write(&place.work("mcp.json"), &text);
    let ran = place.run(&["init", "--yes", "mcp.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    assert!(read(&place.home(".config/toolgate/policies/new.json")).contains("only_modern"));
}

#[test]
fn a_policy_that_is_there_is_kept() {
    let place = Place::new();
    client_file(&place);
    let policy = place.home(".config/toolgate/policies/imaging-test.json");
    let text = r#"{"version": "1", "default": "deny", "tools": {"list_datastores": {}}}"#;
    place.write(&policy, text);
    let ran = place.run(&["init", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    assert!(
        ran.stdout.contains("is there already and stays; it names all but delete_image_set, get_"),
        "{}",
        ran.stdout
    );
    assert_eq!(read(&policy), text);
}

#[test]
fn the_servers_of_this_project_are_imported_from_the_file_at_home_and_no_others() {
    let place = Place::new();
    let entry = format!(r#"{{"command": "{PROGRAM}", "args": ["sample-server"]}}"#);
    let project = std::fs::canonicalize(place.work("")).unwrap();
    let text = format!(
        r#"{{"projects": {{"{}": {{"mcpServers": {{"mine": {entry}}}}}, "/other": {{"mcpServers": {{"theirs": {entry}}}}}}}}}"#,
        project.display()
    );
    place.write(&place.home(".claude.json"), &text);
    let ran = place.run(&["init", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    let after = read(&place.home(".claude.json"));
    assert!(
        after.contains(&format!(r#""theirs": {entry}"#)) && after.contains(r#""--server", "mine""#),
        "{after}"
    );
    assert_eq!(place.run(&["init", "--undo", "--yes"]).code, Some(0));
    assert_eq!(read(&place.home(".claude.json")), text);
}

#[test]
fn a_configuration_that_was_named_is_named_in_the_wrapped_command_as_well() {
    let place = Place::new();
    client_file(&place);
    place.write(&place.work("gate/toolgate.toml"), "");
    let ran = place.run(&["init", "--yes", "--config", "gate/toolgate.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    let after: serde_json::Value = serde_json::from_str(&read(&place.work(".mcp.json"))).unwrap();
    let args = after["mcpServers"]["Imaging (test)"]["args"].as_array().unwrap();
    assert_eq!((&args[0], &args[1]), (&"wrap".into(), &"--config".into()));
    assert!(std::path::Path::new(args[2].as_str().unwrap()).is_absolute(), "{args:?}");
    assert!(place.work("gate/policies/imaging-test.json").exists());
}

#[test]
fn a_configuration_in_the_working_folder_does_not_count_for_wrapped_commands() {
    let place = Place::new();
    client_file(&place);
    place.write(&place.work("toolgate.toml"), "");
    assert_eq!(place.run(&["init", "--yes"]).code, Some(0));
    assert!(place.home(".config/toolgate/policies/imaging-test.json").exists());
    assert!(!place.work("policies").exists());
}

#[test]
fn what_cannot_be_imported_is_said() {
    let place = Place::new();
    let none = place.run(&["init"]);
    assert_eq!(none.code, Some(2));
    assert!(
        none.stderr.contains("no configuration of Claude Code, Cursor or VS Code was found"),
        "{}",
        none.stderr
    );

    place.write(&place.work("commented.json"), "{\n  // a comment\n}");
    let commented = place.run(&["init", "commented.json"]);
    assert_eq!(commented.code, Some(1));
    assert!(commented.stderr.contains("line 2, column 3"), "{}", commented.stderr);

    client_file(&place);
    let missing = place.run(&["init", "--server", "nobody"]);
    assert_eq!(missing.code, Some(2));
    assert!(
        missing.stderr.contains("there is no entry `nobody`; there are: Imaging (test), remote"),
        "{}",
        missing.stderr
    );

    let nothing_kept = place.run(&["init", "--undo", "--yes"]);
    assert_eq!(nothing_kept.code, Some(1));
    assert!(nothing_kept.stderr.contains("there is no copy"), "{}", nothing_kept.stderr);

    place.write(&place.home(".cursor/mcp.json"), "{}");
    let several = place.run(&["init"]);
    assert_eq!(several.code, Some(2));
    assert!(several.stderr.contains("/home/.cursor/mcp.json (Cursor)"), "{}", several.stderr);
}

#[test]
fn a_broken_configuration_stops_the_import_before_anything_is_started() {
    let place = Place::new();
    let before = client_file(&place);
    place.write(&place.home(".config/toolgate/toolgate.toml"), "lisen = 1");
    let ran = place.run(&["init", "--yes"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("unknown key `lisen`; did you mean `listen`?"), "{}", ran.stderr);
    assert_eq!(read(&place.work(".mcp.json")), before);
}
