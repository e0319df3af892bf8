//! The MCP clients whose configuration can be imported, and where their files lie.
//! It only looks at the places that the clients document; it never searches a disk.

use std::path::{Path, PathBuf};

/// A program that agents run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Client {
    /// Claude Code
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    #[value(name = "vscode")]
    VsCode,
}

/// All of them.
pub const CLIENTS: [Client; 3] = [Client::ClaudeCode, Client::Cursor, Client::VsCode];

impl Client {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
        }
    }

    /// Where its configuration may lie, the working folder's before the user's own.
    #[must_use]
    pub fn places(self, working: &Path, home: Option<&Path>) -> Vec<PathBuf> {
        let (local, own): (&str, &[&str]) = match self {
            Self::ClaudeCode => (".mcp.json", &[".claude.json"]),
            Self::Cursor => (".cursor/mcp.json", &[".cursor/mcp.json"]),
            Self::VsCode => (
                ".vscode/mcp.json",
                &[".config/Code/User/mcp.json", "Library/Application Support/Code/User/mcp.json"],
            ),
        };
        let in_home = own.iter().filter_map(|place| Some(home?.join(place)));
        let mut places: Vec<PathBuf> = std::iter::once(working.join(local)).chain(in_home).collect();
        places.dedup();
        places
    }
}

/// One file of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFile {
    /// The client, when the place or the content tells.
    pub client: Client,
    /// The file.
    pub path: PathBuf,
}

/// The files that exist.
#[must_use]
pub fn find(only: Option<Client>, working: &Path, home: Option<&Path>) -> Vec<ClientFile> {
    let wanted = CLIENTS.into_iter().filter(|client| only.is_none_or(|only| only == *client));
    let places = wanted.flat_map(|client| {
        client.places(working, home).into_iter().map(move |path| ClientFile { client, path })
    });
    places.filter(|file| file.path.is_file()).collect()
}

/// The client that a file probably belongs to, by its name and folder.
#[must_use]
pub fn guess(path: &Path) -> Client {
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    match folder.as_deref() {
        Some(".cursor") => Client::Cursor,
        Some(".vscode" | "User") => Client::VsCode,
        _ => Client::ClaudeCode,
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, find, guess};
    use std::path::Path;

    #[test]
    fn finds_the_files_that_exist_and_only_those() {
        let temporary = tempfile::tempdir().unwrap();
        let (working, home) = (temporary.path().join("project"), temporary.path().join("home"));
        for file in [working.join(".mcp.json"), home.join(".cursor/mcp.json"), home.join(".claude.json")] {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "{}").unwrap();
        }
        let found = |only| {
            let files = find(only, &working, Some(&home));
            files
                .iter()
                .map(|file| file.path.strip_prefix(temporary.path()).unwrap().to_path_buf())
                .collect::<Vec<_>>()
        };
        let all = ["project/.mcp.json", "home/.claude.json", "home/.cursor/mcp.json"];
        assert_eq!(found(None), all.map(Path::new));
        assert_eq!(found(Some(Client::Cursor)), [Path::new("home/.cursor/mcp.json")]);
        assert!(found(Some(Client::VsCode)).is_empty());
    }

    #[test]
    fn a_file_in_the_home_folder_is_found_once_when_working_there() {
        let temporary = tempfile::tempdir().unwrap();
        let home = temporary.path();
        std::fs::create_dir(home.join(".cursor")).unwrap();
        std::fs::write(home.join(".cursor/mcp.json"), "{}").unwrap();
        assert_eq!(find(None, home, Some(home)).len(), 1);
    }

    #[test]
    fn guesses_the_client_from_the_folder() {
        for (path, expected) in [
            ("/p/.mcp.json", Client::ClaudeCode),
            ("/p/.cursor/mcp.json", Client::Cursor),
            ("/p/.vscode/mcp.json", Client::VsCode),
            ("mcp.json", Client::ClaudeCode),
        ] {
            assert_eq!(guess(Path::new(path)), expected);
        }
    }
}
