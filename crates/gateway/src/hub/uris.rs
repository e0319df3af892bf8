//! Requests that name a URI: they go to the server that listed it.
//! A URI says nothing of its server by itself, so a server that is not known must never be guessed.

use super::ask::{at_each, note};
use super::client::{Asked, Client};
use super::lists::{self, List};
use super::refuse;
use crate::exchange::Answer;
use crate::reach::Reach;
use std::sync::Arc;

/// `resources/read`, `resources/subscribe`, `resources/unsubscribe`, and the completion of a resource's template.
pub async fn forward(asked: Asked) -> Answer {
    let params = asked.message.params();
    let uri = params.and_then(|params| params.get("uri").or_else(|| params.get("ref")?.get("uri")));
    let Some(uri) = uri.and_then(|uri| uri.as_str()) else {
        return refuse::unknown_uri(&asked, "the URI is missing");
    };
    match owner(&asked.client, &uri).await {
        Ok(reach) => {
            let text = asked.text().as_bytes().to_vec();
            drop(uri);
            asked.pass_on(&reach, text).await
        }
        Err(why) => refuse::unknown_uri(&asked, why),
    }
}

/// The server that has a URI.
///
/// # Errors
/// What the client is told where none is known.
pub async fn owner(client: &Client, uri: &str) -> Result<Arc<Reach>, &'static str> {
    let reaches = client.grant.reaches();
    if let [only] = reaches.as_slice() {
        return Ok(Arc::clone(only));
    }
    let directory = &client.gateway.hub.directory;
    let grant = &client.grant.id;
    let known = |reaches: &[Arc<Reach>]| directory.owner(grant, reaches, uri).map(Arc::clone);
    if let Some(owner) = known(&reaches) {
        return Ok(owner);
    }
    // A server that is missing anyway would hold up this request.
    let troubles = &client.gateway.hub.troubles;
    let unknown = directory.unknown(grant, &reaches).into_iter();
    learn(client, unknown.filter(|reach| !troubles.has(&reach.server.id)).map(Arc::clone).collect()).await;
    if let Some(owner) = known(&reaches) {
        return Ok(owner);
    }
    match directory.matching(grant, &reaches, uri).as_slice() {
        [one] => return Ok(Arc::clone(one)),
        [] => {}
        [_, _, ..] => {
            return Err("several servers have a template for this URI; read it under /mcp/<server>");
        }
    }
    match directory.with_resources(grant, &reaches).as_slice() {
        [only] => Ok(Arc::clone(only)),
        [] | [_, _, ..] => {
            Err("the server of this URI is unknown; list the resources, or read it under /mcp/<server>")
        }
    }
}

/// Asks for lists that nobody has asked for yet, one page of each.
async fn learn(client: &Client, reaches: Vec<Arc<Reach>>) {
    let lists = reaches
        .into_iter()
        .flat_map(|reach| [(Arc::clone(&reach), List::Resources), (reach, List::Templates)]);
    let learnt = at_each(lists.collect(), |(reach, list)| {
        let (client, reach, list) = (client.clone(), Arc::clone(reach), *list);
        async move { lists::ask_for(&client, &reach, list).await }
    });
    for ((reach, _), learnt) in learnt.await {
        note(&client.gateway, &reach, &learnt);
    }
}
