//! `/api/v1/audit`.

use super::Shared;
use crate::action::audit::Head;
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;

pub(crate) async fn head(State(registry): State<Shared>) -> Result<Json<Head>, Failure> {
    registry.audit_head().map(Json)
}
