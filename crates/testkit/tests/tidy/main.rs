//! The tidy tests: what STYLE asks of the source that no compiler or linter can say.
//!
//! Each rule is a pure function from a [`tree::Tree`] to findings. It stands beside a test that runs it
//! on this repository and a test that shows, on a small made-up tree, that it finds a violation.
//! Must never: write a file, reach the network, or accept a violation by name without a reason in the list.

#[cfg(test)]
mod attributes;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod links;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod markers;
#[cfg(test)]
mod mask;
#[cfg(test)]
mod purity;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod sleeps;
#[cfg(test)]
mod tree;
