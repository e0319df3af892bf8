//! `/api/v1/grants`.

use super::Shared;
use super::extract::{Body, Name};
use crate::action::grants::{Created, Grant, Grants, NewGrant};
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

pub(crate) async fn list(State(registry): State<Shared>) -> Result<Json<Grants>, Failure> {
    registry.grants().await.map(Json)
}

pub(crate) async fn show(State(registry): State<Shared>, Name(id): Name) -> Result<Json<Grant>, Failure> {
    registry.grant(&id).await.map(Json)
}

pub(crate) async fn create(
    State(registry): State<Shared>,
    Body(new): Body<NewGrant>,
) -> Result<(StatusCode, Json<Created>), Failure> {
    let created = super::to_the_end(async move { registry.create_grant(new).await }).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

pub(crate) async fn revoke(State(registry): State<Shared>, Name(id): Name) -> Result<Json<Grant>, Failure> {
    super::to_the_end(async move { registry.revoke_grant(&id).await }).await.map(Json)
}
