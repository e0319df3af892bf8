//! `toolgate policy test`: judges the example calls of policies and of files of cases, by the evaluator of the gateway.
//! It reads files only, and asks no server and no gateway.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::policy::{Coverage, Format, Policy, Stack, load_cases, try_tests};
use anyhow::Context as _;
use clap::Args;

use crate::cli::Global;
use crate::config::problem::Problems;
use crate::config::snapshot::PolicyFile;
use crate::exit::{Exit, Usage};

use super::document;
use super::tested::{Tested, tell};

const EXAMPLES: &str = "\
Examples:
  toolgate policy test                                   the `tests` of every policy of the folder
  toolgate policy test imaging --cases cases/            and files of cases, judged by `imaging`
  toolgate policy test base imaging --cases imports.json   by both together: all must allow
  toolgate policy test --coverage                        also: which rules no test reaches
  toolgate policy test --min-coverage 90                 fail below so many percent

A policy's own tests are judged by it alone. A file of cases is JSON and says
  { \"policies\": [\"imaging\"], \"tests\": [ { \"call\": { \"tool\": \"x\" }, \"expect\": \"deny\" } ] }
where `policies` are names, or files beside it; without it those of the command line judge.

Exit codes: 0 all passed; 1 a test failed, there are none, or too little is covered; 2 wrong usage.";

/// Arguments of `policy test`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Files or names of policies, baseline first; without any, all policies of the folder
    #[arg(value_name = "FILE|NAME")]
    policies: Vec<String>,
    /// A file of cases, or a folder with such files (`*.json`); can be repeated
    #[arg(long, value_name = "FILE|DIR")]
    cases: Vec<PathBuf>,
    /// Tell which rules no test reaches
    #[arg(long)]
    coverage: bool,
    /// Fail where less is covered; tells the coverage too
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
}

/// The policies that are tested, and their tests as far as they were judged.
#[derive(Default)]
struct Session {
    files: Vec<PolicyFile>,
    policies: Vec<Arc<Policy>>,
    tested: Vec<Tested>,
}

/// Tests.
pub fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let mut session = Session::default();
    let cases_alone = arguments.policies.is_empty() && !arguments.cases.is_empty();
    let named = if cases_alone { Vec::new() } else { document::read(global, &arguments.policies)? };
    let stack = named.into_iter().map(|file| session.load(file)).collect::<Result<Vec<_>, _>>()?;
    for (file, policy) in session.files.iter().zip(&session.policies) {
        let tried = try_tests(policy);
        session.tested.extend(tried.into_iter().map(|tried| Tested { file: file.path.clone(), tried }));
    }
    for path in case_files(&arguments.cases)? {
        session.run_cases(global, &path, &stack)?;
    }
    let coverage = (arguments.coverage || arguments.min_coverage.is_some()).then(|| session.coverage());
    tell(global.output(), &session.tested, coverage.as_ref(), arguments.min_coverage)
}

impl Session {
    /// Loads a policy, once for each path.
    fn load(&mut self, file: PolicyFile) -> Result<Arc<Policy>, Problems> {
        let known = self.files.iter().zip(&self.policies).find(|(known, _)| known.path == file.path);
        if let Some((_, policy)) = known {
            return Ok(Arc::clone(policy));
        }
        let policy = document::load(&file)?;
        self.files.push(file);
        self.policies.push(Arc::clone(&policy));
        Ok(policy)
    }

    fn run_cases(&mut self, global: &Global, path: &Path, stack: &[Arc<Policy>]) -> anyhow::Result<()> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let loaded = load_cases(&bytes);
        let (name, format) = (String::new(), Format::Json);
        let file = PolicyFile { name, path: path.to_path_buf(), format, bytes };
        let cases = loaded.map_err(|diagnostics| document::problems(&file, &diagnostics))?;
        let mut policies = stack.to_vec();
        if !cases.policies().is_empty() {
            let beside = |named: &String| beside(path, named);
            let named: Vec<String> = cases.policies().iter().map(beside).collect();
            let files = document::read(global, &named)?;
            policies = files.into_iter().map(|file| self.load(file)).collect::<Result<Vec<_>, _>>()?;
        }
        if policies.is_empty() {
            let message = format!("`{}` names no `policies`; name some on the command line", path.display());
            return Err(Usage(message).into());
        }
        let tried = cases.run(&Stack::enforcing(policies));
        self.tested.extend(tried.into_iter().map(|tried| Tested { file: path.to_path_buf(), tried }));
        Ok(())
    }

    fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::of(&self.policies);
        for tested in &self.tested {
            coverage.see(&tested.tried.explanation);
        }
        coverage
    }
}

/// A file that a file of cases names stands beside it; a name stays a name.
fn beside(cases: &Path, named: &str) -> String {
    let is_file = named.contains('/') || Format::of_file(named).is_some();
    match cases.parent() {
        Some(folder) if is_file => folder.join(named).to_string_lossy().into_owned(),
        Some(_) | None => named.to_owned(),
    }
}

/// The files that are named, and those of the folders that are, in the order of their names.
fn case_files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut inside = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read `{}`", path.display()))?.path();
            if entry.extension().is_some_and(|end| end == "json") {
                inside.push(entry);
            }
        }
        if inside.is_empty() {
            return Err(Usage(format!("there is no `*.json` in `{}`", path.display())).into());
        }
        inside.sort();
        files.append(&mut inside);
    }
    Ok(files)
}
