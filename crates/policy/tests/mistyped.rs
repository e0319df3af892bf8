//! Every word of every table with one slip of the finger: refused at its place, with the word that was meant.
//! What is not a table here (the parts of an expression) has tests of its own.

#![expect(clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use policy::registry::{Status, Table, tables};
use policy::{Diagnostic, OPERATORS};

/// A document with `WORD` where a word of the table stands: as a key, or as a value.
fn template(title: &str) -> Option<String> {
    let tools =
        |rules: &str| format!(r#"{{ "version": "1", "default": "deny", "tools": {{ "x": {rules} }} }}"#);
    let limit = |member: &str| {
        let base = r#""counter": "c", "max": 1"#;
        tools(&format!(r#"{{ "limits": [{{ {base}, {member} }}] }}"#))
    };
    Some(match title {
        "the document" => r#"{ "version": "1", "default": "deny", "WORD": {} }"#.to_owned(),
        "a server" => {
            r#"{ "version": "1", "default": "deny", "servers": { "s": { "WORD": {} } } }"#.to_owned()
        }
        "`categories`" => r#"{ "version": "1", "default": "deny", "categories": { "WORD": {} } }"#.to_owned(),
        "`risk`" => r#"{ "version": "1", "default": "deny", "risk": { "WORD": {} } }"#.to_owned(),
        "rules" => tools(r#"{ "WORD": {} }"#),
        "a predicate" => tools(r#"{ "require": [{ "conditions": [], "WORD": {} }] }"#),
        "a condition" => tools(
            r#"{ "require": [{ "conditions": [{ "path": "args.a", "op": "eq", "value": 1, "WORD": {} }] }] }"#,
        ),
        "a limit" => limit(r#""window": "hour", "scope": "grant", "WORD": {}"#),
        "`cost`" => limit(r#""window": "hour", "scope": "grant", "cost": { "WORD": "args.a" }"#),
        "a rate limit" => tools(r#"{ "rate_limit": { "WORD": 1 } }"#),
        "`arguments`" => tools(r#"{ "arguments": { "WORD": "off" } }"#),
        "`approval`" => tools(r#"{ "approval": { "WORD": {} } }"#),
        "a rule of a channel" => {
            r#"{ "version": "1", "default": "deny", "roots": { "action": "allow", "WORD": {} } }"#.to_owned()
        }
        "`elicitation`" => {
            r#"{ "version": "1", "default": "deny", "elicitation": { "WORD": { "action": "allow" } } }"#
                .to_owned()
        }
        "`version`" => r#"{ "version": "WORD", "default": "deny" }"#.to_owned(),
        "`default`" => r#"{ "version": "1", "default": "WORD" }"#.to_owned(),
        "`action`" => tools(r#"{ "action": "WORD" }"#),
        "`action` of a channel" => {
            r#"{ "version": "1", "default": "deny", "roots": { "action": "WORD" } }"#.to_owned()
        }
        "`window`" => limit(r#""window": "WORD", "scope": "grant""#),
        "`window` with `\"align\": \"calendar\"`" => {
            limit(r#""window": "WORD", "align": "calendar", "scope": "grant""#)
        }
        "`align`" => limit(r#""window": "hour", "align": "WORD", "scope": "grant""#),
        "`kind` of a limit" => limit(r#""kind": "WORD", "scope": "grant""#),
        "`release`" => limit(r#""window": "hour", "scope": "grant", "release": "WORD""#),
        "`scope`" => limit(r#""window": "hour", "scope": "WORD""#),
        "`check`" => tools(r#"{ "arguments": { "check": "WORD" } }"#),
        "`unknown`" => tools(r#"{ "arguments": { "unknown": "WORD" } }"#),
        "`numbers`" => tools(r#"{ "numbers": "WORD" }"#),
        "`reason` of an approval" => tools(r#"{ "approval": { "reason": "WORD" } }"#),
        "the first part of a path" => {
            tools(r#"{ "require": [{ "conditions": [{ "path": "WORD.a", "op": "eq", "value": 1 }] }] }"#)
        }
        _ => return template_of_test(title),
    })
}

/// The same for the tables of tests and flows.
fn template_of_test(title: &str) -> Option<String> {
    let test =
        |member: &str| format!(r#"{{ "version": "1", "default": "deny", "tests": [{{ {member} }}] }}"#);
    let flow = |members: &str| {
        let labels = r#""labels": { "a": ["phi"], "b": ["egress"] }"#;
        format!(r#"{{ "version": "1", "default": "deny", {labels}, "flows": [{{ {members} }}] }}"#)
    };
    Some(match title {
        "a test" => test(r#""call": { "tool": "x" }, "expect": "deny", "WORD": {}"#),
        "the call of a test" => test(r#""call": { "tool": "x", "WORD": {} }, "expect": "deny""#),
        "`expect`" => test(r#""call": { "tool": "x" }, "expect": "WORD""#),
        "`history` of a test" => {
            test(r#""call": { "tool": "x", "history": { "WORD": [] } }, "expect": "deny""#)
        }
        "a label of a test" => test(
            r#""call": { "tool": "x", "history": { "labels": [{ "label": "a", "WORD": {} }] } }, "expect": "deny""#,
        ),
        "an earlier call of a test" => test(
            r#""call": { "tool": "x", "history": { "finished": [{ "tool": "a", "WORD": {} }] } }, "expect": "deny""#,
        ),
        "`channel` of a test" => test(r#""call": { "channel": "WORD" }, "expect": "deny""#),
        "a flow" => flow(r#""id": "f", "after": "phi", "deny": "egress", "WORD": {}"#),
        "`unless` of a flow" => flow(r#""id": "f", "after": "phi", "deny": "egress", "unless": "WORD""#),
        "`needs`" => flow(r#""id": "f", "tool": "x", "needs": { "tool": "y", "WORD": {} }"#),
        _ => return None,
    })
}

/// The word with one slip: two letters swapped, one left out, one twice, one beside the wanted key.
fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let middle = letters.len() / 2;
    let mut twice = letters.clone();
    twice.insert(middle, letters[middle]);
    let mut found = vec![twice];
    if letters.len() > 3 {
        let mut swapped = letters.clone();
        swapped.swap(middle - 1, middle);
        let mut left_out = letters.clone();
        left_out.remove(middle);
        let mut beside = letters.clone();
        beside[middle] = 'q';
        found.extend([swapped, left_out, beside]);
    }
    found
        .into_iter()
        .map(|letters| letters.into_iter().collect())
        .filter(|slip: &String| slip != word)
        .collect()
}

fn problems(text: String) -> Vec<Diagnostic> {
    policy::load("test", text.into_bytes()).err().unwrap_or_default()
}

fn check(template: &str, word: &str, words: &[&str]) {
    for slip in slips(word).into_iter().filter(|slip| !words.contains(&&**slip)) {
        let text = template.replace("WORD", &slip);
        let found = problems(text.clone());
        let told = found.iter().find(|problem| problem.message.contains(&format!("`{slip}")));
        assert!(told.is_some(), "{text}\n{found:#?}");
        let meant = told.and_then(|problem| problem.suggestion.as_deref()).unwrap_or_default();
        let is_known = words.iter().any(|known| meant == *known || meant.starts_with(&format!("{known}.")));
        // One letter says too little to guess from.
        assert!(is_known || word.chars().count() == 1, "{slip} for {word} is taken for `{meant}`");
        if word.chars().count() > 5 {
            assert!(meant.starts_with(word), "{slip} for {word} is taken for `{meant}`");
        }
        let place = template.find("WORD").unwrap_or_default();
        assert!(
            told.is_some_and(|problem| problem.line == 1 && problem.column as usize <= place + 1),
            "{text}"
        );
    }
}

#[test]
fn every_word_of_every_table() {
    let (mut n_words, mut n_tables) = (0, 0);
    for Table { title, entries } in tables() {
        // A table that has no document here has tests of its own.
        let Some(template) = template(title) else { continue };
        n_tables += 1;
        let words: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
        for entry in entries.iter().filter(|entry| entry.status == Status::Built) {
            check(&template, entry.name, &words);
            n_words += 1;
        }
    }
    assert!(n_words > 150 && n_tables > 35, "{n_words} words of {n_tables} tables");
}

#[test]
fn every_operator() {
    let template = r#"{ "version": "1", "default": "deny", "tools": { "x": { "require": [{ "conditions": [{ "path": "args.a", "op": "WORD", "value": 1 }] }] } } }"#;
    let words: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
    for word in &words {
        check(template, word, &words);
    }
}

/// What stands in the wrong place or has another type is refused as well.
#[test]
fn wrong_types_windows_and_versions() {
    for (text, pointer, meant) in [
        (r#"{ "version": 1, "default": "deny" }"#, "/version", Some("\"1\"")),
        (r#"{ "version": "2", "default": "deny" }"#, "/version", None),
        (
            r#"{ "version": "1", "default": "deny", "tools": { "x": { "rate_limit": "10/minutes" } } }"#,
            "/tools/x/rate_limit",
            Some("10/minute"),
        ),
        (
            r#"{ "version": "1", "default": "deny", "tools": { "x": { "rate_limit": { "max": "10", "window": 60 } } } }"#,
            "/tools/x/rate_limit/max",
            None,
        ),
        (r#"{ "version": "1", "default": "deny", "tools": [] }"#, "/tools", None),
        (r#"{ "version": "1", "default": "deny", "hide": "x" }"#, "/hide", None),
    ] {
        let found = problems(text.to_owned());
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        let problem = &found[0];
        assert_eq!((&*problem.pointer, problem.suggestion.as_deref()), (pointer, meant), "{problem}");
    }
}
