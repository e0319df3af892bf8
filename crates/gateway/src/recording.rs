//! What is recorded of a call, where the operator asked for it: what was judged, and how it came out.
//! Must never make a call wait, fail, or pass; nor take anything of a call that is not to be recorded.

use crate::account::Outcome;
use crate::exchange::Exchange;
use crate::gateway::Gateway;
use crate::stage::decide::Judged;
use json::Value;
use mcp::reply::Reply;
use policy::{Arguments, Denial};
use store::CallId;
use store::recordings::{Draft, Effect, Held};

/// A longer document is not held for it.
const MAX_HELD_BYTES: usize = 1 << 20;

/// An allowed call that is to be recorded once it has ended.
#[derive(Debug)]
pub(crate) struct Pending {
    draft: Draft,
    wants_result: bool,
}

impl Pending {
    /// Begins the recording of an allowed call; nothing where it is not to be recorded.
    pub(crate) fn begin(gateway: &Gateway, exchange: &Exchange, judged: &Judged) -> Option<Box<Self>> {
        let wanted = gateway.recorder.wanted(&exchange.reach.server.id, &judged.tool.name)?;
        let draft = Draft {
            tool: judged.tool.name.to_string(),
            definition: judged.tool.hash_text.clone(),
            arguments: held(judged.arguments(exchange)),
            ..draft(gateway, exchange)
        };
        Some(Box::new(Self { draft, wants_result: wanted.result }))
    }

    /// Takes note of a whole answer.
    pub(crate) fn answered(&mut self, reply: &Reply) {
        if self.wants_result {
            self.draft.result = held(reply.result());
        }
    }

    /// Hands it over.
    pub(crate) fn end(self, gateway: &Gateway, call: CallId, outcome: Outcome) {
        let mut draft = Draft { call: call.to_string(), ..self.draft };
        if let Outcome::Replied { is_error, tool_error, .. } = outcome {
            draft.is_error = Some(is_error || tool_error);
            let is_streamed = matches!(draft.result, Held::Nothing) && !is_error;
            if self.wants_result && is_streamed {
                draft.result = Held::TooLong;
            }
        }
        gateway.recorder.submit(draft);
    }
}

/// Records a denied call.
pub(crate) fn denied(gateway: &Gateway, exchange: &Exchange, call: CallId, denial: &Denial) {
    // One look where nothing is recorded.
    if !gateway.recorder.is_on() {
        return;
    }
    let Some(name) = exchange.message.tool_name() else { return };
    if gateway.recorder.wanted(&exchange.reach.server.id, &name).is_none() {
        return;
    }
    let received = exchange.message.arguments();
    let tool = exchange.reach.server.definitions.get(&name);
    let given = received.map_or(Arguments::Absent, Arguments::Known);
    let mended = tool.as_ref().and_then(|tool| exchange.reach.bind(tool).mended(given));
    let arguments = held(mended.as_ref().map(|mended| mended.document.root()).or(received));
    gateway.recorder.submit(Draft {
        call: call.to_string(),
        tool: name.into_owned(),
        definition: tool.map(|tool| tool.hash_text.clone()).unwrap_or_default(),
        effect: Effect::Deny,
        rule: denial.rule.as_str().to_owned(),
        arguments,
        ..draft(gateway, exchange)
    });
}

fn draft(gateway: &Gateway, exchange: &Exchange) -> Draft {
    Draft {
        time_ms: gateway.now_ms(),
        call: String::new(),
        grant: exchange.grant.id.to_string(),
        labels: exchange.grant.labels.clone(),
        server: exchange.reach.server.id.to_string(),
        tool: String::new(),
        definition: String::new(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Held::Nothing,
        result: Held::Nothing,
        is_error: None,
    }
}

fn held(value: Option<Value<'_>>) -> Held {
    match value {
        None => Held::Nothing,
        Some(value) if value.raw().len() > MAX_HELD_BYTES => Held::TooLong,
        Some(value) => Held::Text(value.raw().as_bytes().to_vec()),
    }
}
