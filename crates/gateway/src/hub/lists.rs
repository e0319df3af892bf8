//! The lists of all servers as one: each server's page as the pipeline lets the grant see it, in the order of the ids.
//! A server that is dead or slow is left out of an answer; it must never hold up the others.

use super::ask::{self, at_each, note};
use super::client::{Asked, Client};
use super::{cursor, names, refuse};
use crate::exchange::Answer;
use crate::reach::Reach;
use json::{ObjectWriter, Splicer, Value};
use mcp::era::Era;
use mcp::errors::METHOD_NOT_FOUND;
use mcp::reply::{Reply, ReplyKind};
use mcp::requests::Speaker;
use std::sync::Arc;

/// The id of the gateway's own requests in a client's session.
const PROBE_ID: &str = "\"toolgate: is it there?\"";

/// One of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `tools/list`.
    Tools,
    /// `prompts/list`.
    Prompts,
    /// `resources/list`.
    Resources,
    /// `resources/templates/list`.
    Templates,
}

impl List {
    /// The method that asks for it.
    pub fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    /// The member of the result that holds it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }

    /// The member of an entry that holds its URI; the entries of other lists have names.
    fn uri_key(self) -> Option<&'static str> {
        match self {
            Self::Resources => Some("uri"),
            Self::Templates => Some("uriTemplate"),
            Self::Tools | Self::Prompts => None,
        }
    }

    /// The capability of a server that has it.
    fn capability(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources | Self::Templates => "resources",
        }
    }
}

/// One server's page; nothing where the server has no such list.
type Page = Option<Reply>;

/// Answers a list of all servers.
pub async fn merged(asked: &Asked, list: List) -> Answer {
    let client = &asked.client;
    let Some(wanted) = wanted(asked, list) else { return refuse::unknown_cursor(asked) };
    let pages = pages(client, wanted, |cursor| with_cursor(asked, cursor), list).await;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for ((reach, _), page) in pages {
        note(&client.gateway, &reach, &page);
        match page {
            Ok(Some(page)) => found.push((reach, page)),
            Ok(None) => {}
            Err(why) => {
                client.miss(&reach);
                missing.push((reach.server.id.to_string(), why));
            }
        }
    }
    if found.is_empty() && !missing.is_empty() {
        return refuse::nobody(asked, &missing);
    }
    Answer::ok(render(asked, list, &found, !missing.is_empty()))
}

/// Which servers to ask, and from where; nothing for a cursor that this grant was not given.
fn wanted(asked: &Asked, list: List) -> Option<Vec<(Arc<Reach>, Option<String>)>> {
    let client = &asked.client;
    let given = asked.message.params().and_then(|params| params.get("cursor"));
    let Some(given) = given else {
        return Some(client.grant.reaches().into_iter().map(|reach| (reach, None)).collect());
    };
    let parts = cursor::open(&client.gateway, &client.grant.id, list.method(), &given.as_str()?)?;
    let part = |(server, cursor): (String, String)| {
        // A server that is no longer reached has no further page.
        Some((Arc::clone(client.grant.reach(&server)?), Some(cursor)))
    };
    Some(parts.into_iter().filter_map(part).collect())
}

/// One page of each server, each in time or not at all.
async fn pages(
    client: &Client,
    wanted: Vec<(Arc<Reach>, Option<String>)>,
    request: impl Fn(Option<&str>) -> Option<Vec<u8>>,
    list: List,
) -> Vec<((Arc<Reach>, Option<String>), Result<Page, String>)> {
    at_each(wanted, |(reach, cursor)| {
        let (client, reach) = (client.clone(), Arc::clone(reach));
        let (request, is_first) = (request(cursor.as_deref()), cursor.is_none());
        async move {
            let Some(request) = request else { return Err(String::from("its cursor cannot be passed on")) };
            page(&client, &reach, request, (list, is_first)).await
        }
    })
    .await
}

/// One page of one server.
pub async fn page(
    client: &Client,
    reach: &Arc<Reach>,
    request: Vec<u8>,
    (list, is_first): (List, bool),
) -> Result<Page, String> {
    if client.lacks(reach, list.capability()).await? {
        learn(client, reach, None, list, is_first);
        return Ok(None);
    }
    let reply = client.ask(reach, request).await?;
    let page = match reply.kind() {
        ReplyKind::Error if reply.error_code() == Some(METHOD_NOT_FOUND) => None,
        ReplyKind::Error => return Err(ask::reason(&reply)),
        ReplyKind::Result | ReplyKind::Request { .. } | ReplyKind::Notification { .. } => Some(reply),
    };
    learn(client, reach, page.as_ref(), list, is_first);
    Ok(page)
}

/// Whether a server can be listed again.
///
/// # Errors
/// A sentence that says why not.
pub async fn probe(client: &Client, reach: &Arc<Reach>) -> Result<(), String> {
    ask_for(client, reach, List::Tools).await
}

/// One page of a list on the gateway's own account.
///
/// # Errors
/// A sentence that says why there is none.
pub async fn ask_for(client: &Client, reach: &Arc<Reach>, list: List) -> Result<(), String> {
    let request = match client.version.era() {
        Era::Legacy => mcp::requests::request(PROBE_ID, list.method(), None),
        Era::Modern => {
            let speaker =
                Speaker { name: "toolgate", version: env!("CARGO_PKG_VERSION"), capabilities: "{}" };
            mcp::requests::modern_request(PROBE_ID, list.method(), client.version, &speaker, &[])
        }
    };
    page(client, reach, request, (list, true)).await.map(drop)
}

fn learn(client: &Client, reach: &Reach, page: Option<&Reply>, list: List, is_first: bool) {
    let Some(key) = list.uri_key() else { return };
    let entries = page.and_then(|page| page.list(list.key())).into_iter().flat_map(|list| list.elements());
    let uris = entries.filter_map(|entry| entry.get(key)?.as_str());
    let directory = &client.gateway.hub.directory;
    directory.learn((&client.grant.id, &reach.server.id), uris, list == List::Templates, is_first);
}

/// The client's request with a server's own cursor in place of ours.
fn with_cursor(asked: &Asked, cursor: Option<&str>) -> Option<Vec<u8>> {
    let Some(cursor) = cursor else { return Some(asked.text().as_bytes().to_vec()) };
    let ours = asked.message.params()?.get("cursor")?;
    let mut quoted = Vec::new();
    json::write_string(&mut quoted, cursor);
    let mut splicer = Splicer::new(asked.text().as_bytes());
    splicer.replace(ours.span(), quoted).ok()?;
    Some(splicer.finish())
}

fn render(asked: &Asked, list: List, found: &[(Arc<Reach>, Reply)], is_partial: bool) -> Vec<u8> {
    let client = &asked.client;
    let mut parts = Vec::new();
    let mut ttl_ms = u64::MAX;
    for (reach, page) in found {
        let ttl = page.result().and_then(|result| result.get("ttlMs")?.as_number()?.as_u64());
        ttl_ms = ttl_ms.min(ttl.unwrap_or(0));
        parts.extend(page.next_cursor().map(|cursor| (reach.server.id.to_string(), cursor.into_owned())));
    }
    let mut result = Vec::new();
    let mut object = ObjectWriter::begin(&mut result);
    object.raw(list.key(), &format!("[{}]", entries(client, list, found).join(",")));
    if !parts.is_empty() {
        object.str("nextCursor", &cursor::seal(&client.gateway, &client.grant.id, list.method(), &parts));
    }
    if client.version.era() == Era::Modern {
        // What is missing may be there the next moment.
        let ttl_ms = if is_partial || found.is_empty() { 0 } else { ttl_ms };
        object.str("resultType", "complete").u64("ttlMs", ttl_ms).str("cacheScope", "private");
    }
    object.end();
    mcp::answers::result(asked.id(), &String::from_utf8_lossy(&result))
}

fn entries(client: &Client, list: List, found: &[(Arc<Reach>, Reply)]) -> Vec<String> {
    let reaches = client.grant.reaches();
    let mut entries = Vec::new();
    for (reach, page) in found {
        let elements = page.list(list.key()).into_iter().flat_map(|list| list.elements());
        let entry = |element: Value<'_>| match list.uri_key() {
            None => named(client, &reaches, reach, element),
            Some(key) => client.owns(&reaches, reach, element, key),
        };
        entries.extend(elements.filter_map(entry));
    }
    entries
}

/// An entry with the name that the client knows it by; everything else of it as it was written.
fn named(client: &Client, reaches: &[Arc<Reach>], reach: &Reach, element: Value<'_>) -> Option<String> {
    let name = element.get("name")?;
    let own = name.as_str()?;
    let shown = names::shown(reaches, reach, &own);
    if reaches.len() > 1 {
        // What it says goes to the log.
        let _ = client.gateway.hub.long_names.look_at(&reach.server.id, &shown);
    }
    let (whole, part) = (element.span(), name.span());
    let mut entry = element.raw().get(..part.start.checked_sub(whole.start)?)?.as_bytes().to_vec();
    json::write_string(&mut entry, &shown);
    entry.extend_from_slice(element.raw().get(part.end.checked_sub(whole.start)?..)?.as_bytes());
    String::from_utf8(entry).ok()
}

impl Client {
    /// Whether a server has said that it has no such thing; in the modern era nobody has to say so beforehand.
    async fn lacks(&self, reach: &Arc<Reach>, capability: &str) -> Result<bool, String> {
        let Some(session) = &self.session else { return Ok(false) };
        session.member(&self.gateway, reach).await?;
        let greeting = session.place_of(reach).greeting();
        let has = greeting.as_deref().and_then(|reply| reply.result()?.get("capabilities")?.get(capability));
        Ok(greeting.is_some() && has.is_none())
    }

    /// Notes that the client was answered without a server.
    pub(super) fn miss(&self, reach: &Reach) {
        if let Some(session) = &self.session {
            session.place_of(reach).miss(&self.gateway, session);
        }
    }

    /// An entry of a resource list, if no server before this one lists the same URI.
    fn owns(&self, reaches: &[Arc<Reach>], reach: &Reach, element: Value<'_>, key: &str) -> Option<String> {
        let uri = element.get(key)?;
        let uri = uri.as_str()?;
        let owner = self.gateway.hub.directory.owner(&self.grant.id, reaches, &uri);
        if let Some(owner) = owner.filter(|owner| owner.server.id != reach.server.id) {
            tracing::warn!(
                server.id = %reach.server.id,
                owner.id = %owner.server.id,
                "two servers list the same resource; the first one has it"
            );
            return None;
        }
        Some(element.raw().to_owned())
    }
}
