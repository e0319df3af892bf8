//! Answers about all calls at once, against the evaluator: nothing is claimed that a single call disproves.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod diff;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod sound;
