//! An explanation as people and programs read it: the rules of every step, the decision, and what it obliges to.
//! It shows types and paths; values only when it is given them.

use ::policy::{
    Allowed, Answer, Channel, Decision, Denial, Explanation, Facts, Finding, LimitDemand, OperandOutcome,
    Opposite, Reveal, RuleId,
};
use admin::action::counters::Counter;
use json::Document;
use serde_json::{Value, json};

use super::opposite;
use crate::output::{Output, Tone, plain};

/// An explanation and what is told with it.
pub struct Explained<'a> {
    /// The call.
    pub facts: Facts<'a>,
    /// What every rule answered.
    pub explanation: &'a Explanation,
    /// What was judged.
    pub about: About<'a>,
    /// The arguments, when their values are to be shown.
    pub values: Option<&'a Document>,
}

/// What was judged, and what is told besides the decision.
pub enum About<'a> {
    /// A call of a tool.
    Tool {
        /// Whether lists show the tool.
        listed: bool,
        /// The rule that keeps it out of lists.
        listed_rule: Option<RuleId>,
        /// Whether a schema was given.
        is_schema_known: bool,
        /// Where the definition is from, or why it is not known.
        note: Option<String>,
        /// How full the limits are in a running gateway; none where there is no such thing.
        counters: Vec<Counter>,
        /// What would have to change.
        opposite: &'a Opposite,
    },
    /// A message of another channel.
    Channel {
        /// The channel.
        channel: Channel,
        /// The URI, name or mode.
        subject: Option<&'a str>,
        /// Whether lists show the subject, where it is an entry of one.
        listed: Option<bool>,
        /// Whether anything of the channel could be allowed.
        advertised: bool,
    },
    /// A method outside the protocol.
    Method(&'a str),
}

impl Explained<'_> {
    /// For people.
    pub fn to_lines(&self, output: Output) -> Vec<String> {
        let Facts { grant, server, .. } = self.facts;
        let call = format!("`{}` on server `{server}` for grant `{grant}`", self.explanation.tool);
        let mut lines = vec![output.paint(Tone::Strong, call)];
        for finding in &self.explanation.findings {
            lines.extend(self.finding_lines(output, finding));
        }
        if !self.explanation.shadow.is_empty() {
            lines.push(output.paint(Tone::Strong, "  in shadow, judged and not enforced:"));
        }
        for finding in &self.explanation.shadow {
            lines.extend(self.finding_lines(output, finding).into_iter().map(|line| format!("  {line}")));
        }
        lines.extend(self.about.notes().map(|note| output.paint(Tone::Quiet, format!("  note: {note}"))));
        match &self.explanation.decision {
            Decision::Allow(allowed) => lines.extend(allowed_lines(output, allowed)),
            Decision::Deny(denial) => lines.extend(denied_lines(output, denial)),
        }
        if let About::Tool { opposite, counters, .. } = &self.about {
            lines.extend(counters.iter().map(counter_line));
            let is_allowed = self.explanation.decision.is_allow();
            lines.extend(opposite::lines(opposite, is_allowed, self.values.is_some()));
        }
        lines.extend(self.about.listed_line());
        lines
    }

    fn finding_lines(&self, output: Output, finding: &Finding) -> Vec<String> {
        let tone = match finding.answer {
            Answer::Passes => Tone::Good,
            Answer::Denies => Tone::Bad,
            Answer::Reserves => Tone::Warning,
            Answer::Ended => Tone::Quiet,
        };
        let answer = output.paint(tone, finding.answer.as_str());
        let mut line = format!("  {:<14}{answer}", finding.step.as_str());
        if !finding.rule.as_str().is_empty() {
            line.push_str(&format!("  {}", finding.rule));
        }
        if let Some(policy) = &finding.policy {
            line.push_str(&output.paint(Tone::Quiet, format!("  ({policy})")));
        }
        let mut lines = vec![line];
        for operand in &finding.operands {
            let value = self.value_at(&operand.path).map(|value| format!(" = {value}")).unwrap_or_default();
            lines.push(format!("                {operand}{value}"));
        }
        lines
    }

    /// The value that a path such as `args.amount` leads to, when values are to be shown.
    fn value_at(&self, path: &str) -> Option<&str> {
        let steps = path.strip_prefix("args.")?.split('.');
        let found = steps.into_iter().try_fold(self.values?.root(), |value, step| value.get(step))?;
        Some(found.raw())
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let findings: Vec<Value> =
            self.explanation.findings.iter().map(|finding| self.finding_json(finding)).collect();
        let shadow: Vec<Value> =
            self.explanation.shadow.iter().map(|finding| self.finding_json(finding)).collect();
        let (effect, decision) = match &self.explanation.decision {
            Decision::Allow(allowed) => ("allow", allowed_json(allowed)),
            Decision::Deny(denial) => ("deny", denied_json(denial)),
        };
        let mut shown = json!({
            "server": self.facts.server,
            "grant": self.facts.grant,
            "effect": effect,
            "decision": decision,
            "findings": findings,
            "shadow": shadow,
        });
        if let (Some(shown), Value::Object(about)) = (shown.as_object_mut(), self.about_json()) {
            shown.extend(about);
        }
        shown
    }

    fn about_json(&self) -> Value {
        match &self.about {
            About::Tool { listed, listed_rule, is_schema_known, note: _, opposite, counters } => json!({
                "tool": self.facts.tool,
                "listed": listed,
                "listed_rule": listed_rule.as_ref().map(RuleId::as_str),
                "schema_known": is_schema_known,
                "counters": counters,
                "opposite": opposite::to_json(opposite, self.values.is_some()),
            }),
            About::Channel { channel, subject, listed, advertised } => json!({
                "channel": channel.as_str(),
                "subject": subject,
                "listed": listed,
                "advertised": advertised,
            }),
            About::Method(method) => json!({ "method": method }),
        }
    }

    fn finding_json(&self, finding: &Finding) -> Value {
        let operand = |operand: &OperandOutcome| {
            let mut shown = json!({
                "path": *operand.path,
                "operator": operand.operator,
                "found": operand.found.to_string(),
                "truth": operand.truth.as_str(),
            });
            let value = self.value_at(&operand.path).and_then(|raw| serde_json::from_str::<Value>(raw).ok());
            if let (Some(value), Some(members)) = (value, shown.as_object_mut()) {
                members.insert("value".to_owned(), value);
            }
            shown
        };
        json!({
            "step": finding.step.as_str(),
            "answer": finding.answer.as_str(),
            "policy": finding.policy.as_deref(),
            "rule": finding.rule.as_str(),
            "pointer": finding.pointer,
            "reason": finding.reason.as_deref(),
            "operands": finding.operands.iter().map(operand).collect::<Vec<_>>(),
        })
    }
}

impl About<'_> {
    fn notes(&self) -> impl Iterator<Item = &str> {
        let (note, is_schema_known) = match self {
            Self::Tool { note, is_schema_known, .. } => (note.as_deref(), *is_schema_known),
            Self::Channel { .. } | Self::Method(_) => (None, true),
        };
        let missing =
            "no schema was given: the check of arguments is left out; use `--schema FILE` or `--tools FILE`";
        note.into_iter().chain((!is_schema_known).then_some(missing))
    }

    fn listed_line(&self) -> Option<String> {
        Some(match self {
            Self::Tool { listed: true, listed_rule: None, .. } => "lists show the tool".to_owned(),
            Self::Tool { listed_rule: rule, .. } => {
                format!("lists do not show the tool: {}", rule.as_ref().map_or("", RuleId::as_str))
            }
            Self::Channel { listed: Some(true), .. } => "lists show it".to_owned(),
            Self::Channel { listed: Some(false), .. } => "lists do not show it".to_owned(),
            Self::Channel { listed: None, advertised: true, .. } => "the channel is advertised".to_owned(),
            Self::Channel { listed: None, advertised: false, .. } => {
                "the channel is not advertised".to_owned()
            }
            Self::Method(_) => return None,
        })
    }
}

/// What a counter of the running gateway holds.
fn counter_line(counter: &Counter) -> String {
    let Counter { policy, counter, unit, window, scope, max, used, in_flight, frees_at, .. } = counter;
    let Some(used) = used else {
        return plain(&format!("  counter        `{counter}` ({policy}): one for each value of {scope}"));
    };
    let in_flight = in_flight.as_deref().filter(|amount| *amount != "0");
    let in_flight = in_flight.map(|amount| format!(", {amount} in flight")).unwrap_or_default();
    let frees = frees_at.as_ref().map(|at| format!(", the first leaves at {at}")).unwrap_or_default();
    plain(&format!(
        "  counter        `{counter}` ({policy}): {used} of {max} {unit} {window}, scope {scope}{in_flight}{frees}"
    ))
}

fn allowed_lines(output: Output, allowed: &Allowed) -> Vec<String> {
    let mut lines = vec![output.paint(Tone::Good, "allowed")];
    if let Some(repaired) = &allowed.repaired {
        lines.push(format!(
            "  mended before the call is judged and forwarded: {}",
            repaired.pointers.join(", ")
        ));
    }
    if let Some(shadowed) = &allowed.shadowed {
        lines.push(match &shadowed.denial {
            Some(denial) => format!("  shadow would deny it by {}", denial.rule),
            None => "  shadow would allow it".to_owned(),
        });
    }
    for demand in &*allowed.limits {
        let LimitDemand { spec, amount, values: _ } = demand;
        let note =
            if spec.is_counted() { "" } else { "; nothing counts this yet, so the gateway denies the call" };
        lines.push(format!(
            "  reserves {amount} of {} {} {}, counter `{}`, scope {}{note}",
            spec.max,
            spec.unit,
            spec.window,
            spec.counter,
            spec.scope.as_str()
        ));
    }
    lines
}

fn denied_lines(output: Output, denial: &Denial) -> Vec<String> {
    let mut lines = vec![format!("{} by {}", output.paint(Tone::Bad, "denied"), denial.rule)];
    if !denial.pointer.is_empty() && denial.pointer != denial.rule.as_str() {
        lines.push(format!("  at {}", denial.pointer));
    }
    lines.push(match &denial.reason {
        _ if denial.kind.looks_unknown() => "  the agent is told that there is no such tool".to_owned(),
        Some(_) if denial.reveal == Reveal::Nothing => "  the agent is told nothing but that".to_owned(),
        Some(reason) if denial.reveal == Reveal::Full => {
            format!("  the agent is told the rule, and: {reason}")
        }
        Some(reason) => format!("  the agent is told: {reason}"),
        None => "  the agent is told no reason".to_owned(),
    });
    lines
}

fn allowed_json(allowed: &Allowed) -> Value {
    let limit = |demand: &LimitDemand| {
        json!({
            "policy": *demand.spec.policy,
            "counter": *demand.spec.counter,
            "rule": demand.spec.rule.as_str(),
            "amount": demand.amount.to_string(),
            "max": demand.spec.max.to_string(),
            "window": demand.spec.window.to_string(),
            "scope": demand.spec.scope.as_str(),
            "timezone": demand.spec.timezone.as_deref(),
            "counted": demand.spec.is_counted(),
            "unit": *demand.spec.unit,
        })
    };
    json!({
        "mended": allowed.repaired.as_ref().map(|repaired| &repaired.pointers),
        "limits": allowed.limits.iter().map(limit).collect::<Vec<_>>(),
        "shadow": allowed.shadowed.as_ref().map(|shadowed| match &shadowed.denial {
            Some(denial) => json!({ "effect": "deny", "decision": denied_json(denial) }),
            None => json!({ "effect": "allow", "limits": shadowed.limits.iter().map(limit).collect::<Vec<_>>() }),
        }),
    })
}

fn denied_json(denial: &Denial) -> Value {
    json!({
        "kind": denial.kind.as_str(),
        "rule": denial.rule.as_str(),
        "pointer": denial.pointer,
        "policy": denial.policy.as_deref(),
        "reason": denial.reason.as_deref(),
        "reveal": denial.reveal.as_str(),
        "looks_unknown": denial.kind.looks_unknown(),
    })
}
