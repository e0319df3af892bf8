//! The toolgate binary: configuration, wiring, one file per subcommand.
//! Decisions are not taken here; this crate only brings the lower ones together.

pub mod config;
