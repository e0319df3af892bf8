//! Helpers for the tests of this crate.

use std::sync::Arc;

use json::{Decimal, Document, Limits};

use crate::limit::{LimitSpec, Scope, Window};
use crate::rule::RuleId;

/// Scans a text that the test knows to be good.
pub(crate) fn document(text: &str) -> Document {
    Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap()
}

/// A limit of ten a minute, of the counter `imports`.
pub(crate) fn limit(scope: Scope, unit: &str, on_deny: Option<&str>) -> LimitSpec {
    LimitSpec {
        policy: Arc::from("imaging"),
        counter: Arc::from("imports"),
        rule: RuleId::new("/tools/x/limits/imports"),
        pointer: "/tools/x/limits/0".to_owned(),
        window: Window::MINUTE,
        max: Decimal::parse("10").unwrap(),
        scope,
        unit: Arc::from(unit),
        on_deny: on_deny.map(Arc::from),
        timezone: None,
        max_keys: None,
        release: None,
    }
}
