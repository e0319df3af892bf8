//! Starts a server once and lists its tools, so that a policy can name them.
//! It calls no tool and answers nothing that a server asks, and the process never outlives the listing.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use mcp::http::{Clock, Progress};
use mcp::requests::{self, Speaker};
use mcp::stdio::{self, Environment, Exit, Process, Reader, Spec, Waits, Writer};
use mcp::{Caps, Reply, ReplyKind, Version, parse_reply};
use tokio::time::timeout;

use super::entry::Launch;

/// Slow servers need 18 s to start, and a first start may download the server.
const LONGEST: Duration = Duration::from_secs(120);
const MAX_PAGES: usize = 100;
const MAX_TOOLS: usize = 10_000;
const MAX_REPLY_BYTES: usize = 16 << 20;

/// The names of a server's tools.
///
/// # Errors
/// Why they could not be listed, for people.
pub async fn list_tools(launch: &Launch) -> Result<BTreeSet<String>, String> {
    match listed(launch, Version::NEWEST_LEGACY).await {
        Err(Failed::Refused(reason)) => {
            // A server without the handshake: a connection is of one era, so it is started anew.
            listed(launch, Version::NEWEST).await.map_err(|failed| match failed {
                Failed::Refused(_) => reason,
                Failed::Ended(_) | Failed::Other(_) => failed.into_reason(),
            })
        }
        outcome => outcome.map_err(Failed::into_reason),
    }
}

/// Why a listing failed.
enum Failed {
    /// The server answered the first request with an error, as one of the other era does.
    Refused(String),
    /// It ended before it answered.
    Ended(Option<Exit>),
    /// Anything else.
    Other(String),
}

impl Failed {
    fn into_reason(self) -> String {
        match self {
            Self::Refused(reason) | Self::Other(reason) => reason,
            Self::Ended(exit) => {
                let how = exit.map_or("ended".to_owned(), |exit| exit.to_string());
                format!("it {how} before it answered; start it by hand to see why")
            }
        }
    }
}

async fn listed(launch: &Launch, version: Version) -> Result<BTreeSet<String>, Failed> {
    let spec = spec(launch).ok_or_else(|| Failed::Other("it has no command".to_owned()))?;
    let no_clock = Clock::new(|| 0);
    let spawned = stdio::spawn(&spec, &stdio::Settings::default(), no_clock);
    let spawned = spawned.map_err(|error| Failed::Other(error.to_string()))?;
    let mut talk = Talk { writer: spawned.writer, reader: spawned.reader, next_id: 0 };
    let outcome = timeout(LONGEST, talk.list(version)).await;
    let outcome = outcome.unwrap_or_else(|_| {
        Err(Failed::Other(format!("it did not answer within {} seconds", LONGEST.as_secs())))
    });
    let outcome = end(&spawned.process, outcome).await;
    drop(talk);
    outcome
}

/// Ends the process; of one that ended before it answered it is said how.
async fn end<T>(process: &Process, outcome: Result<T, Failed>) -> Result<T, Failed> {
    let exit = process.shut_down(&Waits::default()).await;
    outcome.map_err(|failed| match failed {
        Failed::Ended(_) => Failed::Ended(Some(exit)),
        Failed::Refused(_) | Failed::Other(_) => failed,
    })
}

fn spec(launch: &Launch) -> Option<Spec> {
    let (command, args) = launch.command.split_first()?;
    let variables = launch.env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Some(Spec {
        command: command.clone(),
        args: args.to_vec(),
        env: Environment::Base(variables.collect()),
        cwd: launch.cwd.as_ref().map(PathBuf::from),
    })
}

/// A conversation with one server.
struct Talk {
    writer: Writer,
    reader: Reader,
    next_id: u64,
}

impl Talk {
    async fn list(&mut self, version: Version) -> Result<BTreeSet<String>, Failed> {
        let speaker = Speaker { name: "toolgate", version: env!("CARGO_PKG_VERSION"), capabilities: "{}" };
        let is_legacy = version != Version::NEWEST;
        if is_legacy {
            self.ask(|id| requests::initialize(id, version, &speaker)).await?.map_err(Failed::Refused)?;
            self.send(requests::notification("notifications/initialized", None)).await?;
        }
        let mut tools = BTreeSet::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let raw = cursor.as_deref().map(quoted);
            let reply = if is_legacy {
                let params = raw.map(|cursor| format!("{{\"cursor\":{cursor}}}"));
                self.ask(|id| requests::request(id, "tools/list", params.as_deref())).await?
            } else {
                let members: Vec<(&str, &str)> =
                    raw.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
                self.ask(|id| requests::modern_request(id, "tools/list", version, &speaker, &members)).await?
            };
            let reply = reply.map_err(if is_legacy { Failed::Other } else { Failed::Refused })?;
            cursor = read_page(&reply, &mut tools).map_err(Failed::Other)?;
            if cursor.is_none() {
                return Ok(tools);
            }
        }
        Err(Failed::Other("its list of tools has no end".to_owned()))
    }

    /// Sends a request and waits for its answer: the inner error is the server's own.
    async fn ask(&mut self, request: impl Fn(&str) -> Vec<u8>) -> Result<Result<Reply, String>, Failed> {
        self.next_id += 1;
        let id = self.next_id.to_string();
        self.send(request(&id)).await?;
        loop {
            let line = self.reader.next_line().await;
            let line = line.map_err(|error| Failed::Other(format!("its output cannot be read: {error}")))?;
            let line = line.ok_or(Failed::Ended(None))?;
            let caps = Caps { max_body_bytes: MAX_REPLY_BYTES, ..Caps::default() };
            // Lines that are no messages are noise that many servers make.
            let Ok(reply) = parse_reply(line, &caps) else { continue };
            if reply.answers(&id) {
                return Ok(if *reply.kind() == ReplyKind::Result { Ok(reply) } else { Err(refusal(&reply)) });
            }
            if let (ReplyKind::Request { .. }, Some(id)) = (reply.kind(), reply.id_raw()) {
                let refusal = mcp::answers::error(Some(id), -32601, "this client only lists tools", None);
                self.send(refusal).await?;
            }
        }
    }

    async fn send(&self, message: Vec<u8>) -> Result<(), Failed> {
        let sent = self.writer.write(message, &Progress::new()).await;
        sent.map_err(|_| Failed::Ended(None))
    }
}

/// Adds the names of one page and returns the cursor of the next.
fn read_page(reply: &Reply, tools: &mut BTreeSet<String>) -> Result<Option<String>, String> {
    let result = reply.document().root().get("result").ok_or("its answer holds no result")?;
    let listed =
        result.get("tools").filter(json::Value::is_array).ok_or("its answer holds no list of tools")?;
    for tool in listed.elements() {
        let name = tool.get("name").and_then(|name| name.as_str()).ok_or("it lists a tool without a name")?;
        tools.insert(name.into_owned());
    }
    if tools.len() > MAX_TOOLS {
        return Err(format!("it lists more than {MAX_TOOLS} tools"));
    }
    Ok(result.get("nextCursor").and_then(|cursor| cursor.as_str()).map(std::borrow::Cow::into_owned))
}

/// The server's own words are left out: they may hold anything.
fn refusal(reply: &Reply) -> String {
    let code = reply.document().root().pointer("/error/code").and_then(|code| code.as_number()?.as_i64());
    code.map_or("it refused to list its tools".to_owned(), |code| format!("it answered with error {code}"))
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}
