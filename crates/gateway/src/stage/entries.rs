//! The lists of resources, templates and prompts, without what the grant may not know of.
//! Nothing that a list does not show is ever allowed; every carrier of a list passes here.

use crate::gateway::Gateway;
use crate::reach::Reach;
use crate::stage::list;
use mcp::era::Era;
use mcp::reply::Reply;
use mcp::rewrite::kept_elements;
use policy::Channel;

/// One kind of list.
#[derive(Debug, Clone, Copy)]
pub struct Entries {
    /// The member of the result that holds it.
    pub key: &'static str,
    /// The channel that its entries belong to.
    pub channel: Channel,
    /// The member of an entry that policies judge.
    subject: &'static str,
}

impl Entries {
    /// What this method lists, if it is one of these.
    #[must_use]
    pub fn of(method: &str) -> Option<Self> {
        let (key, channel, subject) = match method {
            "resources/list" => ("resources", Channel::Resources, "uri"),
            "resources/templates/list" => ("resourceTemplates", Channel::Resources, "uriTemplate"),
            "prompts/list" => ("prompts", Channel::Prompts, "name"),
            _ => return None,
        };
        Some(Self { key, channel, subject })
    }

    /// What a page shows: members of its result to set, with raw values. None where it is no such page.
    #[must_use]
    pub fn shown(
        self,
        gateway: &Gateway,
        reach: &Reach,
        era: Era,
        page: &Reply,
    ) -> Option<Vec<(&'static str, String)>> {
        let kept = kept_elements(page.list(self.key)?, |entry| {
            let subject = entry.get(self.subject).and_then(|subject| subject.as_str());
            subject.is_some_and(|subject| reach.lists(self.channel, &subject))
        });
        let mut set = vec![(self.key, kept)];
        if era == Era::Modern {
            // What is shown depends on the grant and its policies.
            set.push(("ttlMs", list::shown_ttl_ms(gateway, page).to_string()));
            set.push(("cacheScope", String::from("\"private\"")));
        }
        Some(set)
    }
}
