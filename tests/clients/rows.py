"""The rows of the matrix: every client, in every mode that it has, over every transport that it speaks."""

from dataclasses import dataclass

import harness

HERE = harness.CHECKOUT / "tests" / "clients"
CACHE = harness.CHECKOUT / ".cache-clients"
NODE = CACHE / "node-bin" / "node"
MODULES = CACHE / "node" / "node_modules"
INSPECTOR = MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
MCP_REMOTE = MODULES / "mcp-remote" / "dist" / "proxy.js"
PINNED, LEGACY, AUTO = "2026-07-28", "legacy", "auto"
MODES = (AUTO, LEGACY, PINNED)
HTTP, STDIO, SSE = "http", "stdio", "sse"
# Through mcp-remote, which then speaks the one or the other.
REMOTE = {"to http": HTTP, "to sse": SSE}


def python(environment, driver):
    return (CACHE / environment / "bin" / "python", "-B", HERE / "drivers" / driver)


def node(driver):
    """Node looks for packages from where a driver lies, so a copy lies beside them."""
    return (NODE, CACHE / "node" / driver)


@dataclass(frozen=True)
class Client:
    """A client: the program that drives it, what it speaks, and what it says of a tool that is not there."""

    name: str
    driver: tuple
    modes: tuple = MODES
    transports: tuple = (HTTP, STDIO, SSE)
    unknown: int | str = -32602
    # Whether a program can make calls at once and give one up.
    is_library: bool = True


MCP2 = python("mcp2", "mcp2.py")
CLIENTS = (
    Client("python 2.3.0", MCP2),
    Client("python 1.30.0", python("mcp1", "mcp1.py"), (LEGACY,)),
    Client("typescript 2.4.0", node("client2.mjs")),
    Client("typescript 1.32.2", node("sdk1.mjs"), (LEGACY,)),
    Client("fastmcp 4.1.0", python("fastmcp", "fastmcp4.py")),
    Client("rmcp 3.9.0", (CACHE / "rust" / "debug" / "toolgate-matrix-rmcp",), transports=(HTTP, STDIO)),
    # It looks a tool up in the list before it calls, and says itself that there is none.
    Client("inspector 2.12.0", (*python("mcp2", "inspector.py"),), unknown="not found on server", is_library=False),
    # A stdio client that reaches the gateway's HTTP through this proxy.
    Client("mcp-remote 0.15.1", MCP2, (AUTO, LEGACY), tuple(REMOTE)),
)


@dataclass(frozen=True)
class Row:
    """One client in one mode over one transport."""

    number: int
    client: Client
    transport: str
    mode: str

    @property
    def name(self):
        return f"{self.client.name}, {self.transport}, {self.mode}"

    @property
    def id(self):
        """Names the row's server, its grant and the notes that it reads."""
        words = f"r{self.number:02} {self.name}".replace(PINNED, "pinned")
        return "-".join("".join(letter if letter.isalnum() else " " for letter in words).split())[:32].strip("-")

    @property
    def is_quick(self):
        return self.mode == (LEGACY if self.is_sse else self.client.modes[0])

    @property
    def is_sse(self):
        """HTTP+SSE is older than the modern era."""
        return REMOTE.get(self.transport, self.transport) == SSE

    @property
    def can_join(self):
        """Servers are joined over streamable HTTP only."""
        return self.transport != STDIO and not self.is_sse

    def driver(self, visit):
        """The command line of its driver."""
        extra = (NODE, INSPECTOR) if self.client.name.startswith("inspector") else ()
        return [*self.client.driver, visit, *extra]

    def revisions(self):
        """What it may say that it speaks, before a server of both eras."""
        if self.client.name.startswith("inspector"):
            return (self.mode,)  # It does not tell.
        return ("2025-11-25",) if self.mode == LEGACY else (PINNED,)


def every_row():
    chosen = [
        (client, transport, mode)
        for client in CLIENTS
        for transport in client.transports
        for mode in client.modes
    ]
    every = [Row(number, *parts) for number, parts in enumerate(chosen, 1)]
    return [row for row in every if row.mode == LEGACY or not row.is_sse]


def prepare():
    """Puts the TypeScript drivers beside their packages."""
    for driver in (HERE / "drivers").glob("*.mjs"):
        (CACHE / "node" / driver.name).write_bytes(driver.read_bytes())
