//! The rules of one tool of the older file. Their conditions must pass, which is what `require` asks here; those of
//! `require_approval` say which calls need one.

use std::borrow::Cow;

use super::counter::{self, Counters};
use super::written::{WrittenRules, list, object, predicate, quoted};
use super::{Translation, keys, pattern, spend};
use crate::diagnostic::code;
use crate::load::reader::{Fields, Place, Problem};
use crate::rule::child;

/// The tool that rules are of, and what was read of it so far.
pub(super) struct Tool<'a> {
    pub(super) name: &'a str,
    pub(super) rules: WrittenRules,
    pub(super) counters: Counters,
}

impl Tool<'_> {
    /// The tool as messages call it.
    pub(super) fn shown(&self) -> String {
        if self.name == "*" { "every tool".to_owned() } else { format!("`{}`", self.name) }
    }

    /// Where its rules are in the result.
    pub(super) fn pointer(&self) -> String {
        if self.name == "*" { "/all_tools".to_owned() } else { child("/tools", self.name) }
    }
}

/// Reads what stands under one tool.
pub(super) fn read_tool(
    translation: &mut Translation<'_>,
    name: &str,
    place: &Place<'_>,
) -> Option<WrittenRules> {
    let fields = translation.reader.object(place, &keys::TOOL)?;
    let mut tool = Tool { name, rules: WrittenRules::default(), counters: Counters::default() };
    let rules = fields.get("rules").filter(|rules| !rules.value.is_null());
    let rules = rules.and_then(|place| translation.reader.list(&place)).unwrap_or_default();
    for place in &rules {
        read_rule(translation, &mut tool, place);
    }
    if let Some(place) = fields.get("spend_limit") {
        spend::read(translation, &mut tool, &place);
    }
    Some(tool.rules)
}

fn read_rule(translation: &mut Translation<'_>, tool: &mut Tool<'_>, place: &Place<'_>) -> Option<()> {
    let fields = translation.reader.object(place, &keys::RULE)?;
    let name = fields.get("name").and_then(|place| translation.reader.text(&place));
    let title = name.map_or_else(|| "this rule".to_owned(), |name| format!("rule `{name}`"));
    let on_deny = fields.get("on_deny").and_then(|place| translation.reader.text(&place));
    let action = match fields.get("action") {
        Some(place) => translation.reader.word(&place, &keys::ACTIONS)?,
        None => "evaluate",
    };
    let rule = Rule { title, on_deny, fields: &fields, place };
    if action != "require_approval" {
        rule.refuse(translation, "approval_timeout", "belongs to `action: require_approval`");
    }
    match action {
        "deny" => rule.deny(translation, tool),
        "require_approval" => rule.require_approval(translation, tool),
        _ => rule.evaluate(translation, tool),
    }
    Some(())
}

/// One rule.
pub(super) struct Rule<'r, 'a> {
    pub(super) title: String,
    pub(super) on_deny: Option<Cow<'a, str>>,
    pub(super) fields: &'r Fields<'a>,
    pub(super) place: &'r Place<'a>,
}

impl Rule<'_, '_> {
    fn refuse(&self, translation: &mut Translation<'_>, key: &str, why: &str) {
        if let Some(place) = self.fields.get(key) {
            let message = format!("`{key}` {why}; remove it");
            translation.reader.report(&place, Problem::new(code::CONFLICT, message));
        }
    }

    fn deny(&self, translation: &mut Translation<'_>, tool: &mut Tool<'_>) {
        for key in ["conditions", "rate_limit", "state", "spend_limit"] {
            self.refuse(translation, key, "means nothing beside `action: deny`, which denies every call");
        }
        tool.rules.denies.push(self.on_deny.as_deref().map(str::to_owned));
        let message = format!("{}: every call of {} is denied", self.title, tool.shown());
        translation.note(self.place.offset(), message);
    }

    fn evaluate(&self, translation: &mut Translation<'_>, tool: &mut Tool<'_>) {
        if let Some(place) = self.fields.get("spend_limit") {
            spend::read(translation, tool, &place);
        }
        if let Some(place) = self.fields.get("rate_limit") {
            for key in ["conditions", "state"] {
                self.refuse(translation, key, "cannot stand beside `rate_limit`; make it a rule of its own");
            }
            counter::read_rate_limit(translation, tool, self, &place);
            return;
        }
        let (of_counters, conditions): (Vec<_>, Vec<_>) =
            self.conditions(translation).into_iter().partition(|condition| condition.is_of_counter());
        let state = self.fields.get("state");
        if state.is_none() && self.asks_nothing() {
            let message =
                "a rule that evaluates needs `conditions` or a `rate_limit`; add them, or remove the rule";
            translation.reader.report(self.place, Problem::new(code::MISSING_KEY, message));
            return;
        }
        counter::read_state(translation, tool, self, state.as_ref(), &of_counters);
        if conditions.is_empty() {
            return;
        }
        let index = tool.rules.require.len();
        let pointer = format!("{}/require/{index}/conditions", tool.pointer());
        let written = self.write(translation, &pointer, &conditions);
        tool.rules.require.push(predicate(&written, self.on_deny.as_deref()));
        let said: Vec<String> = conditions.iter().map(Stated::said).collect();
        let message = format!(
            "{}: a call of {} passes only where {}; a missing argument does not pass",
            self.title,
            tool.shown(),
            said.join(" and ")
        );
        translation.note(self.place.offset(), message);
    }

    fn asks_nothing(&self) -> bool {
        let has_conditions = self.fields.get("conditions").is_some_and(|place| !place.value.is_empty());
        !has_conditions && self.fields.get("spend_limit").is_none()
    }

    fn require_approval(&self, translation: &mut Translation<'_>, tool: &mut Tool<'_>) {
        for key in ["rate_limit", "state", "spend_limit"] {
            self.refuse(
                translation,
                key,
                "cannot stand beside `action: require_approval`; make it a rule of its own",
            );
        }
        let conditions = self.conditions(translation);
        for condition in conditions.iter().filter(|condition| condition.is_of_counter()) {
            let message = "an approval cannot depend on a counter; remove the condition";
            translation.reader.report(&condition.path, Problem::new(code::BAD_VALUE, message));
        }
        if tool.rules.approval.is_some() {
            let message = "each tool has one approval here, and the older proxy asked for one after the other; make \
                           one rule of both";
            translation.reader.report(self.place, Problem::new(code::CONFLICT, message));
        }
        let pointer = format!("{}/approval/when", tool.pointer());
        let written = self.write(translation, &pointer, &conditions);
        let mut members = Vec::new();
        if let Some(place) = self.fields.get("approval_timeout") {
            members.extend(read_timeout(translation, &place).map(|timeout| ("timeout", quoted(&timeout))));
        }
        if !written.is_empty() {
            members.push(("when", list(written.into_iter())));
        }
        tool.rules.approval = Some(object(members.into_iter()));
        self.note_approval(translation, tool, &conditions);
    }

    fn note_approval(&self, translation: &mut Translation<'_>, tool: &Tool<'_>, conditions: &[Stated<'_>]) {
        let offset = self.place.offset();
        let said: Vec<String> = conditions.iter().map(Stated::said).collect();
        let which = if said.is_empty() { String::new() } else { format!(" where {}", said.join(" and ")) };
        translation
            .note(offset, format!("{}: people must agree to a call of {}{which}", self.title, tool.shown()));
        if !said.is_empty() {
            let message = "where a condition cannot be judged, because an argument is missing or of another type, \
                           people must agree as well";
            translation.stricter(offset, message);
        }
        if let Some(place) = self.fields.get("on_deny") {
            translation.note(place.offset(), "what is told while people are asked is the gateway's own text");
        }
    }

    /// The conditions, each with its place.
    fn conditions<'a>(&'a self, translation: &mut Translation<'_>) -> Vec<Stated<'a>> {
        let places = self.fields.get("conditions").and_then(|place| translation.reader.list(&place));
        let places = places.unwrap_or_default();
        places.iter().filter_map(|place| Stated::read(translation, place)).collect()
    }

    /// The conditions as texts; `pointer` is that of the list in the result.
    fn write(
        &self,
        translation: &mut Translation<'_>,
        pointer: &str,
        conditions: &[Stated<'_>],
    ) -> Vec<String> {
        let mut written = Vec::new();
        for condition in conditions {
            translation.places.push((format!("{pointer}/{}", written.len()), condition.path.offset()));
            translation.places.push((format!("{pointer}/{}/value", written.len()), condition.value.offset()));
            written.extend(condition.write(translation));
        }
        written
    }
}

/// One condition of the older file.
pub(super) struct Stated<'a> {
    pub(super) path: Place<'a>,
    text: String,
    pub(super) operator: &'static str,
    pub(super) value: Place<'a>,
}

impl<'a> Stated<'a> {
    fn read(translation: &mut Translation<'_>, place: &Place<'a>) -> Option<Self> {
        let reader = &mut translation.reader;
        let fields = reader.object(place, &keys::CONDITION)?;
        let path = fields.required(reader, "path", "name an argument, such as `args.amount`");
        let operator = fields.required(reader, "op", "name an operator, such as `eq`");
        let value = fields.required(reader, "value", "say what the argument is compared with");
        let operator = operator.and_then(|place| reader.word(&place, &keys::OPERATORS));
        let path = path?;
        let text = reader.text(&path)?.into_owned();
        if !text.starts_with("args.") && !text.starts_with("state.") {
            let message =
                format!("`{text}` is no path of the older proxy; it begins with `args.` or `state.`");
            reader.report(&path, Problem::new(code::BAD_VALUE, message));
            return None;
        }
        if text.contains(['[', ']']) {
            let message = format!("`{text}` led nowhere in the older proxy, which knew no brackets in paths");
            reader.report(&path, Problem::new(code::BAD_VALUE, message));
            return None;
        }
        Some(Self { path, text, operator: operator?, value: value? })
    }

    /// Whether it reads a counter.
    pub(super) fn is_of_counter(&self) -> bool {
        self.text.starts_with("state.")
    }

    /// The path as it is written.
    pub(super) fn path_text(&self) -> &str {
        &self.text
    }

    fn said(&self) -> String {
        format!("`{} {} {}`", self.text, self.operator, crate::normalise::value(self.value.value))
    }

    fn write(&self, translation: &mut Translation<'_>) -> Option<String> {
        let value = match self.value.value.as_str() {
            Some(text) if self.operator == "regex" => match pattern::translate(&text) {
                Ok(same) => {
                    if same != text {
                        let message =
                            format!("the pattern is written as `{same}`, which matches the same texts");
                        translation.note(self.value.offset(), message);
                    }
                    quoted(&same)
                }
                Err(why) => {
                    translation.reader.report(&self.value, Problem::new(code::BAD_VALUE, why));
                    return None;
                }
            },
            _ => self.value.value.raw().to_owned(),
        };
        let members = [("path", quoted(&self.text)), ("op", quoted(self.operator)), ("value", value)];
        Some(object(members.into_iter()))
    }
}

/// A duration such as `30m` or `1h30m`, in seconds.
fn read_timeout(translation: &mut Translation<'_>, place: &Place<'_>) -> Option<String> {
    let text = translation.reader.text(place)?;
    let seconds = duration_seconds(&text);
    if seconds.is_none() {
        let message =
            format!("`{text}` is no time to wait; write whole hours, minutes or seconds, such as `30m`");
        translation.reader.report(place, Problem::new(code::BAD_VALUE, message));
    }
    seconds.map(|seconds| format!("{seconds}s"))
}

fn duration_seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (digits, behind) = rest.split_at(end);
        let unit = match behind.chars().next()? {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = behind.get(1..)?;
    }
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::duration_seconds;

    #[test]
    fn durations_of_the_older_proxy() {
        for (text, seconds) in [
            ("30m", Some(1800)),
            ("1h30m", Some(5400)),
            ("90s", Some(90)),
            ("", None),
            ("0s", None),
            ("30", None),
            ("1.5h", None),
            ("500ms", None),
            ("-1m", None),
            ("1d", None),
        ] {
            assert_eq!(duration_seconds(text), seconds, "{text}");
        }
    }
}
