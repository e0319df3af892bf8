//! Stacks as a whole: names that no server lists, hashes.

#[cfg(test)]
mod common;

use std::sync::Arc;

use common::{definition, load_named, stack};
use policy::{Decision, DenialKind, Policy, Stack};

const OPEN: &str = r#"{"version": "1", "default": "allow", "hide": ["h"]}"#;
const CLOSED: &str = r#"{"version": "1", "default": "deny", "hide": ["g"], "tools": {"x": {}}}"#;

#[test]
fn a_name_that_no_server_lists_is_denied_by_the_first_rule_that_applies() {
    let cases: [(&[&str], &str, DenialKind); 8] = [
        (&[], "x", DenialKind::NoPolicy),
        (&[OPEN], "x", DenialKind::UnknownTool),
        (&[OPEN], "h", DenialKind::Hidden),
        (&[CLOSED], "x", DenialKind::UnknownTool),
        (&[CLOSED], "y", DenialKind::DefaultDeny),
        (&[CLOSED], "g", DenialKind::Hidden),
        (&[CLOSED, OPEN], "h", DenialKind::Hidden),
        (&[OPEN, CLOSED], "y", DenialKind::DefaultDeny),
    ];
    for (texts, tool, expected) in cases {
        match stack(texts).judge_unknown(tool) {
            Decision::Deny(denial) => assert_eq!(denial.kind, expected, "{texts:?} {tool}"),
            Decision::Allow(_) => panic!("{texts:?} {tool} is allowed"),
        }
    }
}

#[test]
fn the_hash_names_the_policies_their_content_and_their_order() {
    let (a, b) = (load_named("a", OPEN), load_named("b", OPEN));
    assert_eq!(a.revision_hash(), b.revision_hash());
    let hash = |policies: &[&Arc<Policy>]| Stack::new(policies.iter().copied().cloned().collect()).hash();
    assert_eq!(hash(&[&a, &b]), hash(&[&load_named("a", OPEN), &b]));
    let hashes = [hash(&[]), hash(&[&a]), hash(&[&b]), hash(&[&a, &b]), hash(&[&b, &a])];
    for (index, one) in hashes.iter().enumerate() {
        assert!(hashes.iter().skip(index + 1).all(|other| other != one));
    }
}

#[test]
fn only_what_documents_say_in_other_words_has_one_revision() {
    let hash = |text: &str| load_named("p", text).revision_hash();
    let same = [
        r#"{"version": "1", "default": "deny", "tools": {"x": {"rate_limit": "10/minute"}, "y": {}}}"#,
        r#"{"tools": {"y": {"action": "allow"}, "x": {"rate_limit": {"window": 60, "max": 10.0}}}, "default": "deny", "version": "1"}"#,
        r#"{"version": "1", "default": "deny", "tools": {"y": {}, "x": {"limits": [
            {"counter": "x_rate", "window": "60s", "max": 1e1, "scope": "grant"}]}}}"#,
    ];
    assert!(same.iter().all(|text| hash(text) == hash(same[0])));
    for other in [
        r#"{"version": "1", "default": "allow", "tools": {"x": {"rate_limit": "10/minute"}, "y": {}}}"#,
        r#"{"version": "1", "default": "deny", "tools": {"x": {"rate_limit": "11/minute"}, "y": {}}}"#,
        r#"{"version": "1", "default": "deny", "tools": {"x": {"rate_limit": "10/minute"}}}"#,
    ] {
        assert_ne!(hash(other), hash(same[0]), "{other}");
    }
}

#[test]
fn a_bound_tool_knows_what_it_was_bound_to() {
    let usable = definition("x", Some("{}"));
    let bound = stack(&[CLOSED]).bind(&usable);
    assert_eq!(bound.definition(), usable.hash);
    assert!(!bound.quarantined() && bound.listed() && bound.listed_reason().is_none());
    let quarantined = stack(&[CLOSED]).bind(&definition("x", None));
    assert!(quarantined.quarantined() && !quarantined.listed());
    assert_eq!(quarantined.listed_reason().map(|rule| rule.to_string()).as_deref(), Some("(quarantined)"));
}
