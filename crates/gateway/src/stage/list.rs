//! Tool lists: asked for, recorded, and shown without what the grant may not know of.
//! List and call use one decision function: nothing that is not listed is ever allowed.

use super::whole::{self, Expected, Whole};
use super::{decide, refuse};
use crate::account::Account;
use crate::cursor::Place;
use crate::definitions::{Freshness, MAX_TOOLS, Tool};
use crate::exchange::{Answer, Exchange};
use crate::gateway::Gateway;
use crate::permit::{Changes, Permit};
use crate::reach::Reach;
use crate::upstream::LaneFailure;
use json::Value;
use mcp::era::Era;
use mcp::reply::{Reply, ReplyKind};
use mcp::requests::{self, Speaker};
use mcp::rewrite::{ReplyEdits, kept_elements, rewrite_reply};
use std::collections::HashSet;
use std::sync::Arc;
use store::config::SeenDefinition;

/// Pages of one list, at most.
const MAX_PAGES: usize = 100;
/// The gateway's own name to servers.
const NAME: &str = "toolgate";

/// Answers `tools/list`.
pub async fn tools(gateway: &Gateway, mut exchange: Exchange) -> Answer {
    if let Err(failure) = exchange.lane.ready().await {
        return refuse::unreachable(gateway, &exchange, &failure);
    }
    let is_plain = is_plain(&exchange);
    let id = exchange.upstream_id;
    let permit = Permit::forward(&exchange, &Changes::default(), Account::none());
    let Ok(mut permit) = permit.map(Permit::for_reply_only) else {
        return refuse::unreachable(
            gateway,
            &exchange,
            &LaneFailure::Failed(String::from("the request cannot be passed on")),
        );
    };
    let whole = match ask(&exchange, &mut permit, id, gateway.bounds.max_list_bytes).await {
        Ok(whole) => whole,
        Err(failure) => return refuse::unreachable(gateway, &exchange, &failure),
    };
    let tools = match take(gateway, &exchange, &whole.reply, is_plain).await {
        Ok(tools) => tools,
        Err(failure) => return refuse::unreachable(gateway, &exchange, &failure),
    };
    // What the grant may see is decided by what holds now.
    if let Err(revoked) = decide::renew(gateway, &mut exchange) {
        return revoked;
    }
    match tools.and_then(|tools| shown(gateway, &exchange, &whole.reply, &tools)) {
        Some(body) => Answer::ok(body),
        None => Answer::with_status(
            status(&exchange, whole.status),
            whole::error_for(exchange.id(), &whole.reply),
        ),
    }
}

/// Clients of the legacy era end the session on any status but 200.
fn status(exchange: &Exchange, status: u16) -> u16 {
    match exchange.era() {
        Era::Legacy => 200,
        Era::Modern => status,
    }
}

/// Asks for the whole list on the gateway's own account; calls that wait at the same time ask once.
///
/// # Errors
/// [`LaneFailure`] where no list came.
pub async fn refresh(gateway: &Gateway, exchange: &Exchange) -> Result<(), LaneFailure> {
    let server = &exchange.reach.server;
    let _asking = server.listing.lock().await;
    if server.definitions.freshness(gateway.now_ms()) == Freshness::Fresh {
        return Ok(());
    }
    exchange.lane.ready().await?;
    let (tools, max_age_ms) = all_pages(gateway, exchange).await?;
    record(gateway, &exchange.reach, &tools).await;
    server.definitions.replace(tools, gateway.now_ms(), max_age_ms);
    Ok(())
}

/// The tools of all pages together, and how long they are good for.
async fn all_pages(gateway: &Gateway, exchange: &Exchange) -> Result<(Vec<Arc<Tool>>, u64), LaneFailure> {
    let mut tools = Vec::new();
    let mut cursor: Option<String> = None;
    let mut max_age_ms = gateway.bounds.list_max_age_ms;
    let mut max_bytes = gateway.bounds.max_list_bytes;
    for _ in 0..MAX_PAGES {
        let id = gateway.next_upstream_id();
        let message = request(exchange, id, cursor.as_deref());
        let mut permit = Permit::own(message, id, exchange.version, "tools/list").on_behalf_of(exchange);
        let page = ask(exchange, &mut permit, id, max_bytes).await?.reply;
        if *page.kind() == ReplyKind::Error {
            return Err(LaneFailure::Failed(String::from("it refused to list its tools")));
        }
        tools.extend(read(&exchange.reach, &page)?);
        if tools.len() > MAX_TOOLS {
            return Err(too_long());
        }
        max_bytes = max_bytes.saturating_sub(page.document().text().len());
        max_age_ms = max_age_ms.min(ttl_ms(&page).unwrap_or(u64::MAX));
        cursor = page.next_cursor().map(|cursor| cursor.into_owned());
        if cursor.is_none() {
            return Ok((tools, max_age_ms));
        }
    }
    Err(too_long())
}

fn too_long() -> LaneFailure {
    LaneFailure::Failed(format!("its list of tools is longer than {MAX_TOOLS} tools or {MAX_PAGES} pages"))
}

fn request(exchange: &Exchange, id: u64, cursor: Option<&str>) -> Vec<u8> {
    let quoted = cursor.map(|cursor| {
        let mut quoted = Vec::new();
        json::write_string(&mut quoted, cursor);
        String::from_utf8_lossy(&quoted).into_owned()
    });
    let members: Vec<(&str, &str)> = quoted.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
    let id = id.to_string();
    match exchange.era() {
        Era::Modern => {
            let speaker = Speaker { name: NAME, version: env!("CARGO_PKG_VERSION"), capabilities: "{}" };
            requests::modern_request(&id, "tools/list", exchange.version, &speaker, &members)
        }
        Era::Legacy => {
            let params = quoted.map(|cursor| format!("{{\"cursor\":{cursor}}}"));
            requests::request(&id, "tools/list", params.as_deref())
        }
    }
}

async fn ask(
    exchange: &Exchange,
    permit: &mut Permit,
    id: u64,
    max_bytes: usize,
) -> Result<Whole, LaneFailure> {
    let incoming = exchange.lane.send(permit, exchange.era()).await?;
    let expected = Expected {
        lane: &exchange.lane,
        session: exchange.session.as_deref(),
        version: exchange.version,
        id: &id.to_string(),
        max_bytes,
        timeout: exchange.reach.server.timeout(),
    };
    whole::read(incoming, expected).await
}

/// Whether nothing that the client wrote can make the server's answer less than the whole list from its beginning.
fn is_plain(exchange: &Exchange) -> bool {
    let is_protocols_own = |key: &str| {
        key.starts_with("io.modelcontextprotocol/")
            || matches!(key, "progressToken" | "traceparent" | "tracestate" | "baggage")
    };
    let mut params = exchange.message.params().into_iter().flat_map(|params| params.members());
    let mut meta = exchange.message.meta().into_iter().flat_map(|meta| meta.members());
    params.all(|member| member.key.as_cow() == "_meta")
        && meta.all(|member| is_protocols_own(&member.key.as_cow()))
}

/// Takes the definitions of one page into the stored list, which all grants share; `None` where the server answered
/// with an error. What one client is shown never makes a tool unknown to another: where known tools are missing, the
/// whole list is asked for before the next call.
async fn take(
    gateway: &Gateway,
    exchange: &Exchange,
    page: &Reply,
    is_plain: bool,
) -> Result<Option<Vec<Arc<Tool>>>, LaneFailure> {
    if page.list("tools").is_none() {
        return Ok(None);
    }
    let reach = &exchange.reach;
    let tools = read(reach, page)?;
    let definitions = &reach.server.definitions;
    let is_whole = is_plain && page.next_cursor().is_none();
    if is_whole && definitions.are_all_in(&tools) {
        record(gateway, reach, &tools).await;
        let max_age_ms = gateway.bounds.list_max_age_ms.min(ttl_ms(page).unwrap_or(u64::MAX));
        definitions.replace(tools.clone(), gateway.now_ms(), max_age_ms);
    } else {
        definitions.merge(&tools);
        if is_whole {
            definitions.mark_changed();
        }
    }
    Ok(Some(tools))
}

/// The client's bytes of one page.
fn shown(gateway: &Gateway, exchange: &Exchange, page: &Reply, tools: &[Arc<Tool>]) -> Option<Vec<u8>> {
    let reach = &exchange.reach;
    let listed = page.list("tools")?;
    let mut offered: HashSet<&str> = tools
        .iter()
        .filter(|tool| reach.bind(tool).listed_from(Some(gateway.now_ms())))
        .map(|tool| &*tool.name)
        .collect();
    let kept = kept_elements(listed, |entry| {
        // The first of two entries with one name is the one that was judged.
        entry.get("name").and_then(|name| name.as_str()).is_some_and(|name| offered.remove(&*name))
    });
    let ttl = shown_ttl_ms(gateway, page).to_string();
    let next = Place::of(exchange).next(gateway, page);
    let mut set = vec![("tools", kept.as_str())];
    set.extend(next.as_deref().map(|cursor| ("nextCursor", cursor)));
    if exchange.era() == Era::Modern {
        set.extend([("ttlMs", ttl.as_str()), ("cacheScope", "\"private\"")]);
    }
    let edits = ReplyEdits {
        id: Some(exchange.id()),
        set_result: &set,
        strip_private_meta: true,
        ..ReplyEdits::default()
    };
    rewrite_reply(page, &edits).ok()
}

/// The definitions of one page; the first of a name counts, entries without a usable name are left out.
fn read(reach: &Reach, page: &Reply) -> Result<Vec<Arc<Tool>>, LaneFailure> {
    let listed = page.list("tools");
    if listed.is_some_and(|list| list.len() > MAX_TOOLS) {
        return Err(too_long());
    }
    let mut seen = HashSet::new();
    let entries = listed.into_iter().flat_map(|list| list.elements());
    let known = &reach.server.definitions;
    let read = |entry: Value<'_>| match known.known_or_read(&reach.server.id, entry) {
        Ok(tool) => Some(tool),
        Err(error) => {
            tracing::warn!(server.id = %reach.server.id, %error, "an entry of a tool list was left out");
            None
        }
    };
    Ok(entries.filter_map(read).filter(|tool| seen.insert(Arc::clone(&tool.name))).collect())
}

/// Records a whole list in the database, if it is not what is known already.
async fn record(gateway: &Gateway, reach: &Reach, tools: &[Arc<Tool>]) {
    let seen = |tool: &Arc<Tool>| SeenDefinition {
        name: tool.name.to_string(),
        hash: tool.hash_text.clone(),
        canonical: tool.canonical.clone(),
    };
    if reach.server.definitions.is_same(tools) {
        return;
    }
    let seen = tools.iter().map(seen).collect();
    if let Err(error) =
        gateway.store.config().see_definitions(&reach.server.id, seen, gateway.store.now()).await
    {
        tracing::error!(server.id = %reach.server.id, %error, "definitions could not be recorded");
    }
}

/// How long a client may keep what it is shown: no longer than a change of policy may go unnoticed.
pub fn shown_ttl_ms(gateway: &Gateway, reply: &Reply) -> u64 {
    ttl_ms(reply).unwrap_or(0).min(gateway.bounds.list_max_age_ms)
}

fn ttl_ms(reply: &Reply) -> Option<u64> {
    reply.result()?.get("ttlMs")?.as_number()?.as_u64()
}
