//! The steps of the pipeline, one file each.

pub mod answered;
pub mod asked;
pub mod channel;
pub mod decide;
pub mod entries;
pub mod extension;
pub mod handshake;
pub mod list;
pub mod matter;
pub mod notify;
pub mod obligations;
pub mod questions;
pub mod refuse;
pub mod reply;
pub mod restore;
pub mod round;
pub mod shadow;
pub mod task;
pub mod whole;
