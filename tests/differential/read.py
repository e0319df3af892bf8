"""Reads what would be forwarded with the official Python SDK and compares what it sees with what was judged.

The lines come from the example `mutants` of the crate mcp. Every way in which a server on the SDK reads a message is
tried: as a line of a process and as an HTTP body. A message that the SDK refuses is never executed and passes; one
that it reads differently is printed, and the exit code is 1. It must never correct a difference away.
"""

import json
import sys

import pydantic
import pydantic_core


def same(judged, seen):
    """Equal in type and value: True is not 1, and 1.0 is not 1."""
    if type(judged) is not type(seen):
        return False
    if isinstance(judged, dict):
        return judged.keys() == seen.keys() and all(same(judged[key], seen[key]) for key in judged)
    if isinstance(judged, list):
        return len(judged) == len(seen) and all(map(same, judged, seen))
    return judged == seen


def readers_of_version_2():
    """The two doors of SDK 2.x: its stdio server, and its HTTP servers."""
    from mcp import types

    adapter = types.jsonrpc_message_adapter

    def view(message, raw_method):
        if not hasattr(message, "method"):
            return None
        params = message.params or {}
        typed = {
            "tools/call": types.CallToolRequestParams,
            "prompts/get": types.GetPromptRequestParams,
            "resources/read": types.ReadResourceRequestParams,
        }.get(message.method)
        if typed is None:
            return message.method, params.get("name") if raw_method else None, None
        read = typed.model_validate(params, by_name=False)
        subject = getattr(read, "name", None) or str(getattr(read, "uri", ""))
        return message.method, subject, getattr(read, "arguments", None)

    yield "line", lambda text: view(adapter.validate_json(text, by_name=False), False)
    yield "body", lambda text: view(
        adapter.validate_python(pydantic_core.from_json(text.encode()), by_name=False), False
    )


def readers_of_version_1():
    """The door of SDK 1.x, the same for lines and bodies but for the JSON parser."""
    from mcp import types

    def view(message):
        root = message.root
        if not hasattr(root, "method"):
            return None
        union = types.ClientRequest if hasattr(root, "id") else types.ClientNotification
        typed = union.model_validate(root.model_dump(by_alias=True, mode="json", exclude_none=True)).root
        params = typed.params
        subject = getattr(params, "name", None)
        if subject is None and getattr(params, "uri", None) is not None:
            subject = str(params.uri)
        return typed.method, subject, getattr(params, "arguments", None)

    yield "line", lambda text: view(types.JSONRPCMessage.model_validate_json(text))
    yield "body", lambda text: view(types.JSONRPCMessage.model_validate(json.loads(text)))


def readers():
    from importlib.metadata import version

    release = version("mcp")
    ways = readers_of_version_2() if release.startswith("2.") else readers_of_version_1()
    return release, list(ways)


def differs(line, seen):
    """What was judged and what is seen, where they differ."""
    method, subject, arguments = seen
    judged = json.loads(line["arguments"]) if "arguments" in line else None
    if line.get("method") != method:
        return line.get("method"), method
    if method in ("tools/call", "prompts/get") and line.get("subject") != subject:
        return line.get("subject"), subject
    if method == "tools/call" and not same(judged or {}, arguments or {}):
        return judged, arguments
    return None


def main():
    release, ways = readers()
    n_read, n_refused, n_different = 0, 0, 0
    for text in sys.stdin:
        line = json.loads(text)
        for door, read in ways:
            try:
                seen = read(line["sent"])
            except (pydantic.ValidationError, ValueError):
                n_refused += 1
                continue
            n_read += 1
            difference = differs(line, seen) if seen else (line.get("method") and (line["method"], None))
            if difference:
                n_different += 1
                if n_different <= 20:
                    print(f"mutant {line['number']} ({door}): judged {difference[0]!r}, seen {difference[1]!r}")
    print(f"python mcp {release}: {n_read} readings, {n_refused} refused by it, {n_different} different")
    if n_different or not n_read:
        sys.exit(1)


main()
