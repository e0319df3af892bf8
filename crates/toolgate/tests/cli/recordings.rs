//! `recordings`: what is recorded, shown, removed; and that nothing is unless it was asked for.

use std::path::Path;

use serde_json::{Value, json};
use testkit::{Message, RawClient, Request};

use crate::administration::{configured, refused};
use crate::gateway::{Gateway, within};
use crate::run::{Place, Ran};

const PLANTED: &str = "planted-5c1d";
const RECORD: &str = "\n[recordings]\nrecord = [\"imaging/*\"]\nresults = [\"imaging/list_*\"]\n";

fn toml(place: &Place) -> std::path::PathBuf {
    place.home(".config/toolgate/toolgate.toml")
}

/// A home in which calls are recorded as this says.
fn recording(more: &str) -> Place {
    let place = configured();
    let text = std::fs::read_to_string(toml(&place)).unwrap();
    place.write(&toml(&place), &format!("{text}{more}"));
    let policy = r#"{"version": "1", "default": "deny", "tools": {"list_datastores": {"arguments": {"unknown": "allow"}}}}"#;
    place.write(&place.home(".config/toolgate/policies/imaging.json"), policy);
    place
}

fn good(place: &Place, arguments: &[&str]) -> Ran {
    let ran = place.run(&[&["recordings"], arguments].concat());
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}", ran.whole());
    ran
}

fn json(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let ran = good(place, &[arguments, &["--json"]].concat());
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn token(place: &Place) -> String {
    let ran = place.run(&["grant", "create", "agent", "--server", "imaging=imaging", "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    ran.stdout.trim_end().to_owned()
}

/// One call that is allowed, and one that is denied.
async fn call(gateway: &Gateway, token: &str) {
    for (n, tool) in [(1, "list_datastores"), (2, "delete_everything")] {
        let arguments = json!({"note": PLANTED, "password": PLANTED, "size": 1.50});
        let message = Message::call(n, tool, arguments).modern();
        let request = Request::modern("/mcp/imaging", &message).bearer(token);
        let reply = RawClient::connect(gateway.address("mcp")).await.exchange(&request).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}

#[tokio::test]
async fn nothing_is_recorded_unless_it_was_asked_for() {
    let place = configured();
    let token = token(&place);
    let gateway = Gateway::up(&place);
    call(&gateway, &token).await;
    let stats = good(&place, &["stats"]).stdout;
    assert!(stats.starts_with("no calls are recorded") && stats.contains("0 recordings"), "{stats}");
    assert!(good(&place, &["list"]).stdout.starts_with("no such recording"));
    assert!(!place.run(&["status"]).stdout.contains("recorded"));
    for name in ["recordings", "recordings.key"] {
        assert!(!place.home(".local/share/toolgate").join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn calls_are_recorded_shown_and_removed() {
    let place = recording(RECORD);
    let token = token(&place);
    let gateway = Gateway::up(&place);
    call(&gateway, &token).await;
    look(&place, true);
    let status = place.run(&["status"]).stdout;
    assert!(status.contains("  recorded  on, in /home/.local/share/toolgate/recordings"), "{status}");
    assert_eq!(gateway.end().code(), Some(0));
    // The same without a gateway.
    look(&place, false);
    let log = place.run(&["audit", "query", "--kind", "admin", "--json"]).stdout;
    assert!(log.contains("recordings.show") && !log.contains(PLANTED), "{log}");
    assert!(!search(&place.home(".local"), PLANTED.as_bytes()), "a value lies in the data folder");
    remove(&place);
}

fn look(place: &Place, is_on: bool) {
    let rows = json(place, &["list"]);
    let told: Vec<_> = rows.iter().map(|row| (row["tool"].clone(), row["effect"].clone())).collect();
    let expected = [("list_datastores", "allow"), ("delete_everything", "deny")];
    assert_eq!(told, expected.map(|(tool, effect)| (json!(tool), json!(effect))));
    assert_eq!((&rows[0]["redacted"], &rows[1]["rule"]), (&json!(["/password"]), &json!("(default deny)")));
    assert_eq!(json(place, &["list", "--tool", "list_*"]).len(), 1);
    assert_eq!(json(place, &["list", "--grant", "other"]).len(), 0);
    assert_eq!(json(place, &["list", "--to", "1d"]).len(), 0);
    assert_eq!(json(place, &["list", "-n", "1"])[0]["seq"], rows[1]["seq"]);
    let listed = good(place, &["list"]).stdout;
    assert!(listed.contains("imaging/list_datastores") && !listed.contains(PLANTED), "{listed}");
    for id in [&rows[0]["seq"].to_string(), rows[0]["call"].as_str().unwrap()] {
        let hidden = good(place, &["show", id]).whole();
        assert!(hidden.contains("--show-values") && !hidden.contains(PLANTED), "{hidden}");
        let shown = good(place, &["show", id, "--show-values"]).stdout;
        assert!(shown.contains(PLANTED) && shown.contains("/password"), "{shown}");
    }
    let shown = good(place, &["show", "1", "--show-values", "--json"]).stdout;
    let arguments = format!(r#""arguments":{{"note":"{PLANTED}","password":null,"size":1.5}}"#);
    assert!(shown.contains(&arguments) && shown.contains(r#""result":{"#), "{shown}");
    assert_eq!(json(place, &["show", "1"])[0]["arguments"], Value::Null);
    refused(place, &["recordings", "show", "99"], 1, "there is no recording `99`");
    let stats = &json(place, &["stats"])[0];
    assert_eq!((&stats["is_on"], &stats["n_recordings"]), (&json!(is_on), &json!(2)));
    assert_eq!(stats["tools"][1]["n_results"], 1);
}

fn remove(place: &Place) {
    refused(place, &["recordings", "purge"], 2, "say which recordings to remove");
    refused(place, &["recordings", "purge", "--all", "--tool", "x"], 2, "cannot be used with");
    assert_eq!(good(place, &["purge", "--tool", "none"]).stdout, "removed 0 recordings\n");
    assert_eq!(good(place, &["purge", "--older-than", "1d"]).stdout, "removed 0 recordings\n");
    assert_eq!(good(place, &["purge", "--tool", "list_*"]).stdout, "removed 1 recording\n");
    assert_eq!(json(place, &["list"]).len(), 1);
    assert_eq!(json(place, &["purge", "--all"])[0]["n_recordings"], 1);
    assert_eq!(json(place, &["list"]).len(), 0);
    let folder = place.home(".local/share/toolgate/recordings");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

fn search(folder: &Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        let is_in = |content: Vec<u8>| content.windows(wanted.len()).any(|window| window == wanted);
        if path.is_dir() { search(&path, wanted) } else { std::fs::read(&path).is_ok_and(is_in) }
    })
}

fn wait_until(place: &Place, what: &'static str, is_so: impl Fn(&Value) -> bool) {
    for _ in 0..2_000 {
        if is_so(&json(place, &["stats"])[0]) {
            return;
        }
    }
    panic!("waited too long for {what}");
}

#[tokio::test]
async fn a_changed_configuration_turns_it_on_and_off() {
    let place = configured();
    let token = token(&place);
    let off = std::fs::read_to_string(toml(&place)).unwrap();
    let gateway = Gateway::up(&place);
    place.write(&toml(&place), &format!("{off}{RECORD}"));
    wait_until(&place, "it to be on", |stats| stats["is_on"] == true);
    call(&gateway, &token).await;
    assert_eq!(json(&place, &["list"]).len(), 2);
    place.write(&toml(&place), &off);
    wait_until(&place, "it to be off", |stats| stats["is_on"] == false);
    call(&gateway, &token).await;
    assert_eq!(json(&place, &["list"]).len(), 2);
    let status = place.run(&["status"]).stdout;
    assert!(status.contains("  recorded  off; there are some in"), "{status}");
    // Another key cannot go on with what there is, so the whole change is refused.
    place.write(&place.home("key"), &"7".repeat(64));
    let key = format!("key = \"file:{}\"\n", place.home("key").display());
    place.write(&toml(&place), &format!("{off}{RECORD}{key}"));
    let refused = || place.run(&["status", "--json"]).stdout.contains("configuration files were refused");
    assert!((0..2_000).any(|_| refused()), "it is refused");
    assert_eq!(json(&place, &["stats"])[0]["is_on"], false);
    assert_eq!(gateway.end().code(), Some(0));
}

#[tokio::test]
async fn a_configured_key_is_needed_to_start_and_to_read() {
    let place = recording(&format!("{RECORD}key = \"env:RECORDINGS_KEY\"\n"));
    refused(&place, &["up"], 1, "the environment variable `RECORDINGS_KEY` is not set");
    let wrong = place.run_with(&["up"], "RECORDINGS_KEY", "not hex");
    assert!(
        wrong.stderr.contains("64 hexadecimal digits") && !wrong.stderr.contains("not hex"),
        "{}",
        wrong.stderr
    );
    let file = recording(&format!("{RECORD}key = \"file:key\"\n"));
    file.write(&file.home(".config/toolgate/key"), &format!("{}\n", "7".repeat(64)));
    let token = token(&file);
    let gateway = Gateway::up(&file);
    call(&gateway, &token).await;
    gateway.kill();
    assert!(!file.home(".local/share/toolgate/recordings.key").exists());
    file.write(&file.home(".config/toolgate/key"), &"8".repeat(64));
    refused(&file, &["up"], 1, "was sealed with another key");
    let list = good(&file, &["list"]);
    assert!(list.stderr.contains("was sealed with another key"), "{}", list.whole());
    file.write(&file.home(".config/toolgate/key"), &"7".repeat(64));
    let again = within("the list", move || json(&file, &["list"]).len());
    assert!(again <= 2, "a kill may lose what was under way");
}

#[test]
fn the_doctor_says_that_it_is_on_and_where() {
    let place = recording(RECORD);
    let told = place.run(&["doctor"]).stdout;
    assert!(
        told.contains(
            "warning recordings: on: values of calls are kept in `/home/.local/share/toolgate/recordings`"
        ),
        "{told}"
    );
    assert!(!configured().run(&["doctor"]).stdout.contains("recordings"));
    let place = recording(&format!("{RECORD}key = \"file:none\"\n"));
    let told = place.run(&["doctor"]).stdout;
    assert!(told.contains("problem recordings: `recordings.key`: reading the file"), "{told}");
}
