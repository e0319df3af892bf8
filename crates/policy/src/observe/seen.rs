//! Everything that was seen of calls, by tool.
//! Must never grow with the number of calls but for their times.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use json::{Kind, Value};

use super::leaf::Leaf;

/// Arguments of a tool that are looked at; of further ones nothing is said.
const MAX_LEAVES: usize = 300;
/// Depth to which objects are looked into.
const MAX_DEPTH: usize = 4;
/// Denied calls of a tool that are remembered.
const MAX_DENIED: usize = 500;
/// Calls of a tool that are remembered as they were, to become tests.
const MAX_SAMPLES: usize = 20;

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// The server.
    pub server: &'a str,
    /// The tool.
    pub tool: &'a str,
    /// The grant.
    pub grant: &'a str,
    /// When it was made, in milliseconds of Unix time.
    pub time_ms: Option<u64>,
    /// Its arguments, an object; nothing where they are not known.
    pub arguments: Option<Value<'a>>,
    /// JSON Pointers to what of them is not known.
    pub gaps: &'a [String],
}

/// What was seen of calls.
#[derive(Debug, Default)]
pub struct Observed {
    /// By server and tool.
    pub(super) tools: BTreeMap<(String, String), Seen>,
}

/// What was seen of the calls of one tool.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) n_allowed: u64,
    /// Allowed calls of which no value is known.
    pub(super) n_without_values: u64,
    pub(super) times: BTreeMap<String, Vec<u64>>,
    pub(super) n_without_time: u64,
    /// By path below `args.`; a list's elements below its path and `[*]`.
    pub(super) leaves: HashMap<String, Leaf>,
    pub(super) gaps: BTreeSet<String>,
    pub(super) samples: BTreeSet<String>,
    /// Denied calls whose arguments are known.
    pub(super) denied: BTreeSet<String>,
    pub(super) n_denied: u64,
    /// Denied calls that were not remembered.
    pub(super) n_denied_forgotten: u64,
}

impl Observed {
    /// Notes a call that was allowed.
    pub fn note_allowed(&mut self, call: &Observation<'_>) {
        let seen = self.seen(call);
        seen.n_allowed += 1;
        seen.note_time(call);
        match call.arguments {
            Some(arguments) => {
                seen.gaps.extend(call.gaps.iter().cloned());
                seen.note_members("", arguments, 0);
                if call.gaps.is_empty() && seen.samples.len() < MAX_SAMPLES {
                    seen.samples.insert(canonical(arguments));
                }
            }
            None => seen.n_without_values += 1,
        }
    }

    /// Notes a call that was denied, for another reason than that a limit was full.
    pub fn note_denied(&mut self, call: &Observation<'_>) {
        let seen = self.seen(call);
        seen.n_denied += 1;
        match call.arguments.filter(|_| call.gaps.is_empty() && seen.denied.len() < MAX_DENIED) {
            Some(arguments) => {
                seen.denied.insert(canonical(arguments));
            }
            None => seen.n_denied_forgotten += 1,
        }
    }

    /// Allowed calls.
    #[must_use]
    pub fn n_allowed(&self) -> u64 {
        self.tools.values().map(|seen| seen.n_allowed).sum()
    }

    /// Denied calls.
    #[must_use]
    pub fn n_denied(&self) -> u64 {
        self.tools.values().map(|seen| seen.n_denied).sum()
    }

    /// The servers and tools of which an allowed call was seen, with the number of those calls.
    pub fn used(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let used = self.tools.iter().filter(|(_, seen)| seen.n_allowed > 0);
        used.map(|((server, tool), seen)| (server.as_str(), tool.as_str(), seen.n_allowed))
    }

    /// Forgets the tools for which this does not hold.
    pub fn retain(&mut self, keeps: impl Fn(&str, &str) -> bool) {
        self.tools.retain(|(server, tool), _| keeps(server, tool));
    }

    fn seen(&mut self, call: &Observation<'_>) -> &mut Seen {
        self.tools.entry((call.server.to_owned(), call.tool.to_owned())).or_default()
    }
}

impl Seen {
    fn note_time(&mut self, call: &Observation<'_>) {
        let times = match self.times.get_mut(call.grant) {
            Some(times) => times,
            None => self.times.entry(call.grant.to_owned()).or_default(),
        };
        match call.time_ms {
            Some(time_ms) => times.push(time_ms),
            None => self.n_without_time += 1,
        }
    }

    /// Notes the members of an object at a path.
    fn note_members(&mut self, path: &str, object: Value<'_>, depth: usize) {
        for member in object.members().filter(|member| !member.value.is_null()) {
            let name = member.key.as_cow();
            if name.is_empty() || name.contains(['.', '[', ']']) {
                self.spoil(path, &name);
                continue;
            }
            let path = if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") };
            self.note_value(&path, member.value, depth);
        }
    }

    fn note_value(&mut self, path: &str, value: Value<'_>, depth: usize) {
        let Some(leaf) = self.leaf(path) else { return };
        leaf.n_calls += 1;
        leaf.note(value);
        match value.kind() {
            Kind::Object if depth < MAX_DEPTH => self.note_members(path, value, depth + 1),
            Kind::Array => self.note_elements(path, value),
            Kind::Object | Kind::Null | Kind::Bool | Kind::Number | Kind::String => {}
        }
    }

    fn note_elements(&mut self, path: &str, list: Value<'_>) {
        let Some(leaf) = self.leaf(&format!("{path}[*]")) else { return };
        leaf.n_calls += 1;
        for element in list.elements() {
            leaf.is_spoiled |= element.is_null();
            leaf.note(element);
        }
    }

    fn leaf(&mut self, path: &str) -> Option<&mut Leaf> {
        if !self.leaves.contains_key(path) {
            if self.leaves.len() >= MAX_LEAVES {
                return None;
            }
            self.leaves.insert(path.to_owned(), Leaf::default());
        }
        self.leaves.get_mut(path)
    }

    /// A name that has dots may be read as a path, so nothing is said of that path or of what is below it.
    fn spoil(&mut self, path: &str, name: &str) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let first = path.split(['.', '[']).next().unwrap_or_default().to_owned();
        if let Some(leaf) = self.leaf(&first) {
            leaf.is_spoiled = true;
        }
    }

    /// Whether all arguments are looked at, so that nothing like one of them was overlooked.
    pub(super) fn is_whole(&self) -> bool {
        self.leaves.len() < MAX_LEAVES
    }

    /// The grants that called.
    pub(super) fn n_grants(&self) -> usize {
        self.times.len()
    }
}

fn canonical(value: Value<'_>) -> String {
    let mut out = Vec::new();
    json::canonical(value, &mut out);
    String::from_utf8(out).unwrap_or_default()
}
