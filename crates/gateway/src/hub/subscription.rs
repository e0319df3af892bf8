//! One server's part of a subscription to several (2026-07-28): asked for, heard, and asked for again when it ends.
//! It must never tell the client what it did not subscribe to: each server is asked by the pipeline, like any other.

use super::ask;
use super::client::Client;
use super::member::pause_ms;
use crate::exchange::Answer;
use crate::gateway::Gateway;
use crate::pipeline;
use bytes::{Bytes, BytesMut};
use mcp::envelope::Caps;
use mcp::errors::{INTERNAL_ERROR, POLICY_DENIED};
use mcp::reply::{Reply, ReplyKind, parse_reply};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// What the server first says of a subscription.
pub const ACKNOWLEDGED: &str = "notifications/subscriptions/acknowledged";

/// What comes of one server's part.
#[derive(Debug)]
pub enum News {
    /// The server has taken it, to this extent; the first time, or anew after it was gone.
    Taken {
        /// What it acknowledged.
        filter: Arc<Reply>,
        /// Whether the client may have missed something.
        is_anew: bool,
    },
    /// The server does not take it at present, or never.
    NotTaken(Arc<str>, String),
    /// A policy refuses it; the answer to the client.
    Denied(Vec<u8>),
    /// A message for the client.
    Said(Bytes),
}

/// One server's part.
pub struct Subscription {
    /// Who subscribes.
    pub client: Client,
    /// To which server.
    pub server: Arc<str>,
    /// The request for this server.
    pub text: Vec<u8>,
    /// Where its news go.
    pub news: mpsc::Sender<News>,
}

/// How one round of it ended.
enum Ended {
    /// It may be taken later, or again.
    ForNow,
    /// It never will be, or nobody listens.
    ForGood,
}

impl Subscription {
    /// Keeps it up for as long as the client listens and the grant reaches the server.
    pub async fn run(self) {
        let (mut n_failures, mut is_anew) = (0, false);
        loop {
            match self.round(&mut n_failures, &mut is_anew).await {
                Ended::ForGood => return,
                Ended::ForNow => {}
            }
            tokio::time::sleep(Duration::from_millis(pause_ms(n_failures))).await;
            n_failures = n_failures.saturating_add(1);
            is_anew = true;
        }
    }

    async fn round(&self, n_failures: &mut u32, is_anew: &mut bool) -> Ended {
        let gateway = &self.client.gateway;
        let Some(grant) = valid_grant(gateway, &self.client.grant.id) else { return Ended::ForGood };
        let Some(reach) = grant.reach(&self.server) else { return Ended::ForGood };
        let client = Client { grant: Arc::clone(&grant), ..self.client.clone() };
        let Ok(message) = ask::message(gateway, self.text.clone()) else { return Ended::ForGood };
        let exchange = match client.exchange(reach, message).await {
            Ok(exchange) => exchange,
            Err(why) => return self.not_taken(why).await,
        };
        match pipeline::handle(gateway, exchange).await {
            Answer::Stream(stream) => self.hear(stream, n_failures, is_anew).await,
            Answer::Message(reply) => self.refused(reply.body).await,
            Answer::Accepted | Answer::SessionGone | Answer::GrantGone => {
                self.not_taken(String::from("it took no subscription")).await
            }
        }
    }

    async fn hear(
        &self,
        mut stream: crate::stream::Stream,
        n_failures: &mut u32,
        is_anew: &mut bool,
    ) -> Ended {
        let mut held = BytesMut::new();
        while let Some(bytes) = ask::next_message(&mut stream, &mut held).await {
            let Ok(message) = parse_reply(bytes.to_vec(), &Caps::default()) else { break };
            let news = match message.kind() {
                // The server ends it; the client's goes on.
                ReplyKind::Result | ReplyKind::Error => break,
                ReplyKind::Notification { method } if *method == ACKNOWLEDGED => {
                    *n_failures = 0;
                    News::Taken { filter: Arc::new(message), is_anew: std::mem::take(is_anew) }
                }
                ReplyKind::Notification { .. } => News::Said(bytes),
                ReplyKind::Request { .. } => continue,
            };
            if self.news.send(news).await.is_err() {
                return Ended::ForGood;
            }
        }
        self.not_taken(String::from("its subscription ended")).await
    }

    /// The server, or the pipeline in its place, said no.
    async fn refused(&self, body: Vec<u8>) -> Ended {
        let reply = parse_reply(body.clone(), &Caps::default()).ok();
        let code = reply.as_ref().and_then(Reply::error_code);
        let why = reply.as_ref().map(ask::reason).unwrap_or_default();
        match code {
            Some(POLICY_DENIED) => {
                // Nobody may be waiting for it any more.
                let _ = self.news.send(News::Denied(body)).await;
                Ended::ForGood
            }
            Some(INTERNAL_ERROR) | None => self.not_taken(why).await,
            // It knows no subscriptions.
            Some(_) => {
                self.not_taken(why).await;
                Ended::ForGood
            }
        }
    }

    async fn not_taken(&self, why: String) -> Ended {
        match self.news.send(News::NotTaken(Arc::clone(&self.server), why)).await {
            Ok(()) => Ended::ForNow,
            Err(_) => Ended::ForGood,
        }
    }
}

/// The grant as it is now, if it may be used.
pub fn valid_grant(gateway: &Gateway, id: &str) -> Option<Arc<crate::world::Grant>> {
    let world = gateway.world();
    world.grant(id).filter(|grant| grant.is_valid(gateway.now_ms())).map(Arc::clone)
}
