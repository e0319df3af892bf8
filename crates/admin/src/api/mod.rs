//! The API: every path with what answers there, in one list.
//!
//! All of it is served on the local socket, whose folder is closed to everybody but the operator. On the port are,
//! until there are accounts, only the paths that change and tell nothing: health and metrics.

pub(crate) mod answer;
mod audit;
mod counters;
mod definitions;
mod extract;
mod grants;
mod health;
mod policies;
mod port;
mod recordings;
mod servers;
mod status;

use crate::failure::{Failure, FailureKind};
use crate::registry::Registry;
use axum::Router;
use axum::http::{Method, Uri};
use axum::routing::{MethodRouter, get, post};
use std::sync::Arc;

pub use port::port;

/// What the paths of actions begin with.
pub const PREFIX: &str = "/api/v1";

pub(crate) type Shared = Arc<Registry>;

/// One path.
#[derive(Debug)]
pub struct Route {
    /// The path; `{id}` stands for a name.
    pub path: &'static str,
    /// The methods that it knows.
    pub methods: &'static [&'static str],
    /// Whether it is on the port as well, without an account.
    pub is_open: bool,
    answer: fn() -> MethodRouter<Shared>,
}

/// Every path.
pub const ROUTES: &[Route] = &[
    Route { path: "/healthz", methods: &["GET"], is_open: true, answer: || get(health::alive) },
    Route { path: "/readyz", methods: &["GET"], is_open: true, answer: || get(health::ready) },
    Route { path: "/metrics", methods: &["GET"], is_open: true, answer: || get(health::metrics) },
    Route { path: "/api/v1/status", methods: &["GET"], is_open: false, answer: || get(status::show) },
    Route {
        path: "/api/v1/servers",
        methods: &["GET", "POST"],
        is_open: false,
        answer: || get(servers::list).post(servers::add),
    },
    Route {
        path: "/api/v1/servers/{id}",
        methods: &["GET", "DELETE"],
        is_open: false,
        answer: || get(servers::show).delete(servers::remove),
    },
    Route {
        path: "/api/v1/definitions",
        methods: &["GET"],
        is_open: false,
        answer: || get(definitions::list),
    },
    Route {
        path: "/api/v1/definitions/{id}",
        methods: &["GET"],
        is_open: false,
        answer: || get(definitions::show),
    },
    Route {
        path: "/api/v1/grants",
        methods: &["GET", "POST"],
        is_open: false,
        answer: || get(grants::list).post(grants::create),
    },
    Route { path: "/api/v1/grants/{id}", methods: &["GET"], is_open: false, answer: || get(grants::show) },
    Route {
        path: "/api/v1/grants/{id}/revoke",
        methods: &["POST"],
        is_open: false,
        answer: || post(grants::revoke),
    },
    Route {
        path: "/api/v1/counters/{grant}/{server}/{tool}",
        methods: &["GET"],
        is_open: false,
        answer: || get(counters::show),
    },
    Route { path: "/api/v1/audit/head", methods: &["GET"], is_open: false, answer: || get(audit::head) },
    Route { path: "/api/v1/policies", methods: &["GET"], is_open: false, answer: || get(policies::list) },
    Route {
        path: "/api/v1/policies/{id}",
        methods: &["GET"],
        is_open: false,
        answer: || get(policies::show),
    },
    Route {
        path: "/api/v1/recordings",
        methods: &["GET"],
        is_open: false,
        answer: || get(recordings::stats),
    },
    Route {
        path: "/api/v1/recordings/list",
        methods: &["POST"],
        is_open: false,
        answer: || post(recordings::list),
    },
    Route {
        path: "/api/v1/recordings/show",
        methods: &["POST"],
        is_open: false,
        answer: || post(recordings::show),
    },
    Route {
        path: "/api/v1/recordings/purge",
        methods: &["POST"],
        is_open: false,
        answer: || post(recordings::purge),
    },
];

/// All paths, for whoever can open the local socket.
pub fn local(registry: Arc<Registry>) -> Router {
    let missing = |method: Method, uri: Uri| async move {
        answer::not_there(&format!(
            "there is no `{method} {}`; is the other side of the same version?",
            uri.path()
        ))
    };
    router(ROUTES.iter()).fallback(missing).with_state(registry)
}

fn router<'a>(routes: impl Iterator<Item = &'a Route>) -> Router<Shared> {
    let router = routes.fold(Router::new(), |router, route| router.route(route.path, (route.answer)()));
    router.method_not_allowed_fallback(|method: Method, uri: Uri| async move {
        answer::wrong_method(&format!("`{}` does not know the method {method}", uri.path()))
    })
}

/// Runs a change to its end even when the client goes away: half a change is none.
async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let failed =
        || Failure::new(FailureKind::Unavailable, "the change failed inside the gateway; its log tells why");
    tokio::spawn(change).await.unwrap_or_else(|_| Err(failed()))
}
