//! `/api/v1/counters/GRANT/SERVER/TOOL`: how full the limits of a grant's calls are.
//! On the local socket only.

use super::Shared;
use crate::action::counters::Counters;
use crate::failure::{Failure, FailureKind};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

pub(crate) async fn show(
    State(registry): State<Shared>,
    path: Result<Path<(String, String, String)>, PathRejection>,
) -> Result<Json<Counters>, Failure> {
    let Path((grant, server, tool)) = path.map_err(|_| {
        Failure::new(FailureKind::Malformed, "the names in the path cannot be read; are they UTF-8?")
    })?;
    registry.counters(&grant, &server, &tool).map(Json)
}
