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
use crate::exchange::Exchange;
use mcp::era::{Era, Version};
use mcp::headers::{self, value};
use mcp::http::{HeaderName, HeaderValue, Outgoing, Progress};
use mcp::rewrite::{self, ClientCapability, Edits, HandleEdits, RewriteError};

/// The permission to send one message to one upstream, once.
#[derive(Debug)]
pub struct Permit {
    message: Option<Vec<u8>>,
    upstream_id: Option<u64>,
    // None before a revision was agreed on.
    version: Option<Version>,
    mirrors: Vec<(HeaderName, HeaderValue)>,
    account: Account,
}

/// What is replaced in the client's bytes besides the id and the progress token.
#[derive(Debug, Default)]
pub(crate) struct Changes<'a> {
    /// New arguments, where strings were repaired.
    pub arguments: Option<&'a str>,
    /// The upstream's id of a request to cancel.
    pub cancelled: Option<u64>,
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
            id: id.as_deref(),
            progress_token: exchange.message.progress_token().and(id.as_deref()),
            cancelled_request: cancelled.as_deref(),
            tool_name: None,
            arguments: changes.arguments,
            remove_capabilities: &ClientCapability::ALL,
            handles: restored(exchange)?,
        };
        let message = rewrite::rewrite(&exchange.message, &edits)?;
        let mut mirrors = Vec::new();
        if exchange.era() == Era::Modern {
            mirror(exchange, &changes.param_headers, &mut mirrors);
        }
        let version = (exchange.message.method() != Some("initialize")).then_some(exchange.version);
        Ok(Self { message: Some(message), upstream_id, version, mirrors, account })
    }

    /// A permit for a request of the gateway itself, such as a tool list.
    pub(crate) fn own(message: Vec<u8>, id: u64, version: Version, method: &str) -> Self {
        let mut mirrors = Vec::new();
        if version.era() == Era::Modern {
            push(&mut mirrors, headers::METHOD, method);
        }
        let version = Some(version);
        Self { message: Some(message), upstream_id: Some(id), version, mirrors, account: Account::none() }
    }

    /// The gateway's id of the request.
    #[must_use]
    pub fn upstream_id(&self) -> Option<u64> {
        self.upstream_id
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
    Ok(HandleEdits { cursor })
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
