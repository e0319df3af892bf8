//! Replaces the variables that clients allow in commands, so that a server can be started as they would.
//! A variable without a value is an error; nothing is ever passed to a shell.

use std::collections::BTreeMap;
use std::path::Path;

use super::entry::Launch;

/// What variables stand for.
pub struct Variables<'a> {
    /// The folder that the client works in.
    pub workspace: &'a Path,
    /// The user's home.
    pub home: Option<&'a Path>,
    /// Environment variables.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
}

/// The launch with every `${…}` replaced.
///
/// # Errors
/// Names the first variable that has no value here.
pub fn expand(launch: &Launch, variables: &Variables<'_>) -> Result<Launch, String> {
    let mut env = BTreeMap::new();
    for (name, value) in &launch.env {
        env.insert(name.clone(), expand_text(value, variables)?);
    }
    Ok(Launch {
        command: launch.command.iter().map(|word| expand_text(word, variables)).collect::<Result<_, _>>()?,
        env,
        cwd: launch.cwd.as_deref().map(|cwd| expand_text(cwd, variables)).transpose()?,
    })
}

fn expand_text(text: &str, variables: &Variables<'_>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or("it holds a `${` without `}`")?;
        expanded.push_str(before);
        expanded.push_str(&value_of(name, variables)?);
        rest = tail;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

fn value_of(name: &str, variables: &Variables<'_>) -> Result<String, String> {
    let folder = |path: Option<&Path>| path.map(|path| path.to_string_lossy().into_owned());
    let found = match name {
        "workspaceFolder" => folder(Some(variables.workspace)),
        "workspaceFolderBasename" => folder(variables.workspace.file_name().map(Path::new)),
        "userHome" => folder(variables.home),
        "pathSeparator" | "/" => Some("/".to_owned()),
        _ => environment_value(name, variables),
    };
    found.ok_or_else(|| format!("it needs `${{{name}}}`, which has no value here"))
}

/// `NAME`, `NAME:-default` as Claude Code writes them, `env:NAME` as Cursor and VS Code do.
fn environment_value(name: &str, variables: &Variables<'_>) -> Option<String> {
    if let Some(name) = name.strip_prefix("env:") {
        return (variables.environment)(name);
    }
    let (name, default) = match name.split_once(":-") {
        Some((name, default)) => (name, Some(default.to_owned())),
        None => (name, None),
    };
    (variables.environment)(name).or(default)
}

#[cfg(test)]
mod tests {
    use super::{Variables, expand_text};
    use std::path::Path;

    #[test]
    fn variables() {
        let environment = |name: &str| (name == "TOKEN").then(|| "abc".to_owned());
        let variables = Variables {
            workspace: Path::new("/work/project"),
            home: Some(Path::new("/home/x")),
            environment: &environment,
        };
        for (text, expected) in [
            ("plain $HOME", Ok("plain $HOME")),
            ("${TOKEN}", Ok("abc")),
            ("a ${env:TOKEN} b ${TOKEN}", Ok("a abc b abc")),
            ("${MISSING:-here}", Ok("here")),
            ("${TOKEN:-unused}", Ok("abc")),
            ("${workspaceFolder}/x", Ok("/work/project/x")),
            ("${workspaceFolderBasename}", Ok("project")),
            ("${userHome}", Ok("/home/x")),
            ("${MISSING}", Err("it needs `${MISSING}`, which has no value here")),
            ("${input:key}", Err("it needs `${input:key}`, which has no value here")),
            ("${TOKEN", Err("it holds a `${` without `}`")),
        ] {
            let found = expand_text(text, &variables);
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "`{text}`");
        }
    }
}
