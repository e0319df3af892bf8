//! A gateway that is killed outright leaves no server behind, not even one that ignores everything but a kill.

use crate::gateway::{Gateway, within};
use crate::run::Place;
use std::path::Path;

/// A server that answers its greeting and then ignores the end of its input and every wish to end; so does its child.
const STUBBORN: &str = r#"
import json, os, signal, sys
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, signal.SIG_IGN)
child = os.fork()
if child == 0:
    while True:
        signal.pause()
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        result = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
while True:
    signal.pause()
"#;

fn has_ended(pid: &str) -> bool {
    // A process that nobody has reaped yet has ended all the same.
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[test]
fn servers_end_with_a_gateway_that_is_killed() {
    let place = Place::new();
    let minted = place.run(&["grant", "token", "--json"]);
    let minted: serde_json::Value = serde_json::from_str(&minted.stdout).unwrap();
    let (script, pids) = (place.work("server.py"), place.work("pids"));
    place.write(&script, STUBBORN);
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"\n[servers.imaging]\n\
         command = [\"python3\", \"{}\", \"{}\"]\n[grants.a]\ntoken_hash = {}\n[grants.a.servers]\nimaging = [\"all\"]\n",
        script.display(),
        pids.display(),
        minted["token_hash"]
    );
    place.write(&place.home(".config/toolgate/toolgate.toml"), &toml);
    place.write(&place.home(".config/toolgate/policies/all.json"), r#"{"version": "1", "default": "allow"}"#);
    let gateway = Gateway::up(&place);
    let initialize = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",
        "capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
    assert_eq!(gateway.post(minted["token"].as_str().unwrap(), initialize), 200);
    let pids = std::fs::read_to_string(pids).unwrap();
    let pids: Vec<String> = pids.split(' ').map(str::to_owned).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| !has_ended(pid)), "{pids:?}");
    gateway.kill();
    within("the servers' end", move || while !pids.iter().all(|pid| has_ended(pid)) {});
}
