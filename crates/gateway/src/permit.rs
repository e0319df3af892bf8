//! The proof that a message may be forwarded, holding exactly the bytes that were judged.
//! Only the pipeline makes one; a lane sends nothing else.
//!
//! Outside of this crate none can be made, changed or reused. What is public can be named, so that the examples
//! below fail for the right reason:
//!
//! ```
//! use gateway::permit::Permit;
//! fn id(permit: &Permit) -> Option<u64> { permit.upstream_id() }
//! let version = mcp::era::Version::NEWEST;
//! ```
//!
//! ```compile_fail,E0624
//! use gateway::permit::Permit;
//! let version = mcp::era::Version::NEWEST;
//! let permit = Permit::own(Vec::new(), 1, version, "tools/call");
//! ```
//!
//! ```compile_fail,E0624
//! fn again(mut permit: gateway::permit::Permit) -> Option<Vec<u8>> { permit.take_message() }
//! ```
//!
//! ```compile_fail,E0616
//! fn other(mut permit: gateway::permit::Permit) { permit.message = Some(Vec::new()); }
//! ```
//!
//! ```compile_fail,E0599
//! fn twice(permit: &gateway::permit::Permit) -> gateway::permit::Permit { Clone::clone(permit) }
//! ```

use crate::account::Account;
use crate::bridge::Again;
use crate::channels;
use crate::exchange::Exchange;
use crate::stage::round::Going;
use crate::stage::task;
use mcp::bridge::{self, Envelope};
use mcp::envelope::Message;
use mcp::era::{Era, Version};
use mcp::headers::{self, value};
use mcp::http::{HeaderName, HeaderValue, Outgoing, Progress};
use mcp::methods;
use mcp::rewrite::{self, Edits, HandleEdits, RewriteError, StateEdit};
use mcp::tasks;
use std::borrow::Cow;

/// The permission to send one message to one upstream, once.
#[derive(Debug)]
pub struct Permit {
    method: Box<str>,
    message: Option<Vec<u8>>,
    upstream_id: Option<u64>,
    // None before a revision was agreed on.
    version: Option<Version>,
    mirrors: Vec<(HeaderName, HeaderValue)>,
    // Whether whoever reads the reply can pass on what the server asks meanwhile.
    hears_requests: bool,
    // `Mcp-Param-*` headers made from the judged arguments, whatever the client's era.
    param_headers: Vec<(String, String)>,
    // What the client says of itself, where the message is the gateway's own.
    behalf: Option<Envelope>,
    again: Option<Again>,
    account: Account,
}

/// What is replaced in the client's bytes besides the id and the progress token.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    /// New arguments, where strings were repaired.
    pub arguments: Option<&'a str>,
    /// The upstream's id of a request to cancel.
    pub cancelled: Option<u64>,
    /// The server's id of its own request that is answered, raw.
    pub answered: Option<&'a str>,
    /// The server's token of its own request whose progress is reported, raw.
    pub reported: Option<&'a str>,
    /// `Mcp-Param-*` headers made from the judged arguments.
    pub param_headers: Vec<(String, String)>,
}

impl Permit {
    /// A permit for a client's message. `account` settles what was reserved and recorded for it.
    ///
    /// # Errors
    /// [`RewriteError`] where the message lacks what has to be replaced; it is then not forwarded.
    pub(crate) fn forward(
        exchange: &Exchange,
        changes: &Changes<'_>,
        account: Account,
    ) -> Result<Self, RewriteError> {
        let upstream_id = exchange.message.is_request().then_some(exchange.upstream_id);
        let id = upstream_id.map(|id| id.to_string());
        let cancelled = changes.cancelled.map(|id| id.to_string());
        let edits = Edits {
            id: id.as_deref().or(changes.answered),
            reported_token: changes.reported,
            progress_token: exchange.message.progress_token().and(id.as_deref()),
            cancelled_request: cancelled.as_deref(),
            tool_name: None,
            arguments: changes.arguments,
            remove_capabilities: &channels::closed_to_server(&exchange.reach),
            handles: restored(exchange)?,
        };
        let message = rewrite::rewrite(&exchange.message, &edits)?;
        let mut mirrors = Vec::new();
        if exchange.era() == Era::Modern {
            let task = exchange.restored.task.as_ref().map(|presented| &*presented.found.task.id);
            let subject = task.map(Cow::Borrowed).or_else(|| exchange.message.subject());
            let method = exchange.message.method();
            mirror(method.unwrap_or_default(), subject.as_deref(), &changes.param_headers, &mut mirrors);
        }
        let version = (exchange.message.method() != Some("initialize")).then_some(exchange.version);
        let hears_requests = exchange.era() == Era::Legacy && upstream_id.is_some();
        let param_headers = changes.param_headers.clone();
        Ok(Self {
            method: exchange.message.method().unwrap_or_default().into(),
            message: Some(message),
            upstream_id,
            version,
            mirrors,
            hears_requests,
            param_headers,
            behalf: None,
            again: None,
            account,
        })
    }

    /// The same permit, with the means to have the call judged again for a further round.
    pub(crate) fn with_again(self, again: Option<Again>) -> Self {
        Self { again, ..self }
    }

    /// The same permit of the gateway's own, on behalf of the client of `exchange`.
    pub(crate) fn on_behalf_of(self, exchange: &Exchange) -> Self {
        let closed = channels::closed_to_server(&exchange.reach);
        let said = bridge::request::envelope(&exchange.message);
        let capabilities = rewrite::without_capabilities(&said.capabilities, &closed);
        Self { behalf: Some(Envelope { capabilities, ..said }), ..self }
    }

    /// The same permit for whoever reads nothing but the reply.
    pub(crate) fn for_reply_only(self) -> Self {
        Self { hears_requests: false, ..self }
    }

    /// A permit for a request of the gateway itself, such as a tool list.
    pub(crate) fn own(message: Vec<u8>, id: u64, version: Version, method: &str) -> Self {
        let mut mirrors = Vec::new();
        if version.era() == Era::Modern {
            push(&mut mirrors, headers::METHOD, method);
        }
        let version = (method != "initialize").then_some(version);
        Self {
            method: method.into(),
            message: Some(message),
            upstream_id: Some(id),
            version,
            mirrors,
            hears_requests: false,
            param_headers: Vec::new(),
            behalf: None,
            again: None,
            account: Account::none(),
        }
    }

    /// The same permission for the same message in the words of another era. `named` is its method and subject, where
    /// that era repeats them in headers.
    pub(crate) fn translate(
        &mut self,
        message: Vec<u8>,
        version: Version,
        named: Option<(&str, Option<&str>)>,
    ) {
        self.message = Some(message);
        self.version = Some(version);
        self.hears_requests = version.era() == Era::Legacy;
        self.mirrors.clear();
        if let Some((method, subject)) = named {
            mirror(method, subject, &self.param_headers, &mut self.mirrors);
        }
    }

    /// Puts the message back that was sent to a server which does not speak the client's era: a greeting or the wish
    /// for a list, never a call.
    pub(crate) fn restore(&mut self, message: Vec<u8>) {
        debug_assert!(matches!(&*self.method, "initialize" | "server/discover" | "tools/list"));
        self.message = Some(message);
    }

    /// The method of the message that was judged; empty for a response.
    pub(crate) fn method(&self) -> &str {
        &self.method
    }

    /// The message that is not sent yet.
    pub(crate) fn message(&self) -> Option<&[u8]> {
        self.message.as_deref()
    }

    /// What the client says of itself, where the message is the gateway's own.
    pub(crate) fn behalf(&self) -> Option<&Envelope> {
        self.behalf.as_ref()
    }

    pub(crate) fn take_again(&mut self) -> Option<Again> {
        self.again.take()
    }

    /// The gateway's id of the request.
    #[must_use]
    pub fn upstream_id(&self) -> Option<u64> {
        self.upstream_id
    }

    /// Whether what the server asks while it works on the request can be passed on.
    #[must_use]
    pub fn hears_requests(&self) -> bool {
        self.hears_requests
    }

    /// How much of it was written.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        self.account.progress()
    }

    /// Gives the account to whoever sees the reply through.
    pub(crate) fn into_account(self) -> Account {
        self.account
    }

    pub(crate) fn take_message(&mut self) -> Option<Vec<u8>> {
        self.message.take()
    }

    /// Puts the message back that was taken and of which nothing was sent.
    pub(crate) fn put_back(&mut self, message: Vec<u8>) {
        self.message = Some(message);
    }

    pub(crate) fn version_header(&self) -> Option<HeaderValue> {
        // The revisions before it did not have the header.
        let version = self.version.filter(|version| *version >= Version::V2025_06_18)?;
        Some(HeaderValue::from_static(version.as_str()))
    }

    pub(crate) fn dress(&mut self, mut outgoing: Outgoing) -> Outgoing {
        for (name, value) in self.mirrors.drain(..) {
            outgoing = outgoing.header(name, value);
        }
        outgoing
    }
}

/// The server's own opaque values. What was not restored is not forwarded: it is the client's.
fn restored(exchange: &Exchange) -> Result<HandleEdits<'_>, RewriteError> {
    let (message, restored) = (&exchange.message, &exchange.restored);
    let is_answered = restored.round.is_some() || restored.task.is_some();
    let presented = [
        ("cursor", message.cursor().is_some(), restored.cursor.is_some()),
        ("requestState", message.request_state().is_some(), restored.round.is_some()),
        ("inputResponses", message.input_responses().is_some(), is_answered),
        ("taskId", is_about_task(message), restored.task.is_some()),
        ("related-task", tasks::related_to(message).is_some(), restored.related.is_some()),
        ("taskIds", task::listens(message), restored.listened.is_some()),
    ];
    if let Some((what, ..)) = presented.into_iter().find(|(_, is_there, is_known)| *is_there && !is_known) {
        return Err(RewriteError::Missing(what));
    }
    let (round, task) = (restored.round.as_ref(), restored.task.as_ref());
    let answers = round.map(|going| &going.answers).or(task.map(|presented| &presented.answers));
    let request_state = round.map_or(StateEdit::Keep, Going::state);
    Ok(HandleEdits {
        cursor: restored.cursor.as_deref(),
        request_state,
        input_responses: answers.and_then(|answers| answers.kept.as_deref()),
        task_id: task.map(|presented| &*presented.found.task.id),
        related_task: restored.related.as_ref().map(|found| &*found.task.id),
        task_ids: restored.listened.as_deref(),
    })
}

/// Whether the method names a task.
fn is_about_task(message: &Message) -> bool {
    let method = message.method().and_then(methods::any);
    method.is_some_and(|method| method.name_param == Some("taskId"))
}

fn mirror(
    method: &str,
    subject: Option<&str>,
    params: &[(String, String)],
    mirrors: &mut Vec<(HeaderName, HeaderValue)>,
) {
    push(mirrors, headers::METHOD, method);
    if let Some(subject) = subject {
        push(mirrors, headers::NAME, &value::encode(subject));
    }
    for (name, value) in params {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            mirrors.push((name, value));
        }
    }
}

fn push(mirrors: &mut Vec<(HeaderName, HeaderValue)>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        mirrors.push((HeaderName::from_static(name), value));
    }
}
