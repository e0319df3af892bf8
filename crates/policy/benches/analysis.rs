//! What a comparison and a proof cost for documents of 500 tools and 2,000 rules.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use policy::{DEFAULT_BUDGET, Policy, Stack, Statement, diff, prove};

/// Tools of a document, with four rules each.
const N_TOOLS: usize = 500;

/// A document; `bound` is in one rule of every fifth tool, and in a pattern of another.
fn document(bound: usize, region: &str) -> String {
    let tools: Vec<String> = (0..N_TOOLS)
        .map(|index| {
            let (max, place) = if index % 5 == 0 { (bound, region) } else { (50, "eu") };
            format!(
                r#""tool_{index}": {{
                "require": [
                  {{"conditions": [{{"path": "args.uri", "op": "regex", "value": "^s3://{place}-inbox-{index}/[a-z]+/"}}]}},
                  {{"conditions": [{{"any": [{{"path": "args.region", "op": "in", "value": ["eu-1", "eu-2"]}},
                                             {{"path": "args.region", "op": "exists", "value": false}}]}}]}}],
                "deny_if": [
                  {{"conditions": [{{"path": "args.amount", "op": "gt", "value": {max}}}]}},
                  {{"conditions": [{{"path": "args.tags[*]", "op": "some", "value": {{"op": "eq", "value": "phi"}}}}]}}]}}"#
            )
        })
        .collect();
    format!(r#"{{"version": "1", "default": "deny", "tools": {{{}}}}}"#, tools.join(","))
}

#[expect(clippy::panic, reason = "the documents of this file are known to be good")]
fn stack(text: String) -> Stack {
    match policy::load("bench", text.into_bytes()) {
        Ok(policy) => Stack::new(vec![Arc::<Policy>::new(policy)]),
        Err(problems) => panic!("{problems:?}"),
    }
}

#[expect(clippy::panic, reason = "the statement of this file is known to be good")]
fn statement() -> Statement {
    match Statement::parse("never: args.amount > 100 or args.region = \"us-1\"") {
        Ok(statement) => statement,
        Err(error) => panic!("{error}"),
    }
}

fn analysis(criterion: &mut Criterion) {
    let (old, new) = (stack(document(50, "eu")), stack(document(60, "us")));
    let statement = statement();
    let mut group = criterion.benchmark_group("analysis");
    group.sample_size(10);
    group.bench_function("diff of 500 tools, 100 changed", |bencher| {
        bencher.iter(|| black_box(diff(&old, &new, None, DEFAULT_BUDGET)));
    });
    group.bench_function("diff of 500 tools, all the same", |bencher| {
        bencher.iter(|| black_box(diff(&old, &old, None, DEFAULT_BUDGET)));
    });
    group.bench_function("proof over 500 tools", |bencher| {
        bencher.iter(|| black_box(prove(&old, &statement, None, DEFAULT_BUDGET)));
    });
    group.finish();
}

criterion_group!(benches, analysis);
criterion_main!(benches);
