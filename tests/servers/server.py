"""What is said of a real server: how it starts, what it lists, which calls are made, and which call the policy denies."""

from collections.abc import Callable
from dataclasses import dataclass

REASON = "Not from here; ask the operations team."


@dataclass(frozen=True)
class Call:
    """One call and a text that stands in what the server answers. Its arguments may need what is running."""

    tool: str
    arguments: dict | Callable
    shows: str = ""

    def given(self, backends):
        return self.arguments(backends) if callable(self.arguments) else self.arguments


@dataclass(frozen=True)
class Server:
    """One real server. `command` and `env` are given what is running."""

    name: str
    package: str
    version: str
    n_tools: int
    command: Callable
    env: Callable
    calls: tuple
    denied: Call
    # The conditions under which the denied tool is denied; without any it always is.
    denied_if: tuple = ()
    # Those that it speaks by itself.
    eras: tuple = ("legacy", "modern")
    n_prompts: int = 0

    def policy(self):
        """Opens everything but the one call, so that the lists can be compared whole."""
        rule = {"action": "deny", "reason": REASON}
        if self.denied_if:
            rule = {"deny_if": [{"conditions": list(self.denied_if), "on_deny": REASON}]}
        return {"version": "1", "default": "allow", "tools": {self.denied.tool: rule}}
