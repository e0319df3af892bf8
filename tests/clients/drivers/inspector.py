"""The MCP Inspector's command line; see common.py. Each step is a run of its own, hence a connection of its own: the
Inspector keeps none. That the grant's counter goes on from run to run is what the limit case then shows.

    python3 inspector.py VISIT NODE INSPECTOR
"""

import json
import subprocess
import sys
from pathlib import Path

import common


def target(visit):
    """A command with options of its own cannot stand on the Inspector's command line, so it stands in a file."""
    if visit["transport"] == "stdio":
        command = visit["command"]
        server = {"type": "stdio", "command": command[0], "args": command[1:], "env": visit["env"]}
        config = Path(sys.argv[1]).with_name("inspector.json")
        config.write_text(json.dumps({"mcpServers": {"notes": server}}))
        return ["--config", str(config), "--server", "notes"]
    return [visit["url"], "--transport", visit["transport"], "--header", f"Authorization: Bearer {visit['token']}"]


def era(visit):
    return visit["mode"] if visit["mode"] in ("legacy", "auto") else "modern"


def arguments(step):
    if step["do"] == "list":
        return ["--method", "tools/list"]
    given = json.dumps(step["arguments"])
    return ["--method", "tools/call", "--tool-name", step["tool"], "--tool-args-json", given]


def run(visit, program, step):
    command = [*program, "--cli", "--format", "json", "--quiet", "--protocol-era", era(visit), *arguments(step)]
    done = subprocess.run(
        [*command, *target(visit)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=common.STEP_TIMEOUT_S,
    )
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def seen(code, out, err):
    """What was printed: a result also with a code other than 0, which only says that it is an isError result."""
    # Not `splitlines`, which also splits at characters that are part of a text.
    printed = json.loads(out.split("\n")[-1]).get("result") if out else None
    if printed is None:
        return {"threw": {"code": None, "message": f"exit {code}: {err[-300:]}"}}
    if "tools" in printed:
        return {"tools": [tool["name"] for tool in printed["tools"]]}
    return {"result": {name: printed.get(name) for name in ("content", "structuredContent", "isError")}}


def main():
    visit, program = common.visit(), sys.argv[2:]
    common.say({"revision": visit["mode"]})
    for step in visit["steps"]:
        if step["do"] in ("many", "cancel"):
            common.say({"skipped": "it makes one call on one connection"})
            continue
        common.say(seen(*run(visit, program, step)))


main()
