//! A home in whose data folder calls were recorded, with and without their values.
//!
//! Must never: depend on when the test runs.

use crate::run::Place;
use json::{Document, Limits};
use std::sync::Arc;
use store::audit::{ArgumentFacts, Judged, Outcome, OutcomeKind, PolicyRef};
use store::clock::{Clock, ManualClock};
use store::config::SeenDefinition;
use store::recordings::{Effect, Key, Recording, Writer};
use store::{Options, Store};

/// 2026-11-20T13:10:51.007Z.
pub const START_MS: u64 = 1_795_180_251_007;

/// A call that was made.
#[derive(Clone)]
pub struct Made {
    pub tool: &'static str,
    pub arguments: String,
    /// The rule that denied it; empty for an allow.
    pub rule: &'static str,
    /// So long after the call before it.
    pub after_ms: u64,
}

pub const IMPORT: &str = r#"{"name": "start_import", "inputSchema": {"type": "object", "properties":
    {"uri": {"type": "string"}, "n": {"type": "integer"}, "mode": {"type": "string"}, "token": {"type": "string"}}}}"#;

pub fn import(arguments: &str) -> Made {
    Made { tool: "start_import", arguments: arguments.to_owned(), rule: "", after_ms: 1000 }
}

/// The hash and the canonical text of a definition.
fn definition(text: &str) -> SeenDefinition {
    let document = Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap();
    let tool = gateway::definitions::Tool::read("imaging", document.root()).unwrap();
    SeenDefinition { name: tool.name.to_string(), hash: tool.hash_text, canonical: tool.canonical }
}

/// A home with these calls in its audit log, and in its recordings where `with_values`; `token` is redacted there.
pub fn recorded(place: &Place, calls: &[Made], with_values: bool) {
    let data = place.home(".local/share/toolgate");
    std::fs::create_dir_all(&data).unwrap();
    let seen = definition(IMPORT);
    let clock = ManualClock::new(START_MS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Store::open(&Options::new(&data), Clock::Manual(Arc::clone(&clock))).unwrap();
    runtime.block_on(store.config().see_definitions("imaging", vec![seen.clone()], store.now())).unwrap();
    for made in calls {
        clock.advance_ms(made.after_ms);
        record(&runtime, &store, made, &seen.hash);
    }
    store.close();
    if with_values {
        let key = Key::load_or_create(&data).unwrap();
        let mut writer = Writer::open(&data, &key).unwrap();
        let mut time_ms = START_MS;
        for made in calls {
            time_ms += made.after_ms;
            let seq = writer.next_seq();
            writer.add(&recording(made, seq, time_ms, &seen.hash)).unwrap();
        }
        writer.end().unwrap();
    }
}

fn record(runtime: &tokio::runtime::Runtime, store: &Store, made: &Made, hash: &str) {
    let document = Document::scan(made.arguments.as_bytes().to_vec(), &Limits::default()).unwrap();
    let keys: Vec<String> =
        document.root().members().map(|member| member.key.as_cow().into_owned()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let policies = [PolicyRef { name: "imaging", hash: "0" }];
    let digest = store.digest(made.arguments.as_bytes());
    let facts = ArgumentFacts { keys: &keys, n_other_keys: 0, repaired: &[], digest };
    let judged = Judged {
        grant: "radiology",
        server: "imaging",
        method: "tools/call",
        tool: Some(made.tool),
        policies: &policies,
        rule: made.rule,
        ..Judged::default()
    };
    if !made.rule.is_empty() {
        store.denied(store.next_call(), &judged, "deny_if");
        return;
    }
    let judged = Judged { definition: Some(hash), arguments: Some(facts), ..judged };
    let reservation = store.reserve(store.next_call(), &[]).unwrap();
    let open = runtime.block_on(store.begin(reservation, &judged)).unwrap();
    open.finish(&Outcome::bare(OutcomeKind::Answered, ""));
}

fn recording(made: &Made, seq: u64, time_ms: u64, hash: &str) -> Recording {
    let document = Document::scan(made.arguments.as_bytes().to_vec(), &Limits::default()).unwrap();
    let mut canonical = Vec::new();
    json::canonical(document.root(), &mut canonical);
    let redacted = document.root().get("token").map(|_| "/token".to_owned()).into_iter().collect();
    Recording {
        seq,
        time_ms,
        call: format!("call-{seq}"),
        grant: "radiology".to_owned(),
        labels: vec!["ct".to_owned()],
        server: "imaging".to_owned(),
        tool: made.tool.to_owned(),
        definition: hash.to_owned(),
        effect: if made.rule.is_empty() { Effect::Allow } else { Effect::Deny },
        rule: made.rule.to_owned(),
        arguments: Some(canonical),
        redacted,
        result: None,
        redacted_result: Vec::new(),
        is_error: None,
    }
}
