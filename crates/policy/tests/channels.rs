//! Runs the case files of `tests/cases/channels`: documents, subjects and what is decided on each.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests may fail them"
)]

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::{FACTS, case_files, optional_text, stack, text};
use json::Value;
use policy::{Answer, Channel, Denial, Stack, normalise};

#[test]
fn every_case_is_decided_as_it_says() {
    for (name, file) in case_files("channels") {
        for case in file.root().elements() {
            run(&format!("{name}: {}", text(case, "about")), case);
        }
    }
}

fn run(about: &str, case: Value<'_>) {
    let texts: Vec<&str> = match case.get("policies") {
        Some(list) => list.elements().map(|policy| policy.raw()).collect(),
        None => vec![case.get("policy").expect(about).raw()],
    };
    let stack = stack(&texts);
    let normal: Vec<_> = stack.policies().iter().map(|policy| normalise(policy)).collect();
    let names: Vec<_> = stack.policies().iter().map(|policy| Arc::clone(policy.name())).collect();
    let again = names.iter().zip(&normal).map(|(name, text)| common::load_named(name, text)).collect();
    for judged in [stack, Stack::new(again)] {
        for question in case.get("asks").expect(about).elements() {
            ask(&format!("{about}: {}", question.raw()), &judged, question);
        }
        for (channel, expected) in case
            .get("may_open")
            .into_iter()
            .flat_map(|list| list.members())
            .map(|member| (member.key.as_cow().into_owned(), member.value))
        {
            assert_eq!(
                Some(judged.may_open(channel_named(&channel))),
                expected.as_bool(),
                "{about}: {channel}"
            );
        }
    }
}

fn channel_named(name: &str) -> Channel {
    Channel::ALL
        .into_iter()
        .find(|channel| channel.as_str() == name)
        .unwrap_or_else(|| panic!("no channel {name}"))
}

/// A question is `[channel, subject or null, "allow" or the rule that denies]`, and perhaps more on the denial.
fn ask(about: &str, stack: &Stack, question: Value<'_>) {
    let parts: Vec<_> = question.elements().collect();
    let [channel, subject, expected, more @ ..] = parts.as_slice() else { panic!("{about}") };
    let (channel, subject, expected) =
        (channel.as_str().unwrap(), subject.as_str(), expected.as_str().unwrap());
    let answer = if channel == "methods" {
        stack.judge_method(&FACTS, subject.as_deref().unwrap())
    } else {
        let channel = channel_named(&channel);
        let answer = stack.judge_channel(channel, &FACTS, subject.as_deref());
        // INVARIANT: nothing that is not listed is ever allowed, and nothing of a closed channel is.
        assert!(
            answer.is_err() || subject.as_deref().is_none_or(|subject| stack.lists(channel, subject)),
            "{about}"
        );
        assert!(answer.is_err() || stack.may_open(channel), "{about}");
        answer
    };
    check_explanation(about, stack, (&channel, subject.as_deref()), answer.as_ref().err().map(AsRef::as_ref));
    match answer {
        Ok(()) => assert_eq!("allow", expected, "{about}"),
        Err(denial) => check_denial(about, &denial, &expected, more.first().copied()),
    }
}

fn check_explanation(
    about: &str,
    stack: &Stack,
    (channel, subject): (&str, Option<&str>),
    denial: Option<&Denial>,
) {
    let explanation = match channel {
        "methods" => stack.explain_method(&FACTS, subject.unwrap()),
        channel => stack.explain_channel(channel_named(channel), &FACTS, subject),
    };
    let about = format!("{about}\n{explanation}");
    assert_eq!(explanation.decision.denial(), denial, "{about}");
    let first = explanation.findings.iter().find(|finding| finding.answer == Answer::Denies);
    assert_eq!(first.map(|finding| &finding.rule), denial.map(|denial| &denial.rule), "{about}");
    assert_eq!(first.map(|finding| &finding.policy), denial.map(|denial| &denial.policy), "{about}");
}

fn check_denial(about: &str, denial: &Denial, expected: &str, more: Option<Value<'_>>) {
    let about = format!("{about}\n{denial:#?}");
    assert_eq!(denial.rule.as_str(), expected, "{about}");
    let reason = denial.reason.as_deref().expect(&about);
    assert!(reason.to_lowercase().contains("do not retry") || denial.kind.as_str() == "no_policy", "{about}");
    assert!(!denial.kind.looks_unknown() || denial.kind.as_str() == "no_policy", "{about}");
    let Some(more) = more else { return };
    for (key, found) in [
        ("kind", Some(denial.kind.as_str())),
        ("pointer", Some(&*denial.pointer)),
        ("policy", denial.policy.as_deref()),
        ("reason", Some(reason)),
    ] {
        if let Some(expected) = optional_text(more, key) {
            assert_eq!(found, Some(&*expected), "{about}");
        }
    }
}

#[test]
fn lists_show_what_could_be_open() {
    let open = stack(&[r#"{"version": "1", "default": "deny", "resources": {
        "file:///srv/docs/*": {"action": "allow"}, "file:///srv/docs/secret*": {"action": "deny"}}}"#]);
    for (subject, expected) in [
        ("file:///srv/docs/a.md", true),
        ("file:///srv/docs/{name}", true),
        ("file:///{+path}", true),
        ("{+uri}", true),
        ("file:///srv/docs/secret.md", false),
        ("file:///etc/{name}", false),
        ("file:///etc/passwd", false),
        ("file:///srv/docs/../a", false),
    ] {
        assert_eq!(open.lists(Channel::Resources, subject), expected, "{subject}");
    }
    let braces = stack(&[r#"{"version": "1", "default": "allow", "prompts": {"a*": {"action": "deny"}}}"#]);
    assert!(!braces.lists(Channel::Prompts, "a{b}") && braces.lists(Channel::Prompts, "b{a}"));
    let some = stack(&[r#"{"version": "1", "default": "allow", "resources": {
        "file:///srv/**": {"action": "deny"}, "host:example.com": {"action": "deny"}}}"#]);
    assert!(!some.lists(Channel::Resources, "file:///srv/{name}"));
    assert!(!some.lists(Channel::Resources, "https://example.com/{name}"));
    assert!(some.lists(Channel::Resources, "https://{host}/{name}"));
    assert!(some.lists(Channel::Resources, "file:///{+path}"));
}
