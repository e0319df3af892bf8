//! A running gateway for the tests of the command line, and what is asked of it.
//!
//! Must never: outlive its test, or wait for time to pass.

use crate::run::Place;
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// A test that waits longer has failed.
const LONGEST: Duration = Duration::from_secs(30);

/// `toolgate up --json`.
pub struct Gateway {
    child: Option<Child>,
    pub first_line: serde_json::Value,
}

impl Gateway {
    /// Starts it and waits for its first line.
    pub fn up(place: &Place) -> Self {
        let mut command = place.command(&["up", "--json"]);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let line = within("the first line", move || {
            let mut line = String::new();
            stdout.read_line(&mut line).map(|_| line)
        });
        let first_line = serde_json::from_str(&line.unwrap()).unwrap();
        Self { child: Some(child), first_line }
    }

    /// One that was started in another way, of whose first line nothing is known.
    pub fn of(child: Child) -> Self {
        Self { child: Some(child), first_line: serde_json::Value::Null }
    }

    /// Asks it to end, and waits until it has.
    pub fn end(self) -> ExitStatus {
        self.ask_to_end();
        self.wait()
    }

    /// Asks it to end.
    pub fn ask_to_end(&self) {
        terminate(self.child.as_ref().unwrap().id());
    }

    /// Kills it outright.
    pub fn kill(mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        within("the gateway's end", move || child.wait()).unwrap()
    }

    /// Where it listens: `mcp` or `admin`.
    pub fn address(&self, which: &str) -> SocketAddr {
        let url = self.first_line[which].as_str().unwrap();
        url.strip_prefix("http://").unwrap().split('/').next().unwrap().parse().unwrap()
    }

    /// The status that a client with this token gets from the server `imaging`.
    pub fn status(&self, token: &str) -> u16 {
        self.post(token, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
    }

    /// The status that this message to the server `imaging` is answered with.
    pub fn post(&self, token: &str, body: &str) -> u16 {
        let head = format!(
            "POST /mcp/imaging HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.answer("mcp", &head)
    }

    /// The status of a path of the admin port.
    pub fn admin_status(&self, path: &str) -> u16 {
        self.answer("admin", &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    fn answer(&self, which: &str, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address(which)).unwrap();
        stream.set_read_timeout(Some(LONGEST)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ends the owner of a data folder that a `wrap` started: not our child, so its lock tells when it is gone.
pub fn end_owner(place: &Place) {
    // Asked of the process itself: a number that is left in a file may be another process's by now.
    let config = place.home(".config/toolgate/toolgate.toml");
    let ran = place.run(&["status", "--json", "--config", config.to_str().unwrap()]);
    let status: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(status["is_serving"], true);
    terminate(u32::try_from(status["pid"].as_u64().unwrap()).unwrap());
    let file = std::fs::File::open(place.home(".local/share/toolgate/lock")).unwrap();
    within("the owner's end", move || flock(&file, FlockOperation::LockExclusive)).unwrap();
}

fn terminate(pid: u32) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::TERM).unwrap();
}

pub fn within<T: Send + 'static>(what: &str, wait: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = channel();
    std::thread::spawn(move || sender.send(wait()));
    receiver.recv_timeout(LONGEST).unwrap_or_else(|_| panic!("waited too long for {what}"))
}
