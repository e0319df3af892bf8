//! What a server asks of a client inside a result (2026-07-28): judged by the channel of each question.
//! A server must never reach a client by a channel that no policy opens, nor by one that the client did not declare.

use crate::reach::Reach;
use json::Value;
use mcp::methods;
use mcp::rounds::{Abilities, Question, questions};
use policy::{Channel, Denial, Facts};
use std::collections::HashMap;

/// The questions of one result, by key.
pub type Questions = HashMap<Box<str>, Question>;

/// Who is asked, and on behalf of which tool; no tool where a prompt or resource asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whose client.
    pub grant: &'a str,
    /// The tool.
    pub tool: &'a str,
    /// What the client says it can answer.
    pub abilities: Abilities,
}

/// The questions, if the client may be asked all of them.
#[must_use]
pub fn allowed(reach: &Reach, asked: Asked<'_>, requests: Value<'_>) -> Option<Questions> {
    let questions = questions(requests).ok()?;
    let is_open = |question: &Question| {
        asked.abilities.can_answer(*question) && judge(reach, asked.grant, asked.tool, *question).is_ok()
    };
    questions.iter().all(|(_, question)| is_open(question)).then(|| {
        questions.into_iter().map(|(key, question)| (key.into_owned().into_boxed_str(), question)).collect()
    })
}

/// Asks the policies whether a question, and so its answer, may pass.
///
/// # Errors
/// The [`Denial`] of the first that says no.
pub fn judge(reach: &Reach, grant: &str, tool: &str, question: Question) -> Result<(), Box<Denial>> {
    let channel = match question.channel() {
        methods::Channel::Sampling => Channel::Sampling,
        methods::Channel::Elicitation => Channel::Elicitation,
        methods::Channel::Roots => Channel::Roots,
        methods::Channel::Lifecycle
        | methods::Channel::Utility
        | methods::Channel::Tools
        | methods::Channel::Resources
        | methods::Channel::Prompts
        | methods::Channel::Completion
        | methods::Channel::Logging
        | methods::Channel::Subscriptions
        | methods::Channel::Tasks => Channel::Input,
    };
    let facts = Facts::new(grant, &reach.server.id, tool).at(reach.server.now_ms());
    reach.stack.judge_channel(channel, &facts, question.mode())
}

/// The answers of a client that answer something that was asked.
#[derive(Debug, Default)]
pub struct Answers {
    /// What they answer.
    pub questions: Vec<Question>,
    /// They alone, raw, where the client sent others too.
    pub kept: Option<String>,
}

/// An answer that is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// Takes what answers one of `questions`. Other answers are for nobody: the specification has a server ignore them, so
/// they are left out.
///
/// # Errors
/// [`NoAnswer`] where one of them is no object.
pub fn answers(questions: &Questions, responses: Value<'_>) -> Result<Answers, NoAnswer> {
    let mut answers = Answers::default();
    let mut kept = Vec::new();
    for member in responses.members() {
        if !member.value.is_object() {
            return Err(NoAnswer);
        }
        if let Some(question) = questions.get(&*member.key.as_cow()) {
            answers.questions.push(*question);
            kept.push(format!("{}:{}", member.key.raw(), member.value.raw()));
        }
    }
    if kept.len() < responses.len() {
        answers.kept = Some(format!("{{{}}}", kept.join(",")));
    }
    Ok(answers)
}
