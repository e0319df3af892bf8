//! Streams the messages of a body that has one in each line, as some servers answer a subscription.
//! It must never hold more than one line.

use super::{Next, Relay, Stop, WHOLE_BYTES};
use crate::exchange::Answer;
use crate::route::Route;
use crate::stage::whole;
use crate::stream::{self, Framing};
use mcp::http::ReplyBody;
use mcp::reply::parse_reply;
use mcp::stdio::{Framer, TooLong};

/// Streams the messages of such a body.
pub fn json_lines(route: Route, body: ReplyBody, status: u16) -> Answer {
    let (outlet, stream) = stream::open(Framing::Events);
    let mut relay = Relay::new(route, outlet, Some(body), status);
    tokio::spawn(async move {
        let ended = relay.all_json_lines().await;
        relay.end(ended);
    });
    Answer::Stream(stream)
}

impl Relay {
    async fn all_json_lines(&mut self) -> Result<(), Stop> {
        let mut framer = Framer::new(WHOLE_BYTES, TooLong::Drop);
        while let Some(chunk) = self.chunk().await? {
            let mut rest = &chunk[..];
            while let Some(line) = framer.next_line(&mut rest) {
                if self.json_line(line).await? == Next::Done {
                    return Ok(());
                }
            }
            if framer.n_dropped() > 0 {
                return Err(Stop::Broken("a message is too long and not the reply"));
            }
        }
        let last = framer.end_line().ok_or(Stop::Broken("the stream ended without the reply"))?;
        match self.json_line(last).await? {
            Next::Done => Ok(()),
            Next::More => Err(Stop::Broken("the stream ended without the reply")),
        }
    }

    async fn json_line(&mut self, line: Vec<u8>) -> Result<Next, Stop> {
        let n_bytes = line.len() as u64;
        let caps = whole::caps(self.route.held_bytes());
        let message = parse_reply(line, &caps).map_err(|_| Stop::Broken("a line is no message"))?;
        self.pass(&message, n_bytes).await
    }
}
