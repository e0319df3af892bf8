//! The tools that a question is about. Without definitions: each name that a document writes, and for all other names
//! one of each sort that the documents tell apart.

mod classes;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use self::classes::Selected;
pub(crate) use self::names::{Sort, Sorts};
use super::subject::Subject;
use crate::class::Class;
use crate::condition::{Comparison, Condition};
use crate::fact::Fact;
use crate::flow::{FlowDemand, Selector};
use crate::operator::{Scalar, Test};
use crate::path::Source;
use crate::policy::{Policy, Rules};
use crate::section::Section;
use crate::stack::Stack;

/// Tools.
pub(crate) struct Universe<'a> {
    pub(crate) subjects: Vec<Subject<'a>>,
    /// What is taken for granted.
    pub(crate) assumptions: Vec<String>,
    /// Why some tools may be absent, if so: then nothing is proved of all.
    pub(crate) gave_up: Option<&'static str>,
}

/// What a server is called that no document names.
const SOME_SERVERS: [&str; 3] = ["server", "other-server", "some-server"];
/// What a tool is called that no document names.
pub(crate) const SOME_TOOLS: [&str; 3] = ["other_tool", "another_tool", "some_tool"];

/// What documents tell apart.
#[derive(Default)]
pub(crate) struct Told<'p> {
    /// Names of tools, and the servers that they are written under; the empty one stands for all.
    names: BTreeMap<String, BTreeSet<String>>,
    name_sorts: Vec<Sort<'p>>,
    servers: BTreeSet<String>,
    server_sorts: Vec<Sort<'p>>,
    classes: Selected,
    reads_dates: bool,
}

impl<'a> Universe<'a> {
    /// Of all that some stacks tell apart, or of some tools and what the documents name besides.
    pub(crate) fn of(stacks: &[&Stack], tools: Option<Vec<Subject<'a>>>) -> Self {
        let mut told = Told::default();
        stacks.iter().flat_map(|stack| stack.policies()).for_each(|policy| told.add(policy));
        Self::told(told, tools)
    }

    /// The tools of what is told apart.
    pub(crate) fn told(told: Told<'_>, tools: Option<Vec<Subject<'a>>>) -> Self {
        let mut assumptions = Vec::new();
        let has_definitions = tools.is_some();
        let mut subjects = tools.unwrap_or_default();
        if has_definitions {
            assumptions.push(
                "tools are as they are defined now; what servers add later was not looked at".to_owned(),
            );
        } else {
            assumptions
                .push("no definition of a tool is known, so a call may bring any arguments".to_owned());
        }
        if told.reads_dates {
            assumptions.push("calls are made in the years 2020 to 2059".to_owned());
        }
        let mut servers: Vec<String> = told.servers.iter().cloned().collect();
        let sorts = Sorts::of(&told.server_sorts, &told.servers, &SOME_SERVERS);
        servers.extend(sorts.names.into_iter().map(|(name, _)| name));
        let mut gave_up = sorts.gave_up.or(told.classes.gave_up());
        let known: BTreeSet<(String, String)> = subjects
            .iter()
            .map(|subject| (subject.definition.server.clone(), subject.definition.name.clone()))
            .collect();
        let is_listed = |name: &str| known.iter().any(|(_, listed)| listed == name);
        for (name, written_under) in &told.names {
            let is_everywhere = written_under.contains("");
            for server in &servers {
                let is_meant =
                    !has_definitions || (is_everywhere && !is_listed(name)) || written_under.contains(server);
                if is_meant && !known.contains(&(server.clone(), name.clone())) {
                    subjects
                        .extend(told.classes.all(|classes| Subject::named(server, name).classed(classes)));
                }
            }
        }
        if !has_definitions {
            let written: BTreeSet<String> = told.names.keys().cloned().collect();
            let sorts = Sorts::of(&told.name_sorts, &written, &SOME_TOOLS);
            gave_up = gave_up.or(sorts.gave_up);
            for server in &servers {
                for (name, what) in &sorts.names {
                    let subject = Subject::named(server, name).standing_for(what.clone());
                    subjects.extend(told.classes.all(|classes| subject.clone().classed(classes)));
                }
            }
        }
        Self { subjects, assumptions, gave_up }
    }
}

impl<'p> Told<'p> {
    /// Adds a name of a tool.
    pub(crate) fn add_name(&mut self, name: &str) {
        self.names.entry(name.to_owned()).or_default().insert(String::new());
    }

    /// Adds what tells names of tools apart.
    pub(crate) fn add_sort(&mut self, sort: Sort<'p>) {
        self.name_sorts.push(sort);
    }

    /// Adds the id of a server.
    pub(crate) fn add_server(&mut self, id: &str) {
        self.servers.insert(id.to_owned());
    }

    /// Adds what tells servers apart.
    pub(crate) fn add_server_sort(&mut self, sort: Sort<'p>) {
        self.server_sorts.push(sort);
    }

    /// Adds a class that a statement asks for.
    pub(crate) fn add_class(&mut self, class: Class) {
        self.classes.ask(class);
    }

    /// Adds what a policy tells apart.
    pub(crate) fn add(&mut self, policy: &'p Policy) {
        self.add_section("", &policy.top);
        for (server, section) in &policy.servers {
            self.servers.insert(server.to_string());
            self.add_section(server, section);
        }
        for (_, _, rules) in policy.all_rules() {
            self.add_rules(rules);
        }
        for flow in &policy.flows {
            if let FlowDemand::Needs { tool, needed, .. } = &flow.demand {
                self.add_selector("", tool);
                self.add_name(needed);
            }
        }
    }

    /// Adds what a label or a flow selects by.
    fn add_selector(&mut self, server: &str, selector: &'p Selector) {
        match selector {
            Selector::Name(name) => {
                self.names.entry(name.to_string()).or_default().insert(server.to_owned());
            }
            Selector::Pattern(pattern) => self.name_sorts.push(Sort::Pattern(pattern)),
            Selector::Class(class) => self.classes.add(*class),
        }
    }

    fn add_section(&mut self, server: &str, section: &'p Section) {
        for (name, _) in &section.tools {
            if section.is_exact(name) {
                self.names.entry(name.to_string()).or_default().insert(server.to_owned());
            }
        }
        for hidden in &section.hide {
            match &hidden.pattern {
                Some(pattern) => self.name_sorts.push(Sort::Pattern(pattern)),
                None => {
                    self.names.entry(hidden.name.to_string()).or_default().insert(server.to_owned());
                }
            }
        }
        self.name_sorts.extend(section.patterns.iter().map(|(pattern, _)| Sort::Pattern(pattern)));
        section.classes.iter().for_each(|(class, _)| self.classes.add(*class));
        section.labels.iter().for_each(|labelled| self.add_selector(server, &labelled.selector));
    }

    fn add_rules(&mut self, rules: &'p Rules) {
        let predicates =
            rules.require.iter().chain(&rules.deny_if).flat_map(|predicate| &predicate.conditions);
        let approvals = rules.approval.iter().flat_map(|approval| &approval.when);
        for comparison in predicates.chain(approvals).flat_map(Condition::comparisons) {
            self.add_comparison(comparison);
        }
    }

    /// Adds what a comparison tells apart.
    pub(crate) fn add_comparison(&mut self, comparison: &'p Comparison) {
        let texts: Vec<&str> = match &comparison.check.test {
            Test::Equals(Scalar::String(text)) => vec![text],
            Test::OneOf(set) => set.strings().collect(),
            Test::Equals(Scalar::Number(_) | Scalar::Bool(_))
            | Test::Order { .. }
            | Test::Present(_)
            | Test::Matches { .. }
            | Test::Contains(_)
            | Test::Affix { .. }
            | Test::HostIn(_)
            | Test::InNetwork(_)
            | Test::Under(_)
            | Test::Length { .. }
            | Test::Types(_)
            | Test::Quantified(_)
            | Test::SameAs(_)
            | Test::Within(_) => Vec::new(),
        };
        match comparison.path.source() {
            Source::Fact(Fact::ToolName) if texts.is_empty() => {
                self.name_sorts.push(Sort::Check(&comparison.check))
            }
            Source::Fact(Fact::ToolName) => texts.into_iter().for_each(|text| self.add_name(text)),
            Source::Fact(Fact::ServerId) if texts.is_empty() => {
                self.server_sorts.push(Sort::Check(&comparison.check))
            }
            Source::Fact(Fact::ServerId) => self.servers.extend(texts.into_iter().map(str::to_owned)),
            Source::Fact(Fact::Date) => self.reads_dates = true,
            Source::Fact(Fact::GrantId | Fact::GrantLabels | Fact::Hour | Fact::Minute | Fact::Weekday)
            | Source::Args
            | Source::Input
            | Source::Annotations => {}
        }
    }
}
