//! How a server stands in the database: its transport and waits as JSON.
//! It must never read a form that it does not know wholly: a server of a newer version is left out, not guessed.

use gateway::declared::{DEFAULT_IDLE_STOP_S, DEFAULT_TIMEOUT_S, ServerSpec, Setting, Transport};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The only form so far.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stdio: Option<Stdio>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<Http>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sse: Option<Http>,
    #[serde(default = "default_timeout_s")]
    timeout_s: u64,
    #[serde(default = "default_idle_stop_s")]
    idle_stop_s: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stdio {
    command: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    cwd: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    ca_file: Option<PathBuf>,
    #[serde(default)]
    insecure: bool,
}

fn default_timeout_s() -> u64 {
    DEFAULT_TIMEOUT_S
}

fn default_idle_stop_s() -> u64 {
    DEFAULT_IDLE_STOP_S
}

/// The server as JSON, without its id.
///
/// # Errors
/// Where a path is not UTF-8.
pub(crate) fn write(spec: &ServerSpec) -> Result<String, serde_json::Error> {
    let (timeout_s, idle_stop_s, alias) = (spec.timeout_s, spec.idle_stop_s, spec.alias.clone());
    let mut stored =
        Stored { format: FORMAT, stdio: None, http: None, sse: None, timeout_s, idle_stop_s, alias };
    match &spec.transport {
        Transport::Stdio { command, env, cwd } => {
            stored.stdio = Some(Stdio { command: command.clone(), env: texts(env), cwd: cwd.clone() });
        }
        Transport::Http { url, headers, ca_file, insecure } => {
            let (url, ca_file) = (url.clone(), ca_file.clone());
            stored.http = Some(Http { url, headers: texts(headers), ca_file, insecure: *insecure });
        }
        Transport::Sse { url, headers, ca_file, insecure } => {
            let (url, ca_file) = (url.clone(), ca_file.clone());
            stored.sse = Some(Http { url, headers: texts(headers), ca_file, insecure: *insecure });
        }
    }
    serde_json::to_string(&stored)
}

/// The server of a row; nothing when another version wrote it in another form.
pub(crate) fn read(id: &str, text: &str) -> Option<ServerSpec> {
    let stored: Stored = serde_json::from_str(text).ok()?;
    if stored.format != FORMAT {
        return None;
    }
    let transport = match (stored.stdio, stored.http, stored.sse) {
        (Some(Stdio { command, env, cwd }), None, None) => {
            Transport::Stdio { command, env: settings(env), cwd }
        }
        (None, Some(Http { url, headers, ca_file, insecure }), None) => {
            Transport::Http { url, headers: settings(headers), ca_file, insecure }
        }
        (None, None, Some(Http { url, headers, ca_file, insecure })) => {
            Transport::Sse { url, headers: settings(headers), ca_file, insecure }
        }
        (_, _, _) => return None,
    };
    let Stored { timeout_s, idle_stop_s, alias, .. } = stored;
    Some(ServerSpec { timeout_s, idle_stop_s, alias, ..ServerSpec::new(id, transport) })
}

/// What [`Setting::parse`] reads back.
fn texts(settings: &BTreeMap<String, Setting>) -> BTreeMap<String, String> {
    let text = |setting: &Setting| match setting {
        Setting::Literal(text) => text.clone(),
        Setting::Env(name) => format!("env:{name}"),
        Setting::File(path) => format!("file:{}", path.display()),
    };
    settings.iter().map(|(name, setting)| (name.clone(), text(setting))).collect()
}

fn settings(texts: BTreeMap<String, String>) -> BTreeMap<String, Setting> {
    texts.into_iter().map(|(name, text)| (name, Setting::parse(&text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(transport: Transport) -> ServerSpec {
        ServerSpec { timeout_s: 30, idle_stop_s: 60, ..ServerSpec::new("imaging", transport) }
    }

    #[test]
    fn every_transport_comes_back() {
        let settings = BTreeMap::from([
            ("A".to_owned(), Setting::Literal("x y".to_owned())),
            ("B".to_owned(), Setting::Env("HOME".to_owned())),
            ("C".to_owned(), Setting::File("/run/secret".into())),
        ]);
        let stdio = Transport::Stdio {
            command: vec!["npx".to_owned(), "-y".to_owned()],
            env: settings.clone(),
            cwd: Some("/tmp".into()),
        };
        let http = Transport::Http {
            url: "https://mcp.example/mcp".to_owned(),
            headers: settings.clone(),
            ca_file: Some("/etc/ca.pem".into()),
            insecure: true,
        };
        let url = "https://mcp.example/sse".to_owned();
        let sse = Transport::Sse { url, headers: settings, ca_file: None, insecure: false };
        for spec in [spec(stdio), spec(http), spec(sse)] {
            assert_eq!(read("imaging", &write(&spec).unwrap()), Some(spec));
        }
    }

    #[test]
    fn an_unknown_form_is_not_guessed() {
        let url = r#""http":{"url":"https://x/"}"#;
        for text in [
            "",
            "{}",
            r#"{"format":1}"#,
            &format!(r#"{{"format":2,{url}}}"#),
            &format!(r#"{{"format":1,{url},"sandbox":true}}"#),
            &format!(r#"{{"format":1,{url},"stdio":{{"command":["x"]}}}}"#),
            &format!(r#"{{"format":1,{url},"sse":{{"url":"https://x/"}}}}"#),
        ] {
            assert_eq!(read("x", text), None, "{text}");
        }
        assert!(read("x", &format!(r#"{{"format":1,{url}}}"#)).is_some());
    }
}
