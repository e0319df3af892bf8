//! Remembers: counters, journal, audit, configuration. One process owns a data folder and writes it here.
//!
//! Must never let a call through that is not recorded, nor forget one that was; nor hold a value of an argument,
//! token or result in clear, except for the amounts that limits sum.

pub mod audit;
pub mod clock;
pub mod config;
mod counters;
mod error;
pub mod fault;
mod files;
mod handle_seal;
mod hex;
mod id;
mod journal;
mod log_file;
mod owner;
pub mod recordings;
mod store;
mod time;
mod timeline;
mod token;
mod window;
mod writer;
mod zone;

pub use counters::{CounterKey, CounterState, Demand, Ledger, Refused, Rehearsal, Reservation};
pub use error::{OpenError, StoreError};
pub use handle_seal::HandleSeal;
pub use id::CallId;
pub use owner::DataFolder;
pub use store::{Durability, OpenCall, Options, Store};
pub use time::Timestamp;
pub use timeline::{Jump, Timeline};
pub use token::{Token, TokenHash};
pub use window::{CalendarUnit, Window};
pub use zone::Zone;
