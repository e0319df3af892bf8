//! A server's notifications: on a listen stream in the modern era, on the session's own stream in the other.
//! It must never pass on a kind that the client did not ask for.

use super::{object, replace_members, written};
use crate::envelope::{Message, keys};
use crate::reply::Reply;
use crate::rewrite::RewriteError;
use json::{Span, Splicer, Value};

/// What a listen request wants to hear of (2026-07-28, Subscriptions).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Changes of the list of tools.
    pub tools: bool,
    /// Changes of the list of prompts.
    pub prompts: bool,
    /// Changes of the list of resources.
    pub resources: bool,
    /// Changes of these resources.
    pub uris: Vec<String>,
}

impl Filter {
    /// The filter of a listen request.
    #[must_use]
    pub fn of(message: &Message) -> Filter {
        let wanted = message.params().and_then(|params| params.get("notifications"));
        let get = |key| wanted.and_then(|wanted| wanted.get(key));
        let flag = |key| get(key).and_then(|flag| flag.as_bool()) == Some(true);
        let uris = get("resourceSubscriptions").into_iter().flat_map(|uris| uris.elements());
        Filter {
            tools: flag("toolsListChanged"),
            prompts: flag("promptsListChanged"),
            resources: flag("resourcesListChanged"),
            uris: uris.filter_map(|uri| Some(uri.as_str()?.into_owned())).collect(),
        }
    }

    /// As much of it as a server with these capabilities can tell of.
    #[must_use]
    pub fn honoured_by(mut self, capabilities: Option<Value<'_>>) -> Filter {
        let tells = |channel: &str, key: &str| {
            let said = capabilities.and_then(|capabilities| capabilities.get(channel)?.get(key)?.as_bool());
            said == Some(true)
        };
        self.tools &= tells("tools", "listChanged");
        self.prompts &= tells("prompts", "listChanged");
        self.resources &= tells("resources", "listChanged");
        if !tells("resources", "subscribe") {
            self.uris.clear();
        }
        self
    }

    /// Whether a notification is of a kind that it wants. A resource may be part of one that is subscribed to, so its
    /// URI alone excludes nothing.
    #[must_use]
    pub fn admits(&self, notification: &Reply) -> bool {
        match notification.method() {
            Some("notifications/tools/list_changed") => self.tools,
            Some("notifications/prompts/list_changed") => self.prompts,
            Some("notifications/resources/list_changed") => self.resources,
            Some("notifications/resources/updated") => !self.uris.is_empty(),
            Some(_) | None => false,
        }
    }

    /// The filter as it is written, an object.
    #[must_use]
    pub fn to_json(&self) -> String {
        object(|filter| {
            let flags = [
                ("toolsListChanged", self.tools),
                ("promptsListChanged", self.prompts),
                ("resourcesListChanged", self.resources),
            ];
            for (key, flag) in flags {
                if flag {
                    filter.bool(key, true);
                }
            }
            if !self.uris.is_empty() {
                filter.strings("resourceSubscriptions", self.uris.iter().map(String::as_str));
            }
        })
    }
}

/// The first message of a listen stream.
#[must_use]
pub fn acknowledged(subscription_raw: &str, honoured: &Filter) -> Vec<u8> {
    let params = object(|params| {
        params.raw("_meta", &format!("{{{}}}", subscription(subscription_raw)));
        params.raw("notifications", &honoured.to_json());
    });
    crate::requests::notification("notifications/subscriptions/acknowledged", Some(&params))
}

/// A legacy server's notification as it stands on a listen stream.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_modern(notification: &Reply, subscription_raw: &str) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(notification.document().text().as_bytes());
    let said = subscription(subscription_raw);
    let params = notification.params();
    let meta = params.and_then(|params| params.get("_meta")).filter(Value::is_object);
    match (params, meta) {
        (_, Some(meta)) => replace_members(&mut splicer, meta, &[keys::SUBSCRIPTION_ID], &said)?,
        (Some(params), None) => {
            replace_members(&mut splicer, params, &["_meta"], &format!("\"_meta\":{{{said}}}"))?
        }
        (None, None) => {
            let end = notification.document().root().span().end.saturating_sub(1);
            let params = format!(",\"params\":{{\"_meta\":{{{said}}}}}");
            splicer.replace(Span { start: end, end }, params.into_bytes())?;
        }
    }
    Ok(splicer.finish())
}

/// A modern server's notification without the listen stream that it came on.
///
/// # Errors
/// [`RewriteError`] where the bytes cannot be spliced.
pub fn to_legacy(notification: &Reply) -> Result<Vec<u8>, RewriteError> {
    let mut splicer = Splicer::new(notification.document().text().as_bytes());
    if let Some(meta) = notification.params().and_then(|params| params.get("_meta")) {
        splicer.remove_member(&meta, keys::SUBSCRIPTION_ID)?;
    }
    Ok(splicer.finish())
}

fn subscription(raw: &str) -> String {
    written(|meta| {
        meta.raw(keys::SUBSCRIPTION_ID, raw);
    })
}

/// Levels of log messages, from the least to the most severe (RFC 5424).
const LEVELS: [&str; 8] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

/// Whether a log message is at least as severe as `wanted`, a raw string. Without a wish none is sent.
#[must_use]
pub fn is_logged(notification: &Reply, wanted: Option<&str>) -> bool {
    let place = |name: &str| LEVELS.iter().position(|level| *level == name);
    let wanted = wanted.and_then(|raw| place(raw.trim_matches('"')));
    let level = notification.params().and_then(|params| params.get("level")?.as_str());
    let level = level.and_then(|name| place(&name));
    level.zip(wanted).is_some_and(|(level, wanted)| level >= wanted)
}
