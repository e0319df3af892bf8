//! What the sample server answers in either era, whatever the transport.
//! It keeps no state of a connection; transports know the era and the session.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::imaging::Imaging;
use super::rpc::{Failure, INVALID_PARAMS, METHOD_NOT_FOUND, UNSUPPORTED_VERSION, put};
use super::tool;

/// The stateless revision.
pub const MODERN: &str = "2026-07-28";
/// The revisions with a handshake, the newest first.
pub const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Where a modern request names its revision.
pub const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";
/// Where a modern request names what its client can do.
pub const CAPABILITIES_KEY: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER_KEY: &str = "io.modelcontextprotocol/serverInfo";

/// How long a list may be kept, in milliseconds.
const LIST_TTL_MS: u64 = 60_000;
const INSTRUCTIONS: &str = "An invented imaging archive. Import jobs take seconds; nothing here is real.";

/// The sample server's state, shared by all of its connections.
#[derive(Debug, Default)]
pub struct Sample {
    imaging: Mutex<Imaging>,
    n_calls: AtomicU64,
}

impl Sample {
    /// How many `tools/call` requests were executed.
    #[must_use]
    pub fn n_calls(&self) -> u64 {
        self.n_calls.load(Ordering::Relaxed)
    }

    /// The state, to be held for a moment.
    pub fn imaging(&self) -> MutexGuard<'_, Imaging> {
        // A panic in between leaves whole jobs or none.
        self.imaging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request of an era with a handshake.
    ///
    /// # Errors
    /// The failure to answer with.
    pub fn answer_legacy(&self, method: &str, params: &Map<String, Value>) -> Result<Value, Failure> {
        match method {
            "initialize" => initialize(params),
            "ping" => Ok(json!({})),
            "tools/list" => list(params),
            "tools/call" => self.call(params),
            _ => Err(unknown_method(method)),
        }
    }

    /// Answers a request of the stateless era, after [`check_envelope`].
    ///
    /// # Errors
    /// The failure to answer with.
    pub fn answer_modern(&self, method: &str, params: &Map<String, Value>) -> Result<Value, Failure> {
        let mut result = match method {
            "server/discover" => cacheable(discover()),
            "tools/list" => cacheable(list(params)?),
            "tools/call" => self.call(params)?,
            _ => return Err(unknown_method(method)),
        };
        put(&mut result, "resultType", "complete");
        put(&mut result, "_meta", json!({ SERVER_KEY: implementation() }));
        Ok(result)
    }

    fn call(&self, params: &Map<String, Value>) -> Result<Value, Failure> {
        let name = params.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Failure::new(INVALID_PARAMS, "name must be a string"))?;
        let empty = Map::new();
        let arguments = match params.get("arguments") {
            None => &empty,
            Some(arguments) => arguments
                .as_object()
                .ok_or_else(|| Failure::new(INVALID_PARAMS, "arguments must be an object"))?,
        };
        let outcome = tool::call(&mut self.imaging(), name, arguments);
        let outcome = outcome.ok_or_else(|| Failure::new(INVALID_PARAMS, format!("unknown tool: {name}")))?;
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        Ok(match outcome {
            Ok(data) => json!({
                "content": [{ "type": "text", "text": data.to_string() }],
                "structuredContent": data,
                "isError": false,
            }),
            Err(message) => json!({ "content": [{ "type": "text", "text": message }], "isError": true }),
        })
    }
}

/// Checks what every modern request carries in `_meta`.
///
/// # Errors
/// The failure to answer with: a missing key, or a revision that is not served.
pub fn check_envelope(params: &Map<String, Value>) -> Result<(), Failure> {
    let meta = params.get("_meta").and_then(Value::as_object);
    let version = meta.and_then(|meta| meta.get(VERSION_KEY));
    let (Some(version), Some(_)) = (version, meta.and_then(|meta| meta.get(CAPABILITIES_KEY))) else {
        let message = format!("params._meta must hold {VERSION_KEY} and {CAPABILITIES_KEY}");
        return Err(Failure::new(INVALID_PARAMS, message));
    };
    let version =
        version.as_str().ok_or_else(|| Failure::new(INVALID_PARAMS, "the version must be a string"))?;
    if version == MODERN { Ok(()) } else { Err(unsupported(Some(version))) }
}

/// Whether a request claims to be of the stateless era.
#[must_use]
pub fn is_modern(params: &Map<String, Value>) -> bool {
    let meta = params.get("_meta").and_then(Value::as_object);
    meta.is_some_and(|meta| meta.contains_key(VERSION_KEY))
}

/// The failure for a revision that is not served statelessly.
#[must_use]
pub fn unsupported(requested: Option<&str>) -> Failure {
    let mut data = json!({ "supported": [MODERN] });
    if let Some(requested) = requested {
        put(&mut data, "requested", requested);
    }
    Failure { data: Some(data), ..Failure::new(UNSUPPORTED_VERSION, "unsupported protocol version") }
}

fn initialize(params: &Map<String, Value>) -> Result<Value, Failure> {
    let requested = params.get("protocolVersion").and_then(Value::as_str);
    let requested =
        requested.ok_or_else(|| Failure::new(INVALID_PARAMS, "protocolVersion must be a string"))?;
    let [newest, ..] = LEGACY;
    let version = LEGACY.into_iter().find(|known| *known == requested).unwrap_or(newest);
    Ok(json!({
        "protocolVersion": version,
        "capabilities": capabilities(),
        "serverInfo": implementation(),
        "instructions": INSTRUCTIONS,
    }))
}

fn discover() -> Value {
    let mut versions = vec![MODERN];
    versions.extend(LEGACY);
    json!({ "supportedVersions": versions, "capabilities": capabilities(), "instructions": INSTRUCTIONS })
}

/// All tools fit on one page, so the server never gives out a cursor and accepts none.
fn list(params: &Map<String, Value>) -> Result<Value, Failure> {
    if params.get("cursor").is_some_and(|cursor| !cursor.is_null()) {
        return Err(Failure::new(INVALID_PARAMS, "unknown cursor"));
    }
    Ok(json!({ "tools": tool::definitions() }))
}

fn cacheable(mut result: Value) -> Value {
    put(&mut result, "ttlMs", LIST_TTL_MS);
    put(&mut result, "cacheScope", "public");
    result
}

fn capabilities() -> Value {
    json!({ "tools": { "listChanged": false } })
}

fn implementation() -> Value {
    json!({
        "name": "toolgate-sample-imaging",
        "title": "Imaging sample server",
        "version": env!("CARGO_PKG_VERSION"),
    })
}

fn unknown_method(method: &str) -> Failure {
    Failure::new(METHOD_NOT_FOUND, format!("unknown method: {method}"))
}

#[cfg(test)]
mod tests {
    use super::{CAPABILITIES_KEY, LEGACY, MODERN, Sample, VERSION_KEY, check_envelope};
    use serde_json::{Map, Value, json};

    fn params(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_handshake_keeps_a_known_revision_and_offers_the_newest_otherwise() {
        for (requested, expected) in
            [("2024-11-05", "2024-11-05"), ("2099-01-01", "2025-11-25"), (MODERN, LEGACY[0])]
        {
            let given = params(json!({ "protocolVersion": requested, "capabilities": {}, "clientInfo": {} }));
            let result = Sample::default().answer_legacy("initialize", &given).unwrap();
            assert_eq!(result["protocolVersion"], expected);
        }
    }

    #[test]
    fn modern_results_say_what_they_are_and_how_long_they_hold() {
        let sample = Sample::default();
        for (method, given, is_cacheable) in [
            ("server/discover", json!({}), true),
            ("tools/list", json!({}), true),
            ("tools/call", json!({"name": "list_datastores"}), false),
        ] {
            let result = sample.answer_modern(method, &params(given)).unwrap();
            assert_eq!(result["resultType"], "complete", "{method}");
            assert_eq!(
                result["ttlMs"].is_u64() && result["cacheScope"].is_string(),
                is_cacheable,
                "{method}"
            );
        }
    }

    #[test]
    fn each_era_has_its_own_methods() {
        let sample = Sample::default();
        let code = |outcome: Result<Value, super::Failure>| outcome.err().map(|failure| failure.code);
        for method in ["initialize", "ping", "resources/list", "tools/List"] {
            assert_eq!(code(sample.answer_modern(method, &Map::new())), Some(-32601), "{method}");
        }
        for method in ["server/discover", "resources/list", "subscriptions/listen"] {
            assert_eq!(code(sample.answer_legacy(method, &Map::new())), Some(-32601), "{method}");
        }
    }

    #[test]
    fn failing_tools_are_results_and_unknown_tools_are_errors() {
        let sample = Sample::default();
        let failing =
            sample.answer_legacy("tools/call", &params(json!({"name": "search_image_sets"}))).unwrap();
        assert_eq!(failing["isError"], true);
        let unknown =
            sample.answer_legacy("tools/call", &params(json!({"name": "no_such_tool"}))).unwrap_err();
        assert_eq!((unknown.code, unknown.message.as_str()), (-32602, "unknown tool: no_such_tool"));
        assert_eq!(sample.n_calls(), 1);
    }

    #[test]
    fn the_envelope_is_checked() {
        for (meta, expected) in [
            (json!({}), Some(-32602)),
            (json!({ VERSION_KEY: MODERN }), Some(-32602)),
            (json!({ VERSION_KEY: 7, CAPABILITIES_KEY: {} }), Some(-32602)),
            (json!({ VERSION_KEY: "2025-11-25", CAPABILITIES_KEY: {} }), Some(-32022)),
            (json!({ VERSION_KEY: MODERN, CAPABILITIES_KEY: {} }), None),
        ] {
            let outcome = check_envelope(&params(json!({ "_meta": meta })));
            assert_eq!(outcome.err().map(|failure| failure.code), expected, "{meta}");
        }
    }
}
