//! Whether the programs of the declared servers can be found, and the variables they refer to. Nothing is started.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gateway::declared::{ServerSpec, Setting, Transport};

use super::Finding;

const CHECK: &str = "server";

/// Looks at each server.
#[must_use]
pub fn look(servers: &[ServerSpec]) -> Vec<Finding> {
    servers.iter().flat_map(look_at).collect()
}

fn look_at(server: &ServerSpec) -> Vec<Finding> {
    let id = &server.id;
    let values = server.transport.settings().values();
    let mut findings: Vec<Finding> = values.filter_map(|value| missing(id, value)).collect();
    if let Transport::Stdio { command, cwd, .. } = &server.transport {
        let program = command.first().map(String::as_str).unwrap_or_default();
        if !is_found(program, cwd.as_deref()) {
            let text = format!("`{id}`: program `{program}` is not found");
            findings.push(Finding::problem(CHECK, text, "install it, or write its whole path"));
        }
        if cwd.as_ref().is_some_and(|cwd| !cwd.is_dir()) {
            let text = format!("`{id}`: its working folder is not there");
            findings.push(Finding::problem(CHECK, text, "create it, or correct `cwd`"));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, format!("`{id}` can be started or reached as declared")));
    }
    findings
}

fn missing(id: &str, value: &Setting) -> Option<Finding> {
    match value {
        Setting::Literal(_) => None,
        Setting::Env(name) => std::env::var_os(name).is_none().then(|| {
            let text = format!("`{id}`: variable `{name}` is not set here");
            Finding::warning(CHECK, text, "set it where the gateway is started")
        }),
        Setting::File(path) => std::fs::File::open(path).err().map(|error| {
            let text = format!("`{id}`: `{}` cannot be read: {error}", path.display());
            Finding::problem(CHECK, text, "create the file, readable for the gateway's user only")
        }),
    }
}

fn is_found(program: &str, cwd: Option<&Path>) -> bool {
    if program.contains('/') {
        return is_program(&cwd.unwrap_or(Path::new("")).join(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).any(|file: PathBuf| is_program(&file))
}

fn is_program(file: &Path) -> bool {
    std::fs::metadata(file)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::doctor::Status;
    use gateway::declared::{ServerSpec, Setting, Transport};

    fn server(program: &str, env: Setting) -> ServerSpec {
        let transport = Transport::Stdio {
            command: vec![program.to_owned()],
            env: [("A".to_owned(), env)].into(),
            cwd: None,
        };
        ServerSpec::new("x", transport)
    }

    #[test]
    fn missing_programs_variables_and_files_are_told() {
        let literal = Setting::Literal("v".to_owned());
        for (program, env, expected) in [
            ("sh", literal.clone(), Status::Ok),
            ("/bin/sh", literal.clone(), Status::Ok),
            ("no-such-program", literal.clone(), Status::Problem),
            ("/etc/passwd", literal, Status::Problem),
            ("sh", Setting::Env("TOOLGATE_TEST_UNSET".to_owned()), Status::Warning),
            ("sh", Setting::File("/no/such/file".into()), Status::Problem),
        ] {
            let findings = look(&[server(program, env)]);
            assert_eq!((findings.len(), findings[0].status), (1, expected), "{program} {findings:?}");
        }
    }
}
