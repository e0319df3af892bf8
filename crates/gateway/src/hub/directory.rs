//! Which server listed which URI and template, for each grant by itself.
//! It is bounded, and a grant must never learn from it what another grant's lists hold.

use super::template;
use crate::reach::Reach;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// URIs that are kept of one server for one grant.
const MAX_URIS: usize = 20_000;
/// Templates; each is compared with a URI that nobody listed.
const MAX_TEMPLATES: usize = 1_000;
/// Bytes of either.
const MAX_BYTES: usize = 4 << 20;

/// What one server listed.
#[derive(Debug, Default)]
struct Listed {
    uris: Option<Known>,
    templates: Option<Known>,
}

#[derive(Debug, Default)]
struct Known {
    texts: HashSet<Box<str>>,
    n_bytes: usize,
}

/// A grant's id and a server's.
type Key = (Arc<str>, Arc<str>);

/// What all servers listed, by grant and server.
#[derive(Debug, Default)]
pub struct Directory(Mutex<HashMap<Key, Listed>>);

impl Directory {
    /// Takes the URIs or templates of one page; the first page of a list replaces what was known of it.
    pub fn learn<'a>(
        &self,
        (grant, server): (&Arc<str>, &Arc<str>),
        texts: impl Iterator<Item = Cow<'a, str>>,
        are_templates: bool,
        is_first: bool,
    ) {
        let mut listed = self.lock();
        let listed = listed.entry((Arc::clone(grant), Arc::clone(server))).or_default();
        let (known, most) = match are_templates {
            true => (&mut listed.templates, MAX_TEMPLATES),
            false => (&mut listed.uris, MAX_URIS),
        };
        if is_first {
            *known = None;
        }
        let known = known.get_or_insert_default();
        for text in texts {
            let n_bytes = known.n_bytes.saturating_add(text.len());
            if known.texts.len() < most && n_bytes <= MAX_BYTES && known.texts.insert((&*text).into()) {
                known.n_bytes = n_bytes;
            }
        }
    }

    /// The first of the servers that listed exactly this URI or template.
    pub fn owner<'a>(
        &self,
        grant: &Arc<str>,
        reaches: &'a [Arc<Reach>],
        uri: &str,
    ) -> Option<&'a Arc<Reach>> {
        self.those(grant, reaches, |listed| listed.has(uri)).into_iter().next()
    }

    /// The servers one of whose templates matches.
    pub fn matching<'a>(
        &self,
        grant: &Arc<str>,
        reaches: &'a [Arc<Reach>],
        uri: &str,
    ) -> Vec<&'a Arc<Reach>> {
        self.those(grant, reaches, |listed| {
            listed.templates.iter().flat_map(|known| &known.texts).any(|known| template::matches(known, uri))
        })
    }

    /// The servers that listed anything at all.
    pub fn with_resources<'a>(&self, grant: &Arc<str>, reaches: &'a [Arc<Reach>]) -> Vec<&'a Arc<Reach>> {
        let has_any = |known: &Option<Known>| known.as_ref().is_some_and(|known| !known.texts.is_empty());
        self.those(grant, reaches, |listed| has_any(&listed.uris) || has_any(&listed.templates))
    }

    /// The servers of which one of the two lists was never seen.
    pub fn unknown<'a>(&self, grant: &Arc<str>, reaches: &'a [Arc<Reach>]) -> Vec<&'a Arc<Reach>> {
        let known = self.those(grant, reaches, |listed| listed.uris.is_some() && listed.templates.is_some());
        let is_known = |reach: &Arc<Reach>| known.iter().any(|known| Arc::ptr_eq(known, reach));
        reaches.iter().filter(|reach| !is_known(reach)).collect()
    }

    /// Forgets ways that are gone.
    pub fn retain(&self, keep: impl Fn(&str, &str) -> bool) {
        self.lock().retain(|(grant, server), _| keep(grant, server));
    }

    fn those<'a>(
        &self,
        grant: &Arc<str>,
        reaches: &'a [Arc<Reach>],
        are: impl Fn(&Listed) -> bool,
    ) -> Vec<&'a Arc<Reach>> {
        let listed = self.lock();
        let of = |reach: &Arc<Reach>| listed.get(&(Arc::clone(grant), Arc::clone(&reach.server.id)));
        reaches.iter().filter(|reach| of(reach).is_some_and(&are)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Listed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listed {
    fn has(&self, text: &str) -> bool {
        [&self.uris, &self.templates].into_iter().flatten().any(|known| known.texts.contains(text))
    }
}
