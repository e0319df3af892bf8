//! Enforces: the pipeline that every message passes, and what it needs to do so.
//! It must never forward a byte without a permit.

pub mod access;
pub mod account;
pub mod bridge;
pub mod budget;
pub mod channels;
pub mod cursor;
pub mod declared;
pub mod definitions;
pub mod denial;
pub mod exchange;
pub mod front;
pub mod gateway;
pub mod given;
pub mod handles;
pub mod hub;
pub mod large;
pub mod listen;
pub mod metrics;
pub mod news;
pub mod outbox;
pub mod outstanding;
pub mod permit;
pub mod pipeline;
pub mod reach;
mod recording;
pub mod relay;
pub mod route;
pub mod session;
pub mod sessions;
pub mod source;
pub mod spools;
pub mod stage;
pub mod stream;
pub mod subscription;
pub mod upstream;
pub mod world;

pub use declared::Declared;
pub use gateway::{Bounds, Gateway};
pub use world::World;
