//! What the admin port answers: health and metrics, and otherwise where administration is.
//! It must never do more until there are accounts, nor answer a web page that found the port by DNS rebinding.

use super::{ROUTES, answer};
use crate::registry::Registry;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use mcp::headers::hosts::AllowList;
use std::sync::Arc;

const ELSEWHERE: &str = "administration is not on this port until there are accounts; use the subcommands of \
                         `toolgate` on this machine, which reach it over the socket in the data folder";
const OTHER_HOST: &str =
    "this port answers to `localhost`, `127.0.0.1` and `[::1]` only, and to no page from elsewhere";

/// The paths of the port.
pub fn port(registry: Arc<Registry>) -> Router {
    let open = ROUTES.iter().filter(|route| route.is_open);
    super::router(open)
        .fallback(|| async { answer::not_there(ELSEWHERE) })
        .layer(from_fn_with_state(Arc::new(AllowList::loopback()), check_host))
        .with_state(registry)
}

async fn check_host(State(allowed): State<Arc<AllowList>>, request: Request, next: Next) -> Response {
    match allowed.check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.http_status).unwrap_or(StatusCode::FORBIDDEN);
            answer::refused(status, OTHER_HOST)
        }
    }
}
