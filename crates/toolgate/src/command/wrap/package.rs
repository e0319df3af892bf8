//! The name of the package that a command runs, as a server's id: what is inside `npx`, `uvx`, `docker run` and the like.
//! It only reads the command: nothing is looked up, and an id never depends on the machine.

use std::ffi::OsString;
use std::path::Path;

use crate::config::name;

/// How a runner's arguments lead to what it runs.
struct Runner {
    /// Names of the program.
    programs: &'static [&'static str],
    /// Words between the program and what it runs, such as `tool run`; one of these must be there.
    verbs: &'static [&'static [&'static str]],
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Options whose value is the package itself.
    package: &'static [&'static str],
    /// What the word is.
    runs: Runs,
}

/// What a runner runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// A package of a registry.
    Package,
    /// A script, a module or a program.
    Program,
    /// A container image.
    Image,
}

const RUNNERS: &[Runner] = &[
    Runner {
        programs: &["npx", "bunx", "pnpx"],
        verbs: &[&[]],
        valued: &["-c", "--call", "-w", "--workspace", "--node-options", "--registry"],
        package: &["-p", "--package"],
        runs: Runs::Package,
    },
    Runner {
        programs: &["npm", "pnpm", "yarn", "bun"],
        verbs: &[&["exec"], &["x"], &["dlx"]],
        valued: &["-c", "--call", "-w", "--workspace", "--registry"],
        package: &["-p", "--package"],
        runs: Runs::Package,
    },
    Runner {
        programs: &["uvx"],
        verbs: &[&[]],
        valued: UV_VALUED,
        package: &["--from"],
        runs: Runs::Package,
    },
    Runner {
        programs: &["uv"],
        verbs: &[&["tool", "run"]],
        valued: UV_VALUED,
        package: &["--from"],
        runs: Runs::Package,
    },
    Runner {
        programs: &["uv", "poetry", "pdm", "hatch", "rye"],
        verbs: &[&["run"]],
        valued: UV_VALUED,
        package: &["-m", "--module"],
        runs: Runs::Program,
    },
    Runner {
        programs: &["pipx"],
        verbs: &[&["run"]],
        valued: &["--python", "--pip-args", "--index-url", "-i"],
        package: &["--spec"],
        runs: Runs::Package,
    },
    Runner {
        programs: &["python", "python3", "pypy3"],
        verbs: &[&[]],
        valued: &["-W", "-X", "-c"],
        package: &["-m"],
        runs: Runs::Program,
    },
    Runner {
        programs: &["node", "tsx", "ts-node"],
        verbs: &[&[]],
        valued: &["-r", "--require", "--import", "--loader", "--env-file", "-e", "--eval"],
        package: &[],
        runs: Runs::Program,
    },
    Runner {
        programs: &["deno", "bun"],
        verbs: &[&["run"]],
        valued: &["-c", "--config", "--import-map", "--env-file"],
        package: &[],
        runs: Runs::Program,
    },
    Runner {
        programs: &["docker", "podman", "nerdctl"],
        verbs: &[&["run"], &["container", "run"]],
        valued: CONTAINER_VALUED,
        package: &[],
        runs: Runs::Image,
    },
];

const UV_VALUED: &[&str] = &[
    "--with",
    "--with-requirements",
    "--with-editable",
    "--python",
    "-p",
    "--directory",
    "--project",
    "--index",
    "--index-url",
    "-i",
    "--default-index",
    "--extra-index-url",
    "--find-links",
    "-f",
    "--env-file",
    "--extra",
    "--group",
    "--config-file",
    "--cache-dir",
    "--color",
    "--package",
];

const CONTAINER_VALUED: &[&str] = &[
    "-e",
    "--env",
    "--env-file",
    "-v",
    "--volume",
    "--mount",
    "--name",
    "-p",
    "--publish",
    "--network",
    "--net",
    "-w",
    "--workdir",
    "-u",
    "--user",
    "--entrypoint",
    "-l",
    "--label",
    "--platform",
    "-m",
    "--memory",
    "--cpus",
    "--pull",
    "-h",
    "--hostname",
    "--add-host",
    "--dns",
    "--cap-add",
    "--cap-drop",
    "--security-opt",
    "--tmpfs",
    "--device",
    "--gpus",
    "--ulimit",
    "--restart",
    "--log-driver",
    "--log-opt",
    "--shm-size",
    "--userns",
    "--ip",
    "--secret",
];

/// Names that say nothing of what a script belongs to; the folder above does.
const COMMON: &[&str] = &[
    "index", "main", "server", "cli", "app", "start", "run", "__main__", "dist", "build", "src", "bin",
    "lib", "out", "scripts", "target", "release", "debug", "venv", ".venv", "env",
];

/// The id of the package that a command runs; nothing where the command names none.
pub fn id(command: &[OsString]) -> Option<String> {
    let words: Vec<&str> = command.iter().filter_map(|word| word.to_str()).collect();
    // What is not text could be anything, so the rest is not read past it.
    (words.len() == command.len()).then_some(())?;
    let name = named(&words)?;
    let has_letters = name.chars().any(|c| c.is_ascii_alphanumeric());
    has_letters.then(|| name::to_id(&name))
}

fn named(words: &[&str]) -> Option<String> {
    let (program, rest) = without_prefixes(words)?;
    let program = stem(program);
    for runner in RUNNERS.iter().filter(|runner| runner.programs.contains(&without_version(program))) {
        if let Some(word) = runner.what(rest) {
            return Some(match runner.runs {
                Runs::Package => package(word),
                Runs::Program => script(word),
                Runs::Image => image(word),
            });
        }
    }
    Some(script(words.iter().find(|word| stem(word) == program)?))
}

/// Skips `env A=b`, `cmd /c` and the like.
fn without_prefixes<'a, 'b>(words: &'b [&'a str]) -> Option<(&'a str, &'b [&'a str])> {
    let (first, mut rest) = words.split_first()?;
    let is_prefix = match stem(first) {
        "env" => {
            while let Some((_, behind)) =
                rest.split_first().filter(|(word, _)| word.contains('=') || **word == "-i")
            {
                rest = behind;
            }
            true
        }
        "cmd" => {
            rest = rest.strip_prefix(&["/c"]).or_else(|| rest.strip_prefix(&["/C"])).unwrap_or(rest);
            true
        }
        "exec" | "nohup" | "sudo" => true,
        _ => false,
    };
    if is_prefix && !rest.is_empty() { without_prefixes(rest) } else { Some((first, rest)) }
}

impl Runner {
    /// The word that names what is run.
    fn what<'a>(&self, words: &[&'a str]) -> Option<&'a str> {
        let mut words = self.verbs.iter().find_map(|verb| words.strip_prefix(*verb))?.iter();
        let mut named = None;
        while let Some(word) = words.next() {
            if *word == "--" {
                return named.or_else(|| words.next().copied());
            }
            let Some(option) = word.strip_prefix('-') else { return named.or(Some(word)) };
            if option.is_empty() {
                return named;
            }
            let (option, inline) =
                word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
            if self.package.contains(&option) {
                named = named.or(inline.or_else(|| words.next().copied()));
                if self.runs == Runs::Program {
                    return named;
                }
            } else if self.valued.contains(&option) && inline.is_none() {
                words.next();
            }
        }
        named
    }
}

/// A package's name without scope, version and extras: `@scope/name@1.2`, `name[extra]==1.2`, `git+https://…/name.git@tag`.
fn package(word: &str) -> String {
    let word = word.strip_prefix("npm:").or_else(|| word.strip_prefix("jsr:")).unwrap_or(word);
    if word.contains("://") || word.ends_with(".git") || word.starts_with("github:") {
        return repository(word);
    }
    if word.starts_with(['.', '/']) {
        return script(word);
    }
    let name = match word.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').map_or(scoped, |(_, name)| name),
        None => word,
    };
    let end = name.find(['@', '=', '<', '>', '~', '!', '[', ';', ' ']).unwrap_or(name.len());
    name.get(..end).unwrap_or(name).to_owned()
}

/// The repository's name in a URL: what stands last, without `.git`, tag and archive ending.
fn repository(word: &str) -> String {
    let path = word.split(['#', '?']).next().unwrap_or(word).trim_end_matches('/');
    let last = path.rsplit(['/', ':']).next().unwrap_or(path);
    let last = last.split('@').next().unwrap_or(last);
    let endings = [".git", ".tar.gz", ".tgz", ".zip", ".whl"];
    endings.iter().find_map(|ending| last.strip_suffix(ending)).unwrap_or(last).to_owned()
}

/// An image's name without registry, folder, tag and digest.
fn image(word: &str) -> String {
    let word = word.split('@').next().unwrap_or(word);
    let last = word.rsplit('/').next().unwrap_or(word);
    last.split(':').next().unwrap_or(last).to_owned()
}

/// What a script, module or program is called: its own name, or the nearest folder's that says something.
fn script(word: &str) -> String {
    let word = word.strip_prefix("npm:").map_or_else(|| word.to_owned(), package);
    let parts: Vec<&str> = word.split(['/', '\\']).collect();
    // Inside `node_modules` the package is known, whatever its files are called.
    if let Some(at) = parts.iter().rposition(|part| *part == "node_modules") {
        let mut behind = parts.iter().skip(at + 1);
        let first = behind.next().copied().unwrap_or_default();
        let name = if first.starts_with('@') { behind.next().copied().unwrap_or(first) } else { first };
        return name.to_owned();
    }
    // A module `package.server` belongs to its package.
    let is_module = parts.len() == 1 && !is_file(&word);
    let last = if is_module { word.split('.').next().unwrap_or(&word) } else { stem(&word) };
    let folders = parts.iter().rev().skip(1).copied().filter(|part| !matches!(*part, "" | "." | ".."));
    let says_something = |part: &&str| !COMMON.contains(part);
    std::iter::once(last).chain(folders).find(says_something).unwrap_or(last).to_owned()
}

fn is_file(word: &str) -> bool {
    let endings = ["js", "mjs", "cjs", "ts", "mts", "py", "sh", "exe", "cmd", "bat", "rb", "jar"];
    word.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// A file's name without folder and ending.
fn stem(word: &str) -> &str {
    let last = word.rsplit(['/', '\\']).next().unwrap_or(word);
    if is_file(last) {
        Path::new(last).file_stem().and_then(|stem| stem.to_str()).unwrap_or(last)
    } else {
        last
    }
}

/// `python3.12` is `python3`.
fn without_version(program: &str) -> &str {
    program.split_once('.').map_or(program, |(program, _)| program)
}

#[cfg(test)]
mod tests {
    use super::id;
    use std::ffi::OsString;

    fn check(command: &str, expected: &str) {
        let words: Vec<OsString> = command.split_whitespace().map(OsString::from).collect();
        assert_eq!(id(&words).as_deref(), Some(expected), "{command}");
    }

    #[test]
    fn packages_of_javascript() {
        check("npx -y @modelcontextprotocol/server-filesystem@2025.1.1 /srv", "server-filesystem");
        check("npx some-server --port 1", "some-server");
        check("npx -y --package=@scope/tools@latest tool-bin", "tools");
        check("npx -p some-pkg -c run", "some-pkg");
        check("/usr/local/bin/npx --yes mcp-remote https://x.example", "mcp-remote");
        check("bunx @playwright/mcp@latest", "mcp");
        check("bun x some-server", "some-server");
        check("npm exec -- @a/b@1", "b");
        check("pnpm dlx github:owner/name#tag", "name");
        check("npx -y git+https://host.example/owner/repo.git", "repo");
        check("cmd /c npx -y some-server", "some-server");
        check("env KEY=value DEBUG=1 npx some-server", "some-server");
    }

    #[test]
    fn packages_of_python() {
        check("uvx awslabs.healthimaging-mcp-server@latest", "awslabs-healthimaging-mcp-server");
        check("uvx --from git+https://host.example/o/mcp-thing.git@v1 thing", "mcp-thing");
        check("uvx --python 3.12 --with httpx mcp-server-fetch==1.0 --flag", "mcp-server-fetch");
        check("uvx mcp-server[cli]>=2", "mcp-server");
        check("uv tool run --from mcp_server_git mcp-git", "mcp-server-git");
        check("uv run --directory /home/a/weather weather.py", "weather");
        check("uv --version", "uv");
        check("pipx run --spec some-server==1 start", "some-server");
        check("python3 -m mcp_server_time --local", "mcp-server-time");
        check("python3.12 -m weather.server", "weather");
        check("/opt/venv/bin/python /srv/imaging/src/server.py", "imaging");
        check("python -u script.py", "script");
    }

    #[test]
    fn scripts_images_and_programs() {
        check("node /home/a/weather/dist/index.js", "weather");
        check("node --env-file .env /x/node_modules/@scope/thing/dist/index.js", "thing");
        check("node build/index.js", "index");
        check("deno run --allow-net npm:@scope/thing@1", "thing");
        check(
            "docker run -i --rm -e TOKEN -v /a:/b ghcr.io/github/github-mcp-server:latest stdio",
            "github-mcp-server",
        );
        check("docker run --rm -i --env=A=b mcp/fetch", "fetch");
        check("podman container run -i localhost:5000/team/img@sha256:abc", "img");
        check("/usr/lib/servers/Imaging-Server --stdio", "imaging-server");
        check("imaging.exe", "imaging");
        check("/srv/files/bin/server", "files");
        check("sh -c something", "sh");
        check("npx", "npx");
    }

    #[test]
    fn what_names_nothing_gives_no_id() {
        use std::os::unix::ffi::OsStringExt as _;
        for command in [vec![], vec![OsString::from("---")], vec![OsString::from_vec(vec![0xff])]] {
            assert_eq!(id(&command), None, "{command:?}");
        }
    }
}
