//! Whether the configuration loads, and who else could change it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::Loaded;
use crate::config::source::Source;
use crate::output::count;

use super::Finding;
use super::access::steps;
use super::users::{User, Users};

const CHECK: &str = "configuration";
const RIGHTS: &str = "who can change it";

/// What was loaded, or what is wrong with it.
#[must_use]
pub fn loads(source: &Source, loaded: Result<&Loaded, &crate::config::Refused>) -> Vec<Finding> {
    match loaded {
        Ok(loaded) => {
            let declared = &loaded.declared;
            let counts = format!(
                "{}, {}, {}",
                count(declared.servers.len(), "server"),
                count(declared.grants.len(), "grant"),
                count(declared.policies.len(), "policy")
            );
            let shown = source.display_file();
            let text = match &source.file {
                Some(_) => format!("`{}`: {counts}", shown.display()),
                None => format!("there is no `{}`, so built-in settings hold; {counts}", shown.display()),
            };
            let mut findings = vec![Finding::ok(CHECK, text)];
            findings.extend(loaded.warnings.as_slice().iter().map(|problem| {
                Finding::warning(CHECK, problem.to_string(), "see `toolgate policy lint` for policies")
            }));
            findings
        }
        Err(refused) => {
            let problem = |problem: &crate::config::problem::Problem| {
                Finding::problem(
                    CHECK,
                    problem.to_string(),
                    "mend it; the gateway keeps what it loaded before",
                )
            };
            refused.problems.as_slice().iter().map(problem).collect()
        }
    }
}

/// Everything that decides what agents may do.
#[must_use]
pub fn deciding_files(source: &Source, data: Option<&Path>) -> Vec<PathBuf> {
    let mut files = vec![source.display_file()];
    let policies = source.policies();
    let inside = std::fs::read_dir(&policies).into_iter().flatten().flatten().map(|entry| entry.path());
    files.extend(inside.filter(|path| path.extension().is_some_and(|end| end == "json")));
    files.push(policies);
    files.extend(data.map(Path::to_path_buf));
    files.extend(std::env::current_exe().ok());
    // What is not there yet could be put there by whoever may write to the nearest folder above.
    let existing = |file: PathBuf| file.ancestors().find(|path| path.exists()).map(Path::to_path_buf);
    files.into_iter().filter_map(existing).collect()
}

/// Who besides the operator could change them.
#[must_use]
pub fn strangers(files: &[PathBuf], user: &User, users: &Users) -> Vec<Finding> {
    // One open folder above many files is told once.
    let mut found: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for file in files {
        match steps(file) {
            Ok(steps) => found.extend(
                steps.into_iter().filter_map(|step| Some((step.path.clone(), step.strangers(user, users)?))),
            ),
            Err(error) => findings.push(Finding::problem(
                RIGHTS,
                format!("`{}` cannot be looked at: {error}", file.display()),
                "run the doctor as the user who runs the gateway",
            )),
        }
    }
    findings.extend(found.iter().map(|(path, who)| {
        let text = format!("`{}` can be changed by {who}", path.display());
        Finding::problem(RIGHTS, text, format!("take the right away: chmod go-w '{}'", path.display()))
    }));
    if findings.is_empty() {
        let text =
            format!("nobody but `{}` and the system can change configuration, policies and data", user.name);
        findings.push(Finding::ok(RIGHTS, text));
    }
    findings
}
