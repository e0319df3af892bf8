//! Requests about a task: the task says whose it is. Nothing is judged here: what is unknown is unknown to any server
//! as well.

use super::client::Asked;
use super::refuse;
use crate::exchange::Answer;
use crate::reach::Reach;
use crate::stage::task;
use policy::Channel;
use std::sync::Arc;

/// Passes the request on to the server whose task it names, or to one that will not know it.
pub async fn forward(asked: Asked) -> Answer {
    let Some(reach) = owner(&asked).or_else(|| some(&asked)) else { return refuse::closed(&asked) };
    let text = asked.text().as_bytes().to_vec();
    asked.pass_on(&reach, text).await
}

fn owner(asked: &Asked) -> Option<Arc<Reach>> {
    let client = &asked.client;
    let server = task::server_of(&client.gateway, &client.grant.id, &asked.message.subject()?)?;
    let reach = client.grant.reach(&server.id).filter(|reach| Arc::ptr_eq(&reach.server, &server));
    reach.map(Arc::clone)
}

/// A server whose tasks are open, if there is one: its answer is that of a task which is not there.
fn some(asked: &Asked) -> Option<Arc<Reach>> {
    let mut reaches = asked.client.grant.reaches();
    let open = reaches.iter().position(|reach| reach.may_open(Channel::Tasks));
    let at = open.or((!reaches.is_empty()).then_some(0))?;
    Some(reaches.swap_remove(at))
}
