//! `initialize` and `server/discover` of several servers as one greeting.
//! What is dead, slow or speaks another revision is left out; it must never hold up the others.

use super::ask::{at_each, note};
use super::client::{Asked, Client};
use super::member::Missing;
use super::session::HubSession;
use super::{ask, capabilities, names, refuse};
use crate::exchange::{Answer, Reply as Told};
use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::session::mint_id;
use json::{ObjectWriter, Value};
use mcp::envelope::keys;
use mcp::era::{Era, Version};
use mcp::errors::{INTERNAL_ERROR, Refusal};
use mcp::reply::{Reply, ReplyKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The gateway's own name.
const NAME: &str = "toolgate";

/// What all servers said, and which of them it was.
type Greetings = Vec<(Arc<Reach>, Arc<Reply>)>;

/// Opens a session with every server.
pub async fn initialize(asked: &Asked) -> Answer {
    let (gateway, grant) = (&asked.client.gateway, &asked.client.grant);
    let Ok(id) = mint_id() else {
        let text = "the gateway has no random bytes for a session id; retry";
        return Answer::ok(mcp::answers::error(Some(asked.id()), INTERNAL_ERROR, text, None));
    };
    let greeting = asked.text().as_bytes().to_vec();
    let session =
        Arc::new(HubSession::new(Arc::clone(&id), Arc::clone(&grant.id), greeting, gateway.now_ms()));
    // Held from now on: what is greeted late finds the session there.
    if !gateway.hub.sessions.add(&session, gateway.bounds.max_sessions) {
        return refuse::too_many_sessions(asked);
    }
    let mut opening = Opening { gateway, session: Some(Arc::clone(&session)) };
    let client = Client { session: Some(Arc::clone(&session)), ..asked.client.clone() };
    let met = meet(&client, &session).await;
    if let Some(unsupported) = unsupported(asked, &met) {
        return Answer::ok(unsupported.to_bytes());
    }
    opening.session = None;
    let greetings: Greetings = met
        .into_iter()
        .filter_map(|(reach, _)| Some((Arc::clone(&reach), session.place_of(&reach).greeting()?)))
        .collect();
    session.note_told(&grant.reaches());
    let version = session.version().unwrap_or(Version::NEWEST_LEGACY);
    let body = legacy(asked, &client, version, &greetings);
    Answer::Message(Told { status: 200, body, session: Some(id) })
}

/// A session that is being opened: it ends if its client goes away before it is there, or is refused.
struct Opening<'a> {
    gateway: &'a Gateway,
    session: Option<Arc<HubSession>>,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.gateway.hub.sessions.remove(self.gateway, &session);
        }
    }
}

/// Greets every server and settles the revision that all of them speak.
async fn meet(client: &Client, session: &Arc<HubSession>) -> Vec<(Arc<Reach>, Result<(), Missing>)> {
    let first = greet_all(client, session, client.grant.reaches()).await;
    let version = agreed(client, session, &first);
    session.settle_version(version);
    let (same, other): (Vec<_>, Vec<_>) = first.into_iter().partition(|(reach, _)| {
        session.place_of(reach).live().is_none_or(|member| member.version() == Some(version))
    });
    for (reach, _) in &other {
        session.place_of(reach).dismiss(&client.gateway);
    }
    let again = greet_all(client, session, ask::servers(&other)).await;
    let mut met: Vec<_> = same.into_iter().chain(again).collect();
    met.sort_by(|(a, _), (b, _)| a.server.id.cmp(&b.server.id));
    for (reach, result) in &met {
        note(&client.gateway, reach, &result.as_ref().map_err(|missing| missing.why.clone()));
        if result.is_err() {
            client.miss(reach);
        }
    }
    met
}

async fn greet_all(
    client: &Client,
    session: &Arc<HubSession>,
    reaches: Vec<Arc<Reach>>,
) -> Vec<(Arc<Reach>, Result<(), Missing>)> {
    at_each(reaches, |reach| {
        let (session, gateway) = (Arc::clone(session), Arc::clone(&client.gateway));
        let reach = Arc::clone(reach);
        async move { session.greet(&gateway, &reach).await.map(drop) }
    })
    .await
}

/// The newest revision that all servers speak, as far as they have said: the oldest that one of them chose.
fn agreed<T>(client: &Client, session: &Arc<HubSession>, met: &[(Arc<Reach>, T)]) -> Version {
    let chosen = met.iter().filter_map(|(reach, _)| session.place_of(reach).live()?.version());
    let wanted = || {
        let message = super::member::greeting(&client.gateway, session)?;
        Version::parse(&message.requested_version()?).filter(|version| version.era() == Era::Legacy)
    };
    chosen.min().or_else(wanted).unwrap_or(Version::NEWEST_LEGACY)
}

/// The refusal that makes a client of both eras speak the other one, where every server asks for that.
fn unsupported<T>(asked: &Asked, met: &[(T, Result<(), Missing>)]) -> Option<Refusal> {
    let mut speaks = BTreeSet::new();
    for (_, result) in met {
        let missing = result.as_ref().err().filter(|missing| !missing.speaks.is_empty())?;
        speaks.extend(missing.speaks.iter().copied());
    }
    let speaks: Vec<Version> = speaks.into_iter().rev().collect();
    let requested = asked.message.requested_version();
    let refusal = Refusal::unsupported_version(&speaks, requested.as_deref()).with_id_of(&asked.message);
    (!speaks.is_empty()).then_some(refusal)
}

fn legacy(asked: &Asked, client: &Client, version: Version, greetings: &Greetings) -> Vec<u8> {
    let mut result = Vec::new();
    let mut object = ObjectWriter::begin(&mut result);
    object.str("protocolVersion", version.as_str()).raw("capabilities", &together(greetings));
    object.raw("serverInfo", &own_info());
    if let Some(instructions) = instructions(client, greetings) {
        object.str("instructions", &instructions);
    }
    object.end();
    mcp::answers::result(asked.id(), &String::from_utf8_lossy(&result))
}

/// Answers `server/discover` for all servers.
pub async fn discover(asked: &Asked) -> Answer {
    let client = &asked.client;
    let met = at_each(client.grant.reaches(), |reach| {
        let (client, reach) = (client.clone(), Arc::clone(reach));
        let text = asked.text().as_bytes().to_vec();
        async move { client.ask(&reach, text).await }
    })
    .await;
    let (mut greetings, mut refusals, mut missing) = (Greetings::new(), Vec::new(), Vec::new());
    for (reach, reply) in met {
        let result = match &reply {
            Ok(reply) if *reply.kind() == ReplyKind::Error => Err(ask::reason(reply)),
            Ok(_) => Ok(()),
            Err(why) => Err(why.clone()),
        };
        note(&client.gateway, &reach, &result);
        match (result, reply) {
            (Ok(()), Ok(reply)) => greetings.push((reach, Arc::new(reply))),
            (Err(why), reply) => {
                missing.push((reach.server.id.to_string(), why));
                refusals.extend(reply);
            }
            (Ok(()), Err(_)) => {}
        }
    }
    if greetings.is_empty() && !missing.is_empty() {
        // Where all of them refuse alike, as servers of the other era do, the client hears it as it was said.
        return match refusals.first().filter(|_| refusals.len() == missing.len()) {
            Some(refusal) => Answer::ok(crate::stage::whole::error_for(asked.id(), refusal)),
            None => refuse::nobody(asked, &missing),
        };
    }
    Answer::ok(modern(asked, &greetings, missing.is_empty()))
}

fn modern(asked: &Asked, greetings: &Greetings, is_complete: bool) -> Vec<u8> {
    let speaks = |version: &Version| {
        let says = |reply: &Arc<Reply>| reply.supported_versions().contains(version);
        greetings.iter().all(|(_, reply)| says(reply)) || *version == asked.client.version
    };
    let versions = Version::ALL.into_iter().rev().filter(speaks).map(Version::as_str);
    let ttl =
        |reply: &Arc<Reply>| reply.result().and_then(|result| result.get("ttlMs")?.as_number()?.as_u64());
    let ttl_ms = greetings.iter().map(|(_, reply)| ttl(reply).unwrap_or(0)).min().filter(|_| is_complete);
    let mut result = Vec::new();
    let mut object = ObjectWriter::begin(&mut result);
    object.strings("supportedVersions", versions).raw("capabilities", &together(greetings));
    if let Some(instructions) = instructions(&asked.client, greetings) {
        object.str("instructions", &instructions);
    }
    object.str("resultType", "complete").u64("ttlMs", ttl_ms.unwrap_or(0)).str("cacheScope", "private");
    let mut meta = object.object("_meta");
    meta.raw(keys::SERVER_INFO, &own_info());
    meta.end();
    object.end();
    mcp::answers::result(asked.id(), &String::from_utf8_lossy(&result))
}

fn together(greetings: &Greetings) -> String {
    let capabilities = |(_, reply): &'_ (Arc<Reach>, Arc<Reply>)| -> Option<String> {
        Some(reply.result()?.get("capabilities")?.raw().to_owned())
    };
    let texts: Vec<String> = greetings.iter().filter_map(capabilities).collect();
    let scan = |text: String| json::Document::scan(text.into_bytes(), &json::Limits::default()).ok();
    let documents: Vec<json::Document> = texts.into_iter().filter_map(scan).collect();
    let roots: Vec<Value<'_>> = documents.iter().map(|document| document.root()).collect();
    capabilities::union(&roots)
}

/// The servers' words to the model, each under the prefix that its tools have.
fn instructions(client: &Client, greetings: &Greetings) -> Option<String> {
    let reaches = client.grant.reaches();
    let said = |(reach, reply): &'_ (Arc<Reach>, Arc<Reply>)| -> Option<String> {
        let text = reply.result()?.get("instructions")?.as_str()?.into_owned();
        let prefix = names::shown(&reaches, reach, "");
        let text = text.trim();
        Some(if prefix.is_empty() {
            text.to_owned()
        } else {
            format!("# Tools that begin with `{prefix}`\n\n{text}")
        })
    };
    let said: Vec<String> = greetings.iter().filter_map(said).collect();
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn own_info() -> String {
    let mut info = Vec::new();
    let mut object = ObjectWriter::begin(&mut info);
    object.str("name", NAME).str("version", env!("CARGO_PKG_VERSION"));
    object.end();
    String::from_utf8_lossy(&info).into_owned()
}
