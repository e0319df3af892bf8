//! `[servers.ID]`: one upstream each, a command or a URL.
//! A credential never stands here in clear: headers that carry one must refer to it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use admin::rules::{MAX_WAIT_S, is_own_header, is_variable, sounds_secret};
use gateway::declared::{DEFAULT_IDLE_STOP_S, DEFAULT_TIMEOUT_S, ServerSpec, Setting, Transport};
use hyper::http::HeaderName;
use mcp::era::Era;
use mcp::http::{Plaintext, Target};

use super::name;
use super::report::Report;
use super::settings::path;
use super::table::{Placed, Table};

/// Reads every `[servers.ID]`; what has problems is left out, because the problem refuses the whole set.
#[must_use]
pub fn read(servers: &Table<'_, '_>) -> Vec<ServerSpec> {
    let mut aliases = Vec::new();
    let tables = servers.tables();
    let ids: Vec<&str> = tables.iter().map(|(id, _)| id.value).collect();
    let specs = tables.into_iter().filter_map(|(id, table)| {
        let alias = read_alias(&table);
        aliases.extend(alias.as_ref().map(|alias| (id.value, alias.clone())));
        let era = read_era(&table);
        let shared = read_shared(&table, era);
        let spec = read_server(&id, table)?;
        Some(ServerSpec { alias: alias.map(|alias| alias.value.to_owned()), era, shared, ..spec })
    });
    let specs = specs.collect();
    check_aliases(servers.report(), &ids, &aliases);
    specs
}

/// An alias is no other server's alias or id. Servers that were added by command are not known here; where they are,
/// it is checked again.
fn check_aliases(report: &Report<'_>, ids: &[&str], aliases: &[(&str, Placed<&str>)]) {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, alias) in aliases {
        let other = ids.iter().find(|other| **other == alias.value && *other != id);
        if let Some(other) = other.or(taken.get(alias.value)) {
            let message =
                format!("the alias `{}` is the server `{other}` already; give each its own", alias.value);
            report.error(&alias.place, message);
        }
        taken.entry(alias.value).or_insert(id);
    }
}

fn read_server(id: &Placed<&str>, table: Table<'_, '_>) -> Option<ServerSpec> {
    let report = table.report();
    if !name::is_id(id.value) {
        report.error(&id.place, format!("server id `{}` {}", id.value, name::ID_EXPECTED));
    }
    let timeout_s = wait_s(&table, "timeout", DEFAULT_TIMEOUT_S);
    let idle_stop_s = wait_s(&table, "idle_stop", DEFAULT_IDLE_STOP_S);
    let stdio = read_stdio(&table);
    let http = read_http(&table);
    let (has_command, has_url) = (table.place_of("command").is_some(), table.place_of("url").is_some());
    if let (true, Some(url)) = (has_command, table.place_of("url")) {
        report.error(&url, format!("server `{}` has both `command` and `url`; keep one", id.value));
    }
    if !has_command && !has_url {
        let message = format!("server `{}` needs `command = [\"program\", \"argument\"]` or `url`", id.value);
        report.error(&id.place, message);
    }
    let (own, foreign) = if has_url && !has_command { ("url", STDIO_KEYS) } else { ("command", HTTP_KEYS) };
    for key in foreign.iter().filter(|key| **key != "url") {
        if let Some(place) = table.place_of(key) {
            report.error(&place, format!("`{}` has no meaning beside `{own}`", table.dotted(key)));
        }
    }
    table.finish();
    let transport = stdio.or(http)?;
    Some(ServerSpec { timeout_s, idle_stop_s, ..ServerSpec::new(id.value, transport) })
}

fn read_alias<'t>(table: &Table<'t, '_>) -> Option<Placed<&'t str>> {
    let alias = table.string("alias")?;
    if !name::is_id(alias.value) {
        let message = format!("`{}` {}", table.dotted("alias"), name::ID_EXPECTED);
        table.report().error(&alias.place, message);
    }
    Some(alias)
}

/// The era that is declared; none where it is to be found out.
fn read_era(table: &Table<'_, '_>) -> Option<Era> {
    let era = table.string("era")?;
    match era.value {
        "auto" => None,
        "legacy" => Some(Era::Legacy),
        "modern" => Some(Era::Modern),
        _ => {
            let message = format!("`{}` must be \"auto\", \"legacy\" or \"modern\"", table.dotted("era"));
            table.report().error(&era.place, message);
            None
        }
    }
}

/// Whether one process serves every grant. In the handshake era a server asks its clients, and one process could not
/// tell them apart.
fn read_shared(table: &Table<'_, '_>, era: Option<Era>) -> bool {
    let shared = table.boolean("shared").unwrap_or(false);
    if let (true, Some(place)) = (shared && era != Some(Era::Modern), table.place_of("shared")) {
        let message = format!(
            "`{}`: only a process that speaks 2026-07-28 can be shared; add `era = \"modern\"` if it does",
            table.dotted("shared")
        );
        table.report().error(&place, message);
    }
    shared
}

/// Keys that only a server with `command` has.
const STDIO_KEYS: &[&str] = &["env", "cwd", "idle_stop", "shared"];
/// Keys that only a server with `url` has.
const HTTP_KEYS: &[&str] = &["url", "transport", "headers", "ca_file", "insecure"];

fn read_stdio(table: &Table<'_, '_>) -> Option<Transport> {
    let command = read_command(table);
    let env = table.table("env").map(|env| read_env(&env)).unwrap_or_default();
    let cwd = path(table, "cwd");
    Some(Transport::Stdio { command: command?, env, cwd })
}

fn read_command(table: &Table<'_, '_>) -> Option<Vec<String>> {
    let words = table.strings("command")?;
    let name = table.dotted("command");
    if words.value.first().is_none_or(|program| program.value.is_empty()) {
        table.report().error(&words.place, format!("`{name}` must begin with a program"));
        return None;
    }
    for word in words.value.iter().filter(|word| word.value.contains('\0')) {
        table.report().error(&word.place, format!("`{name}` must not contain a null character"));
    }
    Some(words.value.iter().map(|word| word.value.to_owned()).collect())
}

fn read_env(env: &Table<'_, '_>) -> BTreeMap<String, Setting> {
    let mut variables = BTreeMap::new();
    for (key, value) in env.free_strings() {
        if !is_variable(key.value) {
            let message = format!("`{}` is not the name of an environment variable", env.dotted(key.value));
            env.report().error(&key.place, message);
        }
        let setting = reference(env, key.value, &value);
        if matches!(setting, Setting::Literal(_)) && sounds_secret(key.value) {
            let message = format!(
                "`{}` looks like a secret in clear; write `env:NAME` or `file:PATH` instead",
                env.dotted(key.value)
            );
            env.report().warn(&value.place, message);
        }
        variables.insert(key.value.to_owned(), setting);
    }
    variables
}

fn read_http(table: &Table<'_, '_>) -> Option<Transport> {
    let insecure = table.boolean("insecure").unwrap_or(false);
    let headers = table.table("headers").map(|headers| read_headers(&headers)).unwrap_or_default();
    let ca_file = read_ca_file(table);
    let is_sse = read_is_sse(table);
    let url = table.string("url")?;
    let plaintext = if insecure { Plaintext::Anywhere } else { Plaintext::LoopbackOnly };
    if let Err(error) = Target::parse(url.value, plaintext) {
        table.report().error(&url.place, format!("`{}`: {error}", table.dotted("url")));
        return None;
    }
    let url = url.value.to_owned();
    Some(match is_sse {
        false => Transport::Http { url, headers, ca_file, insecure },
        true => Transport::Sse { url, headers, ca_file, insecure },
    })
}

/// Whether it speaks the first HTTP transport, which nothing but its declaration tells.
fn read_is_sse(table: &Table<'_, '_>) -> bool {
    let Some(text) = table.string("transport") else { return false };
    if !matches!(text.value, "http" | "sse") {
        let message = format!(
            "`{}` must be `http` (streamable HTTP) or `sse` (HTTP+SSE of 2024-11-05)",
            table.dotted("transport")
        );
        table.report().error(&text.place, message);
    }
    text.value == "sse"
}

fn read_ca_file(table: &Table<'_, '_>) -> Option<PathBuf> {
    let file = path(table, "ca_file")?;
    if !file.is_file() {
        let place = table.place_of("ca_file").unwrap_or(table.place.clone());
        table.report().error(&place, format!("`{}` names no file", table.dotted("ca_file")));
    }
    Some(file)
}

fn read_headers(headers: &Table<'_, '_>) -> BTreeMap<String, Setting> {
    let mut found: BTreeMap<String, Setting> = BTreeMap::new();
    for (key, value) in headers.free_strings() {
        let Some(header) = header_name(headers.report(), &key) else { continue };
        let setting = reference(headers, key.value, &value);
        if let Setting::Literal(text) = &setting {
            check_literal(headers, &key, &value, text);
        }
        if found.insert(header, setting).is_some() {
            let message = format!("header `{}` is written twice; names ignore case", key.value);
            headers.report().error(&key.place, message);
        }
    }
    found
}

fn check_literal(headers: &Table<'_, '_>, key: &Placed<&str>, value: &Placed<&str>, text: &str) {
    let name = headers.dotted(key.value);
    if sounds_secret(key.value) {
        let message = format!(
            "`{name}` must not hold a secret in clear; write `env:NAME` or `file:PATH`, \
             where the whole header value is kept"
        );
        headers.report().error(&value.place, message);
    } else if hyper::header::HeaderValue::from_str(text).is_err() {
        headers.report().error(&value.place, format!("`{name}` holds characters that no header may have"));
    }
}

/// A header's name in lower case, unless the gateway itself decides about it.
fn header_name(report: &Report<'_>, key: &Placed<&str>) -> Option<String> {
    let Ok(header) = key.value.parse::<HeaderName>() else {
        report.error(&key.place, format!("`{}` is not the name of a header", key.value));
        return None;
    };
    let header = header.as_str();
    if is_own_header(header) {
        report
            .error(&key.place, format!("header `{}` is set by the gateway itself; leave it out", key.value));
        return None;
    }
    Some(header.to_owned())
}

/// A literal or a reference; referred files are relative to the configuration.
#[must_use]
pub fn reference(table: &Table<'_, '_>, key: &str, value: &Placed<&str>) -> Setting {
    match Setting::parse(value.value) {
        Setting::Env(variable) => {
            if !is_variable(&variable) {
                let message = format!("`{}` must name a variable after `env:`", table.dotted(key));
                table.report().error(&value.place, message);
            }
            Setting::Env(variable)
        }
        Setting::File(file) => {
            let file = file.to_string_lossy();
            if file.is_empty() || file.starts_with('~') {
                let message = format!("`{}` must name a file after `file:`, written out", table.dotted(key));
                table.report().error(&value.place, message);
            }
            Setting::File(table.report().resolve(&file))
        }
        literal @ Setting::Literal(_) => literal,
    }
}

fn wait_s(table: &Table<'_, '_>, key: &'static str, default_s: u64) -> u64 {
    let Some(wait) = table.duration_ms(key) else { return default_s };
    if wait.value < 1_000 || wait.value > MAX_WAIT_S * 1_000 {
        table.report().error(&wait.place, format!("`{}` must be between 1s and 1d", table.dotted(key)));
    }
    wait.value.div_ceil(1_000)
}
