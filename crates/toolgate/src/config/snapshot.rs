//! The bytes of one configuration, read once: the file and every policy, with a hash over all.
//! What is parsed is what was hashed, so that a change during reading is found at the next look.

use std::collections::HashMap;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use policy::Format;

use super::name;
use super::problem::Problem;
use super::source::Source;

/// Larger files are not configuration; reading stops before they fill the memory.
const MAX_FILE_BYTES: u64 = 16 << 20;
/// More policies than anybody keeps; a folder that holds more is another folder.
const MAX_POLICIES: usize = 10_000;

/// A hash of everything that one configuration consists of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The hash of the parts, each with its length in front so that no two splits are equal.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// This hash together with the content of further files that the configuration refers to.
    /// A file that cannot be read has a hash as well, so that its return is a change.
    #[must_use]
    pub fn with_files(self, files: &[PathBuf]) -> Self {
        let mut combined = self;
        for file in files {
            let content = match read_limited(file) {
                Ok(bytes) => Self::of(&[b"present", &bytes]),
                Err(_) => Self::of(&[b"absent"]),
            };
            combined = Self::of(&[&combined.0, file.as_os_str().as_encoded_bytes(), &content.0]);
        }
        combined
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// One file of the policies folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// The file's stem.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// How it is written, by the end of its name.
    pub format: Format,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// All bytes of one configuration.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Content of the TOML file; empty when there is none.
    pub toml: Vec<u8>,
    /// The policies by name.
    pub policies: Vec<PolicyFile>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Hash over all of it, problems included.
    pub fingerprint: Fingerprint,
}

impl Snapshot {
    /// Reads everything; what cannot be read becomes a problem.
    #[must_use]
    pub fn read(source: &Source) -> Self {
        let mut problems = Vec::new();
        let toml = source.file.as_deref().map_or(Vec::new(), |file| keep(file, &mut problems));
        let policies = read_policies(&source.policies(), &mut problems);
        let fingerprint = fingerprint(source, &toml, &policies, &problems);
        Self { toml, policies, problems, fingerprint }
    }
}

fn fingerprint(source: &Source, toml: &[u8], policies: &[PolicyFile], problems: &[Problem]) -> Fingerprint {
    let messages: Vec<String> = problems.iter().map(Problem::to_string).collect();
    let mut parts: Vec<&[u8]> = vec![source.folder.as_os_str().as_encoded_bytes(), toml];
    for policy in policies {
        parts.extend([policy.path.as_os_str().as_encoded_bytes(), &policy.bytes]);
    }
    parts.push(b"problems");
    parts.extend(messages.iter().map(String::as_bytes));
    Fingerprint::of(&parts)
}

fn read_policies(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PolicyFile> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(Problem::of_file(folder, format!("cannot list the policies: {error}")));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) => paths.push(entry.path()),
            Err(error) => {
                problems.push(Problem::of_file(folder, format!("cannot list the policies: {error}")))
            }
        }
    }
    paths.sort();
    let policies: Vec<PolicyFile> = paths.iter().filter_map(|path| read_policy(path, problems)).collect();
    refuse_twins(&policies, problems);
    if policies.len() > MAX_POLICIES {
        problems.push(Problem::of_file(folder, format!("holds more than {MAX_POLICIES} policies")));
    }
    policies
}

/// Refuses names that stand in two formats: nobody could tell which of the files is in force.
fn refuse_twins(policies: &[PolicyFile], problems: &mut Vec<Problem>) {
    let mut first: HashMap<&str, &PolicyFile> = HashMap::new();
    for policy in policies {
        let other = first.entry(&policy.name).or_insert(policy);
        if other.path != policy.path {
            let other = other.path.file_name().unwrap_or_default().to_string_lossy();
            let message = format!("the policy `{}` is in `{other}` already; remove one of both", policy.name);
            problems.push(Problem::of_file(&policy.path, message));
        }
    }
}

/// Hidden files, folders and files of other kinds are none of ours.
fn read_policy(path: &Path, problems: &mut Vec<Problem>) -> Option<PolicyFile> {
    let file_name = path.file_name()?.to_string_lossy().into_owned();
    if file_name.starts_with('.') || path.is_dir() {
        return None;
    }
    let format = Format::of_file(&file_name)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    if !name::is_policy(&stem) {
        let message =
            format!("a policy's name is its file's stem and {}; rename the file", name::POLICY_EXPECTED);
        problems.push(Problem::of_file(path, message));
        return None;
    }
    let n_problems = problems.len();
    let bytes = keep(path, problems);
    (problems.len() == n_problems).then(|| PolicyFile { name: stem, path: path.to_path_buf(), format, bytes })
}

fn keep(path: &Path, problems: &mut Vec<Problem>) -> Vec<u8> {
    read_limited(path).unwrap_or_else(|error| {
        problems.push(Problem::of_file(path, format!("cannot read the file: {error}")));
        Vec::new()
    })
}

/// Reads a regular file of bounded size; a pipe or device would block or never end.
fn read_limited(path: &Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let n_bytes = std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if n_bytes as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other("it is larger than 16 MiB"));
    }
    Ok(bytes)
}
