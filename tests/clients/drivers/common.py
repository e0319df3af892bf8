"""What the Python drivers share: the visit that they are given and the lines that they print.

A driver is one program that makes one visit with one client. Its only argument is a file:
    {"transport": "http"|"sse"|"stdio", "url": …, "token": …, "command": […], "env": {…}, "mode": …,
     "steps": [{"do": "list"} or {"do": "call"|"cancel", "tool": …, "arguments": {…}}
               or {"do": "many", "tool": …, "arguments": [{…}, …]}, which are calls at once]}
It prints one JSON line when it is connected, {"revision": …}, and one for each step, all on the same connection:
    {"tools": […]}, {"result": {"content": …, "structuredContent": …, "isError": …}}, {"threw": {"code", "message"}},
    or {"many": [line, …]}. A call that is to be cancelled gets one second and is then given up.
It must never judge what it saw.
"""

import asyncio
import json
import sys

STEP_TIMEOUT_S = 30
PATIENCE_S = 1


def visit():
    with open(sys.argv[1], encoding="utf-8") as file:
        return json.load(file)


def say(line):
    print(json.dumps(line), flush=True)


def result(model):
    """A result as it stands on the wire, from a pydantic model."""
    whole = model.model_dump(by_alias=True, exclude_none=True, mode="json")
    return {"result": {name: whole.get(name) for name in ("content", "structuredContent", "isError")}}


async def take(steps, list_names, call):
    """Makes every step on one connection; a step that fails does not end the visit."""

    async def one(tool, arguments, patience_s=STEP_TIMEOUT_S):
        try:
            async with asyncio.timeout(patience_s):
                return result(await call(tool, arguments))
        except Exception as error:  # noqa: BLE001 - whatever the client throws is what was seen
            return {"threw": thrown(error)}

    for step in steps:
        if step["do"] == "list":
            try:
                say({"tools": await list_names()})
            except Exception as error:  # noqa: BLE001
                say({"threw": thrown(error)})
        elif step["do"] == "many":
            say({"many": await asyncio.gather(*(one(step["tool"], each) for each in step["arguments"]))})
        else:
            patience_s = PATIENCE_S if step["do"] == "cancel" else STEP_TIMEOUT_S
            say(await one(step["tool"], step["arguments"], patience_s))


def thrown(error):
    code = getattr(error, "code", None) or getattr(getattr(error, "error", None), "code", None)
    return {"code": code if isinstance(code, int) else None, "message": f"{type(error).__name__}: {error}"}
