//! Where configuration comes from: `--config`, else `./toolgate.toml`, else the user's own folder.
//! It must never fall back to another file when the one that was asked for is missing.

use std::path::{Path, PathBuf};

use super::problem::{Problem, Problems};

/// The file's name in every folder that is searched.
pub const FILE_NAME: &str = "toolgate.toml";
/// The folder of policies beside the file.
pub const POLICIES: &str = "policies";

/// What the search reads of the process's surroundings, passed in so that tests choose it.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `$HOME`.
    pub home: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, when absolute.
    pub config_home: Option<PathBuf>,
    /// `$XDG_DATA_HOME`, when absolute.
    pub data_home: Option<PathBuf>,
    /// The working directory; `None` keeps it out of the search.
    pub working: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        Self {
            home: absolute("HOME"),
            config_home: absolute("XDG_CONFIG_HOME"),
            data_home: absolute("XDG_DATA_HOME"),
            working: std::env::current_dir().ok(),
        }
    }

    /// The same without the working directory, for processes that another program starts somewhere:
    /// a `toolgate.toml` in the folder where an agent works must not replace the operator's own.
    #[must_use]
    pub fn without_working_folder(self) -> Self {
        Self { working: None, ..self }
    }

    /// `~/.config/toolgate`, where a user's own configuration lives.
    #[must_use]
    pub fn user_folder(&self) -> Option<PathBuf> {
        let base = self.config_home.clone().or_else(|| Some(self.home.as_ref()?.join(".config")));
        base.map(|folder| folder.join("toolgate"))
    }

    /// `~/.local/share/toolgate`, where data is kept unless the file says otherwise.
    #[must_use]
    pub fn default_data(&self) -> Option<PathBuf> {
        let base = self.data_home.clone().or_else(|| Some(self.home.as_ref()?.join(".local/share")));
        base.map(|folder| folder.join("toolgate"))
    }
}

/// One configuration: a file, or none, and the folder of policies beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The TOML file; `None` means built-in settings and no servers.
    pub file: Option<PathBuf>,
    /// The folder that holds `policies/`.
    pub folder: PathBuf,
    /// The data folder when the file names none.
    pub default_data: Option<PathBuf>,
}

impl Source {
    /// The file as named in messages when there is none.
    #[must_use]
    pub fn display_file(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| self.folder.join(FILE_NAME))
    }

    /// The folder of policies.
    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.folder.join(POLICIES)
    }
}

/// Finds the configuration.
///
/// # Errors
/// When `--config` names a file that is not there, or no folder of the user's is known.
pub fn locate(explicit: Option<&Path>, surroundings: &Surroundings) -> Result<Source, Problems> {
    let default_data = surroundings.default_data();
    let source = |file: PathBuf| {
        let folder = file.parent().unwrap_or(Path::new("/")).to_path_buf();
        Source { file: Some(file), folder, default_data: default_data.clone() }
    };
    if let Some(path) = explicit {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if !absolute.is_file() {
            return Err(one(path, "there is no such file; create it or leave out `--config`"));
        }
        return Ok(source(absolute));
    }
    let user_folder = surroundings.user_folder();
    let candidates = surroundings.working.iter().chain(user_folder.iter());
    // A broken link counts as present: reading it then fails aloud instead of falling through.
    if let Some(file) =
        candidates.map(|folder| folder.join(FILE_NAME)).find(|file| file.symlink_metadata().is_ok())
    {
        return Ok(source(file));
    }
    let folder = user_folder.ok_or_else(|| {
        let message =
            "no configuration found and neither HOME nor XDG_CONFIG_HOME is set; use `--config PATH`";
        one(Path::new(FILE_NAME), message)
    })?;
    Ok(Source { file: None, folder, default_data })
}

fn one(file: &Path, message: &str) -> Problems {
    Problems::new(vec![Problem::of_file(file, message)])
}

#[cfg(test)]
mod tests {
    use super::{FILE_NAME, Surroundings, locate};

    #[test]
    fn the_search_order_is_option_then_working_folder_then_user_folder_then_nothing() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path();
        let surroundings = Surroundings {
            home: Some(root.join("home")),
            working: Some(root.join("project")),
            ..Surroundings::default()
        };
        let user_folder = root.join("home/.config/toolgate");
        std::fs::create_dir_all(&user_folder).unwrap();
        std::fs::create_dir_all(root.join("project")).unwrap();

        let none = locate(None, &surroundings).unwrap();
        assert_eq!((none.file, none.folder), (None, user_folder.clone()));
        assert_eq!(none.default_data, Some(root.join("home/.local/share/toolgate")));

        std::fs::write(user_folder.join(FILE_NAME), "").unwrap();
        assert_eq!(locate(None, &surroundings).unwrap().file, Some(user_folder.join(FILE_NAME)));

        let project_file = root.join("project").join(FILE_NAME);
        std::fs::write(&project_file, "").unwrap();
        assert_eq!(locate(None, &surroundings).unwrap().file, Some(project_file.clone()));
        let started_by_a_client = surroundings.clone().without_working_folder();
        assert_eq!(locate(None, &started_by_a_client).unwrap().file, Some(user_folder.join(FILE_NAME)));

        let other = root.join("other.toml");
        std::fs::write(&other, "").unwrap();
        let explicit = locate(Some(&other), &surroundings).unwrap();
        assert_eq!((explicit.file, explicit.folder), (Some(other), root.to_path_buf()));
    }

    #[test]
    fn a_missing_explicit_file_is_an_error_and_never_another_file() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join(FILE_NAME), "").unwrap();
        let surroundings =
            Surroundings { working: Some(temporary.path().to_path_buf()), ..Surroundings::default() };
        let missing = temporary.path().join("missing.toml");
        let problems = locate(Some(&missing), &surroundings).unwrap_err();
        assert!(problems.to_string().contains("no such file"), "{problems}");
    }

    #[test]
    fn without_any_home_it_says_what_to_do() {
        let problems = locate(None, &Surroundings::default()).unwrap_err();
        assert!(problems.to_string().contains("--config"), "{problems}");
    }
}
