//! `/api/v1/servers`. On the local socket only: a command that comes over the network would be anybody's.

use super::Shared;
use super::extract::{Body, Name};
use crate::action::servers::{Detail, NewServer, Server, Servers};
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

pub(crate) async fn list(State(registry): State<Shared>) -> Result<Json<Servers>, Failure> {
    registry.servers().await.map(Json)
}

pub(crate) async fn show(State(registry): State<Shared>, Name(id): Name) -> Result<Json<Detail>, Failure> {
    registry.server(&id).await.map(Json)
}

pub(crate) async fn add(
    State(registry): State<Shared>,
    Body(new): Body<NewServer>,
) -> Result<(StatusCode, Json<Server>), Failure> {
    let added = super::to_the_end(async move { registry.add_server(new).await }).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

pub(crate) async fn remove(State(registry): State<Shared>, Name(id): Name) -> Result<StatusCode, Failure> {
    super::to_the_end(async move { registry.remove_server(&id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
