//! The one writer of journal and audit: whatever waits is written in one batch, one write per file.
//!
//! In `process` mode the batch is written by a task of the gateway's own event loop, not by a thread of its own.
//! A call queues its records and yields once; all calls of that turn of the loop have then queued theirs, the first
//! to run again writes all, and the others find theirs written when their turn comes. So no call wakes another
//! thread, which costs more than the write itself; the write goes to the page cache. Where two threads of the loop
//! meet, the second waits for the first. Syncing to disk is a thread's work, within a second. In `power` mode a
//! thread writes and syncs, because a sync takes too long for an event loop.
//!
//! Must never tell a call that it is recorded before journal and audit both are, in that order; nor leave one of the
//! two behind when the other fails; nor drop the end of a call.

mod bell;
mod commit;
mod drain;
mod item;
mod maintain;
mod opening;
mod queue;
mod shared;
mod space;
mod threads;

pub(crate) use bell::Bell;
pub(crate) use commit::Writer;
pub(crate) use item::Item;
pub(crate) use opening::{Changing, Opening};
pub(crate) use shared::{Parts, Shared};
pub(crate) use space::Space;
pub(crate) use threads::Threads;
