//! The one decoder: strict scan to a tape with spans.
