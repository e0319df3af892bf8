//! What may stand in a server or grant: the rules that files and commands share, and the checks of what is made by
//! command, where no secret may stand in clear at all. A message must never repeat the value of a variable or header.

use crate::name::{ID_EXPECTED, is_id};
use gateway::declared::Setting;
use std::collections::BTreeMap;
use std::path::Path;

/// Longest wait: a day. A wait that is longer is a mistake in the unit.
pub const MAX_WAIT_S: u64 = 86_400;
/// Longest label.
const MAX_LABEL_BYTES: usize = 256;
/// Most labels of one grant.
const MAX_LABELS: usize = 64;
/// Headers that the gateway itself sets.
const OWN_HEADERS: [&str; 11] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "last-event-id",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// What is wrong so far.
pub(crate) type Problems = Vec<String>;

/// Whether the gateway itself sets a header of this name.
#[must_use]
pub fn is_own_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OWN_HEADERS.contains(&name.as_str()) || name.starts_with("mcp-")
}

/// Whether a name can be an environment variable's.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0', ' ']) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a name says that its value is a credential.
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    ["authorization", "cookie", "token", "secret", "password", "passwd", "apikey"]
        .iter()
        .any(|word| name.contains(word))
}

pub(crate) fn check_alias(alias: Option<&str>, problems: &mut Problems) {
    if let Some(alias) = alias.filter(|alias| !is_id(alias)) {
        problems.push(format!("the alias `{alias}` {ID_EXPECTED}"));
    }
}

pub(crate) fn check_id(what: &str, id: &str, problems: &mut Problems) {
    if !is_id(id) {
        problems.push(format!("the {what} id `{id}` {ID_EXPECTED}"));
    }
}

pub(crate) fn check_command(command: &[String], problems: &mut Problems) {
    match command.first() {
        None => problems.push("`command` is empty; name a program".to_owned()),
        Some(program) if program.is_empty() => {
            problems.push("`command` must begin with a program".to_owned())
        }
        Some(program) if program.contains('/') && !Path::new(program).is_absolute() => {
            problems
                .push(format!("the program `{program}` must be an absolute path or a name to be looked for"));
        }
        Some(_) => {}
    }
    if command.iter().any(|word| word.contains('\0')) {
        problems.push("`command` must not contain a null character".to_owned());
    }
}

pub(crate) fn check_path(key: &str, path: Option<&Path>, problems: &mut Problems) {
    if let Some(path) = path.filter(|path| !path.is_absolute()) {
        problems.push(format!("`{key}` must be an absolute path, not `{}`", path.display()));
    }
}

pub(crate) fn check_wait(key: &str, wait_s: u64, problems: &mut Problems) {
    if wait_s == 0 || wait_s > MAX_WAIT_S {
        problems.push(format!("`{key}` must be between 1s and 1d"));
    }
}

pub(crate) fn check_env(env: &BTreeMap<String, Setting>, problems: &mut Problems) {
    for (name, setting) in env {
        if !is_variable(name) {
            problems.push(format!("`{name}` is not the name of an environment variable"));
        }
        check_setting(name, setting, problems);
        if matches!(setting, Setting::Literal(_)) && sounds_secret(name) {
            problems.push(must_refer("variable", name));
        }
    }
}

pub(crate) fn check_headers(headers: &BTreeMap<String, Setting>, problems: &mut Problems) {
    for (name, setting) in headers {
        if is_own_header(name) {
            problems.push(format!("header `{name}` is set by the gateway itself; leave it out"));
        }
        check_setting(name, setting, problems);
        if matches!(setting, Setting::Literal(_)) && sounds_secret(name) {
            problems.push(must_refer("header", name));
        }
    }
    let mut names: Vec<String> = headers.keys().map(|name| name.to_ascii_lowercase()).collect();
    names.sort();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        problems.push("a header is given twice; names ignore case".to_owned());
    }
}

pub(crate) fn check_labels(labels: &[String], problems: &mut Problems) {
    let is_fit = |label: &String| {
        !label.is_empty() && label.len() <= MAX_LABEL_BYTES && !label.chars().any(char::is_control)
    };
    if labels.len() > MAX_LABELS || !labels.iter().all(is_fit) {
        problems.push(format!(
            "labels must be at most {MAX_LABELS} texts of 1 to {MAX_LABEL_BYTES} bytes without control characters"
        ));
    }
}

fn check_setting(name: &str, setting: &Setting, problems: &mut Problems) {
    match setting {
        Setting::Literal(text) if text.contains('\0') => {
            problems.push(format!("the value of `{name}` must not contain a null character"));
        }
        Setting::Literal(_) => {}
        Setting::Env(variable) if !is_variable(variable) => {
            problems.push(format!("`{name}` must name a variable after `env:`"));
        }
        Setting::Env(_) => {}
        Setting::File(path) if !path.is_absolute() => {
            problems.push(format!("`{name}` must name a file by its absolute path after `file:`"));
        }
        Setting::File(_) => {}
    }
}

fn must_refer(what: &str, name: &str) -> String {
    format!(
        "the {what} `{name}` must not hold a secret in clear; write `env:NAME` or `file:PATH`, where the whole value \
         is kept"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, text: &str) -> BTreeMap<String, Setting> {
        BTreeMap::from([(name.to_owned(), Setting::parse(text))])
    }

    fn n_problems(check: impl FnOnce(&mut Problems)) -> usize {
        let mut problems = Problems::new();
        check(&mut problems);
        problems.len()
    }

    #[test]
    fn commands() {
        for (words, expected) in [
            (&["npx", "-y", "x"][..], 0),
            (&["/usr/bin/x"], 0),
            (&[], 1),
            (&[""], 1),
            (&["./x"], 1),
            (&["bin/x"], 1),
            (&["x", "a\0b"], 1),
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(n_problems(|problems| check_command(&words, problems)), expected, "{words:?}");
        }
    }

    #[test]
    fn variables_and_headers() {
        for (name, value, in_env, in_headers) in [
            ("REGION", "eu-central-1", 0, 0),
            ("API_KEY", "very-secret", 1, 1),
            ("API_KEY", "env:API_KEY", 0, 0),
            ("API_KEY", "file:/run/key", 0, 0),
            ("API_KEY", "file:key", 1, 1),
            ("X", "env:1A", 1, 1),
            ("1A", "x", 1, 0),
            ("Authorization", "Bearer very-secret", 1, 1),
            ("Host", "x", 0, 1),
            ("Mcp-Session-Id", "x", 0, 1),
        ] {
            let mut problems = Problems::new();
            check_env(&one(name, value), &mut problems);
            assert_eq!(problems.len(), in_env, "variable {name} = {value}: {problems:?}");
            check_headers(&one(name, value), &mut problems);
            assert_eq!(problems.len(), in_env + in_headers, "header {name} = {value}: {problems:?}");
            assert!(!problems.iter().any(|problem| problem.contains("very-secret")), "{problems:?}");
        }
        let twice =
            BTreeMap::from(["X-A", "x-a"].map(|name| (name.to_owned(), Setting::Literal("1".to_owned()))));
        assert_eq!(n_problems(|problems| check_headers(&twice, problems)), 1);
    }

    #[test]
    fn labels_and_waits() {
        let long = "x".repeat(257);
        for (label, expected) in [("team a", 0), ("", 1), ("a\nb", 1), (long.as_str(), 1)] {
            assert_eq!(
                n_problems(|problems| check_labels(&[label.to_owned()], problems)),
                expected,
                "`{label}`"
            );
        }
        for (wait_s, expected) in [(0, 1), (1, 0), (86_400, 0), (86_401, 1)] {
            assert_eq!(
                n_problems(|problems| check_wait("timeout_s", wait_s, problems)),
                expected,
                "{wait_s}"
            );
        }
    }
}
