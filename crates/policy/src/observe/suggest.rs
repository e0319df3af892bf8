//! The tightest document that allows what was seen: names, conditions, limits, and the reasons for each.
//! Must never say more than was seen: under a least number of calls a tool is named and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use json::{Document, Limits};

use super::denied::Kept;
use super::leaf::quoted;
use super::narrow::Narrowed;
use super::pace::WINDOWS;
use super::seen::{Observed, Seen};
use super::write::{self, Draft, Rules};
use crate::decision::Facts;
use crate::diagnostic::Diagnostic;
use crate::gap;
use crate::hash::Hash;
use crate::policy::Policy;
use crate::rule::child;
use crate::schema::Schema;
use crate::stack::{Definition, Stack};
use crate::{load, normalise};

/// Tests of one tool that are made of what was seen.
const MAX_TESTS: usize = 2;

/// What a suggestion is made for.
#[derive(Debug)]
pub struct Suggesting<'a> {
    /// The name of the policy.
    pub name: &'a str,
    /// Fewer calls of a tool, or values of an argument, support no narrowing.
    pub min_calls: u64,
    /// Whether calls that were seen become tests, where all their values stand in the document anyway.
    pub with_tests: bool,
    /// Rules that are to be left out: the server, the tool, and the argument or counter.
    pub without: &'a BTreeSet<(String, String, String)>,
}

/// A document and its reasons.
#[derive(Debug)]
pub struct Suggestion {
    /// The document, indented.
    pub document: String,
    /// The same, loaded.
    pub policy: Arc<Policy>,
    /// Why each tool is named, and each rule stated.
    pub reasons: Vec<Reason>,
    /// What could not be said.
    pub notes: Vec<String>,
}

/// Why a part of the document is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Where the part stands.
    pub pointer: String,
    /// The id of the rule, where it is one.
    pub rule: String,
    /// The server.
    pub server: String,
    /// The tool.
    pub tool: String,
    /// The argument or counter; empty for the tool itself.
    pub subject: String,
    /// What was seen.
    pub text: String,
}

/// Makes a document of what was seen.
///
/// # Errors
/// What is wrong with it, which would be a mistake of this program or a name that no document can hold.
pub fn suggest(observed: &Observed, wanted: &Suggesting<'_>) -> Result<Suggestion, Vec<Diagnostic>> {
    let used = || observed.tools.iter().filter(|(_, seen)| seen.n_allowed > 0);
    let mut made = Made::default();
    for ((server, tool), seen) in used() {
        made.begin((server, tool), seen);
        made.narrow((server, tool), seen, wanted);
        made.pace((server, tool), seen, wanted);
    }
    let stack = Stack::new(vec![Arc::new(load(wanted.name, made.text(&[]).into_bytes())?)]);
    for ((server, tool), seen) in used() {
        made.keep_denied((server, tool), seen, &stack, wanted);
    }
    let tests: Vec<String> = match wanted.with_tests {
        true => used().flat_map(|((server, tool), seen)| made.tests((server, tool), seen)).collect(),
        false => Vec::new(),
    };
    let text = made.text(&tests).into_bytes();
    let document = match Document::scan(text.clone(), &Limits::default()) {
        Ok(document) => normalise::indented(document.root()),
        Err(_) => String::from_utf8_lossy(&text).into_owned(),
    };
    let policy = Arc::new(load(wanted.name, document.clone().into_bytes())?);
    made.place(&policy);
    Ok(Suggestion { document, policy, reasons: made.reasons, notes: made.notes })
}

/// A document that is being made.
#[derive(Default)]
struct Made {
    draft: Draft,
    reasons: Vec<Reason>,
    notes: Vec<String>,
    /// For each tool the arguments all of whose values stand in the document.
    listed: BTreeMap<(String, String), BTreeSet<String>>,
}

type Tool<'a> = (&'a String, &'a String);

impl Made {
    fn text(&self, tests: &[String]) -> String {
        write::document(&self.draft, tests)
    }

    fn rules(&mut self, (server, tool): Tool<'_>) -> &mut Rules {
        self.draft.entry(server.clone()).or_default().entry(tool.clone()).or_default()
    }

    fn reason(&mut self, (server, tool): Tool<'_>, list: &str, subject: &str, text: String) {
        let (server, tool, subject) = (server.clone(), tool.clone(), subject.to_owned());
        self.reasons.push(Reason {
            pointer: list.to_owned(),
            rule: String::new(),
            server,
            tool,
            subject,
            text,
        });
    }

    fn begin(&mut self, of: Tool<'_>, seen: &Seen) {
        self.rules(of);
        self.reason(of, "", "", seen.summary());
    }

    /// A requirement for each argument whose values have something in common.
    fn narrow(&mut self, of: Tool<'_>, seen: &Seen, wanted: &Suggesting<'_>) {
        let (server, tool) = of;
        if seen.n_without_values > 0 {
            self.notes.push(format!(
                "{server}/{tool}: values were not kept of every call, so arguments are left open"
            ));
            return;
        }
        if seen.n_allowed < wanted.min_calls {
            let few = format!("{server}/{tool}: {} only, so arguments and rates are left open", seen.times());
            self.notes.push(few);
            return;
        }
        let mut paths: Vec<&String> = seen.leaves.keys().filter(|path| is_readable(seen, path)).collect();
        paths.sort();
        for path in paths {
            let key = (server.clone(), tool.clone(), path.clone());
            let leaf = seen.leaves.get(path).filter(|leaf| leaf.n_values >= wanted.min_calls);
            if let Some(narrowed) =
                leaf.filter(|_| !wanted.without.contains(&key)).and_then(|leaf| leaf.narrow())
            {
                self.require(of, seen, path, &narrowed);
            }
        }
    }

    fn require(&mut self, of: Tool<'_>, seen: &Seen, path: &str, narrowed: &Narrowed) {
        let list = path.strip_suffix("[*]").unwrap_or(path);
        let n_calls = seen.leaves.get(list).map_or(0, |leaf| leaf.n_calls);
        let is_always_there = n_calls == seen.n_allowed;
        self.rules(of).require.push(write::requirement(path, narrowed, is_always_there));
        if narrowed.is_listed {
            self.listed.entry((of.0.clone(), of.1.clone())).or_default().insert(path.to_owned());
        }
        let there = if is_always_there {
            String::new()
        } else {
            format!(", in {n_calls} of {} calls", seen.n_allowed)
        };
        let elements = if path.ends_with("[*]") { "each element was " } else { "" };
        self.reason(of, "require", path, format!("{elements}{}{there}", narrowed.reason));
    }

    /// Limits of twice the most that was seen.
    fn pace(&mut self, of: Tool<'_>, seen: &Seen, wanted: &Suggesting<'_>) {
        if seen.n_allowed < wanted.min_calls {
            return;
        }
        for window in WINDOWS {
            let Some(most) = seen.most(window) else { continue };
            let (name, max) = (window.name, most.saturating_mul(2).max(2));
            let counter = format!("{}_per_{name}", of.1);
            if wanted.without.contains(&(of.0.clone(), of.1.clone(), counter.clone())) {
                continue;
            }
            let counter_text = quoted(&counter);
            self.rules(of).limits.push(format!(
                "{{\"counter\": {counter_text}, \"window\": \"{name}\", \"max\": {max}, \"scope\": \"grant\"}}"
            ));
            let text = format!("at most {most} in a {name} from one grant; the limit is twice that");
            self.reason(of, "limits", &counter, text);
        }
    }

    /// Denials of what only denied calls had.
    fn keep_denied(&mut self, of: Tool<'_>, seen: &Seen, stack: &Stack, wanted: &Suggesting<'_>) {
        let (server, tool) = of;
        let Some(definition) = open_definition(server, tool) else { return };
        let now_ms = seen.span().map_or(0, |(first, _)| first);
        let facts = Facts::new("", server, tool).at(now_ms).labelled(&[]);
        let kept: Kept = seen.keep_denied(&stack.bind(&definition), &facts);
        for (path, rule, text) in kept.rules() {
            if !wanted.without.contains(&(server.clone(), tool.clone(), path.clone())) {
                self.rules(of).deny_if.push(rule);
                self.reason(of, "deny_if", &path, text);
            }
        }
        let n_open = kept.n_open + seen.n_denied_forgotten;
        if n_open > 0 {
            self.notes.push(format!(
                "{server}/{tool}: of {n_open} denied calls nothing tells them from allowed ones; keep the policy that \
                 denied them beside this one"
            ));
        }
    }

    /// Calls that were seen, where their values stand in the document anyway.
    fn tests(&self, of: Tool<'_>, seen: &Seen) -> Vec<String> {
        let (server, tool) = of;
        let none = BTreeSet::new();
        let listed = self.listed.get(&(server.clone(), tool.clone())).unwrap_or(&none);
        let is_plain = |text: &&String| {
            let call = Document::scan(text.as_bytes().to_vec(), &Limits::default());
            call.is_ok_and(|call| {
                call.root().members().all(|member| {
                    member.value.as_bool().is_some()
                        || member.value.is_number()
                        || listed.contains(&*member.key.as_cow())
                })
            })
        };
        let (server, tool) = (quoted(server), quoted(tool));
        let test = |text: &String| {
            format!(
                "{{\"call\": {{\"server\": {server}, \"tool\": {tool}, \"arguments\": {text}}}, \"expect\": \"allow\"}}"
            )
        };
        seen.samples.iter().filter(is_plain).take(MAX_TESTS).map(test).collect()
    }

    /// Gives each reason the place of its part, and the id of its rule.
    fn place(&mut self, policy: &Policy) {
        let is_of_one = write::is_of_one(&self.draft);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for reason in &mut self.reasons {
            let start = if is_of_one { String::new() } else { child("/servers", &reason.server) };
            let own = child(&format!("{start}/tools"), &reason.tool);
            if reason.pointer.is_empty() {
                reason.pointer = own;
                continue;
            }
            let list = child(&own, &reason.pointer);
            let index = counts.entry(list.clone()).or_default();
            reason.pointer = format!("{list}/{index}");
            *index += 1;
            reason.rule = rule_at(policy, &own, &reason.pointer);
        }
    }
}

/// The id of the rule at a place.
fn rule_at(policy: &Policy, tool: &str, pointer: &str) -> String {
    let found = policy.all_rules().find(|(own, _, _)| own == tool);
    let rules = found.map(|(_, _, rules)| rules);
    let predicates = rules.iter().flat_map(|rules| rules.require.iter().chain(&rules.deny_if));
    let mut all = predicates.map(|predicate| (&predicate.pointer, &predicate.rule));
    let limits =
        rules.iter().flat_map(|rules| &rules.limits).map(|limit| (&limit.spec.pointer, &limit.spec.rule));
    let is_there = |(at, _): &(&String, _)| *at == pointer;
    let found = all.find(is_there).or_else(|| limits.clone().find(is_there));
    found.map(|(_, rule)| rule.to_string()).unwrap_or_default()
}

/// Whether a path leads to the values that were seen under it in every call, and to nothing else.
pub(super) fn is_readable(seen: &Seen, path: &str) -> bool {
    let list = path.strip_suffix("[*]").unwrap_or(path);
    let names: Vec<Box<str>> = list.split('.').map(Box::from).collect();
    let is_one = |path: &str| {
        let is_like = |other: &&String| other.to_lowercase() == path.to_lowercase();
        seen.leaves.keys().filter(is_like).count() == 1
    };
    let parents =
        path.char_indices().filter(|(_, letter)| *letter == '.').filter_map(|(at, _)| path.get(..at));
    let is = |path: &str, kind: &str| {
        seen.leaves.get(path).is_some_and(|leaf| leaf.kinds.only() == Some(kind) && !leaf.is_spoiled)
    };
    seen.is_whole()
        && is_one(path)
        && seen.leaves.get(path).is_some_and(|leaf| !leaf.is_spoiled)
        && parents.into_iter().all(|parent| is(parent, "object") && is_one(parent))
        && (list == path || (is(list, "array") && is_one(list)))
        && !seen.gaps.iter().any(|gap| gap::meets(gap, &names, None))
}

/// A tool that takes any object: what the schema refuses needs no rule.
fn open_definition(server: &str, tool: &str) -> Option<Definition> {
    let open = Document::scan(b"{\"type\": \"object\"}".to_vec(), &Limits::default()).ok()?;
    let schema = Schema::compile(open.root()).ok();
    Some(Definition::new(server.to_owned(), tool.to_owned(), Hash::of(b"seen"), schema))
}

impl Seen {
    /// "seen 214 times".
    fn times(&self) -> String {
        if self.n_allowed == 1 { "seen once".to_owned() } else { format!("seen {} times", self.n_allowed) }
    }

    /// "seen 214 times from 3 grants, 14 Nov to 20 Nov".
    fn summary(&self) -> String {
        let grants = match self.n_grants() {
            1 => "1 grant".to_owned(),
            many => format!("{many} grants"),
        };
        let days = self.span().and_then(|(first, last)| Some((day(first)?, day(last)?)));
        let days =
            days.map(
                |(first, last)| {
                    if first == last { format!(", {first}") } else { format!(", {first} to {last}") }
                },
            );
        format!("{} from {grants}{}", self.times(), days.unwrap_or_default())
    }
}

/// "14 Nov".
fn day(ms: u64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).strftime("%-d %b").to_string())
}
