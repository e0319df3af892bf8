//! Knows tools: definition hashing.
