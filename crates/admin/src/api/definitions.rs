//! `/api/v1/definitions`: what servers listed, by server.
//! On the local socket only: what a server says is the operator's to read.

use super::Shared;
use super::extract::Name;
use crate::action::definitions::{Definitions, Servers};
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;

pub(crate) async fn list(State(registry): State<Shared>) -> Result<Json<Servers>, Failure> {
    registry.listed_servers().await.map(Json)
}

pub(crate) async fn show(
    State(registry): State<Shared>,
    Name(server): Name,
) -> Result<Json<Definitions>, Failure> {
    registry.definitions(&server).await.map(Json)
}
