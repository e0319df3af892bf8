//! Percentiles of the measured latencies.
//!
//! Must never: interpolate; every figure is a latency that was measured.

use serde_json::{Value, json};

/// The percentiles in microseconds.
pub fn summary(mut latencies_ns: Vec<u64>) -> Value {
    latencies_ns.sort_unstable();
    let at = |per_mille: usize| {
        let last = latencies_ns.len().saturating_sub(1);
        latencies_ns.get(last * per_mille / 1000).map(|latency_ns| *latency_ns as f64 / 1e3)
    };
    json!({"p50": at(500), "p90": at(900), "p99": at(990), "p999": at(999), "max": at(1000)})
}
