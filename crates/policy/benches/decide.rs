//! What one decision costs after the scan, with 10 and with 10,000 tools bound.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use json::{Document, Limits};
use policy::{Arguments, Bound, Definition, Facts, Hash, Schema, Stack};

/// Five conditions in a requirement and two denials, and a limit.
const RULES: &str = r#"{
    "require": [{"conditions": [
        {"path": "args.input_s3_uri", "op": "regex", "value": "^s3://pacs-inbox/"},
        {"path": "args.job_name", "op": "exists", "value": true}]}],
    "deny_if": [
        {"conditions": [{"path": "args.datastore_id", "op": "in", "value": ["prod0001", "prod0002", "prod0003"]}]},
        {"conditions": [{"path": "args.priority", "op": "gt", "value": 50}]},
        {"conditions": [{"path": "args.region", "op": "neq", "value": "eu-central-1"}]}],
    "limits": [{"counter": "imports", "window": "minute", "max": 10, "scope": "grant"}]}"#;

/// Ten properties of the usual kinds.
const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "datastore_id": {"type": "string", "pattern": "^[0-9a-z]{8,32}$"},
        "job_name": {"type": "string", "minLength": 1, "maxLength": 64},
        "input_s3_uri": {"type": "string", "minLength": 1, "maxLength": 1024},
        "output_s3_uri": {"type": "string"},
        "region": {"type": "string", "enum": ["eu-central-1", "eu-west-1", "us-east-1"]},
        "priority": {"type": "integer", "minimum": 0, "maximum": 100},
        "dry_run": {"type": "boolean", "default": false},
        "ratio": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
        "client_token": {"anyOf": [{"type": "string"}, {"type": "null"}]}
    },
    "required": ["datastore_id", "input_s3_uri", "output_s3_uri"]}"#;

const ARGUMENTS: &str = r#"{"datastore_id": "ds0123456789abcdef", "job_name": "nightly import",
    "input_s3_uri": "s3://pacs-inbox/2026/11/20/", "output_s3_uri": "s3://pacs-results/2026/11/20/",
    "region": "eu-central-1", "priority": 12, "dry_run": false, "ratio": 0.75, "tags": ["ct", "chest"], "client_token": null}"#;

/// An expression besides, as people write them: about a text, a number, a list and what may be missing.
const EXPRESSION: &str = r#""require": [{"conditions": [{"cel":
    "args.priority * 2 <= 100.0 && args.output_s3_uri.startsWith('s3://pacs-') && args.tags.all(t, t in ['ct', 'chest', 'mr']) && (!has(args.ratio) || args.ratio < 1)"}]}, {"#;

fn document(text: &str) -> Document {
    match Document::scan(text.as_bytes().to_vec(), &Limits::default()) {
        Ok(document) => document,
        Err(error) => unreachable_in_bench(&error.to_string()),
    }
}

#[expect(clippy::panic, reason = "the texts of this file are known to be good")]
fn unreachable_in_bench(what: &str) -> ! {
    panic!("{what}")
}

fn tool_name(index: usize) -> String {
    format!("start_dicom_import_job_{index}")
}

fn stack(n_tools: usize, rules: &str) -> Stack {
    let tools: Vec<_> = (0..n_tools).map(|index| format!("\"{}\": {rules}", tool_name(index))).collect();
    let text = format!(r#"{{"version": "1", "default": "deny", "tools": {{{}}}}}"#, tools.join(","));
    match policy::load("imaging", text.into_bytes()) {
        Ok(policy) => Stack::new(vec![Arc::new(policy)]),
        Err(problems) => unreachable_in_bench(&format!("{problems:?}")),
    }
}

/// Each tool with a schema of its own, as a gateway holds them.
fn bind_all(stack: &Stack, n_tools: usize) -> HashMap<String, Bound> {
    let schema = document(SCHEMA);
    (0..n_tools)
        .map(|index| {
            let name = tool_name(index);
            let (hash, schema) = (Hash::of(name.as_bytes()), Schema::compile(schema.root()).ok());
            let definition = Definition::new("imaging".to_owned(), name.clone(), hash, schema);
            (name, stack.bind(&definition))
        })
        .collect()
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let arguments = document(ARGUMENTS);
    for n_tools in [10, 10_000] {
        let bound = bind_all(&stack(n_tools, RULES), n_tools);
        let name = tool_name(n_tools / 2);
        let facts = Facts::new("grant-1", "imaging", &name);
        let judge = || bound.get(&name).map(|bound| bound.decide(&facts, Arguments::Known(arguments.root())));
        assert!(judge().is_some_and(|decision| decision.is_allow()));
        group.bench_function(BenchmarkId::new("allow", n_tools), |bencher| {
            bencher.iter(|| black_box(judge()))
        });
        let unknown = || bound.contains_key(black_box("no_such_tool"));
        group.bench_function(BenchmarkId::new("unknown", n_tools), |bencher| {
            bencher.iter(|| black_box(unknown()))
        });
    }
    group.finish();
}

/// The parts: without a schema check, without conditions, and what a denial costs.
fn parts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parts");
    let arguments = document(ARGUMENTS);
    let mended = document(&ARGUMENTS.replace(": 12", ": \"12\""));
    let denied = document(&ARGUMENTS.replace(": 12", ": 99"));
    let with_expression = RULES.replacen(r#""require": [{"#, EXPRESSION, 1);
    let with_search =
        with_expression.replacen("(!has", r"args.input_s3_uri.matches('^s3://[a-z-]+/[0-9/]+$') && (!has", 1);
    let long = document(
        &ARGUMENTS.replace("s3://pacs-inbox/2026", &format!("s3://pacs-inbox/{}", "2026/".repeat(16))),
    );
    let unchecked = RULES.replacen('{', r#"{"arguments": {"check": "off"},"#, 1);
    let cases = [
        ("conditions only", &*unchecked, &arguments),
        ("schema only", "{}", &arguments),
        ("repair", RULES, &mended),
        ("expression", &*with_expression, &arguments),
        ("expression with a pattern over 100 bytes", &*with_search, &long),
        ("denial", RULES, &denied),
    ];
    for (about, rules, arguments) in cases {
        let bound = bind_all(&stack(1, rules), 1);
        let name = tool_name(0);
        let facts = Facts::new("grant-1", "imaging", &name);
        let judge = || bound.get(&name).map(|bound| bound.decide(&facts, Arguments::Known(arguments.root())));
        assert!(judge().is_some_and(|decision| decision.is_allow() == (about != "denial")), "{about}");
        group.bench_function(about, |bencher| bencher.iter(|| black_box(judge())));
    }
    group.finish();
}

/// What a new policy or definition costs.
fn bind(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bind");
    let text = format!(r#"{{"version": "1", "default": "deny", "tools": {{"x": {RULES}}}}}"#);
    group.bench_function("load", |bencher| {
        bencher.iter(|| policy::load("imaging", text.clone().into_bytes()).is_ok())
    });
    let schema = document(SCHEMA);
    group.bench_function("schema", |bencher| bencher.iter(|| Schema::compile(schema.root()).is_ok()));
    let stack = stack(1, RULES);
    let (hash, schema) = (Hash::of(b"definition"), Schema::compile(schema.root()).ok());
    let definition = Definition::new("imaging".to_owned(), tool_name(0), hash, schema);
    group.bench_function("tool", |bencher| bencher.iter(|| black_box(stack.bind(&definition)).listed()));
    group.finish();
}

criterion_group!(benches, decide, parts, bind);
criterion_main!(benches);
