//! The tools that `toolgate policy` looks at policies with: of a file, or of the data folder.

use crate::administration::configured;
use crate::gateway::end_owner;
use crate::run::{PROGRAM, Place, Ran};
use crate::wrap::TALK;

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"read": {}, "wirte": {}},
    "servers": {"files": {"tools": {"lits": {}}}, "other": {"tools": {"x": {}}}}}"#;
const READ: &str = r#"{"name": "read", "inputSchema": {"type": "object"}}"#;
const WRITE: &str = r#"{"name": "write", "inputSchema": {"type": "object"}}"#;
const LIST: &str = r#"{"name": "list"}"#;

fn lint(tools: &str) -> Ran {
    let place = Place::new();
    place.write(&place.work("policy.json"), POLICY);
    place.write(&place.work("tools.json"), tools);
    place.run(&["policy", "lint", "policy.json", "--tools", "tools.json"])
}

#[test]
fn every_form_of_a_list_is_read() {
    let plain = format!("[{READ}, {WRITE}]");
    for text in [
        plain.clone(),
        format!(r#"{{"tools": {plain}}}"#),
        format!(r#"{{"jsonrpc": "2.0", "id": 1, "result": {{"tools": {plain}, "nextCursor": null}}}}"#),
        format!(r#"{{"files": {{"tools": [{LIST}]}}, "more": {plain}}}"#),
        format!(r#"{{"files": [{LIST}, {READ}, {WRITE}]}}"#),
    ] {
        let ran = lint(&text);
        assert_eq!(ran.code, Some(0), "{text}\n{}", ran.whole());
        let meant = "no known server has a tool `wirte`, so this does nothing at `/tools/wirte`; did you mean `write`?";
        assert!(ran.stdout.contains(meant), "{text}\n{}", ran.stdout);
        let of_server = ran.stdout.contains("server `files` does not have a tool `lits`");
        assert_eq!(of_server, text.contains("files"), "{text}\n{}", ran.stdout);
        assert!(
            !ran.stdout.contains("tool `x`"),
            "a server that lists nothing lacks nothing: {}",
            ran.stdout
        );
        assert!(ran.stdout.contains("with the tools of `tools.json`"), "{}", ran.stdout);
    }
}

#[test]
fn what_is_no_list_is_refused_with_its_place() {
    for (text, expected) in [
        ("{", "`tools.json` is not JSON: unexpected end at line 1, column 2"),
        ("5", "`tools.json` is no list of tools; write the result of `tools/list`"),
        ("{}", "`tools.json` is no list of tools"),
        (r#"{"tools": [], "nextCursor": "x"}"#, "`tools.json` is only the first page of a list"),
        ("[\n {}]", "`tools.json`: the tool list holds an entry without a name at line 2, column 2"),
        (r#"{"a": 5}"#, "`tools.json`: `a` holds no list of tools at line 1, column 7"),
        (r#"{"A b": []}"#, "`tools.json`: `A b` is no id of a server at line 1, column 9"),
        (r#"[{"name": "a"}, {"name": "a"}]"#, "`tools.json` lists `a` of server `server` twice"),
    ] {
        let ran = lint(text);
        assert_eq!(ran.code, Some(2), "{text}\n{}", ran.whole());
        assert!(ran.stderr.contains(expected), "{text}\n{}", ran.stderr);
    }
    let missing = Place::new().answer(&["policy", "lint", "-", "--tools", "none.json"], POLICY);
    assert!(missing.stderr.contains("cannot read `none.json`"), "{}", missing.whole());
}

#[test]
fn a_list_without_a_server_can_be_given_one() {
    let place = Place::new();
    place.write(&place.work("tools.json"), &format!("[{LIST}]"));
    let arguments = ["policy", "lint", "-", "--tools", "tools.json", "--tools-server", "files"];
    let ran = place.answer(&arguments, POLICY);
    assert!(ran.stdout.contains("did you mean `list`?"), "{}", ran.whole());
    let wrong =
        place.answer(&["policy", "lint", "-", "--tools", "tools.json", "--tools-server", "A"], POLICY);
    assert_eq!(wrong.code, Some(2), "{}", wrong.whole());
    assert_eq!(place.answer(&["policy", "lint", "-", "--tools-server", "a"], POLICY).code, Some(2));
}

/// The way from a server's list over the data folder to the linter, with and without an owner.
#[test]
fn the_data_folder_remembers_what_servers_listed() {
    let place = configured();
    let misspelt =
        r#"{"version": "1", "default": "deny", "tools": {"list_datastores": {}, "search_imge_sets": {}}}"#;
    let lint = || place.answer(&["policy", "lint", "-"], misspelt);
    assert!(!lint().stdout.contains("with the tools of"), "nothing is known yet");
    assert!(!place.home(".local").exists(), "looking does not make a data folder");
    let ran = place.answer(&["wrap", "--policy", "imaging", "--", PROGRAM, "sample-server"], TALK);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    let meant = "has a tool `search_imge_sets`, so this does nothing at `/tools/search_imge_sets`; did you mean `search_image_sets`?";
    let with_owner = lint();
    end_owner(&place);
    let without = lint();
    for ran in [with_owner, without] {
        assert!(ran.stdout.contains(meant), "{}", ran.whole());
        assert!(ran.stdout.contains("with the tools of the data folder"), "{}", ran.stdout);
        assert!(ran.stdout.contains("nothing names these tools of server"), "{}", ran.stdout);
    }
}
