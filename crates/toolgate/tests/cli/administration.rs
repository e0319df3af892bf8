//! `status`, `server` and `grant`: the same with and without a running gateway.

use crate::gateway::Gateway;
use crate::run::{PROGRAM, Place, Ran};
use serde_json::Value;

/// A home with a server `imaging` and a policy `imaging`, declared in files.
pub fn configured() -> Place {
    let place = Place::new();
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n\n[servers.imaging]\ncommand = [\"{PROGRAM}\", \
         \"sample-server\"]\n\n[grants.filed.servers]\nimaging = [\"imaging\"]\n"
    );
    place.write(&place.home(".config/toolgate/toolgate.toml"), &toml);
    let policy = r#"{"version": "1", "default": "deny", "tools": {"list_datastores": {}}}"#;
    place.write(&place.home(".config/toolgate/policies/imaging.json"), policy);
    place
}

fn good(place: &Place, arguments: &[&str]) -> Ran {
    let ran = place.run(arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}\n{}", ran.whole());
    ran
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    serde_json::from_str(&good(place, arguments).stdout).unwrap()
}

pub fn refused(place: &Place, arguments: &[&str], code: i32, part: &str) {
    let ran = place.run(arguments);
    assert_eq!(ran.code, Some(code), "{arguments:?}\n{}", ran.whole());
    assert!(ran.stderr.contains(part), "{arguments:?}\n{}", ran.stderr);
}

/// The life of a server and a grant, as an operator types it.
fn visit(place: &Place) {
    let added =
        good(place, &["server", "add", "more", "--env", "REGION=very-secret", "--", "true", "--flag"]);
    assert!(added.stdout.contains("added the server `more`"), "{}", added.stdout);
    let listed = good(place, &["server", "list"]).stdout;
    assert!(
        listed.contains("imaging  file") && listed.contains("more     command  0 tools  true --flag"),
        "{listed}"
    );
    let shown = good(place, &["server", "show", "more"]).stdout;
    assert!(shown.contains("REGION=(set)") && !shown.contains("very-secret"), "{shown}");
    let created =
        json(place, &["grant", "create", "ct", "--server", "more=imaging", "--label", "team a", "--json"]);
    let token = created["token"].as_str().unwrap();
    assert!(token.starts_with("tg_") && token.len() == 46, "the token of a grant");
    let listed = good(place, &["grant", "list"]).stdout;
    assert!(listed.contains("ct     command  valid  more=imaging"), "{listed}");
    assert!(!good(place, &["grant", "show", "ct"]).whole().contains(token));
    let shown = good(place, &["policy", "show", "imaging"]).stdout;
    assert!(
        shown.contains("ct -> more, filed -> imaging") && shown.contains("\"list_datastores\""),
        "{shown}"
    );
    let listed = json(place, &["policy", "list", "--json"]);
    assert!(shown.contains(listed["revision"].as_str().unwrap()), "{shown}");
    refused(place, &["policy", "show", "none"], 1, "there is no policy `none`");
    assert!(good(place, &["grant", "revoke", "ct"]).stdout.starts_with("revoked the grant `ct`"));
    let listed = good(place, &["grant", "list"]).stdout;
    assert!(!listed.contains("ct ") && listed.contains("1 revoked or expired"), "{listed}");
    assert!(good(place, &["grant", "list", "--all"]).stdout.contains("ct     command  revoked"));
    good(place, &["server", "remove", "more"]);
    refused(place, &["server", "show", "more"], 1, "there is no server `more`");
    refused(place, &["server", "remove", "imaging"], 1, "declared in a file and read-only here");
    refused(place, &["grant", "revoke", "filed"], 1, "declared in a file and read-only here");
    refused(place, &["grant", "create", "ct"], 1, "exists already");
    refused(place, &["grant", "create", "x", "--server", "none=nothing"], 1, "there is no policy `nothing`");
    refused(place, &["server", "add", "x", "--url", "http://mcp.example/"], 1, "in the clear");
    refused(
        place,
        &["server", "add", "x", "--url", "https://x/", "--header", "authorization=abc"],
        1,
        "secret in clear",
    );
    refused(place, &["server", "add", "x"], 2, "needs a command after `--`");
    refused(place, &["grant", "create", "x", "--server", "a=p", "--server", "a=q"], 2, "given twice");
    refused(place, &["grant", "create", "x", "--expires", "soon"], 1, "`expires` must be a date");
}

#[test]
fn without_a_gateway_each_subcommand_is_the_owner_for_the_moment() {
    let place = configured();
    visit(&place);
    let status = place.run(&["status", "--json"]);
    let told: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(
        (status.code, &told["is_serving"], &told["grants"]["revoked"]),
        (Some(1), &false.into(), &1.into())
    );
    assert!(place.run(&["status"]).stdout.starts_with("no gateway runs"));
}

#[test]
fn with_a_gateway_each_subcommand_is_its_client_and_counts_at_once() {
    let place = configured();
    let gateway = Gateway::up(&place);
    assert_eq!(gateway.first_line["event"], "listening");
    visit(&place);
    let status = good(&place, &["status"]).stdout;
    let (mcp, admin) = (&gateway.first_line["mcp"], &gateway.first_line["admin"]);
    assert!(status.starts_with("the gateway runs\n"), "{status}");
    assert!(status.contains(&format!("agents    {}, or /mcp/SERVER", mcp.as_str().unwrap())), "{status}");
    let told = json(&place, &["status", "--json"]);
    assert_eq!((&told["mcp"], &told["admin"]), (mcp, admin));
    let told = good(&place, &["grant", "create", "told", "--server", "imaging=imaging"]).stdout;
    assert!(told.contains(&format!("  url    {}/imaging\n", mcp.as_str().unwrap())), "{told}");
    let token = good(&place, &["grant", "create", "live", "--server", "imaging=imaging", "--quiet"]).stdout;
    let token = token.trim_end();
    assert_ne!(gateway.status(token), 401);
    assert_eq!(gateway.status(&token.replace("tg_", "tg_x")), 401);
    good(&place, &["grant", "revoke", "live"]);
    assert_eq!(gateway.status(token), 401);
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/api/v1/grants", 404)] {
        assert_eq!(gateway.admin_status(path), status, "{path}");
    }
    refused(&place, &["up"], 1, "belongs to the running process");
    assert_eq!(gateway.end().code(), Some(0));
    assert_eq!(place.run(&["status"]).code, Some(1));
    assert!(good(&place, &["audit", "verify"]).stdout.starts_with("intact"));
    assert!(
        good(&place, &["audit", "query", "--kind", "admin"]).stdout.contains("grant.revoke `live` by local")
    );
}

#[test]
fn a_grant_outlives_the_gateway_and_its_token_is_nowhere() {
    let place = configured();
    let token = good(&place, &["grant", "create", "a", "--server", "imaging=imaging", "-q"]).stdout;
    let token = token.trim_end();
    let gateway = Gateway::up(&place);
    assert_ne!(gateway.status(token), 401);
    assert_eq!(gateway.end().code(), Some(0));
    let data = place.home(".local/share/toolgate");
    let files = ["toolgate.db", "audit.key", "counters.journal", "audit"].map(|name| data.join(name));
    let in_audit = std::fs::read_dir(&files[3]).unwrap().map(|entry| entry.unwrap().path());
    for file in files.iter().take(3).cloned().chain(in_audit) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{}", file.display());
    }
}

/// How a grant of a file gets its token.
#[test]
fn a_token_for_a_file_is_drawn_with_its_hash_and_opens_the_gateway() {
    let place = configured();
    let drawn = json(&place, &["grant", "token", "--json"]);
    let (token, hash) = (drawn["token"].as_str().unwrap(), drawn["token_hash"].as_str().unwrap());
    assert_ne!(drawn, json(&place, &["grant", "token", "--json"]));
    assert!(!place.home(".local").exists(), "nothing is opened or kept");
    let again = place.answer(&["grant", "token", "--hash"], &format!("{token}\n"));
    assert_eq!(again.stdout.trim_end(), hash);
    let file = place.home(".config/toolgate/toolgate.toml");
    let declared = format!("\n[grants.filed]\ntoken_hash = \"{hash}\"\n\n[grants.filed.servers]");
    let toml = std::fs::read_to_string(&file).unwrap().replace("\n[grants.filed.servers]", &declared);
    place.write(&file, &toml);
    let gateway = Gateway::up(&place);
    assert_ne!(gateway.status(token), 401);
    assert_eq!(gateway.status(hash.strip_prefix("sha256:").unwrap()), 401, "the hash is no token");
    assert_eq!(gateway.end().code(), Some(0));
    let shown = good(&place, &["grant", "token"]).stdout;
    assert!(shown.contains("token_hash = \"sha256:"), "{shown}");
    let ran = place.answer(&["grant", "token", "--hash"], "too short\n");
    assert!(ran.code == Some(1) && ran.stderr.contains("holds no token"), "{}", ran.whole());
}

/// A name in both places must not keep the operator from mending it.
#[test]
fn a_clash_keeps_the_gateway_down_and_is_mended_by_command() {
    let place = configured();
    good(&place, &["server", "add", "later", "--", "true"]);
    let file = place.home(".config/toolgate/toolgate.toml");
    let toml = std::fs::read_to_string(&file).unwrap() + "\n[servers.later]\ncommand = [\"true\"]\n";
    place.write(&file, &toml);
    refused(&place, &["up"], 1, "toolgate server remove later");
    good(&place, &["server", "remove", "later"]);
    assert_eq!(Gateway::up(&place).end().code(), Some(0));
}

#[test]
fn a_broken_configuration_is_told_and_touches_nothing() {
    let place = configured();
    place.write(&place.home(".config/toolgate/toolgate.toml"), "lisen = 1\n");
    for arguments in [&["status"][..], &["grant", "list"], &["up"], &["audit", "tail"]] {
        refused(&place, arguments, 1, "toolgate.toml:1:1: error:");
    }
    assert!(!place.home(".local").exists());
}

/// A mistake in a file must not keep the operator from the gateway that runs, least of all from revoking.
#[test]
fn a_running_gateway_is_reached_although_its_files_are_broken() {
    let place = configured();
    let gateway = Gateway::up(&place);
    good(&place, &["grant", "create", "a", "--server", "imaging=imaging"]);
    place.write(
        &place.home(".config/toolgate/policies/imaging.json"),
        r#"{"version": "1", "defualt": "deny"}"#,
    );
    let revoked = good(&place, &["grant", "revoke", "a"]);
    assert!(revoked.stdout.starts_with("revoked the grant `a`"), "{}", revoked.whole());
    assert!(revoked.stderr.contains("did you mean `default`?"), "{}", revoked.stderr);
    assert!(revoked.stderr.contains("goes on with what it has"), "{}", revoked.stderr);
    assert!(good(&place, &["status"]).stdout.starts_with("the gateway runs"));
    assert!(good(&place, &["audit", "tail"]).stdout.contains("grant.revoke `a`"));
    assert_eq!(gateway.end().code(), Some(0));
    refused(&place, &["grant", "list"], 1, "did you mean `default`?");
    assert!(good(&place, &["audit", "verify"]).stdout.starts_with("intact"));
}

#[test]
fn an_unknown_log_filter_is_told() {
    let place = configured();
    let ran = place.run_with(&["up"], "TOOLGATE_LOG", "gateway=loud");
    assert_eq!(ran.code, Some(2), "{}", ran.whole());
    assert!(ran.stderr.contains("TOOLGATE_LOG is not understood"), "{}", ran.stderr);
}
