//! Server processes whose mind is the test's: each is a bridge between its standard streams and a socket here.
//!
//! A request is answered at once, but a call of a tool whose name begins with `hold`: the test answers that one.
//! Must never: answer from a timer, or count a byte later than the process could act on it.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use testkit::Eras;
use testkit::wait::within;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// Ends when either side does: its standard input, or the socket.
const BRIDGE: &str = "
import os, socket, sys, threading
line = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
def speak():
    while True:
        data = line.recv(65536)
        if not data:
            os._exit(3)
        while data:
            data = data[os.write(1, data):]
threading.Thread(target=speak, daemon=True).start()
while True:
    data = os.read(0, 65536)
    if not data:
        break
    line.sendall(data)
";

/// What the processes received, in order.
#[derive(Default)]
struct Log {
    n_bytes: u64,
    n_ended: usize,
    messages: Vec<(usize, Value)>,
    voices: Vec<mpsc::UnboundedSender<Option<String>>>,
}

/// All processes of one command.
pub struct Puppets {
    port: u16,
    log: watch::Sender<Log>,
    mind: Arc<Mutex<Mind>>,
}

/// What every process of the command knows.
struct Mind {
    tools: Vec<Value>,
    eras: Eras,
}

impl Puppets {
    pub async fn start(tools: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mind = Arc::new(Mutex::new(Mind { tools, eras: Eras::Both }));
        let puppets = Self { port, log: watch::Sender::default(), mind };
        let (log, mind) = (puppets.log.clone(), Arc::clone(&puppets.mind));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(think(stream, log.clone(), Arc::clone(&mind)));
            }
        });
        puppets
    }

    pub fn command(&self) -> Vec<String> {
        ["python3", "-I", "-S", "-c", BRIDGE]
            .map(String::from)
            .into_iter()
            .chain([self.port.to_string()])
            .collect()
    }

    /// All bytes received.
    pub fn n_bytes(&self) -> u64 {
        self.log.borrow().n_bytes
    }

    /// Processes started.
    pub fn n_started(&self) -> usize {
        self.log.borrow().voices.len()
    }

    /// All messages received.
    pub fn messages(&self) -> Vec<Value> {
        self.log.borrow().messages.iter().map(|(_, message)| message.clone()).collect()
    }

    /// Messages of this method.
    pub fn of(&self, method: &str) -> Vec<Value> {
        self.messages().into_iter().filter(|message| message["method"] == method).collect()
    }

    /// Waits for so many messages of a method; gives the last of them.
    pub async fn received(&self, method: &str, n: usize) -> Value {
        let enough =
            |log: &Log| log.messages.iter().filter(|(_, message)| message["method"] == method).count() >= n;
        self.until(&format!("{n} {method} to reach a process"), enough).await;
        self.of(method).remove(n - 1)
    }

    /// Waits until a message of this kind has been received.
    pub async fn heard(&self, what: &str, is_it: impl Fn(&Value) -> bool) {
        self.until(&format!("{what} to reach a process"), |log| {
            log.messages.iter().any(|(_, message)| is_it(message))
        })
        .await;
    }

    /// Waits until so many processes have ended.
    pub async fn ended(&self, n: usize) {
        self.until(&format!("{n} processes to end"), |log| log.n_ended >= n).await;
    }

    /// Says something, as the process of this number.
    pub fn say(&self, process: usize, message: &Value) {
        self.say_raw(process, &message.to_string());
    }

    pub fn say_raw(&self, process: usize, line: &str) {
        self.log.borrow().voices[process].send(Some(format!("{line}\n"))).unwrap();
    }

    /// The process of this number ends with a failure.
    pub fn die(&self, process: usize) {
        self.log.borrow().voices[process].send(None).unwrap();
    }

    pub fn set_tools(&self, tools: Vec<Value>) {
        self.mind.lock().unwrap().tools = tools;
    }

    /// From the next message on they speak these eras.
    pub fn set_eras(&self, eras: Eras) {
        self.mind.lock().unwrap().eras = eras;
    }

    async fn until(&self, what: &str, reached: impl FnMut(&Log) -> bool) {
        let mut changes = self.log.subscribe();
        within(what, changes.wait_for(reached)).await.unwrap();
    }
}

async fn think(stream: TcpStream, log: watch::Sender<Log>, mind: Arc<Mutex<Mind>>) {
    let (input, output) = stream.into_split();
    let (voice, said) = mpsc::unbounded_channel();
    let mut number = 0;
    log.send_modify(|log| {
        number = log.voices.len();
        log.voices.push(voice.clone());
    });
    tokio::spawn(speak(output, said));
    let mut lines = BufReader::new(input);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await.is_ok_and(|n_read| n_read > 0) {
        let message: Value =
            serde_json::from_slice(&line).unwrap_or_else(|error| panic!("{error} in a line"));
        log.send_modify(|log| {
            log.n_bytes += line.len() as u64;
            log.messages.push((number, message.clone()));
        });
        let answer = answer(&message, &mind.lock().unwrap());
        if let Some(answer) = answer {
            let _ = voice.send(Some(format!("{answer}\n")));
        }
        line.clear();
    }
    log.send_modify(|log| log.n_ended += 1);
}

async fn speak(mut output: OwnedWriteHalf, mut said: mpsc::UnboundedReceiver<Option<String>>) {
    while let Some(Some(line)) = said.recv().await {
        if output.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(message: &Value, mind: &Mind) -> Option<Value> {
    let id = message.get("id")?;
    let tools = &mind.tools;
    let is_modern = message["params"]["_meta"].get(testkit::message::VERSION_KEY).is_some();
    let error = match (mind.eras, message["method"].as_str()?) {
        (Eras::Legacy, _) if is_modern => Some(json!({"code": -32601, "message": "Method not found"})),
        (Eras::Modern, _) if !is_modern => {
            let data = json!({"supported": ["2026-07-28"]});
            Some(json!({"code": -32022, "message": "Unsupported protocol version", "data": data}))
        }
        _ => None,
    };
    if let Some(error) = error {
        return Some(json!({"jsonrpc": "2.0", "id": id, "error": error}));
    }
    let result = match message["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {"listChanged": true}},
            "serverInfo": {"name": "puppet", "version": "1"}
        }),
        "tools/list" => {
            json!({"tools": tools, "resultType": "complete", "ttlMs": 3_600_000, "cacheScope": "public"})
        }
        "resources/list" => json!({"resources": [], "nextCursor": "up-2"}),
        "tools/call" if message["params"]["name"].as_str()?.starts_with("hold") => return None,
        "subscriptions/listen" => return None,
        "tools/call" => json!({"content": [{"type": "text", "text": "ok"}], "resultType": "complete"}),
        "server/discover" => json!({
            "supportedVersions": ["2026-07-28", "2025-11-25"], "capabilities": {"tools": {"listChanged": true}},
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private"
        }),
        _ => json!({"resultType": "complete"}),
    };
    Some(json!({"jsonrpc": "2.0", "id": id, "result": result}))
}
