//! Runs an answer step by step.
//!
//! Must never: go on when the other side has gone; that is recorded as an abandoned answer.

use crate::upstream::body::{Chunks, Cut, ReplyBody, event};
use crate::upstream::listeners::Listeners;
use crate::upstream::log::Log;
use crate::upstream::rpc;
use crate::upstream::{Answer, Form, Received, Step};
use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// What running answers share.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) log: Arc<Log>,
    pub(crate) listeners: Listeners,
}

/// Records an answer as abandoned unless it is disarmed.
struct Unfinished<'a>(Option<&'a Log>);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(log) = self.0.take() {
            log.add_abandoned();
        }
    }
}

/// Answers a request; an error breaks the connection off without a reply.
pub(crate) async fn run(
    stage: &Arc<Stage>,
    answer: Answer,
    received: Received,
) -> Result<Response<ReplyBody>, Cut> {
    let mut steps = answer.steps.into_iter().peekable();
    let mut unfinished = Unfinished(Some(&stage.log));
    while let Some(Step::Hold(gate)) = steps.next_if(|step| matches!(step, Step::Hold(_))) {
        gate.pass().await;
    }
    unfinished.0 = None;
    if matches!(steps.peek(), Some(Step::Cut)) {
        return Err(Cut);
    }
    let steps: Vec<Step> = steps.collect();
    let body = match (answer.form, steps.as_slice()) {
        (Form::Json, []) => ReplyBody::whole(Vec::new()),
        (Form::Json, [step]) if text(step, &received).is_some() => {
            ReplyBody::whole(text(step, &received).unwrap_or_default().into_bytes())
        }
        _ => start(stage.clone(), answer.form, steps, received),
    };
    Ok(response(answer.status, &answer.headers, answer.form, body))
}

/// A reply with this status, these headers and this body.
pub(crate) fn response(
    status: u16,
    headers: &[(String, String)],
    form: Form,
    body: ReplyBody,
) -> Response<ReplyBody> {
    let kind = match form {
        Form::Json => "application/json",
        Form::Sse => "text/event-stream",
    };
    let mut response = Response::builder().status(status);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        response = response.header("content-type", kind);
    }
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).expect("the script's status and headers are valid")
}

/// Runs the steps beside the reply.
fn start(stage: Arc<Stage>, form: Form, steps: Vec<Step>, received: Received) -> ReplyBody {
    let (chunks, body) = ReplyBody::running();
    play(stage, form, steps, received, chunks);
    body
}

/// Runs the steps into a body that is open already.
pub(crate) fn play(stage: Arc<Stage>, form: Form, steps: Vec<Step>, received: Received, chunks: Chunks) {
    tokio::spawn(async move {
        for step in steps {
            if !take(&stage, form, step, &received, &chunks).await {
                stage.log.add_abandoned();
                break;
            }
        }
    });
}

/// Takes one step; false when the other side has gone.
async fn take(stage: &Stage, form: Form, step: Step, received: &Received, chunks: &Chunks) -> bool {
    match step {
        Step::Hold(gate) => {
            tokio::select! {
                () = gate.pass() => true,
                () = chunks.closed() => false,
            }
        }
        Step::Cut => chunks.send(Err(Cut)).is_ok(),
        Step::Listen(subscription) => {
            stage.listeners.add(chunks.clone(), subscription);
            true
        }
        Step::Raw(_) => chunks.send(bytes(&step, received)).is_ok(),
        Step::Result(_) | Step::Echo | Step::Error(_) | Step::Message(_) => {
            let sent = match (form, message(&step, received)) {
                (Form::Sse, Some(message)) => chunks.send(event(&message)),
                (Form::Sse | Form::Json, _) => chunks.send(bytes(&step, received)),
            };
            sent.is_ok()
        }
    }
}

fn bytes(step: &Step, received: &Received) -> Result<Bytes, Cut> {
    Ok(Bytes::from(text(step, received).unwrap_or_default()))
}

/// What a step writes, none when it writes nothing.
fn text(step: &Step, received: &Received) -> Option<String> {
    match step {
        Step::Raw(text) => Some(text.replace("{id}", &received.id().to_string())),
        Step::Result(_) | Step::Echo | Step::Error(_) | Step::Message(_) => {
            message(step, received).map(|message| message.to_string())
        }
        Step::Hold(_) | Step::Cut | Step::Listen(_) => None,
    }
}

fn message(step: &Step, received: &Received) -> Option<Value> {
    match step {
        Step::Result(result) => Some(rpc::answer(received.id(), "result", result)),
        Step::Echo => Some(rpc::answer(received.id(), "result", &echo(received))),
        Step::Error(error) => Some(rpc::answer(received.id(), "error", error)),
        Step::Message(message) => Some(message.clone()),
        Step::Raw(_) | Step::Hold(_) | Step::Cut | Step::Listen(_) => None,
    }
}

fn echo(received: &Received) -> Value {
    let text = received.arguments().to_string();
    json!({"content": [{"type": "text", "text": text}], "resultType": "complete"})
}
