"""What every client must have seen: the visit that all make, and the four cases that are read out of it."""

import re

import fixture

REASON = "Notes leave this house only through the front desk."
MAX_IMPORTS = 2
POLICY = {
    "version": "1",
    "default": "deny",
    "hide": [fixture.ERASE],
    "tools": {
        fixture.READ: {},
        fixture.SEND: {"action": "deny", "reason": REASON},
        fixture.ERASE: {},
        fixture.AWAIT: {},
        fixture.IMPORT: {
            "limits": [{"counter": "imports", "window": "hour", "max": MAX_IMPORTS, "scope": "grant"}],
        },
    },
}
NOTHING = {"version": "1", "default": "deny"}
SHOWN = sorted([fixture.READ, fixture.SEND, fixture.IMPORT, fixture.AWAIT])
ALL = sorted(tool["name"] for tool in fixture.TOOLS)
DENIED = "[POLICY DENIED]"
N_AT_ONCE = 20
CASES = ("allow", "deny", "hide", "limit", "many", "cancel")
# Those that need a program around the client.
LIBRARY_CASES = ("many", "cancel")


def steps(note_id, prefix=""):
    """Each refusal is followed by a call that is allowed, on the same connection."""

    def call(tool):
        return {"do": "call", "tool": prefix + tool, "arguments": {"id": note_id}}

    read = call(fixture.READ)
    return [
        *({"do": "list"}, read),
        *(call(fixture.SEND), read),
        *(call(fixture.ERASE), read),
        *([call(fixture.IMPORT)] * (MAX_IMPORTS + 1)),
        *(read, {"do": "list"}),
        {"do": "many", "tool": prefix + fixture.READ, "arguments": [{"id": each} for each in many(note_id)]},
        {"do": "cancel", "tool": prefix + fixture.AWAIT, "arguments": {"id": note_id}},
        read,
    ]


def many(note_id):
    """The notes that are read at once."""
    return [f"{note_id}+{number}" for number in range(N_AT_ONCE)]


def reached(row, gated):
    """The tools whose calls reach the server in the row's visit, in order."""
    tools = [step["tool"] for step in steps("") if step["do"] in ("call", "cancel")]
    if gated:
        tools = [fixture.READ] * 3 + [fixture.IMPORT] * MAX_IMPORTS + [fixture.READ, fixture.AWAIT, fixture.READ]
    return [tool for tool in tools if row.client.is_library or tool != fixture.AWAIT]


def is_result(line, wanted):
    """A client may leave a false isError out, and order members as it likes."""
    result = line.get("result") or {}
    same = result.get("content") == wanted["content"] and not result.get("isError")
    return same and result.get("structuredContent") == wanted["structuredContent"]


class Seen:
    """What one client saw, step by step; each method returns a fault, or None."""

    def __init__(self, row, lines, gated, prefix):
        self.row, self.gated, self.prefix = row, gated, prefix
        missing = {"threw": {"code": None, "message": "the client ended before"}}
        self.lines = (lines + [missing] * len(steps("")))[: len(steps(""))]

    def cases(self):
        """The fault of each case, or None."""
        if not self.gated:
            free = [self.done(2, fixture.SEND)], [self.done(4, fixture.ERASE)], [self.done(8, fixture.IMPORT)]
        else:
            free = [self.refused(2, REASON)], [self.unknown(4)], [self.refused(8, None)]
        found = (
            [self.listed(0), self.read(1)],
            [*free[0], self.read(3)],
            [*free[1], self.read(5)],
            [self.done(6, fixture.IMPORT), self.done(7, fixture.IMPORT), *free[2], self.read(9), self.listed(10)],
            [self.at_once(11)] if self.row.client.is_library else [],
            [*([self.given_up(12)] if self.row.client.is_library else []), self.read(13)],
        )
        return {case: next(filter(None, faults), None) for case, faults in zip(CASES, found, strict=True)}

    def listed(self, step):
        names = self.lines[step].get("tools")
        wanted = [self.prefix + tool for tool in (SHOWN if self.gated else ALL)]
        return None if names is not None and sorted(names) == wanted else f"listed {self.lines[step]}"

    def read(self, step):
        return self.result(step, fixture.note(self.row.id))

    def done(self, step, tool):
        return self.result(step, fixture.done(tool, self.row.id))

    def result(self, step, wanted):
        line = self.lines[step]
        return None if is_result(line, wanted) else f"step {step + 1}, an allowed call: {line}"

    def at_once(self, step):
        """Each of the calls has its own answer."""
        lines = self.lines[step].get("many")
        if lines is None:
            return f"step {step + 1}, many calls at once: {self.lines[step]}"
        wanted = [fixture.note(note_id) for note_id in many(self.row.id)]
        wrong = [line for line, note in zip(lines, wanted, strict=True) if not is_result(line, note)]
        return f"step {step + 1}, {len(wrong)} of many calls at once: {wrong[0]}" if wrong else None

    def given_up(self, step):
        return None if "threw" in self.lines[step] else f"step {step + 1}, a cancelled call: {self.lines[step]}"

    def refused(self, step, reason):
        """A result with isError and a text, nothing thrown; without a reason it must say when to retry."""
        result = self.lines[step].get("result") or {}
        content = result.get("content") or [{}]
        text = content[0].get("text") or ""
        told = reason.rstrip(".") in text if reason else re.search(r"[Rr]etry after \d+ ", text)
        holds = result.get("isError") and text.startswith(DENIED) and told and len(content) == 1
        holds = holds and result.get("structuredContent") is None
        return None if holds else f"step {step + 1}, a refused call: {self.lines[step]}"

    def unknown(self, step):
        """As this client says it of a tool that is not there."""
        threw = self.lines[step].get("threw") or {}
        wanted = self.row.client.unknown
        holds = threw.get("code") == wanted if isinstance(wanted, int) else wanted in threw.get("message", "")
        return None if holds else f"step {step + 1}, a hidden tool: {self.lines[step]}"
