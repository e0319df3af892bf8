//! A client's answer to what a server asked, and its reports on the way there (handshake era).
//! Only what is outstanding in the client's own session is answered, by the way it was asked, once.

use crate::account::{self, Account, Asked, Outcome};
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::outstanding::{Answered, Open};
use crate::permit::{Changes, Permit};
use crate::upstream::{answer_server, closed};
use mcp::errors::Refusal;

/// Takes one response.
pub async fn response(gateway: &Gateway, exchange: &Exchange) -> Answer {
    let (Some(session), Some(id)) = (&exchange.session, exchange.message.id_raw()) else {
        return unknown(gateway, exchange);
    };
    match session.outstanding.answer(id) {
        Answered::Open(open) => {
            deliver(gateway, exchange, *open).await;
            Answer::Accepted
        }
        Answered::Cancelled => Answer::Accepted,
        Answered::Unknown => unknown(gateway, exchange),
    }
}

async fn deliver(gateway: &Gateway, exchange: &Exchange, mut open: Open) {
    let is_error = exchange.message.is_error();
    let n_bytes = exchange.message.document().text().len();
    let (grant, reach) = (&exchange.grant.id, &exchange.reach);
    // The policies may have closed the channel since it was asked.
    if let Err(denial) = open.matter.judge(reach, grant, exchange.version) {
        let denied = Asked { grant, reach, method: &open.matter.method, n_bytes };
        account::denied_asked(gateway, denied, denial.as_deref());
        return answer_server(&open.lane, exchange.version, closed(&open.id));
    }
    let changes = Changes { answered: Some(&open.id), ..Changes::default() };
    let sent = match Permit::forward(exchange, &changes, Account::none()) {
        Ok(mut permit) => open.lane.respond(&mut permit).await.map_err(|failure| failure.to_string()),
        Err(error) => Err(error.to_string()),
    };
    let outcome = match sent {
        Ok(()) => Outcome::Replied { is_error, tool_error: false, n_bytes: n_bytes as u64, status: 200 },
        Err(why) => {
            tracing::debug!(server.id = %exchange.reach.server.id, why, "a client's answer did not arrive");
            Outcome::Failed { why: "the answer did not arrive", status: None }
        }
    };
    if let Some(account) = &mut open.account {
        account.settle(outcome);
    }
}

fn unknown(gateway: &Gateway, exchange: &Exchange) -> Answer {
    let refusal = Refusal::invalid_request("no request of a server has this id; send no such response");
    account::denied_by_protocol(gateway, exchange, &refusal);
    gateway.metrics.refused.inc();
    Answer::with_status(refusal.http_status, refusal.to_bytes())
}

/// What a client reports of a server's request goes by the way that the request came; false where there is none.
pub fn reported(exchange: &mut Exchange) -> Option<Box<str>> {
    let token = exchange.message.reported_token()?;
    let (lane, token) = exchange.session.as_ref()?.outstanding.reported(token)?;
    exchange.lane = lane;
    Some(token)
}
