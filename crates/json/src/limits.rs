//! Caps on what one document may hold. Must never be widened silently: what exceeds a cap is refused.

/// Caps that a scan enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most containers that may be open at once; a scalar at the top needs none.
    pub max_depth: u16,
    /// Most members of one object.
    pub max_members: u32,
    /// Most bytes of one string or key as written, without its quotes.
    pub max_string_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 64, max_members: 100_000, max_string_bytes: 4 * 1024 * 1024 }
    }
}
