//! The policy that an import writes: every tool that was listed is named, everything else is denied.
//! A policy that is there already is never changed.

use std::collections::BTreeSet;
use std::path::Path;

use json::{Document, Limits};
use policy::Format;

/// The text of a policy that opens exactly these tools.
#[must_use]
pub fn text(tools: &BTreeSet<String>) -> String {
    let mut names = Vec::new();
    for tool in tools {
        let mut line = b"\n    ".to_vec();
        json::write_string(&mut line, tool);
        line.extend_from_slice(b": {}");
        names.push(String::from_utf8(line).unwrap_or_default());
    }
    let end = if names.is_empty() { "" } else { "\n  " };
    let tools = names.join(",");
    format!("{{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"tools\": {{{tools}{end}}}\n}}\n")
}

/// The tools that a policy on the disk names, or nothing when there is no such file.
///
/// # Errors
/// When the file cannot be read, or not as what the end of its name says.
pub fn named_in(path: &Path) -> anyhow::Result<Option<BTreeSet<String>>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(anyhow::anyhow!("cannot read `{}`: {error}", path.display())),
    };
    let format = path.file_name().and_then(|name| Format::of_file(&name.to_string_lossy()));
    if let Some(format) = format.filter(|format| *format != Format::Json) {
        let policy = policy::load_as(format, "policy", text).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            anyhow::anyhow!("`{}` does not load: {first}", path.display())
        })?;
        return Ok(Some(policy.tool_names().map(str::to_owned).collect()));
    }
    let document = Document::scan(text, &Limits::default())
        .map_err(|error| anyhow::anyhow!("`{}` is not JSON: {error}", path.display()))?;
    let tools = document.root().get("tools");
    Ok(Some(tools.iter().flat_map(json::Value::members).map(|tool| tool.key.as_cow().into_owned()).collect()))
}

#[cfg(test)]
mod tests {
    use super::{named_in, text};
    use std::collections::BTreeSet;

    #[test]
    fn names_each_tool_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.json");
        assert_eq!(named_in(&file).unwrap(), None);
        for tools in [&["b", "a", "with \"quotes\" and ü"][..], &[]] {
            let tools: BTreeSet<String> = tools.iter().map(|tool| (*tool).to_owned()).collect();
            std::fs::write(&file, text(&tools)).unwrap();
            assert_eq!(named_in(&file).unwrap(), Some(tools));
        }
        for (name, text) in [
            ("p.yaml", "version: '1'\ndefault: deny\ntools: { a: {} }"),
            ("p.toml", "version = '1'\ndefault = 'deny'\ntools.a = {}"),
        ] {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            assert_eq!(named_in(&file).unwrap(), Some(["a".to_owned()].into()), "{name}");
            std::fs::write(&file, "5").unwrap();
            assert!(named_in(&file).is_err(), "{name}");
        }
        let two = text(&["a", "b"].map(str::to_owned).into());
        let expected = "{\n  \"version\": \"1\",\n  \"default\": \"deny\",\n  \"tools\": {\n    \"a\": {},\n    \"b\": {}\n  }\n}\n";
        assert_eq!(two, expected);
    }
}
