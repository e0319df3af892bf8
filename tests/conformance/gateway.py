"""The gateway under test: its configuration and its process. Knows neither the suite nor the fixtures."""

import hashlib
import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import processes

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
TOKEN = "tg_conformance_" + "7e" * 32
POLICIES = ("allow", "real")


def binary(given=None):
    """The gateway under test: what was given, else TOOLGATE_BIN, else the debug build."""
    path = Path(given or os.environ.get("TOOLGATE_BIN") or CHECKOUT / "target" / "debug" / "toolgate").resolve()
    if not path.exists():
        sys.exit(f"conformance: {path} is missing; build it with `cargo build -p toolgate`, or name it by --toolgate")
    return path


def over_http(url):
    """How the configuration names a server that is reached by its URL."""
    return f"url = {json.dumps(url)}"


def over_pipes(command):
    """How it names a server that the gateway starts itself."""
    return f"command = {json.dumps([str(part) for part in command])}"


def write_config(folder, policy, upstream):
    folder.mkdir(parents=True)
    (folder / "policies").mkdir()
    shutil.copy(HERE / "policies" / f"{policy}.json", folder / "policies")
    port = processes.free_port()
    token_hash = hashlib.sha256(TOKEN.encode()).hexdigest()
    lines = [
        f'listen = "127.0.0.1:{port}"',
        'admin_listen = "127.0.0.1:0"',
        'data = "data"',
        # The suite calls it under its own origin, as a page that it serves would.
        f'allowed_origins = ["http://127.0.0.1:{port}"]',
        "[servers.fixture]",
        upstream,
        "[grants.suite]",
        f'token_hash = "sha256:{token_hash}"',
        "[grants.suite.servers]",
        f'fixture = ["{policy}"]',
    ]
    path = folder / "toolgate.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def serving(toolgate, policy, upstream, folder):
    """Starts a gateway in front of one server; yields the URL of that server behind it."""
    config = write_config(Path(folder) / "config", policy, upstream)
    command = [toolgate, "--config", config, "up", "--json"]
    with processes.child(command, folder, "gateway", {"TOOLGATE_LOG": os.environ.get("TOOLGATE_LOG", "info")}) as read:
        yield read()["mcp"] + "/fixture"
