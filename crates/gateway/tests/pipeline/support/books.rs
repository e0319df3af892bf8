//! The audit as a test sees it: verified, then record by record.

use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use store::audit::{self, Filter, Tally};

/// All records of a log that verifies.
pub struct Books {
    pub records: Vec<Value>,
    pub tally: Tally,
}

impl Books {
    pub fn read(data: &Path) -> Self {
        let mut records = Vec::new();
        audit::query(data, &Filter::default(), &mut |line| {
            records.push(serde_json::from_str(line).unwrap());
            ControlFlow::Continue(())
        })
        .unwrap();
        let report = audit::verify(data, None).unwrap();
        assert!(report.is_ok(), "{:?}", report.problems);
        Self { records, tally: report.tally }
    }

    pub fn of(&self, kind: &str) -> Vec<&Value> {
        self.records.iter().filter(|record| record["kind"] == kind).collect()
    }

    pub fn count(&self, kind: &str) -> usize {
        self.of(kind).len()
    }

    /// Rule and cause of each denial, in order.
    pub fn denials(&self) -> Vec<(&str, &str)> {
        self.of("denied")
            .into_iter()
            .map(|record| {
                let field = |key: &str| record[key].as_str().unwrap_or_default();
                (field("rule"), field("cause"))
            })
            .collect()
    }

    /// How each call ended, in order.
    pub fn outcomes(&self) -> Vec<&str> {
        self.of("outcome").into_iter().map(|record| record["outcome"].as_str().unwrap()).collect()
    }
}

/// The text of a tool's result.
pub fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text in {answer}"))
}
