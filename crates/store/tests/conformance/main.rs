//! What every backend of the store must pass, surface by surface; today there is the embedded one.
//! Must never look behind the public interface, except at the files that docs/storage.md describes.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a helper of tests may fail them")]

mod audit;
mod common;
mod config;
mod keys;
mod life;
mod retention;
mod tamper;
