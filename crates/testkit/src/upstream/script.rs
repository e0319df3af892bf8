//! What a fake upstream is and how it answers.
//!
//! Must never: change while a request is being answered; a new script holds from the next request on.

use crate::message::{LEGACY, MODERN};
use crate::upstream::{Answer, Tool};
use serde_json::{Value, json};

/// The eras that the fake upstream speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eras {
    /// Handshake and sessions only.
    Legacy,
    /// Stateless only.
    Modern,
    /// Each request in its own era.
    Both,
}

/// Everything that a fake upstream knows.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) eras: Eras,
    pub(crate) tools: Vec<Tool>,
    pub(crate) methods: Vec<(String, Answer)>,
    pub(crate) page_size: usize,
    pub(crate) as_events: bool,
    pub(crate) capabilities: Value,
    pub(crate) endpoint: String,
}

impl Default for Script {
    fn default() -> Script {
        Script::new()
    }
}

impl Script {
    /// Both eras, no tools, everything on one page, replies as JSON.
    pub fn new() -> Script {
        let capabilities = json!({"tools": {"listChanged": true}});
        Script {
            eras: Eras::Both,
            tools: Vec::new(),
            methods: Vec::new(),
            page_size: usize::MAX,
            as_events: false,
            capabilities,
            endpoint: "/messages?session={n}".to_owned(),
        }
    }

    /// Sets the eras.
    pub fn eras(mut self, eras: Eras) -> Script {
        self.eras = eras;
        self
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: Tool) -> Script {
        self.tools.push(tool);
        self
    }

    /// Answers a method in this way, before anything built in. The method `resume ID` is a GET with that
    /// `Last-Event-ID`, which goes on with the last request.
    pub fn on(mut self, method: &str, answer: Answer) -> Script {
        self.methods.push((method.to_owned(), answer));
        self
    }

    /// Splits `tools/list` into pages of so many tools.
    pub fn pages_of(mut self, n_tools: usize) -> Script {
        self.page_size = n_tools.max(1);
        self
    }

    /// Answers every request with an event stream.
    pub fn as_events(mut self) -> Script {
        self.as_events = true;
        self
    }

    /// Replaces the advertised capabilities.
    pub fn capabilities(mut self, capabilities: Value) -> Script {
        self.capabilities = capabilities;
        self
    }

    /// Replaces the endpoint that a stream of the first HTTP transport names; `{n}` is the stream's number.
    pub fn endpoint(mut self, endpoint: &str) -> Script {
        self.endpoint = endpoint.to_owned();
        self
    }

    /// The revisions that the server supports, newest first.
    pub(crate) fn versions(&self) -> Vec<&'static str> {
        const OLDER: [&str; 4] = [LEGACY, "2025-06-18", "2025-03-26", "2024-11-05"];
        match self.eras {
            Eras::Legacy => OLDER.to_vec(),
            Eras::Modern => vec![MODERN],
            Eras::Both => [&[MODERN], OLDER.as_slice()].concat(),
        }
    }
}
