//! The process group of one server: signals that reach every member, and the leader's end.
//!
//! Must never: signal a group whose leader was reaped, for its number may belong to somebody else by then.

use super::keeper;
use super::process::Exit;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::process::Child;

/// A group by its leader. INVARIANT: the leader is reaped only under the lock, together with forgetting its number.
#[derive(Clone)]
pub(super) struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    /// The group that a freshly spawned child leads.
    pub(super) fn led_by(child: &Child) -> Group {
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            keeper::note(leader);
        }
        Group(Arc::new(Mutex::new(leader)))
    }

    /// Sends a signal to every member; nothing when the leader was reaped.
    pub(super) fn signal(&self, signal: Signal) {
        let leader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leader) = *leader
            && let Err(error) = kill_process_group(leader, signal)
        {
            tracing::debug!(%error, "signalling a server's process group");
        }
    }

    /// Kills every member and forgets the group, for when nobody is left to reap the leader.
    pub(super) fn abandon(&self) {
        self.signal(Signal::KILL);
        if let Some(leader) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            keeper::forget(leader);
        }
    }

    /// Whether the leader has ended; it is not reaped, so the group's number stays taken.
    pub(super) fn has_ended(&self) -> bool {
        let leader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(leader) = *leader else { return true };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that there is no such child any more.
        !matches!(waitid(WaitId::Pid(leader), options), Ok(None))
    }

    /// Kills what is left of the group and reaps its leader, which has ended.
    pub(super) fn reap(&self, child: &mut Child) -> Exit {
        let mut leader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(leader) = leader.take() {
            // The leader itself is a member until it is reaped, so this fails only for lack of rights.
            if let Err(error) = kill_process_group(leader, Signal::KILL) {
                tracing::debug!(%error, "killing what a server left behind");
            }
            keeper::forget(leader);
        }
        Exit::from(child.try_wait().ok().flatten())
    }
}
