//! Writes recorded calls to measure `policy replay` with: `cargo run --release -p toolgate --example recorded_calls --
//! FOLDER NUMBER`. Then, in FOLDER: `toolgate --config toolgate.toml policy replay draft.json --tools tools.json`.
//! Must never write into a folder that is there already.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use json::{Document, Limits};
use store::recordings::{Effect, Key, Recording, Writer};

const TOOLS: &str = r#"{"imaging": [{"name": "start_dicom_import_job", "inputSchema": {"type": "object",
  "properties": {"input_s3_uri": {"type": "string", "maxLength": 1024}, "output_s3_uri": {"type": "string"},
    "datastore_id": {"type": "string", "pattern": "^[0-9a-z]{8}$"}, "job_name": {"type": "string"},
    "priority": {"type": "integer", "minimum": 0, "maximum": 9}, "dry_run": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["input_s3_uri", "datastore_id"]}}]}"#;
const DRAFT: &str = r#"{"version": "1", "default": "deny", "tools": {"start_dicom_import_job": {
  "require": [
    {"conditions": [{"path": "args.input_s3_uri", "op": "regex", "value": "^s3://pacs-inbox/[a-z0-9/-]+$"}]},
    {"conditions": [{"path": "args.datastore_id", "op": "in", "value": ["abcd0001", "abcd0002", "abcd0003"]}]}],
  "deny_if": [
    {"conditions": [{"path": "args.priority", "op": "gt", "value": 7}]},
    {"conditions": [{"path": "args.tags", "op": "some", "value": {"op": "eq", "value": "research"}}]},
    {"conditions": [{"path": "args.job_name", "op": "contains", "value": "test"}, {"path": "grant.labels", "op": "contains", "value": "ct"}]}],
  "limits": [{"counter": "imports", "window": "minute", "max": 50, "scope": "grant"}]}}}"#;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("name a folder")?);
    let n_calls: u64 = arguments.next().context("name a number of calls")?.parse()?;
    if folder.exists() {
        bail!("`{}` is there already", folder.display());
    }
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("audit"))?;
    std::fs::write(folder.join("toolgate.toml"), format!("data = \"{}\"\n", data.canonicalize()?.display()))?;
    std::fs::write(folder.join("tools.json"), TOOLS)?;
    std::fs::write(folder.join("draft.json"), DRAFT)?;
    write(&data, n_calls)?;
    println!("{n_calls} calls in `{}`", folder.display());
    Ok(())
}

fn write(data: &Path, n_calls: u64) -> anyhow::Result<()> {
    let tools = Document::scan(TOOLS.as_bytes().to_vec(), &Limits::default())?;
    let tool = tools.root().pointer("/imaging/0").context("the tool is there")?;
    let definition = gateway::definitions::Tool::read("imaging", tool)?.hash_text;
    let mut writer = Writer::open(data, &Key::load_or_create(data)?)?;
    for n in 0..n_calls {
        let seq = writer.next_seq();
        writer.add(&recording(seq, n, &definition))?;
        if n % 1_000 == 0 {
            writer.flush()?;
        }
    }
    Ok(writer.end()?)
}

fn recording(seq: u64, n: u64, definition: &str) -> Recording {
    let bucket = if n.is_multiple_of(50) { "elsewhere" } else { "pacs-inbox" };
    let tag = if n.is_multiple_of(70) { "research" } else { "clinical" };
    let arguments = format!(
        "{{\"datastore_id\":\"abcd000{}\",\"dry_run\":false,\"input_s3_uri\":\"s3://{bucket}/ward-{}/{n}\",\
         \"job_name\":\"import {n}\",\"output_s3_uri\":\"s3://pacs-out/{n}\",\"priority\":{},\"tags\":[\"{tag}\",\"ct\"]}}",
        1 + n % 3,
        n % 17,
        n % 9,
    );
    Recording {
        seq,
        time_ms: 1_795_180_251_007 + n * 40,
        call: format!("00000000000005f2-{n}"),
        grant: format!("grant-{}", n % 20),
        labels: vec!["ct".to_owned()],
        server: "imaging".to_owned(),
        tool: "start_dicom_import_job".to_owned(),
        definition: definition.to_owned(),
        effect: Effect::Allow,
        rule: String::new(),
        arguments: Some(arguments.into_bytes()),
        redacted: Vec::new(),
        result: None,
        redacted_result: Vec::new(),
        is_error: Some(false),
    }
}
