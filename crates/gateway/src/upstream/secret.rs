//! Looks up the values that a declaration refers to.
//! A value must never reach a log or an error: messages name where it was looked for.

use crate::declared::Setting;
use std::fmt;

/// A reference that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved(String);

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of a setting.
///
/// # Errors
/// [`Unresolved`] where the variable is not set or the file cannot be read.
pub fn resolve(setting: &Setting) -> Result<String, Unresolved> {
    match setting {
        Setting::Literal(text) => Ok(text.clone()),
        Setting::Env(name) => std::env::var(name).map_err(|_| {
            Unresolved(format!("the environment variable `{name}` is not set; set it and restart"))
        }),
        Setting::File(path) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned()),
            Err(error) => Err(Unresolved(format!("reading the file `{}` failed: {error}", path.display()))),
        },
    }
}
