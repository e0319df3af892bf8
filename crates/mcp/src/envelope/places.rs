//! Where the parts of a message stand in its document, found once: every step of a message's way asks for them.
//! It must never be used with another document than the one it was read from.

use json::{Document, Value};

use super::keys;
use crate::methods::{self, Method};

/// Indices of the values that are asked for again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    pub(super) params: Option<u32>,
    pub(super) meta: Option<u32>,
    pub(super) arguments: Option<u32>,
    /// The value of the method's name param.
    pub(super) subject: Option<u32>,
    pub(super) task: Option<u32>,
    pub(super) input_responses: Option<u32>,
    pub(super) request_state: Option<u32>,
    pub(super) cursor: Option<u32>,
    pub(super) progress_token: Option<u32>,
    pub(super) version: Option<u32>,
    pub(super) capabilities: Option<u32>,
    /// The registry's first entry of the method.
    pub(super) method: Option<&'static Method>,
}

impl Places {
    /// Finds them.
    pub(super) fn find(document: &Document, method: Option<&str>) -> Places {
        let mut places = Places { method: method.and_then(methods::any), ..Places::default() };
        let Some(params) = document.root().get("params") else { return places };
        places.params = Some(params.index());
        for member in params.members() {
            places.note(&member.key.as_cow(), member.value);
        }
        places
    }

    fn note(&mut self, key: &str, value: Value<'_>) {
        let at = Some(value.index());
        match key {
            "_meta" => {
                self.meta = at;
                self.note_meta(value);
            }
            "arguments" => self.arguments = at,
            "task" => self.task = at,
            "cursor" => self.cursor = at,
            "inputResponses" => self.input_responses = at,
            "requestState" => self.request_state = at,
            // Other members are asked for once at most.
            _ => {}
        }
        if self.method.is_some_and(|method| method.name_param == Some(key)) {
            self.subject = at;
        }
    }

    fn note_meta(&mut self, meta: Value<'_>) {
        for member in meta.members() {
            let at = Some(member.value.index());
            match &*member.key.as_cow() {
                "progressToken" => self.progress_token = at,
                keys::PROTOCOL_VERSION => self.version = at,
                keys::CLIENT_CAPABILITIES => self.capabilities = at,
                _ => {}
            }
        }
    }
}
