//! What a server asks of a client inside a result, and what a client says it can answer (2026-07-28, Multi
//! Round-Trip Requests). It must never take a question for one that it only resembles.

use std::borrow::Cow;

use json::Value;

use crate::envelope::keys;
use crate::methods::Channel;

/// The requests whose results may ask the client for input.
pub const METHODS: [&str; 3] = ["tools/call", "prompts/get", "resources/read"];

/// One thing that a server asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// The client's model.
    Sampling,
    /// The user, by a form.
    Form,
    /// The user, at a URL.
    Url,
    /// The client's folders.
    Roots,
}

/// It is none of the questions that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the server asks is no request of a client")]
pub struct NoQuestion;

impl Question {
    /// Every question that there is.
    pub const ALL: [Question; 4] = [Question::Sampling, Question::Form, Question::Url, Question::Roots];

    /// Reads one entry of `inputRequests`.
    ///
    /// # Errors
    /// [`NoQuestion`] where its method, or the mode of an elicitation, is unknown.
    pub fn read(entry: Value<'_>) -> Result<Question, NoQuestion> {
        let method = entry.get("method").and_then(|method| method.as_str()).ok_or(NoQuestion)?;
        let params = entry.get("params");
        if params.is_some_and(|params| !params.is_object()) {
            return Err(NoQuestion);
        }
        match &*method {
            "sampling/createMessage" => Ok(Question::Sampling),
            "roots/list" => Ok(Question::Roots),
            "elicitation/create" => mode(params.and_then(|params| params.get("mode"))),
            _ => Err(NoQuestion),
        }
    }

    /// The channel that policy judges it by.
    pub const fn channel(self) -> Channel {
        match self {
            Question::Sampling => Channel::Sampling,
            Question::Form | Question::Url => Channel::Elicitation,
            Question::Roots => Channel::Roots,
        }
    }

    /// The mode of an elicitation.
    pub const fn mode(self) -> Option<&'static str> {
        match self {
            Question::Form => Some("form"),
            Question::Url => Some("url"),
            Question::Sampling | Question::Roots => None,
        }
    }
}

fn mode(mode: Option<Value<'_>>) -> Result<Question, NoQuestion> {
    let Some(mode) = mode else { return Ok(Question::Form) };
    match mode.as_str().as_deref() {
        Some("form") => Ok(Question::Form),
        Some("url") => Ok(Question::Url),
        Some(_) | None => Err(NoQuestion),
    }
}

/// The entries of `inputRequests`, by key.
///
/// # Errors
/// [`NoQuestion`] where one of them is none, or they are no object.
pub fn questions(requests: Value<'_>) -> Result<Vec<(Cow<'_, str>, Question)>, NoQuestion> {
    if !requests.is_object() {
        return Err(NoQuestion);
    }
    requests.members().map(|member| Ok((member.key.as_cow(), Question::read(member.value)?))).collect()
}

/// What a client says it can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Its model.
    pub sampling: bool,
    /// Its user, by a form.
    pub form: bool,
    /// Its user, at a URL.
    pub url: bool,
    /// Its folders.
    pub roots: bool,
    /// Tasks, by the extension.
    pub tasks: bool,
}

impl Abilities {
    /// Reads a client's capabilities. An elicitation of no mode is one by form.
    pub fn read(capabilities: Value<'_>) -> Abilities {
        let object = |holder: Value<'_>, key| holder.get(key).is_some_and(|value| value.is_object());
        let elicitation = capabilities.get("elicitation").filter(Value::is_object);
        let extensions = capabilities.get("extensions");
        let has_url = elicitation.is_some_and(|modes| object(modes, "url"));
        Abilities {
            sampling: object(capabilities, "sampling"),
            form: elicitation.is_some_and(|modes| object(modes, "form") || !has_url),
            url: has_url,
            roots: object(capabilities, "roots"),
            tasks: extensions.is_some_and(|extensions| object(extensions, keys::TASKS_EXTENSION)),
        }
    }

    /// Whether a server may ask this.
    pub const fn can_answer(self, question: Question) -> bool {
        match question {
            Question::Sampling => self.sampling,
            Question::Form => self.form,
            Question::Url => self.url,
            Question::Roots => self.roots,
        }
    }
}
