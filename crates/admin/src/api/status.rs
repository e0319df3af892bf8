//! `/api/v1/status`.

use super::Shared;
use crate::action::status::Status;
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;

pub(crate) async fn show(State(registry): State<Shared>) -> Result<Json<Status>, Failure> {
    registry.status().await.map(Json)
}
