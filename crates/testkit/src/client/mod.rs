//! A raw HTTP/1.1 client: sends exactly the bytes it is given and shows exactly what came back.
//!
//! Must never: repair, retry, reuse or hide anything.

mod connection;
mod reply;
mod request;
mod stream;

pub use connection::RawClient;
pub use reply::Reply;
pub use request::Request;
pub use stream::ReplyStream;
