//! What the fake upstream answers: a status, headers, and steps that make the body.
//!
//! Must never: hold code; an answer is data, so that a test can be read without running it.

use crate::upstream::Gate;
use serde_json::{Value, json};

/// How messages are put on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON body.
    Json,
    /// An event stream.
    Sse,
}

/// One step of an answer.
#[derive(Clone, Debug)]
pub enum Step {
    /// Waits. Before the first byte it holds the head of the reply as well.
    Hold(Gate),
    /// The answer to the request: `id`, `result`.
    Result(Value),
    /// The answer to a call: its arguments as text, as this server read them.
    Echo,
    /// The answer to the request: `id`, `error`.
    Error(Value),
    /// A message that is not the answer: a notification, or a request to the client.
    Message(Value),
    /// Bytes of the body as they are; `{id}` stands for the request's id as JSON.
    Raw(String),
    /// Breaks the connection off, without a reply when nothing was sent yet.
    Cut,
    /// Keeps the stream open for [`crate::Upstream::push`]; with an id, as that subscription.
    Listen(Option<Value>),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides `Content-Type`.
    pub headers: Vec<(String, String)>,
    /// How messages are put on the wire.
    pub form: Form,
    /// The steps in their order.
    pub steps: Vec<Step>,
}

impl Answer {
    /// An answer without steps: an empty body.
    pub fn empty(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), form: Form::Json, steps: Vec::new() }
    }

    /// A result, as it is.
    pub fn result(result: Value) -> Answer {
        Answer::empty(200).then(Step::Result(result))
    }

    /// A tool's result with one text.
    pub fn text(text: &str) -> Answer {
        Answer::result(json!({"content": [{"type": "text", "text": text}]}))
    }

    /// A tool's result that holds the arguments as text.
    pub fn echo() -> Answer {
        Answer::empty(200).then(Step::Echo)
    }

    /// A tool's own failure (`isError`).
    pub fn failure(text: &str) -> Answer {
        Answer::result(json!({"content": [{"type": "text", "text": text}], "isError": true}))
    }

    /// A JSON-RPC error under HTTP 200.
    pub fn error(code: i64, message: &str) -> Answer {
        Answer::empty(200).then(Step::Error(json!({"code": code, "message": message})))
    }

    /// A JSON-RPC error with data, under another status.
    pub fn refusal(status: u16, code: i64, message: &str, data: Option<Value>) -> Answer {
        let mut error = json!({"code": code, "message": message});
        if let (Some(members), Some(data)) = (error.as_object_mut(), data) {
            members.insert("data".to_owned(), data);
        }
        Answer::empty(status).then(Step::Error(error))
    }

    /// A body of these bytes, `{id}` replaced by the request's id.
    pub fn raw(body: &str) -> Answer {
        Answer::empty(200).then(Step::Raw(body.to_owned()))
    }

    /// Breaks the connection off without a reply.
    pub fn hang_up() -> Answer {
        Answer::empty(200).then(Step::Cut)
    }

    /// The same answer as an event stream.
    pub fn sse(mut self) -> Answer {
        self.form = Form::Sse;
        self
    }

    /// The same answer with a header.
    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer, held back by a gate until the test opens it.
    pub fn held(mut self, gate: &Gate) -> Answer {
        self.steps.insert(0, Step::Hold(gate.clone()));
        self
    }

    /// The same answer with another step at its end.
    pub fn then(mut self, step: Step) -> Answer {
        self.steps.push(step);
        self
    }

    /// The same answer with another step at its start.
    pub fn after(mut self, step: Step) -> Answer {
        self.steps.insert(0, step);
        self
    }
}
