//! What holds of the other channels for every document and every subject.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may fail them")]

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::FACTS;
use policy::{Answer, Channel, Policy, Stack, normalise};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Patterns that meet each other in many ways.
const URIS: [&str; 17] = [
    "*",
    "file:///a/*",
    "file:///a/**",
    "file:///a/b",
    "file:///a/b/*.md",
    "file:///a%20b/**",
    "**/.env",
    "https://*.example.com/*",
    "https://example.com/a?*",
    "https://example.com/**",
    "host:example.com",
    "host:*.example.com",
    "host:example.com:443",
    "notes://a/*",
    "notes:a/**",
    "notes://*/b",
    "urn:a:*",
];
const NAMES: [&str; 6] = ["*", "a", "ab", "a*", "*b", "a*b*"];
const METHODS: [&str; 3] = ["x/a", "x/b", "y"];

fn rule() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({"action": "allow"}),
        json!({"action": "deny"}),
        json!({"action": "deny", "reason": "no"}),
    ])
}

fn parts(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec((prop::sample::select(keys), rule()), 1..5).prop_map(|parts| {
        Value::Object(parts.into_iter().map(|(key, rule)| (key.to_owned(), rule)).collect())
    })
}

fn said(keys: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![1 => Just(None), 1 => rule().prop_map(Some), 3 => parts(keys).prop_map(Some)]
}

fn policy_document() -> impl Strategy<Value = Value> {
    let maps = (said(&URIS), said(&NAMES), said(&["form", "url"]), prop::option::of(parts(&METHODS)));
    let wholes = prop::collection::vec(prop::option::of(rule()), 4);
    (prop::sample::select(vec!["allow", "deny"]), maps, wholes).prop_map(
        |(default, (resources, prompts, elicitation, methods), wholes)| {
            let mut document = json!({"version": "1", "default": default});
            let whole_keys = ["completion", "sampling", "roots", "tasks"].into_iter().zip(wholes);
            let map_keys = [
                ("resources", resources),
                ("prompts", prompts),
                ("elicitation", elicitation),
                ("methods", methods),
            ];
            for (key, said) in whole_keys.chain(map_keys) {
                if let Some(said) = said {
                    document[key] = said;
                }
            }
            document
        },
    )
}

/// URIs near the patterns, in honest and in crooked spellings.
fn uri() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "file:///",
        "file:/",
        "FILE://localhost/",
        "file:\\\\\\",
        "https://example.com/",
        "https://u@example.com:443/",
        "https://x.EXAMPLE.com/",
        "https:example.com",
        "http://example.com.:80/",
        "notes://",
        "notes:",
        "notes:///",
        "urn:",
        "",
    ]);
    let piece = prop::sample::select(vec![
        "a", "b", "A", "b.md", ".env", "/", "/", "/", "..", ".", "%2e", "%2F", "%252f", "%61", "\\", "?",
        "#", ":", " ", "%20", "%00", "\t", "é", "／", "%ff", "%", ";", "=", "@", "&", "{", "}",
    ]);
    (start, prop::collection::vec(piece, 0..8))
        .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
}

fn subject(channel: Channel) -> BoxedStrategy<Option<String>> {
    let some = match channel {
        Channel::Resources => prop_oneof![3 => uri(), 1 => ".{0,12}"].boxed(),
        Channel::Prompts => "[abAB*/ ]{0,4}".boxed(),
        Channel::Elicitation => {
            prop::sample::select(vec!["form", "url", "Form", ""]).prop_map(str::to_owned).boxed()
        }
        Channel::Completion | Channel::Sampling | Channel::Roots | Channel::Tasks | Channel::Input => {
            "[a-z]{0,3}".boxed()
        }
    };
    prop::option::weighted(0.9, some).boxed()
}

fn message() -> impl Strategy<Value = (Channel, Option<String>)> {
    let channel = prop_oneof![4 => Just(Channel::Resources), 2 => Just(Channel::Prompts), 2 => prop::sample::select(Channel::ALL.to_vec())];
    channel.prop_flat_map(|channel| subject(channel).prop_map(move |subject| (channel, subject)))
}

fn load(document: &Value) -> Arc<Policy> {
    Arc::new(policy::load("p", document.to_string().into_bytes()).unwrap())
}

fn stack(documents: &[&Value]) -> Stack {
    Stack::new(documents.iter().map(|document| load(document)).collect())
}

fn opens(stack: &Stack, channel: Channel, subject: Option<&str>) -> bool {
    stack.judge_channel(channel, &FACTS, subject).is_ok()
}

/// What stands before and behind the expression of a template.
fn template() -> impl Strategy<Value = (&'static str, &'static str)> {
    let starts = [
        "file:///",
        "file:///a/",
        "file:///a/b/",
        "https://",
        "https://example.com/",
        "notes://",
        "notes://a/",
        "urn:",
        "",
    ];
    let ends = ["", "", "/b", ".md", "/.env", ".example.com/a"];
    (prop::sample::select(starts.to_vec()), prop::sample::select(ends.to_vec()))
}

/// What an expression becomes.
fn expansion() -> impl Strategy<Value = String> {
    let near = [
        "a",
        "b",
        "a/b",
        "b/a",
        "a:b",
        "example.com",
        "x.example.com",
        "example.com/a?b",
        "x",
        "file:///a/b",
        "urn:a:b",
        "c.md",
    ];
    prop_oneof![4 => prop::sample::select(near.to_vec()).prop_map(str::to_owned), 1 => "[ab/.?#:]{0,4}"]
}

/// URIs in and around the folder `/a`, by all the ways that there are.
fn folder_uri() -> impl Strategy<Value = String> {
    let start = prop::sample::select(vec![
        "file:///",
        "file:///",
        "file:///a/",
        "file:/",
        "FILE://localhost/",
        "file:\\\\\\",
    ]);
    let piece = prop::sample::select(vec![
        "a",
        "a/",
        "b",
        "b/",
        "/",
        "../",
        "..",
        "./",
        "%2e%2e/",
        ".%2E/",
        "%252e%252e%252f",
        "..\\",
        "..%5c",
        "%61",
        "%2f",
        "?",
        "#",
        "?/../",
        "A",
    ]);
    (start, prop::collection::vec(piece, 0..6))
        .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
}

/// What gullible servers would open: the whole text or what stands before its query or fragment, and everything
/// unescaped, backslashes for slashes, `..` walked.
fn gullible_readings(uri: &str) -> Vec<String> {
    let cut = |ends: &[char]| uri.split(ends).next().unwrap().to_owned();
    [uri.to_owned(), cut(&['#']), cut(&['?', '#'])].iter().map(|uri| gullible(uri).to_lowercase()).collect()
}

fn gullible(uri: &str) -> String {
    let mut bytes = uri.as_bytes().to_vec();
    while let Some(at) = (0..bytes.len().saturating_sub(2)).find(|at| {
        bytes[*at] == b'%' && bytes[*at + 1].is_ascii_hexdigit() && bytes[*at + 2].is_ascii_hexdigit()
    }) {
        let hex = std::str::from_utf8(&bytes[at + 1..at + 3]).unwrap();
        let byte = u8::from_str_radix(hex, 16).unwrap();
        bytes.splice(at..at + 3, [byte]);
    }
    let text = String::from_utf8_lossy(&bytes).replace('\\', "/");
    let mut walked: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                walked.pop();
            }
            part => walked.push(part),
        }
    }
    walked.join("/")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_unlisted_is_ever_allowed(one in policy_document(), two in policy_document(), (channel, subject) in message()) {
        for stack in [stack(&[&one]), stack(&[&one, &two])] {
            let is_open = opens(&stack, channel, subject.as_deref());
            prop_assert!(!is_open || stack.may_open(channel), "{one} {two}");
            if let Some(subject) = &subject {
                prop_assert!(!is_open || stack.lists(channel, subject), "{one} {two}");
                prop_assert!(stack.may_open(channel) || !stack.lists(channel, subject), "{one} {two}");
            }
        }
    }

    #[test]
    fn a_template_is_listed_if_anything_that_it_becomes_is_allowed(
        policy in policy_document(), (start, end) in template(), values in prop::collection::vec(expansion(), 4),
    ) {
        let stack = stack(&[&policy]);
        let template = format!("{start}{{x}}{end}");
        let is_listed = stack.lists(Channel::Resources, &template);
        for value in values {
            let uri = format!("{start}{value}{end}");
            prop_assert!(is_listed || !opens(&stack, Channel::Resources, Some(&uri)), "{policy} {template} {uri}");
        }
    }

    #[test]
    fn a_further_deny_never_allows_more(
        policy in policy_document(), deny in (prop::sample::select(&URIS), prop::sample::select(&NAMES)), (channel, subject) in message(),
    ) {
        let mut narrow = policy.clone();
        for (key, pattern) in [("resources", deny.0), ("prompts", deny.1)] {
            if narrow[key].get("action").is_none_or(Value::is_object) {
                let mut parts: Map<String, Value> = narrow[key].as_object().cloned().unwrap_or_default();
                parts.insert(pattern.to_owned(), json!({"action": "deny"}));
                narrow[key] = Value::Object(parts);
            }
        }
        let (wide, narrow) = (stack(&[&policy]), stack(&[&narrow]));
        prop_assert!(opens(&wide, channel, subject.as_deref()) || !opens(&narrow, channel, subject.as_deref()), "{policy}");
        if let Some(subject) = &subject {
            prop_assert!(wide.lists(channel, subject) || !narrow.lists(channel, subject), "{policy}");
        }
    }

    #[test]
    fn a_further_policy_never_allows_more(one in policy_document(), two in policy_document(), (channel, subject) in message(), method in prop::sample::select(&METHODS)) {
        let alone = stack(&[&one]);
        for both in [stack(&[&one, &two]), stack(&[&two, &one])] {
            prop_assert!(opens(&alone, channel, subject.as_deref()) || !opens(&both, channel, subject.as_deref()), "{one} {two}");
            prop_assert!(alone.may_open(channel) || !both.may_open(channel), "{one} {two}");
            let method = |stack: &Stack| stack.judge_method(&FACTS, method).is_ok();
            prop_assert!(method(&alone) || !method(&both), "{one} {two}");
        }
    }

    #[test]
    fn a_deny_covers_what_an_allow_of_the_same_pattern_covers(pattern in prop::sample::select(&URIS), uri in uri()) {
        let with = |action: &str| {
            stack(&[&json!({"version": "1", "default": "deny", "resources": {pattern: {"action": action}}})])
        };
        let is_open = opens(&with("allow"), Channel::Resources, Some(&uri));
        let denial = with("deny").judge_channel(Channel::Resources, &FACTS, Some(&uri)).unwrap_err();
        prop_assert!(!is_open || denial.kind == policy::DenialKind::Action, "{pattern} {uri} {denial:?}");
    }

    /// No spelling leads out of an allowed folder or into a denied one.
    #[test]
    fn no_spelling_gets_around_a_folder(uris in prop::collection::vec(folder_uri(), 8)) {
        let only = stack(&[&json!({"version": "1", "default": "deny", "resources": {"file:///a/**": {"action": "allow"}}})]);
        let but = stack(&[&json!({"version": "1", "default": "allow", "resources": {"file:///a/**": {"action": "deny"}}})]);
        for uri in uris {
            let reached = gullible_readings(&uri);
            let mut inside = reached.iter().map(|path| path.starts_with("file:/a/") || path == "file:/a");
            let is_open = |stack| opens(stack, Channel::Resources, Some(&uri));
            prop_assert!(inside.clone().all(|inside| inside) || !is_open(&only), "{uri} {reached:?}");
            prop_assert!(!inside.any(|inside| inside) || !is_open(&but), "{uri} {reached:?}");
        }
    }

    #[test]
    fn normalising_never_changes_a_decision(policy in policy_document(), messages in prop::collection::vec(message(), 1..6)) {
        let before = load(&policy);
        let text = normalise(&before);
        let after = Arc::new(policy::load("p", text.clone().into_bytes()).unwrap());
        prop_assert_eq!(before.revision_hash(), after.revision_hash());
        prop_assert_eq!(&normalise(&after), &text);
        let (before, after) = (Stack::new(vec![before]), Stack::new(vec![after]));
        for (channel, subject) in &messages {
            let judge = |stack: &Stack| stack.judge_channel(*channel, &FACTS, subject.as_deref());
            prop_assert_eq!(judge(&before), judge(&after));
            prop_assert_eq!(before.may_open(*channel), after.may_open(*channel));
        }
        for method in METHODS {
            prop_assert_eq!(before.judge_method(&FACTS, method), after.judge_method(&FACTS, method));
        }
    }

    #[test]
    fn explaining_agrees_with_judging(one in policy_document(), two in policy_document(), (channel, subject) in message()) {
        let stack = stack(&[&one, &two]);
        let judged = stack.judge_channel(channel, &FACTS, subject.as_deref());
        let explanation = stack.explain_channel(channel, &FACTS, subject.as_deref());
        prop_assert_eq!(explanation.decision.denial(), judged.as_ref().err().map(AsRef::as_ref));
        let first = explanation.findings.iter().find(|finding| finding.answer == Answer::Denies);
        prop_assert_eq!(first.map(|finding| &finding.rule), judged.as_ref().err().map(|denial| &denial.rule));
    }

    #[test]
    fn patterns_never_panic(pattern in ".{0,20}", near in uri(), subject in ".{0,20}") {
        for pattern in [pattern, near, format!("host:{subject}")] {
            let document = json!({"version": "1", "default": "allow", "resources": {pattern: {"action": "deny"}}});
            if let Ok(policy) = policy::load("p", document.to_string().into_bytes()) {
                let stack = Stack::new(vec![Arc::new(policy)]);
                let _ = opens(&stack, Channel::Resources, Some(&subject));
                let _ = stack.lists(Channel::Resources, &subject);
            }
        }
    }
}
