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
use crate::channels;
use crate::exchange::Exchange;
use mcp::era::{Era, Version};
use mcp::headers::{self, value};
use mcp::http::{HeaderName, HeaderValue, Outgoing, Progress};
use mcp::rewrite::{self, Edits, HandleEdits, RewriteError};

/// The permission to send one message to one upstream, once.
#[derive(Debug)]
pub struct Permit {
    message: Option<Vec<u8>>,
    upstream_id: Option<u64>,
    // None before a revision was agreed on.
    version: Option<Version>,
    mirrors: Vec<(HeaderName, HeaderValue)>,
    // Whether whoever reads the reply can pass on what the server asks meanwhile.
    hears_requests: bool,
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
            remove_capabilities: &channels::closed_to_server(&exchange.reach.stack),
            handles: restored(exchange)?,
        };
        let message = rewrite::rewrite(&exchange.message, &edits)?;
        let mut mirrors = Vec::new();
        if exchange.era() == Era::Modern {
            mirror(exchange, &changes.param_headers, &mut mirrors);
        }
        let version = (exchange.message.method() != Some("initialize")).then_some(exchange.version);
        let hears_requests = exchange.era() == Era::Legacy && upstream_id.is_some();
        Ok(Self { message: Some(message), upstream_id, version, mirrors, hears_requests, account })
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
        let version = Some(version);
        let (message, upstream_id, account) = (Some(message), Some(id), Account::none());
        Self { message, upstream_id, version, mirrors, hears_requests: false, account }
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
    let cursor = exchange.restored.cursor.as_deref();
    if exchange.message.cursor().is_some() && cursor.is_none() {
        return Err(RewriteError::Missing("cursor"));
    }
    let has_round = exchange.message.request_state().or(exchange.message.input_responses()).is_some();
    let Some(going) = &exchange.restored.round else {
        return if has_round {
            Err(RewriteError::Missing("requestState"))
        } else {
            Ok(HandleEdits { cursor, ..HandleEdits::default() })
        };
    };
    Ok(HandleEdits { cursor, request_state: going.state(), input_responses: going.answers.kept.as_deref() })
}

fn mirror(exchange: &Exchange, params: &[(String, String)], mirrors: &mut Vec<(HeaderName, HeaderValue)>) {
    let Some(method) = exchange.message.method() else { return };
    push(mirrors, headers::METHOD, method);
    if let Some(subject) = exchange.message.subject() {
        push(mirrors, headers::NAME, &value::encode(&subject));
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
