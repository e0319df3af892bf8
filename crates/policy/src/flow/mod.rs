//! Flows: what may follow what. Labels say what a call brought or does; a flow denies what may not come after them, or
//! asks for a call that must have come before. Nothing here remembers or knows the time: history is handed in.

mod bound;
mod denial;
mod history;
mod judge;

use std::sync::Arc;

pub(crate) use bound::BoundFlows;
pub use history::{FlowStep, History, LabelSet, SetLabel, StepState, TakenStep};

use crate::channel::Pattern;
use crate::class::Class;
use crate::input::Tool;
use crate::path::Path;
use crate::rule::RuleId;

/// The labels that a key of `labels` gives.
#[derive(Debug)]
pub(crate) struct Labelled {
    /// As it was written.
    pub(crate) key: Box<str>,
    pub(crate) selector: Selector,
    pub(crate) labels: Vec<Arc<str>>,
    pub(crate) pointer: String,
    pub(crate) offset: usize,
}

/// Which tools are meant. A class means every tool that may be of it, because labels only restrict.
#[derive(Debug)]
pub(crate) enum Selector {
    Name(Box<str>),
    Pattern(Pattern),
    Class(Class),
}

/// One entry of `flows`.
#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) id: Arc<str>,
    pub(crate) rule: RuleId,
    pub(crate) pointer: String,
    pub(crate) offset: usize,
    pub(crate) on_deny: Option<Arc<str>>,
    pub(crate) within_ms: Option<u64>,
    pub(crate) demand: FlowDemand,
}

/// What a flow wants.
#[derive(Debug)]
pub(crate) enum FlowDemand {
    /// After all of these labels no call of a tool with that one.
    After {
        labels: Vec<Arc<str>>,
        deny: Arc<str>,
        /// Whether people may agree to it all the same.
        unless_approved: bool,
    },
    /// Before each call of these tools one of another, with the same arguments.
    Needs { tool: Selector, tool_text: Box<str>, needed: Arc<str>, same: Vec<Path> },
}

impl Selector {
    pub(crate) fn matches(&self, tool: &Tool) -> bool {
        match self {
            Self::Name(name) => **name == *tool.name,
            Self::Pattern(pattern) => pattern.matches_name(&tool.name),
            Self::Class(class) => tool.classes.may_be(*class),
        }
    }
}

impl Flow {
    /// Whether calls of a tool of this name are what it needs.
    pub(crate) fn is_step(&self, tool: &str) -> bool {
        match &self.demand {
            FlowDemand::After { .. } => false,
            FlowDemand::Needs { needed, .. } => **needed == *tool,
        }
    }

    /// The arguments that have to be the same.
    pub(crate) fn same(&self) -> &[Path] {
        match &self.demand {
            FlowDemand::After { .. } => &[],
            FlowDemand::Needs { same, .. } => same,
        }
    }
}
