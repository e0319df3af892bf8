//! `/api/v1/policies`.

use super::Shared;
use super::extract::Name;
use crate::action::policies::{Detail, Policies};
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;

pub(crate) async fn list(State(registry): State<Shared>) -> Result<Json<Policies>, Failure> {
    registry.policies().await.map(Json)
}

pub(crate) async fn show(State(registry): State<Shared>, Name(name): Name) -> Result<Json<Detail>, Failure> {
    registry.policy(&name).await.map(Json)
}
