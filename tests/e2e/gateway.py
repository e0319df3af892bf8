"""The gateway under test: its configuration folder, its process, its audit log. Knows no protocol."""

import hashlib
import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import harness

TOKEN = "tg_e2e_" + "5c" * 32
GRANT = "radiology"


def toml_string(value):
    return json.dumps(str(value))


def write_config(folder, policies, server_command=None, server_env=None):
    """Writes toolgate.toml and policies/ into `folder`; without a server command only what `wrap` needs."""
    folder = Path(folder)
    (folder / "policies").mkdir(parents=True)
    for name, document in policies.items():
        (folder / "policies" / f"{name}.json").write_text(json.dumps(document, indent=2))
    lines = ['listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', 'data = "data"']
    if server_command:
        env = ", ".join(f"{name} = {toml_string(value)}" for name, value in server_env.items())
        token_hash = hashlib.sha256(TOKEN.encode()).hexdigest()
        lines += [
            "[servers.imaging]",
            f"command = [{', '.join(toml_string(part) for part in server_command)}]",
            f"env = {{ {env} }}",
            f"[grants.{GRANT}]",
            f'token_hash = "sha256:{token_hash}"',
            f"[grants.{GRANT}.servers]",
            f"imaging = [{', '.join(toml_string(name) for name in policies)}]",
        ]
    path = folder / "toolgate.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def up(checks, name, config, folder):
    """Runs `toolgate up`; yields its first line of output. Checks that it stops cleanly and leaves nothing."""
    command = [harness.toolgate_binary(), "--config", config, "up", "--json"]
    child = harness.Child(command, folder, "gateway", env=harness.plain_env({}))
    try:
        yield child.read_json()
    finally:
        code = child.stop()
        checks.equal(f"{name}: the gateway stops cleanly when asked", code, 0)
        harness.check_no_server_left(checks, name)


def toolgate(config, *arguments):
    """Runs one subcommand; returns (exit code, stdout, stderr)."""
    done = subprocess.run(
        [str(harness.toolgate_binary()), "--config", str(config), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=harness.plain_env({}),
    )
    return done.returncode, done.stdout, done.stderr


def audit_records(config):
    """Every audit record, oldest first."""
    code, out, err = toolgate(config, "audit", "query", "--json")
    if code != 0:
        raise RuntimeError(f"audit query ended with {code}: {err}")
    return sorted((json.loads(line) for line in out.splitlines()), key=lambda record: record["seq"])


def check_verified(checks, name, config):
    code, out, err = toolgate(config, "audit", "verify")
    checks.that(f"{name}: the audit log verifies as intact", code == 0 and "intact" in out, f"{code} {out} {err}")


def check_tampering_shows(checks, name, config, scratch):
    """A copy of the data with one tool name changed must not verify; the gateway must not be running."""
    copy = Path(scratch) / "tampered"
    shutil.copytree(Path(config).parent, copy, ignore=lambda folder, names: [n for n in names if is_socket(folder, n)])
    changed = 0
    for path in (copy / "data" / "audit").rglob("*"):
        if path.is_file() and b"start_dicom_export_job" in (text := path.read_bytes()):
            path.write_bytes(text.replace(b"start_dicom_export_job", b"start_dicom_import_job", 1))
            changed += 1
    checks.that(f"{name}: the denied export is in the audit log's own files", changed)
    code, out, err = toolgate(copy / "toolgate.toml", "audit", "verify")
    checks.that(f"{name}: an edited audit record is found", code != 0, f"verify said {out} {err}")


def is_socket(folder, name):
    return (Path(folder) / name).is_socket()


def check_no_values(checks, name, places, values):
    """No argument value and no token may stand in anything that the gateway wrote, files and logs alike."""
    found, n_files = [], 0
    for place in map(Path, places):
        for path in [place] if place.is_file() else place.rglob("*"):
            if path.is_file():
                n_files += 1
                text = path.read_bytes()
                found += [f"{path.name} holds {value!r}" for value in values if value.encode() in text]
    checks.that(f"{name}: no argument value or token in what the gateway wrote", n_files and not found, str(found))
