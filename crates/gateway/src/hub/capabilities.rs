//! What several servers can do, as one server would say it: everything that one of them can.
//! It must never say what none of them said, but for the changes of lists that the gateway itself tells of.

use json::{Kind, ObjectWriter, Value};

/// Lists whose changes the gateway tells of: the grant may come to reach other servers.
const LISTS: [&str; 3] = ["tools", "prompts", "resources"];

/// The union of the capabilities of all servers, raw JSON. There are always tools, or may be at any time.
pub fn union(capabilities: &[Value<'_>]) -> String {
    let mut merged = Vec::new();
    let mut object = ObjectWriter::begin(&mut merged);
    let keys = keys(capabilities);
    for list in LISTS {
        let said: Vec<_> = capabilities.iter().filter_map(|server| server.get(list)).collect();
        if list == "tools" || !said.is_empty() {
            object.raw(list, &with_changes(&said));
        }
    }
    for key in keys.iter().filter(|key| !LISTS.contains(&key.as_str())) {
        let said: Vec<_> = capabilities.iter().filter_map(|server| server.get(key)).collect();
        match key.as_str() {
            "tasks" => {
                if let Some(tasks) = without_list(&said) {
                    object.raw(key, &tasks);
                }
            }
            _ => {
                object.raw(key, &either(&said));
            }
        }
    }
    object.end();
    String::from_utf8(merged).unwrap_or_else(|_| String::from("{}"))
}

/// What can be done with the tasks of several servers: they are not listed together.
fn without_list(said: &[Value<'_>]) -> Option<String> {
    let mut merged = Vec::new();
    let mut object = ObjectWriter::begin(&mut merged);
    let keys = keys(said);
    let others: Vec<_> = keys.iter().filter(|key| key.as_str() != "list").collect();
    for key in &others {
        let inner: Vec<_> = said.iter().filter_map(|value| value.get(key)).collect();
        object.raw(key, &either(&inner));
    }
    object.end();
    let is_any = !others.is_empty() || keys.is_empty();
    is_any.then_some(merged).and_then(|merged| String::from_utf8(merged).ok())
}

fn with_changes(said: &[Value<'_>]) -> String {
    let mut merged = Vec::new();
    let mut object = ObjectWriter::begin(&mut merged);
    object.bool("listChanged", true);
    for key in keys(said).iter().filter(|key| key.as_str() != "listChanged") {
        let inner: Vec<_> = said.iter().filter_map(|value| value.get(key)).collect();
        object.raw(key, &either(&inner));
    }
    object.end();
    String::from_utf8(merged).unwrap_or_else(|_| String::from("{}"))
}

/// Objects together, true if one is true, else the first.
fn either(said: &[Value<'_>]) -> String {
    if said.iter().all(|value| value.is_object()) {
        let mut merged = Vec::new();
        let mut object = ObjectWriter::begin(&mut merged);
        for key in keys(said) {
            let inner: Vec<_> = said.iter().filter_map(|value| value.get(&key)).collect();
            object.raw(&key, &either(&inner));
        }
        object.end();
        return String::from_utf8(merged).unwrap_or_else(|_| String::from("{}"));
    }
    if said.iter().all(|value| value.kind() == Kind::Bool) {
        return said.iter().any(|value| value.as_bool() == Some(true)).to_string();
    }
    said.first().map_or_else(|| String::from("{}"), |value| value.raw().to_owned())
}

/// The keys of all objects, in the order in which they are first seen.
fn keys(objects: &[Value<'_>]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for member in objects.iter().flat_map(|object| object.members()) {
        let key = member.key.as_cow();
        if !keys.iter().any(|known| *known == key) {
            keys.push(key.into_owned());
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::{Document, Limits};

    fn check(servers: &[&str], expected: &str) {
        let scan = |text: &&str| Document::scan(text.as_bytes().to_vec(), &Limits::default()).unwrap();
        let servers: Vec<Document> = servers.iter().map(scan).collect();
        let roots: Vec<Value<'_>> = servers.iter().map(|server| server.root()).collect();
        assert_eq!(union(&roots), expected);
    }

    #[test]
    fn what_one_can_all_can() {
        check(&[], r#"{"tools":{"listChanged":true}}"#);
        check(
            &[
                r#"{"tools": {}, "resources": {"subscribe": false}, "logging": {}}"#,
                r#"{"resources": {"subscribe": true, "x": 1.50}, "logging": {}, "completions": {}}"#,
            ],
            r#"{"tools":{"listChanged":true},"resources":{"listChanged":true,"subscribe":true,"x":1.50},"logging":{},"completions":{}}"#,
        );
        check(
            &[
                r#"{"tasks": {"list": {}, "requests": {"tools": {"call": {}}}}, "experimental": {"a": 1}}"#,
                r#"{"prompts": {"listChanged": false}, "tasks": {"requests": {"x": {}}}, "experimental": {"a": 2, "b": []}}"#,
            ],
            r#"{"tools":{"listChanged":true},"prompts":{"listChanged":true},"tasks":{"requests":{"tools":{"call":{}},"x":{}}},"experimental":{"a":1,"b":[]}}"#,
        );
    }
}
