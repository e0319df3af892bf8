//! What was judged: the facts of an intent or a denial.
//! Must never hold values; names that come from a peer are cut to a length, lists to a number.

use crate::audit::Digest;
use crate::counters::Unit;
use crate::id::CallId;
use json::ObjectWriter;
use std::borrow::Cow;

/// Longest name that is written; longer ones are cut and end in `…`.
const MAX_NAME_BYTES: usize = 256;
/// Longest rule or pointer.
const MAX_RULE_BYTES: usize = 1024;
/// Most entries of a list; the rest is counted.
const MAX_ENTRIES: usize = 64;

/// A revision of a policy.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRef<'a> {
    /// Its name.
    pub name: &'a str,
    /// The hash of its content, as hex digits.
    pub hash: &'a str,
}

/// How one operand of a rule came out; never its value.
#[derive(Clone, Copy, Debug)]
pub struct OperandFact<'a> {
    /// The path that it read.
    pub path: &'a str,
    /// `true`, `false`, `undefined`, `error` or `unknown`, with the type where it matters.
    pub outcome: &'a str,
}

/// What is recorded of a call's arguments.
#[derive(Clone, Copy, Debug)]
pub struct ArgumentFacts<'a> {
    /// Top-level keys that the tool's schema declares.
    pub keys: &'a [&'a str],
    /// How many top-level keys it does not declare.
    pub n_other_keys: u64,
    /// Pointers of the values that were repaired.
    pub repaired: &'a [&'a str],
    /// The keyed digest of the canonical arguments.
    pub digest: Digest,
}

/// What the parts in shadow would have denied, of what was let through.
#[derive(Clone, Copy, Debug)]
pub struct ShadowFact<'a> {
    /// The policy.
    pub policy: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// The exact pointer of that rule.
    pub pointer: &'a str,
    /// The step that would have denied.
    pub cause: &'a str,
}

/// The facts of one judged message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged<'a> {
    /// The grant's public id.
    pub grant: &'a str,
    /// The server's id.
    pub server: &'a str,
    /// The method.
    pub method: &'a str,
    /// The tool, for calls of one.
    pub tool: Option<&'a str>,
    /// The hash of the tool's definition, as hex digits.
    pub definition: Option<&'a str>,
    /// The stacked policies, baseline first.
    pub policies: &'a [PolicyRef<'a>],
    /// The rule that decided; empty for an allow.
    pub rule: &'a str,
    /// The exact pointer of that rule.
    pub pointer: &'a str,
    /// All rules that matched.
    pub matched: &'a [&'a str],
    /// How operands came out.
    pub operands: &'a [OperandFact<'a>],
    /// The arguments; nothing for a message without any.
    pub arguments: Option<ArgumentFacts<'a>>,
    /// What the parts in shadow would have denied.
    pub shadow: Option<ShadowFact<'a>>,
    /// Bytes of the message as it came.
    pub n_bytes: u64,
}

/// The body of an intent.
pub(crate) fn intent_body(call: CallId, judged: &Judged<'_>, units: &[Unit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    let mut object = begin(&mut out, "intent", call);
    judged.write(&mut object, "allow");
    if !units.is_empty() {
        object.raw("reservations", &reservations(units));
    }
    object.end();
    out
}

/// The body of a denial; `cause` is the step that denied.
pub(crate) fn denied_body(call: CallId, judged: &Judged<'_>, cause: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(768);
    let mut object = begin(&mut out, "denied", call);
    judged.write(&mut object, "deny");
    object.str("cause", &capped(cause, MAX_NAME_BYTES));
    object.end();
    out
}

/// Opens the object of a record about a call.
pub(crate) fn begin<'a>(out: &'a mut Vec<u8>, kind: &str, call: CallId) -> ObjectWriter<'a> {
    let mut object = ObjectWriter::begin(out);
    object.str("kind", kind).str("call", &call.to_string());
    object
}

impl Judged<'_> {
    fn write(&self, object: &mut ObjectWriter<'_>, effect: &str) {
        object.str("grant", &capped(self.grant, MAX_NAME_BYTES));
        object.str("server", &capped(self.server, MAX_NAME_BYTES));
        object.str("method", &capped(self.method, MAX_NAME_BYTES));
        if let Some(tool) = self.tool {
            object.str("tool", &capped(tool, MAX_NAME_BYTES));
        }
        if let Some(definition) = self.definition {
            object.str("definition", &capped(definition, MAX_NAME_BYTES));
        }
        if !self.policies.is_empty() {
            let policies = self.policies.iter().map(|policy| (policy.name, policy.hash));
            texts(object, "policies", policies, MAX_NAME_BYTES);
        }
        object.str("effect", effect);
        object.str("rule", &capped(self.rule, MAX_RULE_BYTES));
        if !self.pointer.is_empty() {
            object.str("pointer", &capped(self.pointer, MAX_RULE_BYTES));
        }
        list(object, "matched", self.matched, MAX_RULE_BYTES);
        self.write_operands(object);
        if let Some(shadow) = &self.shadow {
            shadow.write(object);
        }
        if let Some(arguments) = &self.arguments {
            arguments.write(object);
        }
        object.u64("bytes", self.n_bytes);
    }

    fn write_operands(&self, object: &mut ObjectWriter<'_>) {
        if self.operands.is_empty() {
            return;
        }
        let entry = |operand: &OperandFact<'_>| format!("{} {}", operand.path, operand.outcome);
        let entries: Vec<String> = self.operands.iter().take(MAX_ENTRIES).map(entry).collect();
        let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
        list(object, "operands", &entries, MAX_RULE_BYTES);
    }
}

impl ShadowFact<'_> {
    fn write(&self, object: &mut ObjectWriter<'_>) {
        let mut shadow = object.object("shadow");
        if !self.policy.is_empty() {
            shadow.str("policy", &capped(self.policy, MAX_NAME_BYTES));
        }
        shadow.str("rule", &capped(self.rule, MAX_RULE_BYTES));
        if !self.pointer.is_empty() && self.pointer != self.rule {
            shadow.str("pointer", &capped(self.pointer, MAX_RULE_BYTES));
        }
        shadow.str("cause", self.cause);
        shadow.end();
    }
}

impl ArgumentFacts<'_> {
    fn write(&self, object: &mut ObjectWriter<'_>) {
        let mut arguments = object.object("arguments");
        list(&mut arguments, "keys", self.keys, MAX_NAME_BYTES);
        if self.n_other_keys > 0 {
            arguments.u64("other_keys", self.n_other_keys);
        }
        list(&mut arguments, "repaired", self.repaired, MAX_RULE_BYTES);
        arguments.str("digest", &self.digest.to_hex());
        arguments.end();
    }
}

/// Adds a list of texts, unless it is empty; entries beyond the most are counted as `<key>_more`.
fn list(object: &mut ObjectWriter<'_>, key: &str, entries: &[&str], max_bytes: usize) {
    if entries.is_empty() {
        return;
    }
    let kept: Vec<Cow<'_, str>> =
        entries.iter().take(MAX_ENTRIES).map(|entry| capped(entry, max_bytes)).collect();
    object.strings(key, kept.iter().map(Cow::as_ref));
    if entries.len() > MAX_ENTRIES {
        object.u64(&format!("{key}_more"), (entries.len() - MAX_ENTRIES) as u64);
    }
}

/// Adds an object of texts; of those with one name the first, as an object has each name once.
pub(crate) fn texts<'a>(
    object: &mut ObjectWriter<'_>,
    key: &str,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
    max_bytes: usize,
) {
    let mut written: Vec<Cow<'_, str>> = Vec::new();
    let mut inner = object.object(key);
    for (name, value) in entries.take(MAX_ENTRIES) {
        let name = capped(name, max_bytes);
        if !written.contains(&name) {
            inner.str(&name, &capped(value, max_bytes));
            written.push(name);
        }
    }
    inner.end();
}

/// Names of the reserved counters; a count only where it is one of calls, as other amounts are values.
fn reservations(units: &[Unit]) -> String {
    let entries: Vec<String> = units
        .iter()
        .map(|unit| {
            let count =
                if unit.key.counts_calls() { format!(",\"count\":{}", unit.amount) } else { String::new() };
            format!("{{\"counter\":{}{count}}}", unit.key)
        })
        .collect();
    format!("[{}]", entries.join(","))
}

/// A text cut to so many bytes at most, and `…` where something was cut.
pub(crate) fn capped(text: &str, max_bytes: usize) -> Cow<'_, str> {
    if text.len() <= max_bytes {
        return Cow::Borrowed(text);
    }
    let kept = text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default();
    Cow::Owned(format!("{kept}…"))
}
