//! Fuzz functions of the crate `policy`: each takes any bytes and panics where a promise of the crate is broken.
//! They run on stable Rust as tests of the crate (crates/policy/tests/fuzz.rs), and fit any fuzzer that hands out
//! byte slices. Must never accept a panic, or a call of an unlisted tool that is allowed.

use std::sync::Arc;

use json::{Document, Limits, Value};
use policy::{Arguments, Channel, Decision, Definition, Facts, Format, Hash, Policy, Schema, Stack};

const FACTS: Facts<'static> = Facts::new("g", "s", "x");

/// Whatever loads means the same when it is normalised, and whatever does not says where.
pub fn fuzz_document(data: &[u8]) {
    match policy::load("fuzz", data.to_vec()) {
        Ok(policy) => {
            let text = policy::normalise(&policy);
            match policy::load("fuzz", text.clone().into_bytes()) {
                Ok(again) => {
                    assert_eq!(again.revision_hash(), policy.revision_hash());
                    assert_eq!(policy::normalise(&again), text);
                    judge(Arc::new(policy), data);
                }
                Err(problems) => panic!("a normalised document is refused: {problems:?}"),
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let in_order = problems.is_sorted_by_key(|problem| (problem.line, problem.column));
            assert!(in_order && problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1));
        }
    }
}

/// A text in another format loads or says where it is wrong, and JSON means the same when it is read as YAML.
pub fn fuzz_formats(data: &[u8]) {
    for format in [Format::Yaml, Format::Toml] {
        match policy::load_as(format, "fuzz", data.to_vec()) {
            Ok(policy) => {
                let text = policy::normalise(&policy);
                match policy::load_as(Format::Yaml, "fuzz", text.into_bytes()) {
                    Ok(again) => assert_eq!(again.revision_hash(), policy.revision_hash()),
                    Err(problems) => panic!("a normalised document is refused as YAML: {problems:?}"),
                }
            }
            Err(problems) => assert!(problems.iter().all(|problem| problem.line >= 1 && problem.column >= 1)),
        }
    }
}

/// Two lines, an expression from an operator and arguments from an agent: what a requirement lets pass a denial of the
/// same refuses, and the other way round, and explaining it says what was decided.
pub fn fuzz_expression(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (expression, arguments) = text.rsplit_once('\n').unwrap_or((text, "{}"));
    let Some(arguments) = scan(Some(arguments.as_bytes())) else { return };
    let mut leaf = Vec::new();
    json::write_string(&mut leaf, expression);
    let leaf = String::from_utf8_lossy(&leaf);
    let stack = |list: &str| {
        let rules = format!(
            r#""x": {{"arguments": {{"check": "off"}}, "{list}": [{{"conditions": [{{"cel": {leaf}}}]}}]}}"#
        );
        let text = format!(r#"{{"version": "1", "default": "allow", "tools": {{{rules}}}}}"#);
        policy::load("fuzz", text.into_bytes()).ok().map(|policy| Stack::new(vec![Arc::new(policy)]))
    };
    let (Some(require), Some(deny_if)) = (stack("require"), stack("deny_if")) else { return };
    let Some(open) = scan(Some(b"{}")) else { return };
    let bind = |stack: &Stack| stack.bind(&definition("x", Schema::compile(open.root()).ok()));
    let (require, deny_if) = (bind(&require), bind(&deny_if));
    let decide = |bound: &policy::Bound| {
        let decision = bound.decide(&FACTS, Arguments::Known(arguments.root()));
        let explained = bound.explain(&FACTS, Arguments::Known(arguments.root())).decision;
        assert_eq!(explained.denial(), decision.denial());
        assert!(bound.listed() || !decision.is_allow());
        decision.is_allow()
    };
    assert!(!(decide(&require) && decide(&deny_if)));
}

/// Two lines, a schema from a server and arguments from an agent: any schema that compiles judges any arguments,
/// and what was mended fits as it is.
pub fn fuzz_schema(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let (Some(schema), Some(arguments)) = (scan(lines.next()), scan(lines.next())) else { return };
    let Ok(schema) = Schema::compile(schema.root()) else { return };
    let lenient = bind(br#"{"version": "1", "default": "allow"}"#, schema.clone());
    let strict = bind(br#"{"version": "1", "default": "allow", "all_tools": {"repair": false}}"#, schema);
    let received = strict.decide(&FACTS, Arguments::Known(arguments.root()));
    match lenient.decide(&FACTS, Arguments::Known(arguments.root())) {
        Decision::Allow(allowed) => match allowed.repaired {
            Some(repaired) => {
                assert!(!received.is_allow());
                assert!(strict.decide(&FACTS, Arguments::Known(repaired.document.root())).is_allow());
            }
            None => assert!(received.is_allow()),
        },
        Decision::Deny(denial) => {
            assert!(!received.is_allow());
            assert!(denial.reason.is_some());
        }
    }
}

/// Two lines, a pattern of URIs from an operator and a URI from an agent or a server: what an allow of the pattern
/// opens is listed, and a deny of the same pattern closes it.
pub fn fuzz_uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (pattern, uri) = text.split_once('\n').unwrap_or((text, text));
    let (Some(allow), Some(deny)) = (resources(pattern, "allow"), resources(pattern, "deny")) else { return };
    if allow.judge_channel(Channel::Resources, &FACTS, Some(uri)).is_ok() {
        assert!(allow.lists(Channel::Resources, uri) && allow.may_open(Channel::Resources));
        assert!(deny.judge_channel(Channel::Resources, &FACTS, Some(uri)).is_err());
        assert!(!deny.lists(Channel::Resources, uri) || uri.contains('{'));
    }
}

/// A stack whose one policy says this of one pattern, and nothing else is closed by it.
fn resources(pattern: &str, action: &str) -> Option<Stack> {
    let mut key = Vec::new();
    json::write_string(&mut key, pattern);
    let default = if action == "allow" { "deny" } else { "allow" };
    let key = String::from_utf8_lossy(&key);
    let text = format!(
        r#"{{"version": "1", "default": "{default}", "resources": {{{key}: {{"action": "{action}"}}}}}}"#
    );
    let policy = policy::load("fuzz", text.into_bytes()).ok()?;
    Some(Stack::new(vec![Arc::new(policy)]))
}

fn scan(line: Option<&[u8]>) -> Option<Document> {
    Document::scan(line?.to_vec(), &Limits::default()).ok()
}

fn bind(document: &[u8], schema: Schema) -> policy::Bound {
    match policy::load("fuzz", document.to_vec()) {
        Ok(policy) => Stack::new(vec![Arc::new(policy)]).bind(&definition("x", Some(schema))),
        Err(problems) => panic!("{problems:?}"),
    }
}

fn definition(name: &str, input_schema: Option<Schema>) -> Definition {
    Definition::new("s".to_owned(), name.to_owned(), Hash::of(b"fuzz"), input_schema)
}

/// Judges calls of every tool that the document names, with the document's own objects as arguments.
fn judge(policy: Arc<Policy>, data: &[u8]) {
    let Some(document) = scan(Some(data)) else { return };
    let Some(open) = scan(Some(b"{}")) else { return };
    let names: Vec<String> = policy.tool_names().map(str::to_owned).chain(["x".to_owned()]).collect();
    for outcome in policy::run_tests(&policy) {
        assert_eq!(
            outcome.passed,
            outcome.expected == outcome.decided || outcome.expected == "deny" && outcome.decided != "allow"
        );
    }
    let stack = Stack::new(vec![policy]);
    for name in names.iter().take(8) {
        let bound = stack.bind(&definition(name, Schema::compile(open.root()).ok()));
        for arguments in objects(document.root()).into_iter().take(16) {
            let decision = bound.decide(&FACTS, Arguments::Known(arguments));
            assert!(bound.listed() || !decision.is_allow());
            let explained = bound.explain(&FACTS, Arguments::Known(arguments)).decision;
            assert_eq!(explained.denial(), decision.denial());
        }
        assert!(!stack.judge_unknown(name).is_allow());
    }
    judge_channels(&stack, data);
}

/// Judges a message of every channel, with the document's own keys as subjects.
fn judge_channels(stack: &Stack, data: &[u8]) {
    let Some(document) = scan(Some(data)) else { return };
    let keys = objects(document.root()).into_iter().flat_map(|object| object.members());
    let subjects: Vec<String> = keys.map(|member| member.key.as_cow().into_owned()).take(32).collect();
    for channel in Channel::ALL {
        for subject in subjects.iter().map(|subject| Some(subject.as_str())).chain([None]) {
            let judged = stack.judge_channel(channel, &FACTS, subject);
            assert!(judged.is_err() || stack.may_open(channel));
            assert!(judged.is_err() || subject.is_none_or(|subject| stack.lists(channel, subject)));
            let explained = stack.explain_channel(channel, &FACTS, subject).decision;
            assert_eq!(explained.denial(), judged.as_ref().err().map(AsRef::as_ref));
        }
    }
}

/// The objects inside a value, from the outermost in.
fn objects(value: Value<'_>) -> Vec<Value<'_>> {
    let mut found: Vec<_> = value.is_object().then_some(value).into_iter().collect();
    for inner in value.members().map(|member| member.value).chain(value.elements()) {
        found.extend(objects(inner));
    }
    found
}
