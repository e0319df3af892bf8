//! What a part of a channel covers. An allow covers what is written exactly so; a deny covers other spellings too.

use super::address::Address;
use super::glob::{Glob, Star};
use super::host::HostPattern;
use super::spelling::{self, Spellings};

/// The pattern of a part.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// As it was written.
    pub(crate) text: Box<str>,
    pub(super) kind: Kind,
}

/// What a pattern looks at.
#[derive(Debug)]
pub(super) enum Kind {
    /// A lone `*` or `**`: everything.
    Everything,
    /// One name: a mode or a method.
    Exact,
    /// Names.
    Name(Glob),
    /// URIs, and how a deny reads them.
    Uri { written: Glob, read: Vec<Glob> },
    /// The host of a URI.
    Host(HostPattern),
}

/// A subject, with what denying patterns need to know of it.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub(super) text: &'a str,
    /// Nothing when it cannot be read as a URI; not asked for where it is none.
    spellings: Option<Spellings>,
}

impl Pattern {
    /// A name that stands for itself.
    pub(crate) fn exact(text: &str) -> Self {
        Self { text: text.into(), kind: Kind::Exact }
    }

    /// A pattern of names. Nothing when it is too large.
    pub(crate) fn name(text: &str) -> Option<Self> {
        let kind = if is_everything(text) {
            Kind::Everything
        } else {
            Kind::Name(Glob::new(text, Star::Anything, false)?)
        };
        Some(Self { text: text.into(), kind })
    }

    /// A pattern of URIs. Nothing when it is too large.
    pub(crate) fn uri(text: &str) -> Option<Self> {
        let kind = if is_everything(text) {
            Kind::Everything
        } else {
            let mut read = vec![Glob::new(text, Star::Segment, true)?];
            for spelling in spelling::of_pattern(text).iter().filter(|spelling| **spelling != *text) {
                read.push(Glob::new(spelling, Star::Segment, true)?);
            }
            Kind::Uri { written: Glob::new(text, Star::Segment, false)?, read }
        };
        Some(Self { text: text.into(), kind })
    }

    /// A pattern of hosts.
    pub(crate) fn host(text: &str, host: HostPattern) -> Self {
        Self { text: text.into(), kind: Kind::Host(host) }
    }

    /// Whether a name, exactly as it is written, is meant.
    pub(crate) fn matches_name(&self, name: &str) -> bool {
        match &self.kind {
            Kind::Everything => true,
            Kind::Name(glob) => glob.matches(name),
            Kind::Exact => *self.text == *name,
            Kind::Uri { .. } | Kind::Host(_) => false,
        }
    }

    /// Whether it covers one name only, itself.
    pub(crate) fn is_one_name(&self) -> bool {
        match &self.kind {
            Kind::Exact => true,
            Kind::Name(_) => !self.text.contains('*'),
            Kind::Everything | Kind::Uri { .. } | Kind::Host(_) => false,
        }
    }

    /// Whether it covers every subject.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.kind, Kind::Everything)
    }

    /// Whether a deny of this pattern covers all that an allow of the other could. May say no where it does.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Everything, _) => true,
            (Kind::Name(deny), Kind::Name(allow)) => deny.covers(allow.tokens()),
            (Kind::Uri { read, .. }, Kind::Uri { written, .. }) => {
                read.iter().any(|deny| deny.covers(written.tokens()))
            }
            (Kind::Exact | Kind::Name(_) | Kind::Uri { .. } | Kind::Host(_), _) => false,
        }
    }

    /// Why an allow opens hosts or schemes that it does not seem to, if it does.
    pub(crate) fn open_start(&self) -> Option<&'static str> {
        let Kind::Uri { .. } = self.kind else { return None };
        if self.text.starts_with('*') {
            return Some(
                "this pattern allows every scheme and host; start it with a scheme, or write `host:`",
            );
        }
        let authority = self.text.split_once("://")?.1.split(['/', '?', '#']).next()?;
        if authority.contains("**") {
            return Some(
                "`**` also stands for another host with a path; in a host write `*`, or write `host:`",
            );
        }
        let ends_open = authority.len() > 1 && authority.ends_with('*');
        ends_open.then_some("this pattern also allows hosts that only begin so; end the host with `/`")
    }

    /// A URI one level below what the pattern covers, where it ends in a star of one segment.
    pub(crate) fn example_below(&self) -> Option<String> {
        let Kind::Uri { .. } = self.kind else { return None };
        let start = self.text.strip_suffix("/*")?;
        Some(format!("{}/a/b", start.replace('*', "a")))
    }

    /// Whether it looks into a URI, so that a deny has to know all its spellings.
    pub(super) fn reads_uris(&self) -> bool {
        match self.kind {
            Kind::Uri { .. } | Kind::Host(_) => true,
            Kind::Everything | Kind::Exact | Kind::Name(_) => false,
        }
    }

    /// Whether an allow covers a subject.
    pub(super) fn allows(&self, subject: &str) -> bool {
        match &self.kind {
            Kind::Everything => true,
            Kind::Exact => *self.text == *subject,
            Kind::Name(glob) => glob.matches(subject),
            Kind::Uri { written, .. } => Address::plain(subject).is_some() && written.matches(subject),
            Kind::Host(host) => {
                let address = Address::plain(subject);
                address.and_then(|address| address.host()).is_some_and(|named| host.allows(&named))
            }
        }
    }

    /// Whether a deny covers a subject, in any of its spellings.
    pub(super) fn denies(&self, subject: &Subject<'_>) -> bool {
        let texts = || subject.spellings.iter().flat_map(|spellings| &spellings.texts);
        let mut hosts = subject.spellings.iter().flat_map(|spellings| &spellings.hosts);
        match &self.kind {
            Kind::Everything => true,
            Kind::Exact => *self.text == *subject.text,
            Kind::Name(glob) => glob.matches(subject.text),
            Kind::Uri { read, .. } => {
                read.iter().any(|glob| glob.matches(subject.text) || texts().any(|text| glob.matches(text)))
            }
            Kind::Host(host) => hosts.any(|named| host.denies(named)),
        }
    }
}

impl<'a> Subject<'a> {
    /// A subject, read as a URI where that is asked for.
    pub(super) fn new(text: &'a str, is_uri: bool) -> Self {
        Self { text, spellings: if is_uri { Spellings::of(text) } else { None } }
    }

    /// Whether its spellings are known.
    pub(super) fn is_readable(&self) -> bool {
        self.spellings.is_some()
    }
}

fn is_everything(text: &str) -> bool {
    text == "*" || text == "**"
}
