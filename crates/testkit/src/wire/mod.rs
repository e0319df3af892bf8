//! HTTP/1.1 as bytes: heads and body framing, without I/O and without a library's opinion.
//!
//! Must never: be used by the product; it is lenient where tests want to see what really came.

mod body;
mod head;

pub use body::{Body, Framing};
pub use head::Head;
