//! The registry, its actions and the API on a real store in a temporary folder.
//!
//! Must never: reach anything beyond this machine, or wait for time to pass.

mod actions;
mod bench;
mod files;
mod port;
mod routes;
