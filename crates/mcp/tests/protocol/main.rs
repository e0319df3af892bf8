//! The protocol half of the crate, rule by rule: tables of what comes in and what must come of it.
//! Must never hold a case that cannot fail.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod bridge;
#[cfg(test)]
mod envelope;
#[cfg(test)]
mod eras;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod methods;
#[cfg(test)]
mod mirrored;
#[cfg(test)]
mod params;
#[cfg(test)]
mod reply;
#[cfg(test)]
mod rewrite;
#[cfg(test)]
mod rounds;
#[cfg(test)]
mod sse;
#[cfg(test)]
mod support;
