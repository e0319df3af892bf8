//! The policy that a translation writes, before it is loaded and normalised. Holds JSON texts of its parts.

use json::write_string;

/// A whole document.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) default: &'static str,
    pub(super) hide: Vec<String>,
    pub(super) all_tools: Option<WrittenRules>,
    pub(super) tools: Vec<(String, WrittenRules)>,
}

/// The rules of one tool, or of all.
#[derive(Debug, Default)]
pub(super) struct WrittenRules {
    pub(super) require: Vec<String>,
    /// What is said when every call is denied; nothing said, nothing told.
    pub(super) denies: Vec<Option<String>>,
    pub(super) limits: Vec<String>,
    pub(super) approval: Option<String>,
}

impl Written {
    /// The document.
    pub(super) fn to_json(&self) -> String {
        let mut members = vec![("version", quoted("1")), ("default", quoted(self.default))];
        if !self.hide.is_empty() {
            members.push(("hide", list(self.hide.iter().map(|name| quoted(name)))));
        }
        members.extend(self.all_tools.as_ref().map(|rules| ("all_tools", rules.to_json())));
        let tools = self.tools.iter().map(|(name, rules)| (&**name, rules.to_json()));
        members.push(("tools", object(tools)));
        object(members.into_iter())
    }
}

impl WrittenRules {
    fn to_json(&self) -> String {
        let mut members = Vec::new();
        if !self.require.is_empty() {
            members.push(("require", list(self.require.iter().cloned())));
        }
        if !self.denies.is_empty() {
            members.push(("deny_if", list(self.denies.iter().map(|said| predicate(&[], said.as_deref())))));
        }
        if !self.limits.is_empty() {
            members.push(("limits", list(self.limits.iter().cloned())));
        }
        members.extend(self.approval.clone().map(|approval| ("approval", approval)));
        object(members.into_iter())
    }
}

/// An entry of `require` or `deny_if`.
pub(super) fn predicate(conditions: &[String], on_deny: Option<&str>) -> String {
    let mut members = vec![("conditions", list(conditions.iter().cloned()))];
    members.extend(on_deny.map(|said| ("on_deny", quoted(said))));
    object(members.into_iter())
}

/// An object of texts that are JSON already.
pub(super) fn object<'a>(members: impl Iterator<Item = (&'a str, String)>) -> String {
    let members = members.map(|(key, value)| format!("{}: {value}", quoted(key)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
}

/// A list of texts that are JSON already.
pub(super) fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(", "))
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    write_string(&mut bytes, text);
    String::from_utf8(bytes).unwrap_or_default()
}
