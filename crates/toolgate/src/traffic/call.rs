//! One call that was made once, and what is known of it.
//! Must never print its values: `Debug` leaves them out.

use std::fmt;

use json::{Document, Value};
use policy::{Arguments, Facts, Foreseen};

/// A call.
pub struct Call {
    /// Its place where it was kept: a record's number, or a line.
    pub number: u64,
    /// Its id, where it has one.
    pub id: String,
    /// When it was judged, in milliseconds of Unix time.
    pub time_ms: Option<u64>,
    /// Whose it was.
    pub grant: String,
    /// The grant's labels, where they were kept.
    pub labels: Option<Vec<String>>,
    /// The server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The hash of the definition that it was judged by; empty where that is not known.
    pub definition: String,
    /// What was decided, where that was kept.
    pub was: Option<Was>,
    /// Its arguments, as far as they were kept.
    pub given: Given,
}

/// What was decided of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Was {
    /// Whether it was allowed.
    pub allowed: bool,
    /// The rule that denied it.
    pub rule: String,
}

/// Arguments, as far as they were kept.
pub enum Given {
    /// The whole arguments.
    Whole(Known),
    /// The arguments without some values, at these JSON Pointers.
    Without(Known, Vec<String>),
    /// The names of declared ones.
    Keys {
        /// The names.
        names: Vec<String>,
        /// Whether there were others.
        has_others: bool,
        /// Whether strings among them were mended, so that they did not fit as they came.
        mended: bool,
    },
    /// Nothing of them.
    Unknown,
}

/// A text of which a value is the arguments.
pub struct Known {
    document: Document,
    /// The member that they are; else they are the whole.
    member: Option<&'static str>,
}

impl Known {
    /// A document that is the arguments.
    #[must_use]
    pub const fn whole(document: Document) -> Self {
        Self { document, member: None }
    }

    /// A document of which a member is the arguments; without it there are none.
    #[must_use]
    pub const fn member(document: Document, member: &'static str) -> Self {
        Self { document, member: Some(member) }
    }

    /// The arguments.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        match self.member {
            Some(member) => self.document.root().get(member),
            None => Some(self.document.root()),
        }
    }
}

impl Call {
    /// What policies are told of it besides its arguments.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let facts = Facts::new(&self.grant, &self.server, &self.tool);
        Facts { labels: self.labels.as_deref(), now_ms: self.time_ms, ..facts }
    }

    /// Its arguments, where any value of them was kept.
    #[must_use]
    pub fn arguments(&self) -> Option<Value<'_>> {
        match &self.given {
            Given::Whole(known) | Given::Without(known, _) => known.value(),
            Given::Keys { .. } | Given::Unknown => None,
        }
    }

    /// Whether nothing of its arguments is missing.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        matches!(self.given, Given::Whole(_))
    }

    /// Hands its arguments on as far as they are known; `fits` says whether those that are not all known fit.
    pub fn foreseen<T>(&self, fits: bool, then: impl FnOnce(Foreseen<'_>) -> T) -> T {
        match &self.given {
            Given::Whole(known) => {
                then(Foreseen::Known(known.value().map_or(Arguments::Absent, Arguments::Known)))
            }
            Given::Without(known, gaps) => match known.value() {
                Some(arguments) if arguments.is_object() => then(Foreseen::Partly { arguments, gaps, fits }),
                Some(_) | None => then(Foreseen::Unknown),
            },
            Given::Keys { names, has_others, .. } => {
                let present: Vec<&str> = names.iter().map(String::as_str).collect();
                then(Foreseen::Keys { present: &present, has_others: *has_others, fits })
            }
            Given::Unknown => then(Foreseen::Unknown),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("number", &self.number)
            .field("id", &self.id)
            .field("server", &self.server)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}
