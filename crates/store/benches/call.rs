//! The cost of one call's records.
fn main() {}
