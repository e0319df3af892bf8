//! Whether the gateway lives, whether it can take calls, and its metrics.
//! These are open to everybody on this machine, so they must never tell a name that an operator did not choose.

use super::Shared;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

pub(crate) async fn ready(State(registry): State<Shared>) -> Response {
    let gateway = registry.gateway();
    let problem = if gateway.is_draining() {
        Some("the gateway is shutting down".to_owned())
    } else {
        gateway.store.check().err().map(|error| error.to_string())
    };
    match problem {
        None => "ready\n".into_response(),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("{problem}\n")).into_response(),
    }
}

pub(crate) async fn metrics(State(registry): State<Shared>) -> Response {
    match registry.gateway().metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            super::answer::refused(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written")
        }
    }
}
