//! The fake upstream and the raw client, tried against each other.
//!
//! Must never: test the gateway.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod modern;
