//! `/api/v1/recordings`.

use super::Shared;
use super::extract::Body;
use crate::action::recordings::{One, Purge, Purged, Question, Rows, Shown, Stats};
use crate::failure::Failure;
use axum::Json;
use axum::extract::State;

pub(crate) async fn stats(State(registry): State<Shared>) -> Result<Json<Stats>, Failure> {
    registry.recordings_stats().await.map(Json)
}

pub(crate) async fn list(
    State(registry): State<Shared>,
    Body(question): Body<Question>,
) -> Result<Json<Rows>, Failure> {
    registry.recordings(question).await.map(Json)
}

pub(crate) async fn show(
    State(registry): State<Shared>,
    Body(one): Body<One>,
) -> Result<Json<Shown>, Failure> {
    registry.recording(one).await.map(Json)
}

pub(crate) async fn purge(
    State(registry): State<Shared>,
    Body(purge): Body<Purge>,
) -> Result<Json<Purged>, Failure> {
    super::to_the_end(async move { registry.purge_recordings(purge).await }).await.map(Json)
}
