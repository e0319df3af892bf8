//! The pipeline from socket to socket: a real listener, a real store, a recording upstream.

#[cfg(test)]
mod calls;
#[cfg(test)]
mod support;
