//! The registry against the schemas of the five revisions.

use mcp::methods::{self, Channel, Direction, Kind, METHODS};
use mcp::{Version, methods::Method};

use crate::support::{message, outcome};

// From the `ClientRequest`, `ClientNotification`, `ServerRequest` and `ServerNotification` unions of each schema.
const CLIENT_BASE: &[&str] = &[
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "tools/call",
    "tools/list",
];
const TASKS_2025: &[&str] =
    &["notifications/tasks/status", "tasks/cancel", "tasks/get", "tasks/list", "tasks/result"];
const CLIENT_2026: &[&str] = &[
    "completion/complete",
    "notifications/cancelled",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "server/discover",
    "subscriptions/listen",
    "tasks/cancel",
    "tasks/get",
    "tasks/update",
    "tools/call",
    "tools/list",
];
const SERVER_BASE: &[&str] = &[
    "notifications/cancelled",
    "notifications/message",
    "notifications/progress",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/tools/list_changed",
    "ping",
    "roots/list",
    "sampling/createMessage",
];
const SERVER_2026: &[&str] = &[
    "notifications/cancelled",
    "notifications/message",
    "notifications/progress",
    "notifications/prompts/list_changed",
    "notifications/resources/list_changed",
    "notifications/resources/updated",
    "notifications/subscriptions/acknowledged",
    "notifications/tasks",
    "notifications/tools/list_changed",
];

fn expected(direction: Direction, version: Version) -> Vec<&'static str> {
    let parts: &[&[&'static str]] = match (direction, version) {
        (Direction::ClientToServer, Version::V2025_11_25) => &[CLIENT_BASE, TASKS_2025],
        (Direction::ClientToServer, Version::V2026_07_28) => &[CLIENT_2026],
        (Direction::ClientToServer, _) => &[CLIENT_BASE],
        (Direction::ServerToClient, Version::V2025_06_18) => &[SERVER_BASE, &["elicitation/create"]],
        (Direction::ServerToClient, Version::V2025_11_25) => {
            &[SERVER_BASE, &["elicitation/create", "notifications/elicitation/complete"], TASKS_2025]
        }
        (Direction::ServerToClient, Version::V2026_07_28) => &[SERVER_2026],
        (Direction::ServerToClient, _) => &[SERVER_BASE],
    };
    let mut names = parts.concat();
    names.sort_unstable();
    names
}

#[test]
fn each_revision_has_exactly_its_methods() {
    for version in Version::ALL {
        for direction in [Direction::ClientToServer, Direction::ServerToClient] {
            let is_here = |method: &&Method| method.direction == direction && method.is_in(version);
            let mut found: Vec<&str> = METHODS.iter().filter(is_here).map(|method| method.name).collect();
            found.sort_unstable();
            assert_eq!(found, expected(direction, version), "{version} {direction:?}");
        }
    }
}

#[test]
fn a_name_means_one_thing() {
    for method in METHODS {
        let first = methods::any(method.name).unwrap();
        assert_eq!((method.kind, method.name_param), (first.kind, first.name_param), "{}", method.name);
        let is_notification = method.name.starts_with("notifications/");
        assert_eq!(method.kind == Kind::Notification, is_notification, "{}", method.name);
        assert!(method.since <= method.until, "{}", method.name);
    }
    assert!(methods::any("tools/Call").is_none());
}

// POLICY C, other channels.
#[test]
fn always_open_is_what_the_policy_language_says() {
    let mut open: Vec<&str> =
        METHODS.iter().filter(|method| method.always_open).map(|method| method.name).collect();
    open.sort_unstable();
    open.dedup();
    let expected = [
        "initialize",
        "logging/setLevel",
        "notifications/cancelled",
        "notifications/initialized",
        "notifications/message",
        "notifications/progress",
        "notifications/subscriptions/acknowledged",
        "notifications/tools/list_changed",
        "ping",
        "server/discover",
        "subscriptions/listen",
        "tools/list",
    ];
    assert_eq!(open, expected);
}

#[test]
fn lists_that_come_in_pages() {
    let paged: Vec<&str> = METHODS.iter().filter(|method| method.paged).map(|method| method.name).collect();
    assert_eq!(
        paged,
        ["tools/list", "resources/list", "resources/templates/list", "prompts/list", "tasks/list"]
    );
    // What a name is asked for, its first entry answers.
    assert!(paged.iter().all(|name| mcp::methods::any(name).is_some_and(|method| method.paged)));
}

#[test]
fn channels_and_subjects() {
    let cases = [
        ("tools/call", Channel::Tools, Some("name")),
        ("resources/read", Channel::Resources, Some("uri")),
        ("resources/subscribe", Channel::Resources, Some("uri")),
        ("notifications/resources/updated", Channel::Resources, None),
        ("prompts/get", Channel::Prompts, Some("name")),
        ("completion/complete", Channel::Completion, None),
        ("tasks/result", Channel::Tasks, Some("taskId")),
        ("sampling/createMessage", Channel::Sampling, None),
        ("elicitation/create", Channel::Elicitation, None),
        ("roots/list", Channel::Roots, None),
        ("notifications/roots/list_changed", Channel::Roots, None),
    ];
    for (name, channel, subject) in cases {
        let method = methods::any(name).unwrap();
        assert_eq!((method.channel, method.name_param), (channel, subject), "{name}");
    }
}

#[test]
fn unknown_methods_are_not_admitted() {
    let modern = Version::V2026_07_28;
    let legacy = Version::V2025_11_25;
    let request = |method: &str, params: &str| {
        message(&format!(r#"{{"jsonrpc":"2.0","id":"x","method":"{method}","params":{params}}}"#))
    };
    let cases = [
        (request("tools/list", "{}"), modern, "ok"),
        (request("tools/list", "{}"), legacy, "ok"),
        (request("Tools/List", "{}"), modern, r#"404 -32601 "x""#),
        (request("tools/list ", "{}"), modern, r#"404 -32601 "x""#),
        (request("x/unheard-of", "{}"), modern, r#"404 -32601 "x""#),
        (request("x/unheard-of", "{}"), legacy, r#"200 -32601 "x""#),
        (request("ping", "{}"), modern, r#"404 -32601 "x""#),
        (request("initialize", "{}"), modern, r#"404 -32601 "x""#),
        (request("logging/setLevel", "{}"), modern, r#"404 -32601 "x""#),
        (request("server/discover", "{}"), legacy, r#"200 -32601 "x""#),
        (request("tasks/result", r#"{"taskId":"t"}"#), modern, r#"404 -32601 "x""#),
        (request("tasks/result", "{}"), modern, r#"404 -32601 "x""#),
        (request("tasks/result", "{}"), legacy, r#"400 -32602 "x""#),
        (request("resources/subscribe", "{}"), modern, r#"404 -32601 "x""#),
        (request("resources/subscribe", "{}"), legacy, r#"400 -32602 "x""#),
        (request("resources/unsubscribe", r#"{"uri":"a:b"}"#), legacy, "ok"),
        (request("tasks/update", r#"{"taskId":"t"}"#), legacy, r#"200 -32601 "x""#),
        (request("tasks/get", r#"{"taskId":"t"}"#), Version::V2025_06_18, r#"200 -32601 "x""#),
        (request("sampling/createMessage", "{}"), legacy, r#"200 -32601 "x""#),
        (message(r#"{"jsonrpc":"2.0","method":"notifications/unheard-of"}"#), legacy, "200 -32601 -"),
        (message(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), modern, "404 -32601 -"),
        (message(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#), modern, "ok"),
        (message(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), legacy, "400 -32600 -"),
    ];
    for (message, version, expected) in cases {
        assert_eq!(outcome(&methods::admit(&message, version)), expected, "{}", message.document().text());
    }
}
