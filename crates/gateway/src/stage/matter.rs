//! What a request of a server is about, as far as policies judge it: when it is asked, and again when it is answered.
//! It must never be open where its channel cannot be told.

use crate::channels;
use crate::reach::Reach;
use json::Value;
use mcp::era::Version;
use mcp::methods::{self, Direction, Kind};
use mcp::reply::Reply;
use policy::{Channel, Denial};

/// What a request of a server is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// The method.
    pub method: Box<str>,
    /// How the user is to be asked; nothing where that cannot be read.
    mode: Option<Box<str>>,
    /// The wish to have the answer as a task of the client (2025-11-25).
    wants_task: bool,
}

impl Matter {
    /// What this request is about.
    #[must_use]
    pub fn of(request: &Reply) -> Self {
        let param = |key: &str| request.params().and_then(|params| params.get(key));
        let mode = |mode: Value<'_>| mode.as_str().map(|mode| Box::from(&*mode));
        Self {
            method: request.method().unwrap_or_default().into(),
            mode: param("mode").map_or_else(|| Some("form".into()), mode),
            wants_task: param("task").is_some(),
        }
    }

    /// Asks the policies about it.
    ///
    /// # Errors
    /// The [`Denial`] of the first that says no; nothing where nothing can judge it.
    pub fn judge(&self, reach: &Reach, grant: &str, version: Version) -> Result<(), Option<Box<Denial>>> {
        let known = methods::lookup(&self.method, Direction::ServerToClient, version);
        let Some(method) = known else { return channels::judge_extension(reach, grant, &self.method) };
        let channel = channels::of(method.channel).filter(|_| method.kind == Kind::Request).ok_or(None)?;
        if channel == Channel::Tasks || self.wants_task {
            // Nothing judges tasks of a client yet.
            return Err(None);
        }
        let mode = self.mode.as_deref().filter(|_| channel == Channel::Elicitation);
        channels::judge(reach, grant, channel, mode).map_err(Some)
    }

    /// What the parts in shadow would have denied of it, where the policies allow it.
    #[must_use]
    pub fn shadow(&self, reach: &Reach, grant: &str, version: Version) -> Option<Box<Denial>> {
        let known = methods::lookup(&self.method, Direction::ServerToClient, version);
        let Some(method) = known else { return channels::shadow_extension(reach, grant, &self.method) };
        let channel = channels::of(method.channel)?;
        let mode = self.mode.as_deref().filter(|_| channel == Channel::Elicitation);
        channels::shadow(reach, grant, channel, mode)
    }
}
