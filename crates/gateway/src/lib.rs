//! Enforces: the pipeline.
