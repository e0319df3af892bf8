//! The registry, its actions and the API on a real store in a temporary folder.
//!
//! Must never: reach anything beyond this machine, or wait for time to pass.

#[cfg(test)]
mod actions;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod counters;
#[cfg(test)]
mod files;
#[cfg(test)]
mod port;
#[cfg(test)]
mod routes;
