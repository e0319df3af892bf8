//! The first HTTP transport (2024-11-05): a stream per client, and a path that its messages are posted to.
//!
//! Must never: answer a post anywhere but on the stream that it belongs to.

use crate::upstream::body::{Chunks, Cut, ReplyBody};
use crate::upstream::runner::{self, Stage};
use crate::upstream::{Answer, Form, Received, Script, legacy};
use bytes::Bytes;
use hyper::Response;
use std::sync::{Arc, Mutex};

/// The open streams; a stream's place is its number in the endpoint.
#[derive(Default)]
pub(crate) struct Streams(Mutex<Vec<Chunks>>);

impl Streams {
    fn open(&self, endpoint: &str) -> ReplyBody {
        let (chunks, body) = ReplyBody::running();
        let mut streams = self.0.lock().expect("nothing panics while it holds the streams");
        let event =
            format!("event: endpoint\ndata: {}\n\n", endpoint.replace("{n}", &streams.len().to_string()));
        chunks.send(Ok(Bytes::from(event))).expect("the body is still there");
        streams.push(chunks);
        body
    }

    fn find(&self, target: &str) -> Option<Chunks> {
        let number: usize = target.strip_prefix("/messages?session=")?.parse().ok()?;
        let streams = self.0.lock().expect("nothing panics while it holds the streams");
        streams.get(number).filter(|chunks| !chunks.is_closed()).cloned()
    }

    /// Breaks every stream off.
    pub(crate) fn cut(&self) {
        for chunks in self.0.lock().expect("nothing panics while it holds the streams").iter() {
            // One whose other side has gone is as good as cut.
            let _ = chunks.send(Err(Cut));
        }
    }

    /// Sends bytes on every stream.
    pub(crate) fn send(&self, text: &str) {
        for chunks in self.0.lock().expect("nothing panics while it holds the streams").iter() {
            // One whose other side has gone hears nothing.
            let _ = chunks.send(Ok(Bytes::from(text.to_owned())));
        }
    }
}

/// Whether a request is of this transport.
pub(crate) fn is_of(received: &Received) -> bool {
    received.target.starts_with("/sse") || received.target.starts_with("/messages")
}

/// Answers a request.
pub(crate) fn serve(
    script: &Script,
    stage: &Arc<Stage>,
    streams: &Streams,
    received: Received,
) -> Response<ReplyBody> {
    let plain = |status| runner::response(status, &[], Form::Json, ReplyBody::whole(Vec::new()));
    if received.http_method == "GET" {
        return runner::response(200, &[], Form::Sse, streams.open(&script.endpoint));
    }
    let Some(chunks) = streams.find(&received.target) else { return plain(404) };
    let Answer { status, steps, .. } = legacy::dispatched(script, &received);
    if status == 200 {
        runner::play(Arc::clone(stage), Form::Sse, steps, received, chunks);
        return plain(202);
    }
    plain(status)
}
