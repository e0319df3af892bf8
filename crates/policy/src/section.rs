//! The rules that a document states for all servers, or for one: by exact name, by pattern, by class, for all tools.
//! Every part that matches applies; which one stands first decides nothing but what a denial is called.

use std::collections::HashMap;
use std::sync::Arc;

use crate::channel::Pattern;
use crate::class::Class;
use crate::flow::Labelled;
use crate::input::Tool;
use crate::policy::{HIDE_ALL, Hidden, Rules};
use crate::rule;

/// What stands at the top of a document, or under one server.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) hide: Vec<Hidden>,
    /// In the order of the document.
    pub(crate) labels: Vec<Labelled>,
    pub(crate) all_tools: Option<Arc<Rules>>,
    /// In the order of the document; names and patterns.
    pub(crate) tools: Vec<(Box<str>, Arc<Rules>)>,
    /// The patterns among the tools, with their places.
    pub(crate) patterns: Vec<(Pattern, usize)>,
    /// By category, then by risk.
    pub(crate) classes: Vec<(Class, Arc<Rules>)>,
    pub(crate) index: HashMap<Box<str>, usize>,
    pub(crate) hide_index: HashMap<Box<str>, usize>,
}

/// Rules that apply to a tool.
pub(crate) struct Matched<'a> {
    pub(crate) rules: &'a Arc<Rules>,
    /// Whether the tool is certainly meant; otherwise its class is only plausible.
    pub(crate) is_certain: bool,
    /// Whether the part opens the tool under default deny.
    pub(crate) names: bool,
}

impl Section {
    /// Whether the key of a tool is an exact name.
    pub(crate) fn is_exact(&self, name: &str) -> bool {
        self.index.contains_key(name)
    }

    /// The rules under this exact name.
    pub(crate) fn exact(&self, name: &str) -> Option<&Rules> {
        let place = self.index.get(name).copied()?;
        self.tools.get(place).map(|(_, rules)| &**rules)
    }

    /// The place in `hide` that hides this name.
    pub(crate) fn hidden_at(&self, tool: &str) -> Option<usize> {
        let exact = self.hide_index.get(tool).into_iter().chain(self.hide_index.get(HIDE_ALL)).copied();
        let by_pattern = self.hide.iter().position(|hidden| hidden.covers(tool));
        exact.chain(by_pattern).min()
    }

    /// The parts that apply to a tool, the most particular first.
    pub(crate) fn matched<'a>(&'a self, tool: &'a Tool) -> impl Iterator<Item = Matched<'a>> {
        let exact = self.index.get(&*tool.name).copied();
        let matching = self.patterns.iter().filter(|(pattern, _)| pattern.matches_name(&tool.name));
        let by_name = exact.map(|place| (place, true)).into_iter();
        let by_name = by_name.chain(matching.map(|(_, place)| (*place, false)));
        let by_name = by_name.filter_map(|(place, is_exact)| {
            let (_, rules) = self.tools.get(place)?;
            let names = (is_exact || rules.says_allow) && !rules.is_shadow;
            Some(Matched { rules, is_certain: true, names })
        });
        let by_class = self.classes.iter().filter(|(class, _)| tool.classes.may_be(*class));
        let by_class = by_class.map(|(class, rules)| {
            let is_certain = tool.classes.is(*class);
            Matched { rules, is_certain, names: is_certain && rules.says_allow }
        });
        let all = self.all_tools.iter().map(|rules| Matched { rules, is_certain: true, names: false });
        by_name.chain(by_class).chain(all)
    }

    /// Whether a name, a pattern or a class of it means this tool.
    pub(crate) fn selects(&self, tool: &Tool) -> bool {
        self.is_exact(&tool.name)
            || self.patterns.iter().any(|(pattern, _)| pattern.matches_name(&tool.name))
            || self.classes.iter().any(|(class, _)| tool.classes.is(*class))
    }

    /// All rules with their pointers below `start`, and the exact name of the tool where there is one.
    pub(crate) fn all_rules(&self, start: &str) -> Vec<(String, Option<&str>, &Arc<Rules>)> {
        let mut found = Vec::new();
        found.extend(self.all_tools.iter().map(|rules| (rule::child(start, "all_tools"), None, rules)));
        let tools = rule::child(start, "tools");
        found.extend(self.tools.iter().map(|(name, rules)| {
            (rule::child(&tools, name), Some(&**name).filter(|name| self.is_exact(name)), rules)
        }));
        found.extend(self.classes.iter().map(|(class, rules)| {
            let (key, own) = class.keys();
            (rule::child(&rule::child(start, key), own), None, rules)
        }));
        found
    }

    /// Whether any part opens a tool of this name, or may, because of its class.
    pub(crate) fn may_name(&self, name: &str) -> bool {
        let says = |place: &usize| self.tools.get(*place).is_some_and(|(_, rules)| rules.says_allow);
        let mut patterns = self.patterns.iter().filter(|(pattern, _)| pattern.matches_name(name));
        self.index.contains_key(name)
            || patterns.any(|(_, place)| says(place))
            || self.classes.iter().any(|(_, rules)| rules.says_allow)
    }

    /// Whether any part opens a tool.
    pub(crate) fn names_any(&self) -> bool {
        let opens = |(name, rules): &(Box<str>, Arc<Rules>)| {
            rules.says_allow || (self.is_exact(name) && !rules.is_shadow)
        };
        self.tools.iter().any(opens) || self.classes.iter().any(|(_, rules)| rules.says_allow)
    }
}
