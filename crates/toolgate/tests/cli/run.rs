//! Runs the program in a temporary folder with a home of its own.
//!
//! Must never: hand on the environment of whoever runs the tests.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_toolgate");

/// A folder to work in, with a home beside it.
pub struct Place {
    temporary: tempfile::TempDir,
}

/// What a run printed and how it ended.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        for folder in ["home", "work"] {
            std::fs::create_dir(temporary.path().join(folder)).unwrap();
        }
        Self { temporary }
    }

    /// A path inside the working folder.
    pub fn work(&self, path: &str) -> PathBuf {
        self.temporary.path().join("work").join(path)
    }

    /// A path inside the home folder.
    pub fn home(&self, path: &str) -> PathBuf {
        self.temporary.path().join("home").join(path)
    }

    /// Writes a file and the folders that lead to it.
    pub fn write(&self, path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.answer(arguments, "")
    }

    /// Runs the program with this on its standard input.
    pub fn answer(&self, arguments: &[&str], input: &str) -> Ran {
        self.finish(self.command(arguments), input)
    }

    /// Runs the program with one more variable in its environment.
    pub fn run_with(&self, arguments: &[&str], name: &str, value: &str) -> Ran {
        let mut command = self.command(arguments);
        command.env(name, value);
        self.finish(command, "")
    }

    /// The program in its working folder, with nothing of our own environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.work("")).env_clear();
        command.env("HOME", self.home("")).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    fn finish(&self, mut command: Command, input: &str) -> Ran {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| self.short(&String::from_utf8(bytes).unwrap());
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The same text without the temporary folder, which differs every time.
    fn short(&self, text: &str) -> String {
        let program = std::fs::canonicalize(PROGRAM).unwrap();
        let root = std::fs::canonicalize(self.temporary.path()).unwrap();
        text.replace(&*program.to_string_lossy(), "TOOLGATE")
            .replace(&*root.to_string_lossy(), "")
            .replace(&*self.temporary.path().to_string_lossy(), "")
    }
}

impl Ran {
    /// Both streams and the code, for snapshots.
    pub fn whole(&self) -> String {
        let part = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("--- {name}\n{text}") }
        };
        format!("{}{}--- code {:?}", part("stdout", &self.stdout), part("stderr", &self.stderr), self.code)
    }
}
