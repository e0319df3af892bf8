//! `[recordings]`: whose values are kept, of which tools, and for how long. Without the table nothing is.
//! A key never stands here in clear.

use std::collections::BTreeSet;
use std::path::Path;

use gateway::declared::Setting;
use store::recordings::{Key, KeySource, Plan, Problem, Redact, Retention, Tools, ValuePath};

use super::servers::reference;
use super::settings::size;
use super::suggest;
use super::table::{Placed, Table};

const DEFAULT_KEEP_MS: u64 = 30 * 86_400_000;
const DEFAULT_KEEP_BYTES: u64 = 1 << 30;
const DEFAULT_VALUE_BYTES: u64 = 64 << 10;
const DEFAULT_RECORD_BYTES: u64 = 256 << 10;
/// Recordings leave so many times the reserve of the audit free.
const RESERVES: u64 = 4;

/// What is to be recorded, and where its key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recordings {
    /// Where the key is; nothing where it is the data folder's own.
    pub key: Option<Setting>,
    plan: Plan,
}

impl Recordings {
    /// What is to be recorded, with the key.
    ///
    /// # Errors
    /// When the key is not where it should be, or is none.
    pub fn plan(&self) -> Result<Plan, String> {
        let Some(setting) = &self.key else { return Ok(self.plan.clone()) };
        let digits =
            gateway::upstream::resolve(setting).map_err(|error| format!("`recordings.key`: {error}"))?;
        let key = Key::parse(&digits, "the value that `recordings.key` names");
        let key = key.map_err(|problem: Problem| problem.to_string())?;
        Ok(Plan { key: KeySource::Given(key), ..self.plan.clone() })
    }
}

/// The key that the recordings of a data folder are read with; nothing where there is none.
///
/// # Errors
/// When the key is not where it should be, or is none.
pub fn key_of(recordings: Option<&Recordings>, data: &Path) -> anyhow::Result<Option<Key>> {
    let plan = recordings.map(Recordings::plan).transpose().map_err(anyhow::Error::msg)?;
    match plan.map(|plan| plan.key) {
        Some(KeySource::Given(key)) => Ok(Some(key)),
        Some(KeySource::DataFolder) | None => Ok(Key::load(data)?),
    }
}

/// Reads `[recordings]`; `servers` are the ids that the file declares.
#[must_use]
pub fn read(top: &Table<'_, '_>, reserve_bytes: u64, servers: &BTreeSet<&str>) -> Option<Recordings> {
    let table = top.table("recordings")?;
    let list = |key| tools(&table, key, servers);
    let tools = list("record");
    if table.place_of("record").is_none() || tools.as_ref().is_some_and(Vec::is_empty) {
        let message = format!(
            "`{}` must name what is recorded, such as [\"imaging/*\"]; without the table nothing is",
            table.dotted("record")
        );
        table.report().error(&table.place, message);
    }
    let (max_value_bytes, max_record_bytes) = (
        size(&table, "max_value", DEFAULT_VALUE_BYTES, 16, 1 << 20),
        size(&table, "max_record", DEFAULT_RECORD_BYTES, 16, 4 << 20),
    );
    let keep = table.duration_ms("keep");
    if let Some(keep) = keep.as_ref().filter(|keep| keep.value < 60_000) {
        table.report().error(&keep.place, format!("`{}` must be at least 1m", table.dotted("keep")));
    }
    let plan = Plan {
        key: KeySource::DataFolder,
        tools: tools.unwrap_or_default(),
        except: list("except").unwrap_or_default(),
        results: list("results").unwrap_or_default(),
        redact: redact(&table, "redact"),
        redact_results: redact(&table, "redact_results"),
        max_value_bytes,
        max_record_bytes,
        retention: Retention {
            max_age_ms: Some(keep.map_or(DEFAULT_KEEP_MS, |keep| keep.value)),
            max_bytes: Some(size(&table, "keep_size", DEFAULT_KEEP_BYTES, 1 << 20, 1 << 40)),
        },
        min_free_bytes: reserve_bytes.saturating_mul(RESERVES),
    };
    let key = key(&table);
    table.finish();
    Some(Recordings { key, plan })
}

fn tools(table: &Table<'_, '_>, key: &'static str, servers: &BTreeSet<&str>) -> Option<Vec<Tools>> {
    let texts = table.strings(key)?.value;
    Some(texts.iter().filter_map(|text| read_tools(table, key, text, servers)).collect())
}

fn read_tools(
    table: &Table<'_, '_>,
    key: &str,
    text: &Placed<&str>,
    servers: &BTreeSet<&str>,
) -> Option<Tools> {
    let tools = Tools::parse(text.value);
    let server = text.value.split('/').next().unwrap_or_default();
    if tools.is_some() && !server.contains('*') && !servers.contains(server) {
        let meant = suggest::closest(server, servers.iter().copied());
        let meant = meant.map(|id| format!(" (is `{id}` meant?)")).unwrap_or_default();
        let message =
            format!("no server `{server}` is declared here{meant}; one that is added by command may be");
        table.report().warn(&text.place, message);
    }
    if tools.is_none() {
        let message = format!(
            "each of `{}` must be SERVER/TOOL, either with `*`, such as `imaging/*` or `*/get_*`",
            table.dotted(key)
        );
        table.report().error(&text.place, message);
    }
    tools
}

fn redact(table: &Table<'_, '_>, key: &'static str) -> Vec<Redact> {
    let Some(table) = table.table(key) else { return Vec::new() };
    let mut found = Vec::new();
    for (tools, paths) in table.free_lists() {
        let Some(of) = Tools::parse(tools.value) else {
            let message = format!("`{}` must be SERVER/TOOL, either with `*`", table.dotted(tools.value));
            table.report().error(&tools.place, message);
            continue;
        };
        let paths = paths.iter().filter_map(|path| read_path(&table, tools.value, path)).collect();
        found.push(Redact { tools: of, paths });
    }
    found
}

fn read_path(table: &Table<'_, '_>, key: &str, text: &Placed<&str>) -> Option<ValuePath> {
    let path = ValuePath::parse(text.value);
    if path.is_none() {
        let message = format!(
            "each of `{}` must be a JSON Pointer, in which `*` stands for any member or element, such as \
             `/patient/name` or `/items/*/id`",
            table.dotted(key)
        );
        table.report().error(&text.place, message);
    }
    path
}

fn key(table: &Table<'_, '_>) -> Option<Setting> {
    let text = table.string("key")?;
    let setting = reference(table, "key", &text);
    if matches!(setting, Setting::Literal(_)) {
        let message = format!(
            "`{}` must not stand here in clear; write `env:NAME` or `file:PATH`, where 64 hexadecimal digits are kept",
            table.dotted("key")
        );
        table.report().error(&text.place, message);
        return None;
    }
    Some(setting)
}
