//! The names of tools and prompts where several servers are one: `prefix__name`.
//! A prefix has no `_`, so the first `__` ends it, whatever the server calls its tools.

use crate::reach::Reach;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands between a server's prefix and its own name for a tool or prompt.
const SEPARATOR: &str = "__";
/// Longest name that clients are known to take: some refuse more than 60 or 64 characters.
const MAX_NAME_CHARS: usize = 60;
/// What clients put in front of it, with the name that `toolgate init` gives the gateway.
const CLIENTS_PART: &str = "mcp__toolgate__";

/// The name that a client sees: with a prefix only where there are several servers.
pub fn shown<'a>(reaches: &[Arc<Reach>], reach: &Reach, name: &'a str) -> Cow<'a, str> {
    match reaches.len() {
        0 | 1 => Cow::Borrowed(name),
        _ => Cow::Owned(format!("{}{SEPARATOR}{name}", reach.server.spec.prefix())),
    }
}

/// The server that a client's name belongs to, and the server's own name for it.
pub fn find<'a, 'n>(reaches: &'a [Arc<Reach>], name: &'n str) -> Option<(&'a Arc<Reach>, &'n str)> {
    if let [only] = reaches {
        return Some((only, name));
    }
    let (prefix, name) = name.split_once(SEPARATOR)?;
    if name.is_empty() {
        return None;
    }
    let reach = reaches.iter().find(|reach| reach.server.spec.prefix() == prefix)?;
    Some((reach, name))
}

/// Servers of which the log has said that their tools' names are long.
#[derive(Debug, Default)]
pub struct LongNames(Mutex<HashSet<Arc<str>>>);

impl LongNames {
    /// Tells the operator once of names that some clients will not take; true where it did.
    pub fn look_at(&self, server: &Arc<str>, name: &str) -> bool {
        let n_chars = CLIENTS_PART.len() + name.chars().count();
        if n_chars <= MAX_NAME_CHARS {
            return false;
        }
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(server));
        if is_new {
            tracing::warn!(
                server.id = %server,
                name_chars = n_chars,
                max_chars = MAX_NAME_CHARS,
                "a tool's name is longer than some clients take; give the server a short `alias`"
            );
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declared::{ServerSpec, Transport};
    use crate::upstream::{Server, Setup};
    use mcp::http::Clock;
    use policy::Stack;

    fn reaches(servers: &[(&str, Option<&str>)]) -> Vec<Arc<Reach>> {
        let setup = Setup { clock: Clock::new(|| 0), metrics: Arc::default() };
        let server = |(id, alias): &(&str, Option<&str>)| {
            let transport = Transport::Http {
                url: String::from("http://127.0.0.1:1/"),
                headers: Default::default(),
                ca_file: None,
                insecure: false,
            };
            let alias = alias.map(str::to_owned);
            let spec = ServerSpec { alias, ..ServerSpec::new(*id, transport) };
            let server = Arc::new(Server::new(spec, &setup).unwrap());
            Arc::new(Reach::new(server, Stack::new(Vec::new()), Vec::new()))
        };
        servers.iter().map(server).collect()
    }

    #[test]
    fn every_name_leads_back_to_its_server() {
        let reaches = reaches(&[("a", None), ("a--b", None), ("long-name", Some("b"))]);
        for (n, prefix) in ["a", "a--b", "b"].into_iter().enumerate() {
            for name in ["x", "b__x", "_x", "__x", "x__", "_", "a__x", "é.x"] {
                let shown = shown(&reaches, &reaches[n], name);
                assert_eq!(shown, format!("{prefix}__{name}"));
                let (found, own) = find(&reaches, &shown).unwrap();
                assert_eq!((&found.server.id, own), (&reaches[n].server.id, name));
            }
        }
        for name in ["x", "a", "a__", "__x", "", "c__x", "long-name__x", "a_x", "A__x", " a__x"] {
            assert!(find(&reaches, name).is_none(), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_too_long_for_clients_is_told_once() {
        let (names, server, other): (_, Arc<str>, Arc<str>) = (LongNames::default(), "a".into(), "b".into());
        let fits = format!("a__{}", "x".repeat(60 - "mcp__toolgate__a__".len()));
        let longer = format!("{fits}x");
        assert!(!names.look_at(&server, &fits));
        assert!(names.look_at(&server, &longer) && !names.look_at(&server, &longer));
        assert!(names.look_at(&other, &longer));
    }

    #[test]
    fn one_server_has_no_prefix() {
        let reaches = reaches(&[("a", Some("b"))]);
        for name in ["x", "a__x", "b__x"] {
            assert_eq!(shown(&reaches, &reaches[0], name), name);
            assert_eq!(find(&reaches, name).unwrap().1, name);
        }
        assert!(find(&[], "x").is_none());
    }
}
