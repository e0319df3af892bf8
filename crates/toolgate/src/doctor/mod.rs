//! What `toolgate doctor` looks at, and what it says about it. It only looks: nothing is created or changed.

pub mod access;
pub mod agent;
pub mod clock;
pub mod commands;
pub mod configuration;
pub mod data;
pub mod disk;
pub mod ports;
pub mod recordings;
pub mod users;

use serde::Serialize;

/// How good or bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Works, but weakens a guarantee or is probably not meant.
    Warning,
    /// Does not work, or breaks a guarantee.
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How good or bad it is.
    pub status: Status,
    /// What was found.
    pub text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, text: text.into(), advice: None }
    }

    /// Weakens something; with what to do.
    pub fn warning(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, text: text.into(), advice: Some(advice.into()) }
    }

    /// Breaks something; with what to do.
    pub fn problem(check: &'static str, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Status::Problem, text: text.into(), advice: Some(advice.into()) }
    }
}
