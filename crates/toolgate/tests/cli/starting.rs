//! What keeps a gateway from starting, and that it is told with what to do next.

use crate::administration::{configured, refused};
use crate::gateway::{Gateway, end_owner};
use crate::run::PROGRAM;
use std::net::TcpListener;
use std::process::Stdio;

/// More looks than a gateway needs to start.
const MAX_LOOKS: usize = 500;

#[test]
fn a_taken_port_is_told_with_the_key_that_changes_it() {
    let place = configured();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for key in ["listen", "admin_listen"] {
        let other = if key == "listen" { "admin_listen" } else { "listen" };
        let toml = format!("{key} = \"{address}\"\n{other} = \"127.0.0.1:0\"\n");
        place.write(&place.work("toolgate.toml"), &toml);
        refused(&place, &["up"], 1, &format!("another process listens there; set `{key}` to a free port"));
    }
    assert!(!place.home(".local").exists(), "nothing was made");
}

/// Its ports are taken as well then, but that is not the reason.
#[test]
fn a_second_gateway_on_the_same_data_is_told_of_the_first() {
    let place = configured();
    let gateway = Gateway::up(&place);
    let toml = format!("listen = \"{}\"\n", gateway.address("mcp"));
    place.write(&place.work("toolgate.toml"), &toml);
    refused(&place, &["up"], 1, "belongs to the running process");
    assert_eq!(gateway.end().code(), Some(0));
}

#[test]
fn a_gateway_that_wrap_started_is_told_apart() {
    let place = configured();
    let ran = place.run(&["wrap", "--policy", "imaging", "--", PROGRAM, "sample-server"]);
    assert_eq!(ran.code, Some(0), "{}", ran.whole());
    refused(&place, &["up"], 1, "serves wrapped servers on the data folder");
    end_owner(&place);
    assert_eq!(Gateway::up(&place).end().code(), Some(0));
}

/// Whoever started it may have read enough.
#[test]
fn a_gateway_whose_first_lines_nobody_reads_serves_all_the_same() {
    let place = configured();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.command(&["up"]);
    let gateway =
        Gateway::of(command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null()).spawn().unwrap());
    let runs = (0..MAX_LOOKS).any(|_| place.run(&["status"]).code == Some(0));
    assert!(runs, "no gateway runs");
    assert_eq!(gateway.end().code(), Some(0));
}

#[test]
fn files_for_tls_that_cannot_be_used_are_told() {
    let place = configured();
    let toml = "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n[tls]\ncert = \"c.pem\"\nkey = \"k.pem\"\n";
    place.write(&place.work("toolgate.toml"), toml);
    refused(&place, &["up"], 1, "name a PEM file with the certificate and its chain");
    place.write(&place.work("c.pem"), "nothing\n");
    refused(&place, &["up"], 1, "it holds none");
}

#[test]
fn a_data_folder_that_cannot_be_made_is_told() {
    let place = configured();
    let ports = "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n";
    place.write(&place.work("toolgate.toml"), &format!("{ports}data = \"/proc/nothing\"\n"));
    for arguments in [&["up"][..], &["grant", "list"]] {
        refused(&place, arguments, 1, "is it a folder that this user may write?");
    }
    place.write(&place.work("toolgate.toml"), &format!("{ports}data = \"policies\"\n"));
    place.write(&place.work("policies/p.json"), r#"{"version": "1", "default": "deny"}"#);
    refused(&place, &["up"], 1, "name a new or empty folder");
}
