//! The differences between two policies as people and programs read them.

use ::policy::{
    ChannelChange, CheckChange, Diff, Direction, Example, FlowChange, LimitChange, RuleRef, Undecided,
};
use serde_json::{Value, json};

use crate::output::{Output, Tone, count, plain};

use super::definitions::Known;
use super::example_call;

/// Tools that one difference is shown for; the rest is counted.
const MAX_SHOWN: usize = 3;

/// What was found, and between which policies.
pub struct Differed<'a> {
    /// The old policy as it was named.
    pub old: &'a str,
    /// The new one.
    pub new: &'a str,
    /// What was found.
    pub diff: &'a Diff,
    /// The tools that were looked at, where their definitions are known.
    pub known: Option<&'a Known>,
    /// Whether both say the same, word for word but for how it is written.
    pub is_same_content: bool,
}

/// What a comparison does not look at, because no call is decided by it.
const NOT_COMPARED: &str = "the documents are not the same: what is not compared is `reveal`, shadow, who approves and for how long, and texts";

impl Differed<'_> {
    /// For people.
    pub fn to_lines(&self, output: Output) -> Vec<String> {
        let mut lines = Vec::new();
        for direction in [Direction::Opens, Direction::Closes, Direction::AsksNow, Direction::AsksNoMore] {
            lines.extend(self.examples_of(output, direction));
        }
        if !self.diff.checks.is_empty() {
            lines.push(output.paint(Tone::Strong, "Checks of arguments:"));
            lines.extend(self.diff.checks.iter().map(check_line));
        }
        if !self.diff.limits.is_empty() {
            lines.push(output.paint(Tone::Strong, "Limits:"));
            lines.extend(self.diff.limits.iter().map(limit_line));
        }
        if !self.diff.flows.is_empty() {
            lines.push(output.paint(Tone::Strong, "Flows and labels:"));
            lines.extend(self.diff.flows.iter().map(flow_line));
        }
        if !self.diff.channels.is_empty() {
            lines.push(output.paint(Tone::Strong, "Other channels:"));
            lines.extend(self.diff.channels.iter().map(channel_line));
        }
        if !self.diff.undecided.is_empty() {
            lines.push(output.paint(Tone::Warning, "Undecided:"));
            lines.extend(self.diff.undecided.iter().map(undecided_line));
        }
        lines.push(self.summary(output));
        if self.diff.is_none() && !self.is_same_content {
            lines.push(output.paint(Tone::Warning, NOT_COMPARED));
        }
        lines.extend(self.assumptions().into_iter().map(|taken| output.paint(Tone::Quiet, taken)));
        lines
    }

    fn examples_of(&self, output: Output, direction: Direction) -> Vec<String> {
        let (old, new) = (plain(self.old), plain(self.new));
        let (tone, heading, verb) = match direction {
            Direction::Opens => {
                (Tone::Warning, format!("`{new}` allows what `{old}` denies:"), "denied there")
            }
            Direction::Closes => (Tone::Strong, format!("`{new}` denies what `{old}` allows:"), "denied now"),
            Direction::AsksNow => {
                (Tone::Strong, format!("`{new}` asks for an approval where `{old}` does not:"), "asked")
            }
            Direction::AsksNoMore => {
                (Tone::Warning, format!("`{new}` asks for no approval where `{old}` does:"), "asked there")
            }
        };
        let mut groups: Vec<(&RuleRef, Vec<&Example>)> = Vec::new();
        for example in self.diff.examples.iter().filter(|example| example.direction == direction) {
            match groups.iter_mut().find(|(rule, _)| **rule == example.rule) {
                Some((_, group)) => group.push(example),
                None => groups.push((&example.rule, vec![example])),
            }
        }
        let mut lines = Vec::new();
        if !groups.is_empty() {
            lines.push(output.paint(tone, heading));
        }
        for (rule, group) in groups {
            for example in group.iter().take(MAX_SHOWN) {
                let what =
                    example.stands_for.as_ref().map(|what| format!(", {}", plain(what))).unwrap_or_default();
                lines.push(format!("  {}{what}", example_call::to_line(&example.call)));
            }
            if group.len() > MAX_SHOWN {
                lines.push(format!("  and calls of {}", count(group.len() - MAX_SHOWN, "other tool")));
            }
            lines.push(format!("    {verb} by {}", rule_text(rule)));
        }
        lines
    }

    fn summary(&self, output: Output) -> String {
        let Diff { examples, checks, limits, flows, channels, undecided, n_tools, .. } = self.diff;
        let looked = format!("{} looked at", count(*n_tools, "tool"));
        if self.diff.is_none() {
            return output.paint(Tone::Good, format!("none: no call is decided differently ({looked})"));
        }
        let n_statements = checks.len() + limits.len() + flows.len() + channels.len();
        let differences = count(examples.len() + n_statements, "difference");
        format!("{differences}, {} undecided ({looked})", undecided.len())
    }

    fn assumptions(&self) -> Vec<String> {
        let mut taken: Vec<_> =
            self.diff.assumptions.iter().map(|taken| format!("taken for granted: {taken}")).collect();
        taken.extend(self.known.map(|known| format!("tools as defined in {}", known.origin)));
        taken
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let Diff { examples, checks, limits, flows, channels, undecided, n_tools, n_questions, .. } =
            self.diff;
        json!({
            "old": self.old,
            "new": self.new,
            "none": self.diff.is_none(),
            "same_content": self.is_same_content,
            "tools": n_tools,
            "questions": n_questions,
            "examples": examples.iter().map(example_json).collect::<Vec<_>>(),
            "checks": checks.iter().map(check_json).collect::<Vec<_>>(),
            "limits": limits.iter().map(limit_json).collect::<Vec<_>>(),
            "flows": flows.iter().map(flow_json).collect::<Vec<_>>(),
            "channels": channels.iter().map(channel_json).collect::<Vec<_>>(),
            "undecided": undecided.iter().map(undecided_json).collect::<Vec<_>>(),
            "assumptions": self.diff.assumptions,
        })
    }
}

fn rule_text(rule: &RuleRef) -> String {
    let policy = rule.policy.as_ref().map(|policy| format!(" of `{}`", plain(policy))).unwrap_or_default();
    format!("{}{policy}", plain(&rule.rule))
}

fn check_line(change: &CheckChange) -> String {
    let how = if change.is_stricter { "more" } else { "less" };
    format!(
        "  {}: checked {how} strictly now; what that decides depends on the schema (--tools)",
        tools_text(&change.tools)
    )
}

fn limit_line(change: &LimitChange) -> String {
    let tools = tools_text(&change.tools);
    let name = |counter: &Option<String>| plain(counter.as_deref().unwrap_or_default());
    match (&change.old, &change.new) {
        (Some(old), Some(_)) if change.old_counter != change.new_counter => format!(
            "  {tools}: the counter `{}` is now `{}` ({old}); its history starts anew",
            name(&change.old_counter),
            name(&change.new_counter)
        ),
        (Some(old), Some(new)) => format!("  {tools}: `{}` was {old}, is {new}", name(&change.new_counter)),
        (Some(old), None) => format!("  {tools}: `{}` is gone ({old})", name(&change.old_counter)),
        (None, Some(new)) => format!("  {tools}: `{}` is new ({new})", name(&change.new_counter)),
        (None, None) => format!("  {tools}"),
    }
}

fn flow_line(change: &FlowChange) -> String {
    format!("  {}: `{}` is {}", tools_text(&change.tools), plain(&change.what), change.change.as_str())
}

fn tools_text(tools: &[String]) -> String {
    match tools {
        [only] => format!("`{}`", plain(only)),
        [first, rest @ ..] => format!("`{}` and {}", plain(first), count(rest.len(), "other tool")),
        [] => String::new(),
    }
}

fn channel_line(change: &ChannelChange) -> String {
    let subject = change.subject.as_ref().map(|subject| format!(" `{}`", plain(subject)));
    let subject = subject.unwrap_or_else(|| " as a whole".to_owned());
    let verb = if change.opens { "is open now" } else { "is closed now" };
    format!("  {}{subject} {verb}", plain(&change.channel))
}

fn undecided_line(undecided: &Undecided) -> String {
    let Undecided { direction, tool, rule, why, .. } = undecided;
    let what = match direction {
        Direction::Opens => "more may be allowed",
        Direction::Closes => "more may be denied",
        Direction::AsksNow => "more may need an approval",
        Direction::AsksNoMore => "less may need an approval",
    };
    format!("  `{}`: {what}, by {}: {why}", plain(tool), rule_text(rule))
}

fn rule_json(rule: &RuleRef) -> Value {
    json!({ "rule": rule.rule, "pointer": rule.pointer, "policy": rule.policy })
}

fn example_json(example: &Example) -> Value {
    json!({
        "direction": example.direction.as_str(),
        "call": example_call::to_json(&example.call),
        "stands_for": example.stands_for,
        "by": rule_json(&example.rule),
    })
}

fn check_json(change: &CheckChange) -> Value {
    json!({ "stricter": change.is_stricter, "tools": change.tools })
}

fn limit_json(change: &LimitChange) -> Value {
    json!({
        "old_counter": change.old_counter,
        "new_counter": change.new_counter,
        "old": change.old,
        "new": change.new,
        "tools": change.tools,
    })
}

fn flow_json(change: &FlowChange) -> Value {
    json!({ "what": change.what, "change": change.change.as_str(), "tools": change.tools })
}

fn channel_json(change: &ChannelChange) -> Value {
    json!({ "channel": change.channel, "subject": change.subject, "opens": change.opens })
}

fn undecided_json(undecided: &Undecided) -> Value {
    json!({
        "direction": undecided.direction.as_str(),
        "server": undecided.server,
        "tool": undecided.tool,
        "by": rule_json(&undecided.rule),
        "why": undecided.why,
    })
}
