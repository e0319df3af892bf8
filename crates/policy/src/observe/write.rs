//! A suggested document as text. Only writes; what it says is decided elsewhere.

use std::collections::BTreeMap;

use super::leaf::quoted;
use super::narrow::Narrowed;

/// The rules of one tool, each as JSON.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) require: Vec<String>,
    pub(super) deny_if: Vec<String>,
    pub(super) limits: Vec<String>,
}

/// By server, then by tool.
pub(super) type Draft = BTreeMap<String, BTreeMap<String, Rules>>;

/// The whole document. What is said of one server alone stands at its top.
pub(super) fn document(draft: &Draft, tests: &[String]) -> String {
    let mut text = "{\"version\": \"1\", \"default\": \"deny\"".to_owned();
    if is_of_one(draft) {
        draft.values().for_each(|all| text.push_str(&format!(", \"tools\": {}", tools(all))));
    } else {
        let servers: Vec<String> = draft
            .iter()
            .map(|(server, all)| format!("{}: {{\"tools\": {}}}", quoted(server), tools(all)))
            .collect();
        text.push_str(&format!(", \"servers\": {{{}}}", servers.join(", ")));
    }
    if !tests.is_empty() {
        text.push_str(&format!(", \"tests\": [{}]", tests.join(", ")));
    }
    text.push('}');
    text
}

/// Whether nothing is said of a second server.
pub(super) fn is_of_one(draft: &Draft) -> bool {
    draft.len() <= 1
}

fn tools(all: &BTreeMap<String, Rules>) -> String {
    let all: Vec<String> =
        all.iter().map(|(tool, rules)| format!("{}: {}", quoted(tool), rules.text())).collect();
    format!("{{{}}}", all.join(", "))
}

impl Rules {
    fn text(&self) -> String {
        let mut text = "{\"action\": \"allow\"".to_owned();
        let lists = [("require", &self.require), ("deny_if", &self.deny_if), ("limits", &self.limits)];
        for (key, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            text.push_str(&format!(", \"{key}\": [{}]", list.join(", ")));
        }
        text.push('}');
        text
    }
}

/// A requirement on an argument; one that is not always there may be missing.
pub(super) fn requirement(path: &str, narrowed: &Narrowed, is_always_there: bool) -> String {
    let conditions: Vec<String> =
        narrowed.comparisons.iter().map(|comparison| condition(path, comparison)).collect();
    let all = conditions.join(", ");
    if is_always_there {
        return predicate(&all);
    }
    let list = path.strip_suffix("[*]").unwrap_or(path);
    let missing = condition(list, "\"op\": \"exists\", \"value\": false");
    let present = if conditions.len() == 1 { all } else { format!("{{\"all\": [{all}]}}") };
    predicate(&format!("{{\"any\": [{missing}, {present}]}}"))
}

/// An entry of `require` or `deny_if`.
pub(super) fn predicate(conditions: &str) -> String {
    format!("{{\"conditions\": [{conditions}]}}")
}

/// A comparison with an argument, or with each element of a list.
pub(super) fn condition(path: &str, comparison: &str) -> String {
    let path = quoted(&format!("args.{path}"));
    if path.ends_with("[*]\"") {
        return format!("{{\"path\": {path}, \"op\": \"each\", \"value\": {{{comparison}}}}}");
    }
    format!("{{\"path\": {path}, {comparison}}}")
}
