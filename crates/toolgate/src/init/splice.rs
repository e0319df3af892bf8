//! Turns entries of a client's configuration into wrapped ones and back, by replacing as few bytes as possible.
//! Every byte outside the changed command stays as it was, so that putting entries back restores the file exactly.

use json::{Document, Limits, Span, Splicer, Value};

use super::entry::{self, Entry, Kind};

/// How one entry is wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapping {
    /// The keys that lead to the entry.
    pub path: Vec<String>,
    /// The program that takes the place of the original one.
    pub program: String,
    /// Its arguments, up to and with `--`; the original command follows them.
    pub words: Vec<String>,
}

/// The document with these entries wrapped.
///
/// # Errors
/// When an entry is not there or has no command, which means that it changed meanwhile.
pub fn wrap(document: &Document, wrappings: &[Wrapping]) -> Result<Vec<u8>, String> {
    let mut splicer = Splicer::new(document.text().as_bytes());
    for wrapping in wrappings {
        let name = wrapping.path.last().map_or("", String::as_str);
        let gone = || format!("entry `{name}` has no command any more");
        let entry = entry::at(document, &wrapping.path).ok_or_else(gone)?;
        let command = entry.get("command").ok_or_else(gone)?;
        let mut words: Vec<String> = wrapping.words.iter().map(|word| quoted(word)).collect();
        words.push(command.raw().to_owned());
        let program = quoted(&wrapping.program);
        match entry.get("args") {
            Some(args) => {
                replace(&mut splicer, command.span(), program)?;
                insert_first(&mut splicer, &args, &words.join(", "))?;
            }
            None => {
                let between = separator_before_command(document, &entry);
                let args = format!("{program},{between}\"args\": [{}]", words.join(", "));
                replace(&mut splicer, command.span(), args)?;
            }
        }
    }
    Ok(splicer.finish())
}

/// The document with every wrapped entry put back as the newest of these originals has it, and the names of
/// the entries that none of them holds.
///
/// # Errors
/// When two entries overlap, which valid JSON cannot have.
pub fn unwrap(document: &Document, originals: &[Document]) -> Result<(Vec<u8>, Vec<String>), String> {
    let mut splicer = Splicer::new(document.text().as_bytes());
    let mut unknown = Vec::new();
    let wrapped = entry::read_all(document).into_iter().filter(is_wrapped);
    for wrapped in wrapped {
        let original = originals.iter().find_map(|original| original_of(original, &wrapped.path));
        match (entry::at(document, &wrapped.path), original) {
            (Some(value), Some(original)) => replace(&mut splicer, value.span(), original)?,
            (_, _) => unknown.push(wrapped.name().to_owned()),
        }
    }
    Ok((splicer.finish(), unknown))
}

/// The entry's text in an original, unless it was wrapped there already.
fn original_of(original: &Document, path: &[String]) -> Option<String> {
    let entries = entry::read_all(original);
    let is_original = |entry: &&Entry| entry.path == path && !is_wrapped(entry);
    entries.iter().find(is_original)?;
    Some(entry::at(original, path)?.raw().to_owned())
}

fn is_wrapped(entry: &Entry) -> bool {
    matches!(entry.kind, Kind::Wrapped { .. })
}

/// A copy for people to read, in which the values of `env` and `headers` are hidden.
#[must_use]
pub fn masked(text: &[u8]) -> String {
    let Ok(document) = Document::scan(text.to_vec(), &Limits::default()) else { return String::new() };
    let mut splicer = Splicer::new(document.text().as_bytes());
    let mut open: Vec<Value<'_>> = vec![document.root()];
    while let Some(value) = open.pop() {
        open.extend(value.elements());
        for member in value.members() {
            let is_secret = member.key == "env" || member.key == "headers";
            let hidden = member.value.members().filter(|_| is_secret);
            hidden.for_each(|secret| {
                // Values do not overlap, so hiding one cannot fail.
                let _ = splicer.replace(secret.value.span(), &b"\"...\""[..]);
            });
            if !is_secret {
                open.push(member.value);
            }
        }
    }
    String::from_utf8_lossy(&splicer.finish()).into_owned()
}

fn replace(splicer: &mut Splicer<'_>, span: Span, text: String) -> Result<(), String> {
    splicer.replace(span, text.into_bytes()).map_err(|error| error.to_string())
}

/// Inserts elements right behind a list's bracket.
fn insert_first(splicer: &mut Splicer<'_>, list: &Value<'_>, elements: &str) -> Result<(), String> {
    let behind_bracket = list.span().start + 1;
    let followed_by_space = list.raw().chars().nth(1).is_some_and(char::is_whitespace);
    let end = match (list.is_empty(), followed_by_space) {
        (true, _) => "",
        (false, true) => ",",
        (false, false) => ", ",
    };
    replace(splicer, Span { start: behind_bracket, end: behind_bracket }, format!("{elements}{end}"))
}

/// The white space in front of the `command` key, so that a new key beside it stands likewise.
fn separator_before_command<'a>(document: &'a Document, entry: &Value<'a>) -> &'a str {
    let Some(command) = entry.member("command") else { return " " };
    let before = document.text().get(..command.key.span().start).unwrap_or_default();
    let start = before.trim_end_matches([' ', '\t', '\r', '\n']).len();
    match before.get(start..) {
        Some(space) if space.contains('\n') => space,
        _ => " ",
    }
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::write_string(&mut out, text);
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Wrapping, masked, unwrap, wrap};
    use json::{Document, Limits};

    fn document(text: &[u8]) -> Document {
        Document::scan(text.to_vec(), &Limits::default()).unwrap()
    }

    fn wrapping(path: &[&str]) -> Wrapping {
        Wrapping {
            path: path.iter().map(|key| (*key).to_owned()).collect(),
            program: "toolgate".to_owned(),
            words: ["wrap", "--server", "a", "--policy", "a", "--"].map(str::to_owned).to_vec(),
        }
    }

    const ADDED: &str = r#""wrap", "--server", "a", "--policy", "a", "--", "#;

    #[test]
    fn only_the_command_changes_and_putting_it_back_restores_every_byte() {
        for (text, expected) in [
            (
                r#"{"mcpServers":{"a":{"command":"npx","args":["-y","x"],"env":{"K":"v"}}}}"#,
                r#"{"mcpServers":{"a":{"command":"toolgate","args":[ADDED"npx", "-y","x"],"env":{"K":"v"}}}}"#,
            ),
            (
                "{ \"mcpServers\": {\n  \"a\": {\n    \"args\": [\n      \"-y\"\n    ],\n    \"command\": \"np\\u0078\"\n  }\n} }\n\n",
                "{ \"mcpServers\": {\n  \"a\": {\n    \"args\": [ADDED\"np\\u0078\",\n      \"-y\"\n    ],\n    \"command\": \"toolgate\"\n  }\n} }\n\n",
            ),
            (
                "{\"mcpServers\": {\"a\": {\n\t\"command\": \"npx\"\n}}, \"other\": 1.0e2}",
                "{\"mcpServers\": {\"a\": {\n\t\"command\": \"toolgate\",\n\t\"args\": [ADDED\"npx\"]\n}}, \"other\": 1.0e2}",
            ),
            (
                r#"{"mcpServers":{"a":{ "command":"npx" }}}"#,
                r#"{"mcpServers":{"a":{ "command":"toolgate", "args": [ADDED"npx"] }}}"#,
            ),
            (
                r#"{"mcpServers":{"a":{"command":"npx","args":[]}}}"#,
                r#"{"mcpServers":{"a":{"command":"toolgate","args":[ADDED"npx"]}}}"#,
            ),
        ] {
            let original = document(text.as_bytes());
            let wrapped = wrap(&original, &[wrapping(&["mcpServers", "a"])]).unwrap();
            assert_eq!(
                String::from_utf8(wrapped.clone()).unwrap(),
                expected.replace("ADDED", ADDED),
                "{text}"
            );
            let (restored, unknown) = unwrap(&document(&wrapped), &[original]).unwrap();
            assert_eq!(String::from_utf8(restored).unwrap(), text);
            assert!(unknown.is_empty());
        }
    }

    #[test]
    fn later_edits_elsewhere_survive_putting_back() {
        let original = document(br#"{"servers":{"a":{"command":"npx"}}}"#);
        let edited = br#"{"servers":{"b":{"command":"new"},"a":{"command":"toolgate","args":["wrap","--","npx"]}},"x":1}"#;
        let (restored, _) = unwrap(&document(edited), &[original]).unwrap();
        assert_eq!(
            String::from_utf8(restored).unwrap(),
            r#"{"servers":{"b":{"command":"new"},"a":{"command":"npx"}},"x":1}"#
        );
    }

    #[test]
    fn an_entry_without_an_original_is_named_and_stays() {
        let text = br#"{"servers":{"a":{"command":"toolgate","args":["wrap","--","npx"]}}}"#;
        let (restored, unknown) = unwrap(&document(text), &[document(text)]).unwrap();
        assert_eq!((restored.as_slice(), unknown), (text.as_slice(), vec!["a".to_owned()]));
    }

    #[test]
    fn the_newest_original_that_is_not_wrapped_counts() {
        let wrapped = br#"{"servers":{"a":{"command":"toolgate","args":["wrap","--","npx"]}}}"#;
        let older = document(br#"{"servers":{"a":{"command":"npx"}}}"#);
        let (restored, _) = unwrap(&document(wrapped), &[document(wrapped), older]).unwrap();
        assert_eq!(restored, br#"{"servers":{"a":{"command":"npx"}}}"#);
    }

    #[test]
    fn values_that_may_be_secrets_are_not_shown() {
        let text = br#"{"mcpServers":{"a":{"command":"npx","env":{"K":"secret"},"headers":{"Authorization":"secret"}}}}"#;
        let shown = masked(text);
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("\"K\":\"...\""), "{shown}");
    }
}
