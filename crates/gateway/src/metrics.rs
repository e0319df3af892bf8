//! Counters and histograms for the operator, in the OpenMetrics text format.
//! A metric must never carry a value, a token, or a name that an agent chose.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use store::recordings::Stats;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ServerLabels {
    server: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    server: String,
    effect: &'static str,
}

/// How a message ended, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Forwarded.
    Allowed,
    /// Refused by the policy, a limit or the protocol's rules.
    Denied,
    /// Forwarded, but the upstream failed or its reply was unusable.
    Failed,
}

impl Ending {
    fn label(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Counters of one server, looked up once when the server is set up.
#[derive(Debug, Clone)]
pub struct ServerMetrics {
    left_out: Counter,
    shadow_denied: Counter,
    allowed: Counter,
    denied: Counter,
    failed: Counter,
}

impl ServerMetrics {
    /// Counts an answer of several servers that this one is missing from.
    pub fn left_out(&self) {
        self.left_out.inc();
    }

    /// Counts a message that was let through and that parts in shadow would have denied.
    pub fn shadow_denied(&self) {
        self.shadow_denied.inc();
    }

    /// Counts one message.
    pub fn count(&self, ending: Ending) {
        match ending {
            Ending::Allowed => self.allowed.inc(),
            Ending::Denied => self.denied.inc(),
            Ending::Failed => self.failed.inc(),
        };
    }
}

/// Tells what became of recordings, which the store counts.
#[derive(Debug)]
struct OfRecordings(Arc<Stats>);

impl Collector for OfRecordings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Self(stats) = self;
        for (name, help, value) in [
            ("recordings_written", "recordings of calls that were written", stats.written()),
            ("recordings_dropped", "recordings dropped because too many waited", stats.dropped()),
            ("recordings_lost", "recordings lost because they could not be written", stats.lost()),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let failing = ConstGauge::new(i64::from(stats.is_failing()));
        let help = "1 while calls cannot be recorded";
        failing.encode(encoder.encode_descriptor("recordings_failing", help, None, failing.metric_type())?)
    }
}

/// All metrics of a gateway.
pub struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    left_out: Family<ServerLabels, Counter>,
    shadow_denied: Family<ServerLabels, Counter>,
    /// Requests refused before policy: bad grant, bad envelope, bad headers.
    pub refused: Counter,
    /// Calls between intent and outcome.
    pub in_flight: Gauge,
    /// Live legacy sessions.
    pub sessions: Gauge,
    /// Seconds between intent and outcome.
    pub duration_s: Histogram,
    /// Configuration sets that were refused.
    pub reload_failures: Counter,
    /// What became of recordings.
    pub recordings: Arc<Stats>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("toolgate");
        let calls = Family::default();
        registry.register("calls", "judged messages by server and effect", calls.clone());
        let left_out = Family::default();
        registry.register("left_out", "answers of several servers without this one", left_out.clone());
        let shadow_denied = Family::default();
        let about = "messages let through that parts in shadow would have denied, by server";
        registry.register("shadow_denied", about, shadow_denied.clone());
        let refused = Counter::default();
        registry.register("refused_requests", "requests refused before policy", refused.clone());
        let in_flight = Gauge::default();
        registry.register("in_flight_calls", "calls between intent and outcome", in_flight.clone());
        let sessions = Gauge::default();
        registry.register("sessions", "live sessions of handshake-era clients", sessions.clone());
        // 0.5 ms to about 4 minutes.
        let duration_s = Histogram::new(exponential_buckets(0.000_5, 2.0, 20));
        registry.register("call_duration_seconds", "time between intent and outcome", duration_s.clone());
        let reload_failures = Counter::default();
        registry.register("reload_failures", "configuration sets that were refused", reload_failures.clone());
        let recordings = Arc::<Stats>::default();
        registry.register_collector(Box::new(OfRecordings(Arc::clone(&recordings))));
        Self {
            registry,
            calls,
            left_out,
            shadow_denied,
            refused,
            in_flight,
            sessions,
            duration_s,
            reload_failures,
            recordings,
        }
    }
}

impl Metrics {
    /// The counters of `server`.
    #[must_use]
    pub fn server(&self, server: &Arc<str>) -> ServerMetrics {
        let get = |ending: Ending| {
            let labels = CallLabels { server: server.to_string(), effect: ending.label() };
            self.calls.get_or_create(&labels).clone()
        };
        let labels = ServerLabels { server: server.to_string() };
        ServerMetrics {
            left_out: self.left_out.get_or_create(&labels).clone(),
            shadow_denied: self.shadow_denied.get_or_create(&labels).clone(),
            allowed: get(Ending::Allowed),
            denied: get(Ending::Denied),
            failed: get(Ending::Failed),
        }
    }

    /// Everything in the OpenMetrics text format.
    ///
    /// # Errors
    /// [`fmt::Error`] where the text cannot be written.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_counted_by_server() {
        let metrics = Metrics::default();
        let server: Arc<str> = "imaging".into();
        metrics.server(&server).count(Ending::Denied);
        metrics.server(&server).count(Ending::Denied);
        let text = metrics.render().unwrap();
        assert!(text.contains(r#"toolgate_calls_total{server="imaging",effect="denied"} 2"#), "{text}");
        assert!(text.contains(r#"toolgate_calls_total{server="imaging",effect="allowed"} 0"#), "{text}");
    }
}
