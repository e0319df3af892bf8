//! The one decoder: a strict scan to a tape with spans, and what is built on it: values, exact decimals,
//! canonical bytes, splicing, and a scanner for replies that are streamed through.
//!
//! Must never: do I/O, read a clock, accept what RFC 8259 refuses, or change a byte that nobody asked to change.

mod canonical;
mod decimal;
mod document;
mod error;
mod keys;
mod limits;
mod literal;
mod location;
mod member;
mod number;
mod object_writer;
mod reply;
mod scanner;
mod span;
mod splice;
mod string;
mod tape;
mod value;
mod write;

pub use canonical::canonical;
pub use decimal::{Decimal, NumberError};
pub use document::Document;
pub use error::{ScanError, ScanErrorKind};
pub use limits::Limits;
pub use location::Location;
pub use member::{Key, Member, Members};
pub use number::Number;
pub use object_writer::ObjectWriter;
pub use reply::{ReplyError, ReplyErrorKind, ReplyFacts, ReplyScanner};
pub use span::Span;
pub use splice::{SpliceError, Splicer, flatten_newlines};
pub use value::{Elements, Kind, Value};
pub use write::write_string;
