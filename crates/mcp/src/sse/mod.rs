//! Server-sent events, the framing of streamed replies (WHATWG HTML, section 9.2).
//! It must never trust an event's size, nor let a text break out of the line it is written into.

mod decode;
mod encode;
mod events;

pub use decode::{Decoder, Ending, Piece};
pub use encode::{BadField, KEEP_ALIVE, MessageWriter, encode, encode_retry};
pub use events::{Event, Events, SseError};
