//! The policies of a grant, baseline first. All must allow.

use std::sync::Arc;

use json::{Document, Limits, Value};

use crate::bound::Bound;
use crate::class::Classes;
use crate::decision::{Decision, Denial, DenialKind};
use crate::gate::Gate;
use crate::hash::Hash;
use crate::input::Tool;
use crate::policy::Policy;
use crate::schema::Schema;
use crate::terms::Moment;

/// A tool as its server defines it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The id of the server.
    pub server: String,
    /// The tool's name, exactly.
    pub name: String,
    /// The hash of the definition.
    pub hash: Hash,
    /// The compiled input schema; nothing when it is missing or unusable, which quarantines the tool.
    pub input_schema: Option<Schema>,
    /// What the server says of the tool, an object. It can only restrict.
    pub annotations: Option<Arc<Document>>,
    /// What kind of tool it is, as far as that is known.
    pub classes: Classes,
}

impl Definition {
    /// A tool of which nothing else is known.
    #[must_use]
    pub fn new(server: String, name: String, hash: Hash, input_schema: Option<Schema>) -> Self {
        Self { server, name, hash, input_schema, annotations: None, classes: Classes::unknown() }
    }

    /// The same with what the server says of the tool.
    #[must_use]
    pub fn annotated(self, annotations: Option<Value<'_>>) -> Self {
        let scan =
            |value: Value<'_>| Document::scan(value.raw().as_bytes().to_vec(), &Limits::default()).ok();
        Self { annotations: annotations.and_then(scan).map(Arc::new), ..self }
    }

    /// The same with its classes.
    #[must_use]
    pub fn classed(self, classes: Classes) -> Self {
        Self { classes, ..self }
    }
}

/// The policies that bind a grant, in order.
#[derive(Debug, Clone)]
pub struct Stack {
    policies: Vec<Arc<Policy>>,
    enforced: Vec<Arc<Policy>>,
    shadow: Vec<Arc<Policy>>,
    hash: Hash,
}

impl Stack {
    /// Policies in the order in which they are asked. None at all deny everything, and so do none but some in shadow.
    #[must_use]
    pub fn new(policies: Vec<Arc<Policy>>) -> Self {
        let (shadow, enforced) = policies.iter().cloned().partition(|policy| policy.is_shadow());
        Self { hash: hash(&policies), policies, enforced, shadow }
    }

    /// The same as if none of them were in shadow as a whole: for tests, replays and drafts.
    #[must_use]
    pub fn enforcing(policies: Vec<Arc<Policy>>) -> Self {
        Self { hash: hash(&policies), enforced: policies.clone(), policies, shadow: Vec::new() }
    }
    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// Those of the policies that are not in shadow: what is decided depends on them alone.
    #[must_use]
    pub fn enforced(&self) -> &[Arc<Policy>] {
        &self.enforced
    }

    /// Those that are judged beside them.
    #[must_use]
    pub fn in_shadow(&self) -> &[Arc<Policy>] {
        &self.shadow
    }

    /// Names the policies and their revisions, in order.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Prepares the judgement of calls of one tool. Bind again when a policy or the definition changes.
    #[must_use]
    pub fn bind(&self, definition: &Definition) -> Bound {
        Bound::new(self, definition)
    }

    /// The decision on a name that no server lists. Always a denial.
    #[must_use]
    pub fn judge_unknown(&self, tool: &str) -> Decision {
        Decision::Deny(self.deny_unknown(tool))
    }

    /// The denial of a name that no server lists.
    #[must_use]
    pub fn deny_unknown(&self, tool: &str) -> Denial {
        self.deny_unknown_on("", tool)
    }

    /// The denial of a name that this server does not list.
    #[must_use]
    pub fn deny_unknown_on(&self, server: &str, tool: &str) -> Denial {
        let tool = Tool { server: server.into(), name: tool.into(), ..Tool::default() };
        let gate = Gate::new(&self.enforced, &tool);
        gate.denial(Moment::List(None))
            .cloned()
            .unwrap_or_else(|| Denial::fixed(crate::RuleId::UNKNOWN_TOOL, DenialKind::UnknownTool))
    }
}

/// Names the policies and their revisions, in order.
fn hash(policies: &[Arc<Policy>]) -> Hash {
    let mut content = Vec::new();
    for policy in policies {
        content.extend_from_slice(Hash::of(policy.name().as_bytes()).as_bytes());
        content.extend_from_slice(policy.revision_hash().as_bytes());
    }
    Hash::of(&content)
}
