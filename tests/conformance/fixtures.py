"""The servers that the suite is run against, each on a free port of its own. Knows no gateway."""

from contextlib import contextmanager
from pathlib import Path

import processes

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "fixtures"
EVERYTHING = HERE / "node_modules" / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
NAMES = ("rmcp", "ts", "everything")
# What each is run in. server-everything is npm's example: what it lists is not ours, and it cannot be held to an era.
MODES = {
    "rmcp": ("direct", "allow", "real", "bridged", "stdio"),
    "ts": ("direct", "allow", "real", "bridged", "stdio"),
    "everything": ("direct", "allow"),
}


@contextmanager
def serving(name, era, node, folder):
    """Starts a fixture; yields its URL."""
    if name == "everything":
        port = processes.free_port()
        with processes.child([node, EVERYTHING, "streamableHttp"], folder, name, {"PORT": str(port)}):
            processes.wait_for_port(port)
            yield f"http://127.0.0.1:{port}/mcp"
        return
    with processes.child([*program(name, node), "--era", era], folder, name) as read:
        yield read()["url"]


def program(name, node):
    """The command of one of our own."""
    return {
        "rmcp": [FOLDER / "rmcp-server" / "target" / "debug" / "rmcp-server"],
        "ts": [node, FOLDER / "ts-server" / "src" / "main.mjs"],
    }[name]
