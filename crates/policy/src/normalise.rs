//! Writes a policy in the documented form: short forms become full ones, numbers their shortest spelling.
//! The text loads to a policy that decides the same; its hash names the revision.

use json::{Decimal, Document, Kind, Limits, Value, write_string};

use crate::approval::Approval;
use crate::channel::{Channels, Part, Rule, Stated};
use crate::condition::{Combinator, Combined, Comparison, Condition};
use crate::cost::Cost;
use crate::datum::Numbers;
use crate::hash::Hash;
use crate::limit::{LimitSpec, Window, duration};
use crate::policy::{ArgumentRules, Effect, Limit, Policy, Predicate, Rules};
use crate::section::Section;

/// Values up to this width stay on one line.
const LINE_WIDTH: usize = 110;
/// Longer plain numbers get an exponent, or they would have more digits than a document may.
const MAX_PLAIN_CHARS: usize = 38;

/// The document in its full form, indented.
#[must_use]
pub fn normalise(policy: &Policy) -> String {
    let mut text = String::new();
    tree(policy).write(&mut text, 0);
    text.push('\n');
    text
}

/// The hash of the normalised content, in which the order of members does not count.
pub(crate) fn hash(policy: &Policy) -> Hash {
    let text = tree(policy).compact();
    let mut canonical = Vec::new();
    match Document::scan(text.clone().into_bytes(), &Limits::default()) {
        Ok(document) => json::canonical(document.root(), &mut canonical),
        Err(_) => canonical.extend_from_slice(text.as_bytes()),
    }
    Hash::of(&canonical)
}

/// A value of a document on one line, numbers in their shortest spelling.
pub(crate) fn value(value: Value<'_>) -> String {
    match value.kind() {
        Kind::Array => {
            Tree::Array(value.elements().map(|element| Tree::Leaf(self::value(element))).collect()).compact()
        }
        Kind::Number => value
            .as_number()
            .and_then(|number| number.to_decimal().ok())
            .map_or_else(|| value.raw().to_owned(), |decimal| number(&decimal)),
        Kind::String => value.as_str().map_or_else(String::new, |text| quoted(&text)),
        Kind::Object => {
            let members = value.members();
            let members = members
                .map(|member| (member.key.as_cow().into_owned(), Tree::Leaf(self::value(member.value))));
            Tree::Object(members.collect()).compact()
        }
        Kind::Null | Kind::Bool => value.raw().to_owned(),
    }
}

enum Tree {
    Leaf(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

fn tree(policy: &Policy) -> Tree {
    let default = match policy.default {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let mut members = vec![("version", text("1")), ("default", text(default))];
    push_section(&mut members, &policy.top);
    if !policy.servers.is_empty() {
        let servers = policy.servers.iter().map(|(id, section)| {
            let mut members = Vec::new();
            push_section(&mut members, section);
            (id.to_string(), object(members))
        });
        members.push(("servers", Tree::Object(servers.collect())));
    }
    push_channels(&mut members, &policy.channels);
    if !policy.examples.is_empty() {
        let tests = policy.examples.iter().map(|example| Tree::Leaf(example.text.to_string()));
        members.push(("tests", Tree::Array(tests.collect())));
    }
    object(members)
}

fn push_section(members: &mut Vec<(&'static str, Tree)>, section: &Section) {
    if !section.hide.is_empty() {
        members.push(("hide", Tree::Array(section.hide.iter().map(|hidden| text(&hidden.name)).collect())));
    }
    members.extend(section.all_tools.as_ref().map(|rules| ("all_tools", rules_tree(rules))));
    if !section.tools.is_empty() {
        let tools = section.tools.iter().map(|(name, rules)| {
            let tree = if section.is_exact(name) { rules_tree(rules) } else { selected_tree(rules) };
            (name.to_string(), tree)
        });
        members.push(("tools", Tree::Object(tools.collect())));
    }
    for key in ["categories", "risk"] {
        let stated = section.classes.iter().filter(|(class, _)| class.keys().0 == key);
        let trees: Vec<_> =
            stated.map(|(class, rules)| (class.keys().1.to_owned(), selected_tree(rules))).collect();
        if !trees.is_empty() {
            members.push((key, Tree::Object(trees)));
        }
    }
}

/// The rules of a part that opens what it selects only where it says so.
fn selected_tree(rules: &Rules) -> Tree {
    let mut members = rules_members(rules);
    if rules.says_allow {
        members.insert(0, ("action", text("allow")));
    }
    object(members)
}

fn push_channels(members: &mut Vec<(&'static str, Tree)>, channels: &Channels) {
    for (channel, stated) in &channels.stated {
        let tree = match stated {
            Stated::Whole(rule) => channel_rule_tree(rule),
            Stated::Parts(parts) => parts_tree(parts),
        };
        members.push((channel.as_str(), tree));
    }
    if !channels.methods.is_empty() {
        members.push(("methods", parts_tree(&channels.methods)));
    }
}

fn parts_tree(parts: &[Part]) -> Tree {
    let parts = parts.iter().map(|part| (part.pattern.text.to_string(), channel_rule_tree(&part.rule)));
    Tree::Object(parts.collect())
}

fn channel_rule_tree(rule: &Rule) -> Tree {
    let mut members = vec![("action", text(if rule.allows() { "allow" } else { "deny" }))];
    members.extend(rule.reason.as_ref().map(|said| ("reason", text(said))));
    object(members)
}

fn rules_tree(rules: &Rules) -> Tree {
    object(rules_members(rules))
}

fn rules_members(rules: &Rules) -> Vec<(&'static str, Tree)> {
    let mut members = Vec::new();
    let lists = [("require", &rules.require), ("deny_if", &rules.deny_if)];
    for (key, predicates) in lists {
        if !predicates.is_empty() {
            members.push((key, Tree::Array(predicates.iter().map(predicate_tree).collect())));
        }
    }
    if !rules.limits.is_empty() {
        members.push(("limits", Tree::Array(rules.limits.iter().map(limit_tree).collect())));
    }
    members.extend(rules.approval.as_ref().map(|approval| ("approval", approval_tree(approval))));
    push_arguments(&mut members, rules.arguments);
    members
}

fn approval_tree(approval: &Approval) -> Tree {
    let mut members = Vec::new();
    if !approval.from.is_empty() {
        members.push(("from", Tree::Array(approval.from.iter().map(|who| text(who)).collect())));
    }
    let timeout = approval.timeout_seconds.map(|seconds| duration(seconds * 1000));
    members.extend(timeout.map(|timeout| ("timeout", text(&timeout))));
    members.extend(approval.quorum.map(|quorum| ("quorum", Tree::Leaf(quorum.to_string()))));
    let reason = approval.needs_reason.map(|needed| if needed { "required" } else { "optional" });
    members.extend(reason.map(|reason| ("reason", text(reason))));
    if !approval.when.is_empty() {
        members.push(("when", Tree::Array(approval.when.iter().map(condition_tree).collect())));
    }
    object(members)
}

fn push_arguments(members: &mut Vec<(&'static str, Tree)>, stated: ArgumentRules) {
    let mut arguments = Vec::new();
    if let Some(check) = stated.check {
        arguments.push(("check", text(if check { "schema" } else { "off" })));
    }
    if let Some(deny) = stated.deny_unknown {
        arguments.push(("unknown", text(if deny { "deny" } else { "allow" })));
    }
    if !arguments.is_empty() {
        members.push(("arguments", object(arguments)));
    }
    if let Some(numbers) = stated.numbers {
        members.push(("numbers", text(if numbers == Numbers::Double { "double" } else { "arbitrary" })));
    }
    if let Some(repair) = stated.repair {
        members.push(("repair", Tree::Leaf(repair.to_string())));
    }
}

fn predicate_tree(predicate: &Predicate) -> Tree {
    let conditions = predicate.conditions.iter().map(condition_tree).collect();
    let mut members = vec![("conditions", Tree::Array(conditions))];
    members.extend(predicate.on_deny.as_ref().map(|said| ("on_deny", text(said))));
    object(members)
}

fn condition_tree(condition: &Condition) -> Tree {
    match condition {
        Condition::Compare(comparison) => {
            let Comparison { path, operator, value, .. } = &**comparison;
            let mut members = vec![("path", text(path.text()))];
            members.extend(path.zone().map(|zone| ("timezone", text(zone.name()))));
            members.extend([("op", text(operator)), ("value", Tree::Leaf(value.to_string()))]);
            object(members)
        }
        Condition::Combined(Combined { by, conditions }) => {
            let mut trees: Vec<_> = conditions.iter().map(condition_tree).collect();
            let tree = match (by, trees.pop()) {
                (Combinator::Not, Some(tree)) => tree,
                (Combinator::All | Combinator::Any | Combinator::Not, last) => {
                    trees.extend(last);
                    Tree::Array(trees)
                }
            };
            object(vec![(by.as_str(), tree)])
        }
    }
}

fn limit_tree(limit: &Limit) -> Tree {
    let LimitSpec { counter, window, max, scope, on_deny, .. } = &*limit.spec;
    let mut members = vec![("counter", text(counter)), ("window", text(&window.written()))];
    if let Window::Calendar(_) = window {
        members.push(("align", text("calendar")));
    }
    members.push(("max", Tree::Leaf(number(max))));
    members.push(("scope", text(scope.as_str())));
    match &limit.cost {
        Cost::Calls => {}
        Cost::Fixed(amount) => members.push(("cost", Tree::Leaf(number(amount)))),
        Cost::Sum(path) => members.push(("increment_from", text(path.text()))),
        Cost::Length(path) => members.push(("cost", object(vec![("len", text(path.text()))]))),
    }
    members.extend(on_deny.as_ref().map(|said| ("on_deny", text(said))));
    object(members)
}

fn object(members: Vec<(&'static str, Tree)>) -> Tree {
    Tree::Object(members.into_iter().map(|(key, tree)| (key.to_owned(), tree)).collect())
}

fn text(text: &str) -> Tree {
    Tree::Leaf(quoted(text))
}

fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_string(&mut bytes, text);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A number in a spelling that loads again.
fn number(decimal: &Decimal) -> String {
    let plain = decimal.to_string();
    if plain.len() <= MAX_PLAIN_CHARS {
        return plain;
    }
    let (sign, unsigned) = plain.strip_prefix('-').map_or(("", &*plain), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let exponent = digits.len() - significant.len();
    let places = fraction.len();
    let mantissa = significant.trim_start_matches('0');
    if exponent >= places {
        format!("{sign}{mantissa}e{}", exponent - places)
    } else {
        format!("{sign}{mantissa}e-{}", places - exponent)
    }
}

impl Tree {
    fn compact(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(Self::compact).collect();
                if elements.is_empty() { "[]".to_owned() } else { format!("[{}]", elements.join(", ")) }
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, tree)| format!("{}: {}", quoted(key), tree.compact()))
                    .collect();
                if members.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", members.join(", ")) }
            }
        }
    }

    /// Containers of plain values stay on one line where they fit; the document and its tools never do.
    fn write(&self, out: &mut String, depth: usize) {
        let compact = self.compact();
        let fits = depth >= 2 && compact.chars().count() + depth * 2 <= LINE_WIDTH;
        match self {
            Self::Array(elements) if !elements.is_empty() && !fits && depth > 1 => {
                out.push('[');
                write_lines(out, depth, elements.iter().map(|element| (None, element)));
                out.push(']');
            }
            Self::Object(members) if !members.is_empty() && !fits => {
                out.push('{');
                write_lines(out, depth, members.iter().map(|(key, tree)| (Some(key), tree)));
                out.push('}');
            }
            Self::Leaf(_) | Self::Array(_) | Self::Object(_) => out.push_str(&compact),
        }
    }
}

fn write_lines<'a>(
    out: &mut String,
    depth: usize,
    lines: impl Iterator<Item = (Option<&'a String>, &'a Tree)>,
) {
    let indent = "  ".repeat(depth + 1);
    for (index, (key, tree)) in lines.enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&indent);
        if let Some(key) = key {
            out.push_str(&quoted(key));
            out.push_str(": ");
        }
        tree.write(out, depth + 1);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_get_an_exponent() {
        for (written, expected) in [
            ("5.0", "5"),
            ("-0.10", "-0.1"),
            ("1e300", "1e300"),
            ("-12.5e200", "-125e199"),
            ("1e-60", "1e-60"),
            ("12.34e-60", "1234e-62"),
        ] {
            let decimal = Decimal::parse(written).unwrap();
            assert_eq!(number(&decimal), expected);
            assert_eq!(Decimal::parse(&number(&decimal)), Ok(decimal));
        }
    }
}
