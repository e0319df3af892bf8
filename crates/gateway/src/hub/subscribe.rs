//! `subscriptions/listen` to several servers (2026-07-28): one subscription for the client, one for each server.
//! What the client is told it subscribed to is what servers have taken, and the changes that the gateway tells of.

use super::client::{Asked, Client};
use super::stream::changed_list;
use super::subscription::{News, Subscription, valid_grant};
use super::uris;
use crate::exchange::Answer;
use crate::gateway::Gateway;
use crate::news::{LISTS, News as Lists};
use crate::reach::Reach;
use crate::stage::task;
use crate::stream::{self, Framing, Outlet, Piece};
use bytes::Bytes;
use json::{ObjectWriter, Splicer, Value};
use mcp::envelope::keys;
use mcp::reply::Reply;
use mcp::rewrite::kept_elements;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// A sign of life is sent so often.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Messages of all servers that may wait for the client.
const DEPTH: usize = 64;
/// Resources of one subscription; those behind are not subscribed to.
const MAX_URIS: usize = 1_000;
const SUBSCRIPTIONS: &str = "resourceSubscriptions";
const TASKS: &str = "taskIds";
/// The members of a filter that subscribe to changed lists, in the order of [`LISTS`].
const FILTERS: [&str; 3] = ["toolsListChanged", "resourcesListChanged", "promptsListChanged"];

/// Subscribes to every server.
pub async fn listen(asked: &Asked) -> Answer {
    let client = &asked.client;
    let wanted = asked.message.params().and_then(|params| params.get("notifications"));
    let owners = owners(client, wanted).await;
    let (sender, news) = mpsc::channel(DEPTH);
    let mut fan = Fan {
        client: client.clone(),
        id: asked.id().to_owned(),
        text: asked.text().to_owned(),
        owners,
        sender,
        servers: JoinSet::new(),
        reached: client.grant.reaches(),
        honoured: BTreeSet::new(),
        news: Lists::default(),
    };
    for reach in client.grant.reaches() {
        fan.subscribe(&reach);
    }
    fan.begin(news, wanted).await
}

/// The resources that each server is to tell of.
async fn owners(client: &Client, wanted: Option<Value<'_>>) -> BTreeMap<Arc<str>, Vec<String>> {
    let uris = wanted.and_then(|wanted| wanted.get(SUBSCRIPTIONS)).into_iter();
    let uris = uris.flat_map(|uris| uris.elements()).take(MAX_URIS).filter_map(|uri| uri.as_str());
    let mut owners: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
    for uri in uris {
        // What no server is known of is not subscribed to; the acknowledgement says so.
        if let Ok(reach) = uris::owner(client, &uri).await {
            owners.entry(Arc::clone(&reach.server.id)).or_default().push(uri.into_owned());
        }
    }
    owners
}

/// The client's subscription.
struct Fan {
    client: Client,
    id: String,
    text: String,
    owners: BTreeMap<Arc<str>, Vec<String>>,
    sender: mpsc::Sender<News>,
    // One for each server; all end with this subscription.
    servers: JoinSet<Arc<str>>,
    // What the grant reached when the client was last told.
    reached: Vec<Arc<Reach>>,
    // Members of the filter that the client was told it has.
    honoured: BTreeSet<&'static str>,
    news: Lists,
}

impl Fan {
    fn subscribe(&mut self, reach: &Reach) {
        let server = Arc::clone(&reach.server.id);
        let Some(text) = self.request(reach) else { return };
        let (client, news) = (self.client.clone(), self.sender.clone());
        let subscription = Subscription { client, server: Arc::clone(&server), text, news };
        self.servers.spawn(async move {
            subscription.run().await;
            server
        });
    }

    /// The client's request with the resources and tasks of one server alone.
    fn request(&self, reach: &Reach) -> Option<Vec<u8>> {
        let document = json::Document::scan(self.text.clone().into_bytes(), &json::Limits::default()).ok()?;
        let wanted = document.root().get("params")?.get("notifications");
        let mut splicer = Splicer::new(self.text.as_bytes());
        if let Some(uris) = wanted.and_then(|wanted| wanted.get(SUBSCRIPTIONS)) {
            let own = self.owners.get(&reach.server.id).map(Vec::as_slice).unwrap_or_default();
            let own: Vec<String> = own.iter().map(|uri| quoted(uri)).collect();
            splicer.replace(uris.span(), format!("[{}]", own.join(",")).into_bytes()).ok()?;
        }
        if let Some((wanted, ids)) = wanted.and_then(|wanted| Some((wanted, wanted.get(TASKS)?))) {
            match self.own_tasks(reach, ids) {
                None => drop(splicer.remove_member(&wanted, TASKS).ok()?),
                Some(own) => splicer.replace(ids.span(), own.into_bytes()).ok()?,
            }
        }
        Some(splicer.finish())
    }

    /// The tasks of one server among those that the client wants to be told of, raw; nothing where there is none.
    fn own_tasks(&self, reach: &Reach, ids: Value<'_>) -> Option<String> {
        let Client { gateway, grant, .. } = &self.client;
        let is_own = |id: &Value<'_>| {
            let server = id.as_str().and_then(|id| task::server_of(gateway, &grant.id, &id));
            server.is_some_and(|server| Arc::ptr_eq(&server, &reach.server))
        };
        let own = kept_elements(ids, |id| is_own(&id));
        (own != "[]").then_some(own)
    }

    /// Waits for the servers' first words, for as long as the slowest may take, and begins the client's stream.
    async fn begin(mut self, mut news: mpsc::Receiver<News>, wanted: Option<Value<'_>>) -> Answer {
        let deadline = Duration::from_millis(self.client.gateway.bounds.member_deadline_ms);
        let (mut taken, mut early, mut n_waiting) = (Vec::new(), Vec::new(), self.reached.len());
        let waiting = tokio::time::sleep(deadline);
        let mut waiting = std::pin::pin!(waiting);
        while n_waiting > 0 {
            let next = tokio::select! {
                () = &mut waiting => break,
                next = news.recv() => next,
            };
            match next {
                Some(News::Denied(body)) => return Answer::ok(body),
                Some(News::Taken { filter, .. }) => taken.push(filter),
                Some(News::NotTaken(server, why)) => note(&server, &why),
                Some(News::Said(message)) if early.len() < DEPTH => {
                    early.push(message);
                    continue;
                }
                Some(News::Said(_)) => continue,
                None => break,
            }
            n_waiting -= 1;
        }
        let acknowledged = self.acknowledge(wanted, &taken);
        let (outlet, stream) = stream::open(Framing::Events);
        tokio::spawn(async move {
            let first = std::iter::once(Bytes::from(acknowledged)).chain(early);
            if self.send_all(&outlet, first).await {
                self.run(&outlet, news).await;
            }
            match valid_grant(&self.client.gateway, &self.client.grant.id) {
                Some(_) => outlet.finish(),
                None => outlet.cut(),
            }
        });
        Answer::Stream(stream)
    }

    /// What the client has subscribed to: what it wanted and at least one server took, or the gateway tells of.
    fn acknowledge(&mut self, wanted: Option<Value<'_>>, taken: &[Arc<Reply>]) -> Vec<u8> {
        let filters: Vec<Value<'_>> =
            taken.iter().filter_map(|reply| reply.params()?.get("notifications")).collect();
        let mut filter = Vec::new();
        let mut object = ObjectWriter::begin(&mut filter);
        for member in wanted.into_iter().flat_map(|wanted| wanted.members()) {
            let key = member.key.as_cow();
            let said: Vec<Value<'_>> = filters.iter().filter_map(|filter| filter.get(&key)).collect();
            if key == SUBSCRIPTIONS || key == TASKS {
                let taken: Vec<Cow<'_, str>> =
                    said.iter().flat_map(|uris| uris.elements()).filter_map(|uri| uri.as_str()).collect();
                let is_taken = |uri: &Value<'_>| uri.as_str().is_some_and(|uri| taken.contains(&uri));
                object.raw(&key, &kept_elements(member.value, |uri| is_taken(&uri)));
                continue;
            }
            let is_wanted = member.value.as_bool() == Some(true);
            let is_taken =
                key == "toolsListChanged" || said.iter().any(|value| value.as_bool() == Some(true));
            if let Some(known) = FILTERS.into_iter().find(|known| *known == key && is_wanted && is_taken) {
                self.honoured.insert(known);
                object.bool(known, true);
            }
        }
        object.end();
        self.notification("notifications/subscriptions/acknowledged", Some(&String::from_utf8_lossy(&filter)))
    }

    /// A notification of the gateway's own, in the client's subscription.
    fn notification(&self, method: &str, filter: Option<&str>) -> Vec<u8> {
        let mut params = Vec::new();
        let mut object = ObjectWriter::begin(&mut params);
        let mut meta = object.object("_meta");
        meta.raw(keys::SUBSCRIPTION_ID, &self.id);
        meta.end();
        if let Some(filter) = filter {
            object.raw("notifications", filter);
        }
        object.end();
        mcp::requests::notification(method, Some(&String::from_utf8_lossy(&params)))
    }

    async fn run(&mut self, outlet: &Outlet, mut news: mpsc::Receiver<News>) {
        let gateway = Arc::clone(&self.client.gateway);
        let mut world = gateway.changes();
        loop {
            if !self.look_for_changes(&gateway) {
                return;
            }
            let goes_on = tokio::select! {
                biased;
                () = gateway.drained() => false,
                () = outlet.closed() => false,
                // The sender of changes lives as long as the gateway.
                _ = world.changed() => true,
                due = self.news.due() => self.send_all(outlet, due.into_iter().map(Bytes::from)).await,
                next = news.recv() => self.take(outlet, next).await,
                () = tokio::time::sleep(KEEP_ALIVE) => {
                    outlet.keep_alive();
                    true
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    async fn take(&mut self, outlet: &Outlet, news: Option<News>) -> bool {
        match news {
            Some(News::Said(message)) => match changed_list(&message) {
                Some(method) => {
                    self.news.note(method, message.to_vec());
                    true
                }
                None => self.send_all(outlet, [message]).await,
            },
            Some(News::Taken { is_anew, .. }) => {
                if is_anew {
                    self.tell_of_changes();
                }
                true
            }
            Some(News::NotTaken(server, why)) => {
                note(&server, &why);
                true
            }
            Some(News::Denied(_)) | None => true,
        }
    }

    async fn send_all(&self, outlet: &Outlet, messages: impl IntoIterator<Item = Bytes>) -> bool {
        for message in messages {
            if outlet.send(Piece::End(message)).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Subscribes to servers that the grant has come to reach; false once it may not be used any more.
    fn look_for_changes(&mut self, gateway: &Gateway) -> bool {
        let Some(grant) = valid_grant(gateway, &self.client.grant.id) else { return false };
        let now = grant.reaches();
        let is_same = |(old, new): (&Arc<Reach>, &Arc<Reach>)| {
            Arc::ptr_eq(&old.server, &new.server) && old.stack.hash() == new.stack.hash()
        };
        if self.reached.len() == now.len() && self.reached.iter().zip(&now).all(is_same) {
            return true;
        }
        let known: BTreeSet<Arc<str>> =
            self.reached.iter().map(|reach| Arc::clone(&reach.server.id)).collect();
        for reach in now.iter().filter(|reach| !known.contains(&reach.server.id)) {
            self.subscribe(reach);
        }
        self.reached = now;
        self.tell_of_changes();
        true
    }

    fn tell_of_changes(&mut self) {
        for (method, filter) in LISTS.into_iter().zip(FILTERS) {
            if self.honoured.contains(filter) {
                let message = self.notification(method, None);
                self.news.note(method, message);
            }
        }
    }
}

/// Servers without subscriptions are as good as others.
fn note(server: &str, why: &str) {
    tracing::debug!(server.id = %server, why, "a server is not part of a subscription");
}

fn quoted(text: &str) -> String {
    let mut quoted = Vec::new();
    json::write_string(&mut quoted, text);
    String::from_utf8_lossy(&quoted).into_owned()
}
