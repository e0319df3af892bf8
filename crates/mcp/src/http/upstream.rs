//! One MCP server reached over HTTP: sends messages to its url and hands back its replies.
//!
//! Must never: send a message twice, unless provably no byte of the first attempt was written.

use super::body::ReplyBody;
use super::connect::Connector;
use super::endpoint::{Endpoint, EndpointError};
use super::error::{Failure, HeaderError, SendError, words};
use super::line::{Broken, Line};
use super::outgoing::{Outgoing, Template};
use super::pool::Pool;
use super::reply::{Facts, Reply};
use super::target::Target;
use super::tls::Tls;
use super::written::{Clock, Progress, Written};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How an upstream is spoken to. The defaults suit servers on the same machine or network.
#[derive(Clone)]
pub struct Settings {
    /// Time to look up, connect and shake hands.
    pub connect_timeout: Duration,
    /// Time from the first attempt to write a message until the head of its reply; a server may send the head only
    /// when a call is done, so this is also how long a call may take without a sign of life.
    pub head_timeout: Duration,
    /// How long an idle connection is kept: less than the 5 s after which common servers (uvicorn, Node) close it,
    /// for a message that crosses with the closing is lost.
    pub idle_expiry: Duration,
    /// Most idle connections kept.
    pub max_idle: usize,
    /// Most bytes of a reply's status line and headers, at most 64 KiB; hyper's 100 headers are a limit too.
    pub max_head_bytes: usize,
    /// Headers of every message, such as injected credentials.
    pub headers: HeaderMap,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(300),
            idle_expiry: Duration::from_secs(4),
            max_idle: 64,
            max_head_bytes: 32 * 1024,
            headers: HeaderMap::new(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(|name| name.as_str()).collect();
        out.debug_struct("Settings")
            .field("connect_timeout", &self.connect_timeout)
            .field("head_timeout", &self.head_timeout)
            .field("idle_expiry", &self.idle_expiry)
            .field("max_idle", &self.max_idle)
            .field("max_head_bytes", &self.max_head_bytes)
            .field("headers", &names)
            .finish()
    }
}

/// An MCP server behind a url, with its connections. Share it by `Arc`; dropping it closes the idle connections.
pub struct Upstream {
    connector: Connector,
    template: Template,
    pool: Arc<Pool>,
    head_timeout: Duration,
}

impl Upstream {
    /// Prepares an upstream; connects to nothing yet. Must be used within one tokio runtime.
    ///
    /// # Errors
    /// When a configured header belongs to the transport, or there are more than 256.
    pub fn new(
        target: Target,
        settings: Settings,
        tls: Arc<Tls>,
        clock: Clock,
    ) -> Result<Upstream, HeaderError> {
        Ok(Upstream {
            template: Template::new(&target, &settings.headers)?,
            pool: Pool::new(clock.clone(), settings.max_idle, settings.idle_expiry),
            head_timeout: settings.head_timeout,
            connector: Connector {
                target,
                tls,
                clock,
                limit: settings.connect_timeout,
                max_head_bytes: settings.max_head_bytes.min(64 * 1024),
            },
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.connector.target.origin
    }

    /// The place of this upstream that its server named, to post messages to.
    ///
    /// # Errors
    /// When it is not a plain url, or leads to another scheme, host or port.
    pub fn endpoint(&self, text: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::resolve(&self.connector.target, text)
    }

    /// Connections that wait for their next message.
    #[must_use]
    pub fn n_idle(&self) -> usize {
        self.pool.n_idle()
    }

    /// Sends a message and waits for the head of its reply. `progress` is the account of this one message: it can
    /// be read at any time, and is final when this future was dropped or gave an error. While the reply's body is
    /// pulled it may still grow, since a server may answer before it has read everything.
    ///
    /// # Errors
    /// When no usable reply came; the error says whether a byte of the message was written. A connection that was
    /// kept and turns out to be closed before anything was written is replaced by a new one, once, without an error.
    pub async fn send(&self, message: &Outgoing, progress: &Progress) -> Result<Reply, SendError> {
        let failed = |failure| self.error(failure, progress);
        if let Some(line) = self.pool.take() {
            match self.attempt(line, message, progress).await {
                Err(Failure::Closed { .. }) if progress.written() == Written::Nothing => {
                    tracing::debug!(upstream.origin = %self.connector.target, "an idle connection was closed");
                }
                result => return result.map_err(failed),
            }
        }
        let line = self.connector.open().await.map_err(failed)?;
        self.attempt(line, message, progress).await.map_err(failed)
    }

    async fn attempt(
        &self,
        mut line: Box<Line>,
        message: &Outgoing,
        progress: &Progress,
    ) -> Result<Reply, Failure> {
        let is_foreign = |endpoint: &Endpoint| endpoint.origin != self.connector.target.origin;
        if message.endpoint.as_ref().is_some_and(is_foreign) {
            return Err(Failure::Foreign);
        }
        let request = self.template.request(message)?;
        let limit = message.head_timeout.unwrap_or(self.head_timeout);
        let exchanged = timeout(limit, line.exchange(request, progress)).await;
        let response = exchanged.map_err(|_| Failure::HeadTimeout { limit })?;
        self.reply(response.map_err(|broken| self.failure(broken))?, line)
    }

    fn reply(&self, response: Response<Incoming>, line: Box<Line>) -> Result<Reply, Failure> {
        let (head, incoming) = response.into_parts();
        let facts = Facts::read(head.status, &head.headers)?;
        Ok(Reply::new(facts, head.headers, ReplyBody::new(incoming, line, Arc::clone(&self.pool))))
    }

    fn failure(&self, broken: Broken) -> Failure {
        match broken {
            Broken::Ended => Failure::Closed { why: "the server closed it".to_owned() },
            Broken::Http(error) if error.is_parse_too_large() => {
                Failure::HeadTooLong { max_bytes: self.connector.max_head_bytes }
            }
            Broken::Http(error) if error.is_parse() => Failure::Malformed { why: words(&error) },
            Broken::Http(error) => Failure::Closed { why: words(&error) },
        }
    }

    fn error(&self, failure: Failure, progress: &Progress) -> SendError {
        let origin = Arc::clone(&self.connector.target.origin);
        SendError { origin, failure, written: progress.written() }
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Upstream")
            .field("target", &self.connector.target)
            .field("n_idle", &self.n_idle())
            .finish_non_exhaustive()
    }
}
