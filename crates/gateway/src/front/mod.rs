//! The fronts: each turns a transport into exchanges and answers into its own form. They judge nothing.

pub mod awaited;
pub mod body;
pub mod client;
pub mod first;
pub mod http;
pub mod http_stream;
pub mod hub;
pub mod listener;
pub mod request;
pub mod spool;
pub mod stdio;
