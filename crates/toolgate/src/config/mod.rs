//! Configuration: `toolgate.toml` and the `policies` folder beside it, loaded as one set.
//! It must never give out part of a set: with any error there is nothing, and all errors at once.

mod grants;
pub mod instant;
pub mod name;
pub mod policies;
pub mod problem;
pub mod quantity;
pub mod recordings;
mod report;
mod servers;
pub mod settings;
pub mod snapshot;
pub mod source;
pub mod suggest;
mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use gateway::declared::{Declared, PolicyText, Setting, Transport};

pub use grants::TOKEN_HASH;

use grants::Known;
use problem::{Problem, Problems};
use recordings::Recordings;
use report::Report;
use settings::Settings;
use snapshot::{Fingerprint, Snapshot};
use source::Source;
use table::Table;

/// One valid configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where it came from.
    pub source: Source,
    /// The gateway's own settings.
    pub settings: Settings,
    /// Servers, grants and policies.
    pub declared: Declared,
    /// What is to be recorded; nothing unless it is asked for.
    pub recordings: Option<Recordings>,
    /// What loads but is probably not meant.
    pub warnings: Problems,
    /// Further files that it refers to: certificates, keys, files with secrets.
    pub referred: Vec<PathBuf>,
    /// Hash over all of it, with the content of the files it refers to.
    pub fingerprint: Fingerprint,
}

impl Loaded {
    /// The fingerprint of what is on the disk now; unequal to [`Loaded::fingerprint`] when anything changed.
    #[must_use]
    pub fn current_fingerprint(&self) -> Fingerprint {
        Snapshot::read(&self.source).fingerprint.with_files(&self.referred)
    }
}

/// A configuration that does not load, with what a later look is compared with.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Everything that is wrong, warnings included.
    pub problems: Problems,
    /// Hash of what was refused, so that the same refusal is not reported again and again.
    pub fingerprint: Fingerprint,
    /// The data folder, where that much is certain: a gateway may run there with an older set.
    pub data: Option<PathBuf>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.problems)
    }
}

impl std::error::Error for Refused {}

/// Reads and checks a whole configuration.
///
/// # Errors
/// Every problem of every file at once, each with its place.
pub fn load(source: &Source) -> Result<Loaded, Refused> {
    parse(source, Snapshot::read(source))
}

/// Checks what was read.
///
/// # Errors
/// As [`load`].
pub fn parse(source: &Source, snapshot: Snapshot) -> Result<Loaded, Refused> {
    let Snapshot { toml, policies: files, mut problems, fingerprint } = snapshot;
    let (texts, found) = policies::read(&files);
    problems.extend(found);
    let file = source.display_file();
    let parsed = match String::from_utf8(toml) {
        Ok(text) => read_toml(source, &text, texts, &files, &mut problems),
        Err(_) => {
            problems.push(Problem::of_file(&file, "the file is not UTF-8"));
            None
        }
    };
    // A mistake in the file itself may be one in the key `data`, and the default another gateway's folder.
    let is_certain = |settings: &Settings| {
        source.default_data.as_ref() != Some(&settings.data) || !problems.iter().any(|p| p.is_error_of(&file))
    };
    let data = parsed.as_ref().map(|(settings, ..)| settings).filter(|settings| is_certain(settings));
    let data = data.map(|settings| settings.data.clone());
    let problems = Problems::new(problems);
    let Some((settings, declared, recordings)) = parsed.filter(|_| !problems.refuse()) else {
        return Err(Refused { problems, fingerprint, data });
    };
    let referred = referred_files(&settings, &declared, recordings.as_ref());
    let fingerprint = fingerprint.with_files(&referred);
    let (source, warnings) = (source.clone(), problems);
    Ok(Loaded { source, settings, declared, recordings, warnings, referred, fingerprint })
}

fn read_toml(
    source: &Source,
    text: &str,
    texts: BTreeMap<String, PolicyText>,
    files: &[snapshot::PolicyFile],
    problems: &mut Vec<Problem>,
) -> Option<(Settings, Declared, Option<Recordings>)> {
    let file = source.display_file();
    let report = Report::new(&file, text);
    let (table, errors) = toml::de::DeTable::parse_recoverable(text);
    for error in &errors {
        report.error(&error.span().unwrap_or(0..0), format!("this is not valid TOML: {}", error.message()));
    }
    // Keys of a broken file were perhaps lost: further messages would accuse what is right.
    let parsed = errors.is_empty().then(|| {
        let top = Table::new(table.get_ref(), &report, String::new(), 0..0);
        let settings = settings::read(&top, source);
        let servers_table = top.table("servers");
        let servers = servers_table.as_ref().map(servers::read).unwrap_or_default();
        let known = Known {
            servers: servers_table.as_ref().map(Table::names).unwrap_or_default(),
            policies: files.iter().map(|file| file.name.as_str()).collect(),
        };
        let grants = grants::read(&top, &known);
        let baseline = grants::read_baseline(&top, &known);
        let declared = Declared { servers, grants, policies: texts, baseline };
        let recordings = recordings::read(&top, settings.free_space_reserve_bytes, &known.servers);
        top.finish();
        (settings, declared, recordings)
    });
    problems.extend(report.into_problems());
    parsed
}

fn referred_files(settings: &Settings, declared: &Declared, recordings: Option<&Recordings>) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    if let Some(tls) = &settings.tls {
        files.extend([tls.cert.clone(), tls.key.clone()]);
    }
    for server in &declared.servers {
        let ca_file = match &server.transport {
            Transport::Stdio { .. } => &None,
            Transport::Http { ca_file, .. } | Transport::Sse { ca_file, .. } => ca_file,
        };
        files.extend(ca_file.clone());
        files.extend(server.transport.settings().values().filter_map(|value| match value {
            Setting::File(file) => Some(file.clone()),
            Setting::Literal(_) | Setting::Env(_) => None,
        }));
    }
    if let Some(Setting::File(file)) = recordings.and_then(|recordings| recordings.key.as_ref()) {
        files.push(file.clone());
    }
    files.sort();
    files.dedup();
    files
}
