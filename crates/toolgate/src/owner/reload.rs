//! Watches the configuration by content and puts each new valid set into force as a whole.
//! An invalid set is reported once and the old one stays.

use super::recordings;
use crate::config::{self, Loaded};
use admin::Registry;
use gateway::Gateway;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at the files; also the longest time that a change takes to count.
const LOOK: Duration = Duration::from_secs(1);

/// Watches until the task is ended.
pub async fn watch(gateway: Arc<Gateway>, registry: Arc<Registry>, loaded: Loaded) {
    let source = loaded.source.clone();
    let mut present = loaded.fingerprint;
    let started_with = loaded.settings.clone();
    let mut loaded = loaded;
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let (now, candidate) = match look(loaded.clone(), present).await {
            Look::Same => continue,
            Look::Changed(candidate) => candidate,
        };
        present = now;
        match candidate {
            Ok(next) => match put_in_force(&gateway, &registry, &next, &loaded).await {
                Ok(()) => {
                    tracing::info!(file = %source.display_file().display(), "a changed configuration is in force");
                    next.warnings.as_slice().iter().for_each(|warning| tracing::warn!("{warning}"));
                    if next.settings != started_with {
                        tracing::warn!(
                            "settings of the process itself differ from those that it started with (`listen`, `data` \
                             and the like); they count after a restart"
                        );
                    }
                    loaded = *next;
                }
                Err(problems) => {
                    gateway.metrics.reload_failures.inc();
                    for problem in &problems {
                        tracing::error!(%problem, "the changed configuration was refused; the old one stays");
                    }
                }
            },
            Err(refused) => {
                gateway.metrics.reload_failures.inc();
                registry.refuse_files(refused.problems.as_slice().len()).await;
                tracing::error!(problems = %refused, "the changed configuration was refused; the old one stays");
            }
        }
    }
}

/// Puts a whole set into force; where any of it is refused, all of the old set stays.
async fn put_in_force(
    gateway: &Arc<Gateway>,
    registry: &Registry,
    next: &Loaded,
    present: &Loaded,
) -> Result<(), Vec<String>> {
    if let Err(error) = recordings::apply(gateway, next.recordings.clone()).await {
        registry.refuse_files(1).await;
        return Err(vec![format!("recording calls: {error:#}")]);
    }
    let Err(problems) = registry.apply_files(next.declared.clone()).await else { return Ok(()) };
    if let Err(error) = recordings::apply(gateway, present.recordings.clone()).await {
        tracing::error!(%error, "calls are recorded as the refused configuration says");
    }
    Err(problems.iter().map(ToString::to_string).collect())
}

enum Look {
    Same,
    Changed((config::snapshot::Fingerprint, Result<Box<Loaded>, config::Refused>)),
}

/// Reads the files off the runtime's own threads.
async fn look(loaded: Loaded, present: config::snapshot::Fingerprint) -> Look {
    let looked = tokio::task::spawn_blocking(move || {
        if loaded.current_fingerprint() == present {
            return Look::Same;
        }
        match config::load(&loaded.source) {
            Ok(next) => Look::Changed((next.fingerprint, Ok(Box::new(next)))),
            Err(refused) => {
                let fingerprint = refused.fingerprint;
                if fingerprint == present { Look::Same } else { Look::Changed((fingerprint, Err(refused))) }
            }
        }
    });
    looked.await.unwrap_or(Look::Same)
}
