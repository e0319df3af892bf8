//! The toolgate binary: configuration, wiring, one file per subcommand.
//! Decisions are not taken here; this crate only brings the lower ones together.

pub mod cli;
mod command;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod exit;
pub mod init;
pub mod learn;
pub mod observed;
pub mod output;
pub mod owner;
pub mod replay;
pub mod traffic;
pub mod wrap;
