//! The pipeline from socket to socket: a real listener, a real store, recording upstreams.

#[cfg(test)]
mod asked;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bridged_down;
#[cfg(test)]
mod bridged_processes;
#[cfg(test)]
mod bridged_rounds;
#[cfg(test)]
mod bridged_up;
#[cfg(test)]
mod bypass;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod cursors;
#[cfg(test)]
mod denials;
#[cfg(test)]
mod fidelity;
#[cfg(test)]
mod first_clients;
#[cfg(test)]
mod first_upstream;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod forwarded;
#[cfg(test)]
mod legacy_tasks;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod line_clients;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod news;
#[cfg(test)]
mod policed;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod raw_heads;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod resumption;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod scopes;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod several_channels;
#[cfg(test)]
mod several_handles;
#[cfg(test)]
mod several_sessions;
#[cfg(test)]
mod several_tools;
#[cfg(test)]
mod shared_processes;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod waits;
