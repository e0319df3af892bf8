//! Counters: how full the limits are, as an operator sees it.

use crate::bench::{Bench, NOW_MS, files};
use admin::FailureKind;
use admin::action::counters::Counters;
use admin::client::{Client, ClientError};
use gateway::definitions::Tool;
use gateway::stage::obligations;
use policy::{Facts, LimitDemand};
use std::sync::Arc;

const POLICY: &str = r#"{"version": "1", "default": "deny", "tools": {"a/b": {"limits": [
    {"counter": "calls", "window": "hour", "max": 3, "scope": "grant"},
    {"counter": "each", "window": "hour", "max": 3, "scope": ["grant", "args.account"], "max_keys": 5}]}}}"#;

async fn bench() -> Bench {
    let mut declared = files();
    declared.policies.get_mut("imaging").unwrap().text = POLICY.to_owned();
    let bench = Bench::with(declared).await;
    let text = r#"{"name":"a/b","inputSchema":{"type":"object"}}"#;
    let document = json::Document::scan(text.as_bytes().to_vec(), &json::Limits::default()).unwrap();
    let tool = Arc::new(Tool::read("imaging", document.root()).unwrap());
    bench.gateway.world().server("imaging").unwrap().definitions.replace(vec![tool], NOW_MS, 60_000);
    bench
}

#[tokio::test]
async fn what_is_used_and_in_flight_is_shown_with_its_end() {
    let bench = bench().await;
    let facts = Facts::new("radiology", "imaging", "a/b");
    let server = Arc::clone(bench.gateway.world().server("imaging").unwrap());
    let (_, reach) = bench.gateway.access("radiology", &server).unwrap();
    let bound = reach.bind(&server.definitions.get("a/b").unwrap());
    let spec = Arc::clone(bound.limit_specs(None).next().unwrap());
    let limit = LimitDemand { spec, amount: json::Decimal::ONE, values: None };
    let store = &bench.gateway.store;
    let key = obligations::key(&limit, &facts, |values| store.digest(values));
    let demand = obligations::demand((0, (&limit, &key))).unwrap();
    let first = store.reserve(store.next_call(), &[demand]).unwrap();
    let mut client = Client::within(Arc::clone(&bench.registry));
    let path = ["counters", "radiology", "imaging", "a/b"];
    let shown: Counters = client.get(&path).await.unwrap();
    let states: Vec<_> = shown
        .counters
        .iter()
        .map(|one| (&*one.counter, one.used.as_deref(), one.in_flight.as_deref()))
        .collect();
    assert_eq!(states, [("calls", Some("0"), Some("1")), ("each", None, None)]);
    assert_eq!((&*shown.counters[0].max, &*shown.counters[0].scope), ("3", "grant"));
    drop(first);
    let again: Counters = client.get(&path).await.unwrap();
    assert_eq!(
        (again.counters[0].in_flight.as_deref(), again.counters[0].frees_at.as_deref()),
        (Some("0"), None)
    );
}

#[tokio::test]
async fn what_nobody_knows_is_said_to_be_missing() {
    let bench = bench().await;
    let mut client = Client::within(Arc::clone(&bench.registry));
    for (grant, server, tool) in
        [("none", "imaging", "a/b"), ("radiology", "none", "a/b"), ("radiology", "imaging", "none")]
    {
        let refused = client.get::<Counters>(&["counters", grant, server, tool]).await.unwrap_err();
        assert!(
            matches!(refused, ClientError::Refused { status: 404, .. }),
            "{grant} {server} {tool}: {refused}"
        );
    }
    let failure = bench.registry.counters("none", "imaging", "a/b").unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotThere);
}
