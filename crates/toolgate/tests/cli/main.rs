//! The command line as its users meet it: every test runs the program itself, in a folder of its own.
//!
//! Must never: read the configuration or the home folder of whoever runs the tests.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod analysis;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod definitions;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod export;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod help;
#[cfg(test)]
mod import;
#[cfg(test)]
mod learn;
#[cfg(test)]
mod older;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod policy_manual;
#[cfg(test)]
mod policy_test;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod run;
#[cfg(test)]
mod sample_server;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod suggest;
#[cfg(test)]
mod traffic;
#[cfg(test)]
mod wrap;
