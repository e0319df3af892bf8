//! A loaded policy: the document as the evaluator reads it.
//! Everything here was checked by the loader; nothing here decides.

use std::sync::Arc;

use crate::approval::Approval;
use crate::channel::{Channels, Pattern};
use crate::condition::Condition;
use crate::cost::Cost;
use crate::datum::Numbers;
use crate::diagnostic::Diagnostic;
use crate::example::Example;
use crate::flow::Flow;
use crate::hash::Hash;
use crate::input::Tool;
use crate::limit::{LimitSpec, Release};
use crate::path::Path;
use crate::rule::{self, RuleId};
use crate::section::{Matched, Section};
use crate::terms::{Expiry, Reveal};

/// Allow or deny, where nothing more is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Open.
    Allow,
    /// Closed.
    Deny,
}

/// A policy document that loaded without an error.
#[derive(Debug)]
pub struct Policy {
    pub(crate) name: Arc<str>,
    pub(crate) default: Effect,
    /// Whether it is judged beside the enforced ones and never enforced.
    pub(crate) is_shadow: bool,
    /// What denials tell.
    pub(crate) reveal: Option<Reveal>,
    pub(crate) top: Section,
    /// What holds on one server besides, by its id.
    pub(crate) servers: Vec<(Box<str>, Section)>,
    /// What is said of the channels besides tool calls.
    pub(crate) channels: Channels,
    /// What may follow what, in the order of the document.
    pub(crate) flows: Vec<Arc<Flow>>,
    /// The document's own tests.
    pub(crate) examples: Vec<Example>,
    pub(crate) hash: Hash,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// One entry of `hide`.
#[derive(Debug)]
pub(crate) struct Hidden {
    pub(crate) name: Box<str>,
    /// Nothing where it is an exact name.
    pub(crate) pattern: Option<Pattern>,
    pub(crate) offset: usize,
}

/// The rules of one tool, or of all. Offsets are into the text of the document, for warnings.
/// Whatever stands in shadow is in `shadow` alone, so that nothing that reads the rest can enforce it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) offset: usize,
    pub(crate) require: Vec<Predicate>,
    pub(crate) deny_if: Vec<Predicate>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) approval: Option<Approval>,
    pub(crate) arguments: ArgumentRules,
    /// Whether `"action": "allow"` says that the name is meant to open the tool.
    pub(crate) says_allow: bool,
    /// What is stated of limits about calls that were never sent.
    pub(crate) release: Option<Release>,
    /// Where it stands.
    pub(crate) pointer: Box<str>,
    /// When it no longer opens anything. Its restrictions know themselves when they end.
    pub(crate) expiry: Option<Expiry>,
    /// What denials tell.
    pub(crate) reveal: Option<Reveal>,
    /// Whether all of it stands in shadow, so that it does not even name its tool.
    pub(crate) is_shadow: bool,
    /// What stands in shadow.
    pub(crate) shadow: Option<Arc<Rules>>,
}

/// One entry of `require` or `deny_if`, or an explicit deny, which is a `deny_if` without conditions.
#[derive(Debug)]
pub(crate) struct Predicate {
    pub(crate) rule: RuleId,
    pub(crate) pointer: String,
    pub(crate) offset: usize,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) on_deny: Option<Arc<str>>,
    /// When it no longer holds, in milliseconds of Unix time.
    pub(crate) ends_ms: Option<u64>,
}

/// One limit, and where its amount comes from.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) offset: usize,
    pub(crate) spec: Arc<LimitSpec>,
    pub(crate) cost: Cost,
    /// The arguments whose values count apart, in the order of the scope.
    pub(crate) keyed_by: Box<[Path]>,
    /// When it no longer holds, in milliseconds of Unix time.
    pub(crate) ends_ms: Option<u64>,
}

/// What one part states about arguments; nothing where it says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ArgumentRules {
    /// Whether they are checked against the schema.
    pub(crate) check: Option<bool>,
    /// Whether undeclared ones are refused.
    pub(crate) deny_unknown: Option<bool>,
    /// Whether strings are mended.
    pub(crate) repair: Option<bool>,
    /// Which numbers rules may read.
    pub(crate) numbers: Option<Numbers>,
}

impl Policy {
    /// The name under which it was loaded.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The hash of the normalised content: equal for documents that say the same in other words.
    #[must_use]
    pub const fn revision_hash(&self) -> Hash {
        self.hash
    }

    /// What happens to a tool that nothing names.
    #[must_use]
    pub const fn default(&self) -> Effect {
        self.default
    }

    /// Whether it is judged beside the enforced ones and never enforced.
    #[must_use]
    pub const fn is_shadow(&self) -> bool {
        self.is_shadow
    }

    /// What is probably not meant, in the order of the document.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The tools that the document names exactly, in its order.
    pub fn tool_names(&self) -> impl Iterator<Item = &str> {
        let sections = [&self.top].into_iter().chain(self.servers.iter().map(|(_, section)| section));
        sections.flat_map(|section| {
            section.tools.iter().map(|(name, _)| &**name).filter(|name| section.is_exact(name))
        })
    }

    /// The sections that hold on a server, with their pointers.
    fn sections(&self, server: &str) -> impl Iterator<Item = (String, &Section)> {
        let own = self.servers.iter().find(|(id, _)| **id == *server);
        let own = own.map(|(id, section)| (rule::child("/servers", id), section));
        [(String::new(), &self.top)].into_iter().chain(own)
    }

    /// All sections, with their pointers.
    pub(crate) fn all_sections(&self) -> impl Iterator<Item = (String, &Section)> {
        let servers = self.servers.iter().map(|(id, section)| (rule::child("/servers", id), section));
        [(String::new(), &self.top)].into_iter().chain(servers)
    }

    /// All rules of tools, with their pointers and the exact name of the tool where there is one.
    pub(crate) fn all_rules(&self) -> impl Iterator<Item = (String, Option<&str>, &Arc<Rules>)> {
        self.all_sections().flat_map(|(pointer, section)| section.all_rules(&pointer))
    }

    /// The place that hides this tool.
    pub(crate) fn hidden_at(&self, tool: &Tool) -> Option<String> {
        let mut sections = self.sections(&tool.server);
        sections.find_map(|(pointer, section)| {
            section.hidden_at(&tool.name).map(|index| format!("{pointer}/hide/{index}"))
        })
    }

    /// Until when the default does not apply to this tool.
    pub(crate) fn names(&self, tool: &Tool) -> Named {
        let naming = self.matched(tool).filter(|part| part.names);
        naming.map(|part| part.rules.named()).max().unwrap_or(Named::Never)
    }

    /// The place of the first part that names this tool.
    pub(crate) fn named_at(&self, tool: &Tool) -> Option<String> {
        let naming = self.matched(tool).find(|part| part.names)?;
        self.all_rules().find(|(_, _, rules)| Arc::ptr_eq(rules, naming.rules)).map(|(pointer, ..)| pointer)
    }

    /// Whether a part that is not for all tools applies to this one.
    pub(crate) fn selects(&self, tool: &Tool) -> bool {
        let own = self.servers.iter().find(|(id, _)| **id == *tool.server).map(|(_, section)| section);
        [&self.top].into_iter().chain(own).any(|section| section.selects(tool))
    }

    /// The labels that calls of a tool set, each once.
    pub(crate) fn labels_of(&self, tool: &Tool) -> Vec<&Arc<str>> {
        let own = self.servers.iter().find(|(id, _)| **id == *tool.server).map(|(_, section)| section);
        let stated = [&self.top].into_iter().chain(own).flat_map(|section| &section.labels);
        let mut labels = Vec::new();
        for label in stated.filter(|stated| stated.selector.matches(tool)).flat_map(|stated| &stated.labels) {
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    /// Whether any rule of a channel or method allows.
    pub(crate) fn opens_channels(&self) -> bool {
        self.channels.rules().any(|rule| rule.allows())
    }

    /// The parts that apply to a tool: what is said of all servers, then what is said of its own.
    pub(crate) fn matched<'a>(&'a self, tool: &'a Tool) -> impl Iterator<Item = Matched<'a>> {
        let own = self.servers.iter().find(|(id, _)| **id == *tool.server).map(|(_, section)| section);
        [&self.top].into_iter().chain(own).flat_map(|section| section.matched(tool))
    }
}

/// Until when a document names a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Named {
    /// It does not.
    Never,
    /// Up to this time, in milliseconds of Unix time.
    Until(u64),
    /// For ever.
    Always,
}

impl Rules {
    /// Until when the part names what it names.
    pub(crate) fn named(&self) -> Named {
        self.expiry.map_or(Named::Always, |expiry| Named::Until(expiry.at_ms))
    }

    /// When its restrictions end, where they do.
    pub(crate) fn relaxes_ms(&self) -> Option<u64> {
        self.expiry.filter(|expiry| expiry.relaxes).map(|expiry| expiry.at_ms)
    }
}

/// The pattern of `hide` that covers every name, also those that no tool has.
pub(crate) const HIDE_ALL: &str = "*";

impl Hidden {
    /// Whether it is a pattern that covers this name.
    pub(crate) fn covers(&self, tool: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.matches_name(tool))
    }

    /// Whether it is the pattern that hides every name.
    pub(crate) fn hides_all(&self) -> bool {
        &*self.name == HIDE_ALL
    }
}

impl Predicate {
    /// Whether it denies every call, which makes it an explicit deny where it stands in `deny_if`.
    pub(crate) fn is_unconditional(&self) -> bool {
        self.conditions.is_empty()
    }
}

impl ArgumentRules {
    /// What of it is stricter than the defaults: what a part may state of a tool that it only plausibly means.
    pub(crate) fn restricting(self) -> Self {
        Self {
            check: self.check.filter(|checks| *checks),
            deny_unknown: self.deny_unknown.filter(|denies| *denies),
            repair: self.repair.filter(|repairs| !repairs),
            numbers: self.numbers.filter(|numbers| *numbers == Numbers::Double),
        }
    }

    /// Both statements together: the strictest stated value holds.
    pub(crate) fn strictest(self, other: Self) -> Self {
        Self {
            check: either(self.check, other.check, |one, two| one || two),
            deny_unknown: either(self.deny_unknown, other.deny_unknown, |one, two| one || two),
            repair: either(self.repair, other.repair, |one, two| one && two),
            numbers: either(self.numbers, other.numbers, Numbers::strictest),
        }
    }
}

fn either<T>(one: Option<T>, two: Option<T>, both: impl Fn(T, T) -> T) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(both(one, two)),
        (stated, None) | (None, stated) => stated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_stated_value_holds() {
        let stated =
            |check, deny_unknown, repair| ArgumentRules { check, deny_unknown, repair, numbers: None };
        let lax = stated(Some(false), Some(false), Some(true));
        let strict = stated(Some(true), Some(true), Some(false));
        let silent = ArgumentRules::default();
        assert_eq!(lax.strictest(strict), strict);
        assert_eq!(strict.strictest(lax), strict);
        assert_eq!(silent.strictest(lax), lax);
        assert_eq!(lax.strictest(silent), lax);
        assert_eq!(silent.strictest(silent), silent);
    }
}
