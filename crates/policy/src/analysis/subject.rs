//! A tool that a question is about: as its server defines it, or only named by a document, when calls may bring
//! anything.

use json::{Document, Limits, Value};

use crate::bound::Bound;
use crate::class::Classes;
use crate::hash::Hash;
use crate::schema::Schema;
use crate::stack::{Definition, Stack};

/// A tool.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub(crate) definition: Definition,
    /// Its definition as the server listed it.
    pub(crate) entry: Option<Value<'a>>,
    /// Whether it stands for all names that no document tells apart.
    pub(crate) stands_for: Option<String>,
}

impl<'a> Subject<'a> {
    /// A tool with its definition. `entry` is the object in which the server listed it.
    #[must_use]
    pub const fn known(definition: Definition, entry: Value<'a>) -> Self {
        Self { definition, entry: Some(entry), stands_for: None }
    }

    /// A tool of which only the name is known.
    #[must_use]
    pub fn named(server: &str, name: &str) -> Self {
        let schema = Document::scan(b"{}".to_vec(), &Limits::default()).ok();
        let schema = schema.and_then(|document| Schema::compile(document.root()).ok());
        let hash = Hash::of(name.as_bytes());
        let definition = Definition::new(server.to_owned(), name.to_owned(), hash, schema);
        Self { definition, entry: None, stands_for: None }
    }

    /// What policies bind to.
    #[must_use]
    pub fn definition(&self) -> Definition {
        self.definition.clone()
    }

    /// The same with its classes.
    #[must_use]
    pub(crate) fn classed(mut self, classes: Classes) -> Self {
        self.definition.classes = classes;
        self
    }

    pub(crate) fn standing_for(mut self, what: String) -> Self {
        self.stands_for = Some(what);
        self
    }

    /// Whether its definition is known.
    pub(crate) const fn is_known(&self) -> bool {
        self.entry.is_some()
    }

    /// Its input schema as text.
    pub(crate) fn schema(&self) -> Option<Value<'a>> {
        self.entry?.get("inputSchema")
    }

    pub(crate) fn bind(&self, stack: &Stack) -> Bound {
        stack.bind(&self.definition)
    }
}
