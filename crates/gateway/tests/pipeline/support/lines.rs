//! A client that speaks in lines, as `wrap` carries them.

use gateway::Gateway;
use gateway::front::stdio;
use gateway::upstream::Server;
use serde_json::Value;
use std::io;
use std::sync::Arc;
use testkit::Message;
use testkit::wait::within;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines};
use tokio::task::JoinHandle;

/// What either side may be ahead of the other.
const PIPE_BYTES: usize = 64 << 10;

pub struct LineClient {
    input: Option<DuplexStream>,
    output: Lines<BufReader<DuplexStream>>,
    serving: JoinHandle<io::Result<()>>,
}

impl LineClient {
    pub fn start(gateway: Arc<Gateway>, grant: &str, server: Arc<Server>) -> Self {
        let (input, gateways_input) = tokio::io::duplex(PIPE_BYTES);
        let (gateways_output, output) = tokio::io::duplex(PIPE_BYTES);
        let serving = stdio::serve(gateway, grant.into(), server, gateways_input, gateways_output);
        let output = BufReader::new(output).lines();
        Self { input: Some(input), output, serving: tokio::spawn(serving) }
    }

    pub async fn send_raw(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n")).await;
    }

    /// Sends bytes, with or without the end of a line.
    pub async fn send_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let input = self.input.as_mut().unwrap();
        within("the gateway to take bytes", input.write_all(bytes.as_ref())).await.unwrap();
    }

    pub async fn send(&mut self, message: Message) {
        self.send_raw(&message.value().to_string()).await;
    }

    /// The next line as it came; none when the gateway has ended.
    pub async fn next_line(&mut self) -> Option<String> {
        within("a line", self.output.next_line()).await.unwrap()
    }

    /// The message of the next line; none when the gateway has ended.
    pub async fn next(&mut self) -> Option<Value> {
        let line = self.next_line().await?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line}")))
    }

    /// Sends a request and reads the next line, which has to answer it.
    pub async fn ask(&mut self, message: Message) -> Value {
        let id = message.value()["id"].clone();
        self.send(message).await;
        let answer = self.next().await.unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Goes through the handshake.
    pub async fn initialize(&mut self) -> Value {
        let greeting = self.ask(Message::initialize(0)).await;
        self.send(Message::notification("notifications/initialized")).await;
        greeting
    }

    /// Says no more.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Waits for the gateway to end the connection; what it still said.
    pub async fn ended(mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Some(line) = self.next().await {
            rest.push(line);
        }
        within("the gateway to end the connection", self.serving).await.unwrap().unwrap();
        rest
    }
}
