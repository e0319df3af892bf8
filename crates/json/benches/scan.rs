//! Speed of the scanner, with serde_json's `Value` beside it as a measure of the machine.

mod bodies;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use json::{Document, Limits, ReplyScanner};

const LIMITS: Limits = Limits { max_depth: 64, max_members: u32::MAX, max_string_bytes: u32::MAX };

/// The bodies by name.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("call-200B", bodies::call()),
        ("structured-10kB", bodies::structured(10_000)),
        ("pretty-10kB", bodies::pretty(10_000)),
        ("structured-1MB", bodies::structured(1_000_000)),
        ("string-100kB", bodies::plain_string(100_000)),
        ("string-4MB", bodies::plain_string(4_000_000)),
        ("escaped-100kB", bodies::escaped_string(100_000)),
        ("wide-100kB", bodies::wide_string(100_000)),
        ("zeros-100kB", bodies::zeros(100_000)),
        ("keys-10k", bodies::many_keys(10_000)),
    ]
}

fn scan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scan");
    for (name, body) in all() {
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("json", name), &body, |bencher, body| {
            let mut text = body.clone();
            bencher.iter(|| {
                let document = Document::scan(std::mem::take(&mut text), &LIMITS);
                text = document.map(|document| black_box(document).into_text()).unwrap_or_default();
            });
            assert_eq!(&text, body, "{name} was refused");
        });
        group.bench_with_input(BenchmarkId::new("serde", name), &body, |bencher, body| {
            bencher.iter_with_large_drop(|| serde_json::from_slice::<serde_json::Value>(black_box(body)));
        });
    }
    group.finish();
}

fn reply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reply");
    for (name, body) in all() {
        let mut text = br#"{"jsonrpc":"2.0","id":1,"result":"#.to_vec();
        text.extend_from_slice(&body);
        text.push(b'}');
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("stream", name), |bencher| {
            let mut out = Vec::with_capacity(text.len());
            bencher.iter(|| {
                out.clear();
                let mut scanner = ReplyScanner::new("1", "\"client\"", &LIMITS);
                for chunk in text.chunks(16 * 1024) {
                    if scanner.push(black_box(chunk), &mut out).is_err() {
                        return None;
                    }
                }
                scanner.finish().ok()
            });
            assert!(out.len() > text.len(), "{name} was refused");
        });
    }
    group.finish();
}

/// What a decision asks of a scanned call.
fn read(criterion: &mut Criterion) {
    let text = br#"{"name":"transfer","arguments":{"to":"account-7","amount":1250.75,"items":[1,2,3],"note":"rent"}}"#;
    let Ok(document) = Document::scan(text.to_vec(), &LIMITS) else { return };
    let amount = || black_box(&document).root().get("arguments")?.get("amount")?.as_number();
    let mut group = criterion.benchmark_group("read");
    group.bench_function("two-keys", |bencher| bencher.iter(amount));
    group.bench_function("decimal", |bencher| bencher.iter(|| amount().map(|number| number.to_decimal())));
    group.bench_function("survives-double", |bencher| {
        bencher.iter(|| amount().map(|number| number.survives_double()))
    });
    group.bench_function("canonical", |bencher| {
        let mut out = Vec::new();
        bencher.iter(|| {
            out.clear();
            json::canonical(black_box(&document).root(), &mut out);
        });
    });
    group.finish();
}

criterion_group!(benches, scan, reply, read);
criterion_main!(benches);
