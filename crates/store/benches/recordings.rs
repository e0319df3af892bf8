//! The cost of recordings: handing a call over, which is all that a call pays, and writing and reading a hundred
//! thousand of them.

#![expect(clippy::expect_used, reason = "a benchmark")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::recordings::{
    Draft, Effect, Held, Key, KeySource, Plan, Reader, Recorder, Recording, Retention, Tools, Writer,
};

const N: u64 = 100_000;
const ARGUMENTS: &[u8] = br#"{"data_access_role_arn":"arn:aws:iam::123456789012:role/import","datastore_id":"12345678901234567890123456789012","input_s3_uri":"s3://bucket/in/patient/","job_name":"night","output_s3_uri":"s3://bucket/out/"}"#;

fn recording(seq: u64) -> Recording {
    Recording {
        seq,
        time_ms: 1_763_650_000_000 + seq,
        call: format!("5f2c00000000abcd-{seq}"),
        grant: "agent-7".to_owned(),
        labels: vec!["team:imaging".to_owned()],
        server: "imaging".to_owned(),
        tool: "start_dicom_import_job".to_owned(),
        definition: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Some(ARGUMENTS.to_vec()),
        redacted: Vec::new(),
        result: None,
        redacted_result: Vec::new(),
        is_error: Some(false),
    }
}

fn draft() -> Draft {
    let Recording { time_ms, call, grant, labels, server, tool, definition, effect, rule, is_error, .. } =
        recording(1);
    let (arguments, result) = (Held::Text(ARGUMENTS.to_vec()), Held::Nothing);
    Draft {
        time_ms,
        call,
        grant,
        labels,
        server,
        tool,
        definition,
        effect,
        rule,
        arguments,
        result,
        is_error,
    }
}

fn plan() -> Plan {
    Plan {
        key: KeySource::DataFolder,
        tools: Tools::parse("imaging/*").into_iter().collect(),
        except: Vec::new(),
        results: Vec::new(),
        redact: Vec::new(),
        redact_results: Vec::new(),
        max_value_bytes: 64 << 10,
        max_record_bytes: 256 << 10,
        retention: Retention { max_age_ms: None, max_bytes: Some(64 << 20) },
        min_free_bytes: 0,
    }
}

fn write(folder: &Path, key: &Key) {
    let mut writer = Writer::open(folder, key).expect("a folder");
    for n in 0..N {
        writer.add(&recording(n)).expect("room");
        if n % 256 == 0 {
            writer.flush().expect("room");
        }
    }
    writer.end().expect("room");
}

fn files(criterion: &mut Criterion) {
    let key = Key::parse(&"a".repeat(64), "this").expect("a key");
    let mut group = criterion.benchmark_group("recordings");
    group.throughput(Throughput::Elements(N)).sample_size(10).measurement_time(Duration::from_secs(8));
    let folder = tempfile::tempdir().expect("a folder");
    group.bench_function("write", |bencher| {
        bencher.iter(|| {
            let _ = std::fs::remove_dir_all(folder.path().join("recordings"));
            write(folder.path(), &key);
        });
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| {
            let reader = Reader::open(folder.path(), &key).expect("recordings");
            assert_eq!(reader.filter(Result::is_ok).map(black_box).count() as u64, N);
        });
    });
    group.finish();
}

fn calls(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::new(folder.path(), Arc::default(), || 0);
    let mut group = criterion.benchmark_group("recorded call");
    group.bench_function("off", |bencher| {
        bencher
            .iter(|| black_box(recorder.wanted(black_box("imaging"), black_box("start_dicom_import_job"))));
    });
    recorder.apply(Some(plan())).expect("recordings");
    group.bench_function("on", |bencher| {
        bencher.iter(|| {
            if recorder.wanted(black_box("imaging"), black_box("start_dicom_import_job")).is_some() {
                recorder.submit(draft());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, files, calls);
criterion_main!(benches);
