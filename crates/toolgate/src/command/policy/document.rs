//! The policies that a command line names: files, names of the policies folder, or `-` for standard input.
//! The end of a file's name says how it is written; other ends, and standard input, are JSON.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::policy::{Diagnostic, Format, KnownTool, Policy};
use anyhow::Context as _;

use crate::cli::Global;
use crate::config::policies::problem;
use crate::config::problem::{Problem, Problems};
use crate::config::snapshot::{PolicyFile, Snapshot};
use crate::config::suggest;
use crate::exit::Usage;

use super::definitions::{Known, Listed};

/// Reads the named policies; none named means all of the folder.
pub fn read(global: &Global, named: &[String]) -> anyhow::Result<Vec<PolicyFile>> {
    if named.is_empty() {
        let source = global.source()?;
        let snapshot = Snapshot::read(&source);
        if !snapshot.problems.is_empty() {
            return Err(Problems::new(snapshot.problems).into());
        }
        if snapshot.policies.is_empty() {
            let folder = source.policies();
            return Err(Usage(format!("there are no policies in `{}`; name a file", folder.display())).into());
        }
        return Ok(snapshot.policies);
    }
    named.iter().map(|name| read_one(global, name)).collect()
}

fn read_one(global: &Global, named: &str) -> anyhow::Result<PolicyFile> {
    if named == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(PolicyFile {
            name: "stdin".to_owned(),
            path: PathBuf::from("-"),
            format: Format::Json,
            bytes,
        });
    }
    let path = Path::new(named);
    let format = Format::of_file(named);
    let is_file = path.is_file() || named.contains('/') || format.is_some();
    if is_file {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read `{named}`"))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let format = format.unwrap_or(Format::Json);
        return Ok(PolicyFile { name, path: path.to_path_buf(), format, bytes });
    }
    let source = global.source()?;
    let policies = Snapshot::read(&source).policies;
    let names: Vec<String> = policies.iter().map(|policy| policy.name.clone()).collect();
    policies.into_iter().find(|policy| policy.name == named).ok_or_else(|| {
        let meant = suggest::closest(named, names.iter().map(String::as_str));
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        let folder = source.policies();
        Usage(format!("there is no file and no policy `{named}` in `{}`{meant}", folder.display())).into()
    })
}

/// Loads one policy; every problem has its place in the file.
pub fn load(file: &PolicyFile) -> Result<Arc<Policy>, Problems> {
    load_with(file, None)
}

/// Loads one policy; its warnings are also about the tools that servers list now, where any are known.
pub fn load_with(file: &PolicyFile, known: Option<&Known>) -> Result<Arc<Policy>, Problems> {
    let tools: Vec<KnownTool<'_>> = known.into_iter().flat_map(Known::current).map(Listed::known).collect();
    let loaded = ::policy::load_with(file.format, &file.name, file.bytes.clone(), &tools);
    loaded.map(Arc::new).map_err(|diagnostics| problems(file, &diagnostics))
}

/// Diagnostics of a policy with the file's name.
pub fn problems(file: &PolicyFile, diagnostics: &[Diagnostic]) -> Problems {
    let problems: Vec<Problem> = diagnostics.iter().map(|diagnostic| problem(file, diagnostic)).collect();
    Problems::new(problems)
}
