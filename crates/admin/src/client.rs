//! What subcommands speak to: the owner's socket, or the same API within this process when there is no owner.
//! Both must answer the same, so that a subcommand cannot tell the difference.

use crate::api::{self, answer::Refusal};
use crate::registry::Registry;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;
use tower::ServiceExt as _;

/// Largest answer: a list of every tool of every server fits many times over.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// Longest wait for an answer: a change is synced to the disk, which may be slow, but not so slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way to the API.
#[derive(Debug)]
pub struct Client {
    way: Way,
}

#[derive(Debug)]
enum Way {
    Socket(SendRequest<Full<Bytes>>),
    Within(Router),
}

/// Why there is no answer, or a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientError {
    /// The action was refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What was being done, and what to do next.
        error: String,
        /// Every single problem, where there are several.
        problems: Vec<String>,
    },
    /// The other side is gone, or not understood.
    Broken(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { error, problems, .. } => {
                f.write_str(error)?;
                problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// Speaks to an owner over its socket.
    ///
    /// # Errors
    /// Where it does not speak HTTP.
    pub async fn over(stream: UnixStream) -> Result<Self, ClientError> {
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to the gateway ended");
            }
        });
        Ok(Self { way: Way::Socket(sender) })
    }

    /// Speaks to this process, which owns the data folder itself.
    #[must_use]
    pub fn within(registry: Arc<Registry>) -> Self {
        Self { way: Way::Within(api::local(registry)) }
    }

    /// Asks for what is at the path of these parts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get<T: DeserializeOwned>(&mut self, path: &[&str]) -> Result<T, ClientError> {
        read(&self.send(Method::GET, path, Bytes::new()).await?)
    }

    /// Sends a document, or nothing, to the path of these parts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn post<T: DeserializeOwned>(
        &mut self,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| ClientError::Broken(format!("writing the request: {error}")))?;
        read(&self.send(Method::POST, path, body.unwrap_or_default().into()).await?)
    }

    /// Removes what is at the path of these parts.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delete(&mut self, path: &[&str]) -> Result<(), ClientError> {
        self.send(Method::DELETE, path, Bytes::new()).await.map(drop)
    }

    async fn send(&mut self, method: Method, path: &[&str], body: Bytes) -> Result<Bytes, ClientError> {
        let request = Request::builder()
            .method(method)
            .uri(uri(path))
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| ClientError::Broken(format!("writing the request: {error}")))?;
        let (status, body) = match &mut self.way {
            Way::Socket(sender) => {
                let answered = tokio::time::timeout(PATIENCE, over_socket(sender, request)).await;
                answered.map_err(|_| {
                    ClientError::Broken("the gateway does not answer; its log tells why".to_owned())
                })??
            }
            Way::Within(router) => {
                let answered = router.clone().oneshot(request.map(Body::new)).await;
                let answer = answered.unwrap_or_else(|never| match never {});
                (answer.status(), whole(answer.into_body()).await?)
            }
        };
        if status.is_success() { Ok(body) } else { Err(refused(status, &body)) }
    }
}

async fn over_socket(
    sender: &mut SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, Bytes), ClientError> {
    sender.ready().await.map_err(|error| broken(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    Ok((answer.status(), whole(answer.into_body()).await?))
}

async fn whole<B>(body: B) -> Result<Bytes, ClientError>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    collected
        .map(|body| body.to_bytes())
        .map_err(|_| ClientError::Broken("the gateway's answer is cut off".to_owned()))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    let other = |_| {
        let message =
            "the gateway's answer is not understood; is it of another version? restart it after an update";
        ClientError::Broken(message.to_owned())
    };
    serde_json::from_slice(body).map_err(other)
}

fn refused(status: StatusCode, body: &[u8]) -> ClientError {
    match serde_json::from_slice::<Refusal>(body) {
        Ok(Refusal { error, problems }) => ClientError::Refused { status: status.as_u16(), error, problems },
        Err(_) => ClientError::Broken(format!("the gateway answered with HTTP status {}", status.as_u16())),
    }
}

fn broken(error: &hyper::Error) -> ClientError {
    ClientError::Broken(format!("the gateway's socket broke off ({error}); its log tells why"))
}

/// The path of these parts; what is no plain letter of a name is escaped.
fn uri(path: &[&str]) -> String {
    use fmt::Write as _;
    let mut uri = api::PREFIX.to_owned();
    for part in path {
        uri.push('/');
        for byte in part.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_') {
                uri.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn names_are_escaped() {
        assert_eq!(uri(&["grants", "a-b"]), "/api/v1/grants/a-b");
        assert_eq!(uri(&["grants", "a/../b ?#ä"]), "/api/v1/grants/a%2F..%2Fb%20%3F%23%C3%A4");
    }
}
