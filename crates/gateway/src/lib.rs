//! Enforces: the pipeline that every message passes, and what it needs to do so.
//! It must never forward a byte without a permit.

pub mod declared;
