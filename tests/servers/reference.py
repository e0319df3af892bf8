"""The reference servers: those of npm speak the handshake era only, those of PyPI both."""

import subprocess

import harness
from backends import CACHE
from server import Call, Server

VENDOR = CACHE / "vendor" / "bin"
PACKAGES = CACHE / "node" / "node_modules" / "@modelcontextprotocol"
LEGACY = ("legacy",)
SECRET = "the secret plan"


def node(package, *arguments):
    """The command of an npm server; an argument may be a function of what is running."""

    def command(backends):
        given = [argument(backends) if callable(argument) else argument for argument in arguments]
        return [CACHE / "node-bin" / "node", PACKAGES / package / "dist" / "index.js", *given]

    return command


def nothing(_backends):
    return {}


def files(backends):
    """A folder with one file in it."""
    folder = backends.folder / "files"
    folder.mkdir(exist_ok=True)
    (folder / "note.txt").write_text("Grüße from the ward\n")
    return str(folder)


def file(backends):
    return {"path": files(backends) + "/note.txt"}


def memory(backends):
    return {"MEMORY_FILE_PATH": str(backends.folder / "memory.jsonl")}


def repository(backends):
    """A repository with one commit."""
    folder = backends.folder / "repository"
    if not folder.exists():
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        env = harness.plain_env({})
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True, env=env)
        command = ["git", "-C", str(folder), *who, "commit", "--quiet", "--allow-empty", "-m", "Begin the ward book"]
        subprocess.run(command, check=True, env=env)
    return {"repo_path": str(folder)}


def thought(text):
    return {"thought": text, "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1}


REFERENCE = (
    Server(
        "everything",
        "@modelcontextprotocol/server-everything",
        "2026.8.31",
        13,
        node("server-everything"),
        nothing,
        (Call("get-sum", {"a": 40, "b": 2}, "42"), Call("echo", {"message": "Grüße"}, "Grüße")),
        Call("get-env", {}),
        eras=LEGACY,
        n_prompts=4,
    ),
    Server(
        "filesystem",
        "@modelcontextprotocol/server-filesystem",
        "2026.8.31",
        14,
        node("server-filesystem", files),
        nothing,
        (Call("read_text_file", file, "Grüße"), Call("list_allowed_directories", {}, "files")),
        Call("write_file", lambda backends: file(backends) | {"content": "gone"}),
        eras=LEGACY,
    ),
    Server(
        "memory",
        "@modelcontextprotocol/server-memory",
        "2026.8.31",
        9,
        node("server-memory"),
        memory,
        (
            Call("create_entities", {"entities": [{"name": "Ada", "entityType": "nurse", "observations": ["x"]}]}, ""),
            Call("read_graph", {}, "nurse"),
        ),
        Call("delete_entities", {"entityNames": ["Ada"]}),
        eras=LEGACY,
    ),
    Server(
        "thinking",
        "@modelcontextprotocol/server-sequential-thinking",
        "2026.8.31",
        1,
        node("server-sequential-thinking"),
        nothing,
        (Call("sequentialthinking", thought("42"), "thoughtHistoryLength"),),
        Call("sequentialthinking", thought(SECRET)),
        denied_if=({"path": "args.thought", "op": "eq", "value": SECRET},),
        eras=LEGACY,
    ),
    Server(
        "git",
        "mcp-server-git",
        "2026.10.19",
        12,
        lambda _: [VENDOR / "mcp-server-git"],
        nothing,
        (Call("git_log", repository, "Begin the ward book"), Call("git_status", repository, "")),
        Call("git_reset", repository),
    ),
    Server(
        "fetch",
        "mcp-server-fetch",
        "2026.10.24",
        1,
        lambda _: [VENDOR / "mcp-server-fetch", "--allow-private-ips"],
        nothing,
        (Call("fetch", lambda backends: {"url": backends.get("pages") + "/ward.html"}, "ward book"),),
        Call("fetch", lambda backends: {"url": backends.get("pages") + "/secret.html"}),
        denied_if=({"path": "args.url", "op": "contains", "value": "/secret"},),
        n_prompts=1,
    ),
    Server(
        "time",
        "mcp-server-time",
        "2026.10.19",
        2,
        lambda _: [VENDOR / "mcp-server-time"],
        nothing,
        (Call("get_current_time", {"timezone": "Europe/Berlin"}, "Europe/Berlin"),),
        Call(
            "convert_time",
            {"source_timezone": "Europe/Berlin", "time": "12:00", "target_timezone": "Asia/Tokyo"},
        ),
    ),
)
