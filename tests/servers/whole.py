"""The whole of the handshake era with one server: `@modelcontextprotocol/server-everything`, which asks its client for
roots, samples and answers, is met by a client that can do all of it; directly, through `toolgate wrap` and through
`toolgate up`. What the client sees must be the same each time.
"""

import asyncio
import hashlib
import json
import re

import gateway
import harness
import httpx2
import mcp_types as types
import reference
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

TOKEN = "tg_" + "2b" * 32
OPEN = {"action": "allow"}
# Nothing is refused, so nothing may differ.
POLICY = {"version": "1", "default": "allow", "sampling": OPEN, "elicitation": OPEN, "roots": OPEN}
WAIT_S = 20
N_SHOWN = 200


class Transcript:
    """What the client saw, by name. Notices come when they come, so they are kept apart from answers."""

    def __init__(self):
        self.answers, self.asked, self.notices = {}, [], set()

    def keep(self, name, model):
        self.answers[name] = plain(model)

    async def asked_for(self, name, params, answer):
        self.asked.append([name, plain(params) if params is not None else None])
        return answer

    async def notice(self, message):
        if hasattr(message, "method"):
            self.notices.add(message.method)

    async def wait_for(self, method):
        """Whether a notice of that method came in time."""
        for _ in range(WAIT_S * 20):
            if method in self.notices:
                return
            await asyncio.sleep(0.05)
        self.answers[f"no {method}"] = True


def plain(model):
    """As on the wire, without what is the server's own clock or chance."""
    if isinstance(model, list):
        return [plain(each) for each in model]
    text = json.dumps(model.model_dump(by_alias=True, exclude_none=True, mode="json"))
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"\d{1,2}:\d\d:\d\d [AP]M", "TIME", text)
    # It holds the time of day; its length says enough.
    text = re.sub(r'"blob": "([^"]*)"', lambda found: f'"blob": {len(found[1])}', text)
    return json.loads(text)


def client_of(transport, mode, script):
    """A client that can do everything that a server may ask for."""

    async def sample(_context, params):
        content = types.TextContent(type="text", text="sampled")
        sampled = types.CreateMessageResult(role="assistant", content=content, model="m", stop_reason="endTurn")
        return await script.asked_for("sampling", params, sampled)

    async def elicit(_context, params):
        given = types.ElicitResult(action="accept", content={"name": "Ada"})
        return await script.asked_for("elicitation", params, given)

    async def roots(_context):
        root = types.Root(uri="file:///srv/a", name="a")
        return await script.asked_for("roots", None, types.ListRootsResult(roots=[root]))

    return Client(
        transport,
        mode=mode,
        read_timeout_seconds=WAIT_S,
        sampling_callback=sample,
        elicitation_callback=elicit,
        list_roots_callback=roots,
        message_handler=script.notice,
    )


async def visit(transport, mode, script):
    async with client_of(transport, mode, script) as client:
        await lists(client, script)
        await calls(client, script)
        await other_channels(client, script)
        if mode == "legacy":
            await handshake_only(client, script)
    return script


async def lists(client, script):
    # The server learns what its client can do only after the handshake, and then tells that its tools changed.
    await script.wait_for("notifications/tools/list_changed")
    tools = (await client.list_tools()).tools
    script.keep("tools", sorted(tools, key=lambda tool: tool.name))
    script.keep("resources", (await client.list_resources()).resources)
    script.keep("templates", (await client.list_resource_templates()).resource_templates)
    script.keep("prompts", (await client.list_prompts()).prompts)


async def calls(client, script):
    progress = []

    async def tell(done, total, message):
        progress.append([done, total, message])

    for tool, arguments in (
        ("get-annotated-message", {"messageType": "error", "includeImage": True}),
        ("get-resource-links", {"count": 2}),
        ("get-resource-reference", {"resourceType": "Text", "resourceId": 1}),
        ("get-structured-content", {"location": "Chicago"}),
        ("get-tiny-image", {}),
        ("get-sum", {"a": 0.1, "b": 0.2}),
        ("get-roots-list", {}),
        ("trigger-sampling-request", {"prompt": "hi", "maxTokens": 7}),
        ("trigger-elicitation-request", {}),
        ("trigger-long-running-operation", {"duration": 0.4, "steps": 4}),
    ):
        try:
            script.keep(tool, await client.call_tool(tool, arguments, progress_callback=tell))
        except MCPError as error:
            script.answers[tool] = [error.error.code, error.error.message]
    script.answers["progress"] = progress


async def other_channels(client, script):
    text = "demo://resource/dynamic/text/1"
    script.keep("read a resource", await client.read_resource(text))
    script.keep("read a blob", await client.read_resource("demo://resource/dynamic/blob/2"))
    script.keep("a prompt", await client.get_prompt("args-prompt", {"city": "Bonn", "state": "NRW"}))
    reference_to = types.PromptReference(type="ref/prompt", name="completable-prompt")
    script.keep("a completion", await client.complete(reference_to, {"name": "department", "value": "E"}))
    for name, ask in (
        ("an unknown resource", client.read_resource("demo://nowhere")),
        ("an unknown prompt", client.get_prompt("nobody", {})),
    ):
        try:
            script.keep(name, await ask)
        except MCPError as error:
            script.answers[name] = [error.error.code, error.error.message]


async def handshake_only(client, script):
    uri = "demo://resource/dynamic/text/1"
    script.keep("ping", await client.session.send_ping())
    script.keep("a log level", await client.session.set_logging_level("debug"))
    script.keep("subscribe", await client.session.subscribe_resource(uri))
    script.keep("updates", await client.call_tool("toggle-subscriber-updates", {}))
    await script.wait_for("notifications/resources/updated")
    script.keep("unsubscribe", await client.session.unsubscribe_resource(uri))


def over_stdio(command, folder, name):
    parameters = StdioServerParameters(command=str(command[0]), args=[str(part) for part in command[1:]])
    return stdio_client(parameters, errlog=open(folder / f"{name}.stderr", "wb"))


async def see(transport, mode):
    return await visit(transport, mode, Transcript())


async def see_http(url, mode):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=WAIT_S) as http:
        return await see(streamable_http_client(url, http_client=http), mode)


def differences(one, other, at=""):
    """Where two values differ, with both, as short as it can be told."""
    if isinstance(one, list) and all(isinstance(each, dict) and "name" in each for each in [*one, *(other or [])]):
        one, other = ({each["name"]: each for each in value} for value in (one, other))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        parts = [differences(one.get(name, "nothing"), other.get(name, "nothing"), f"{at}/{name}") for name in names]
        return [found for part in parts for found in part]
    return [] if one == other else [f"{at}: {str(one)[:N_SHOWN]}, not {str(other)[:N_SHOWN]}"]


def compare(checks, how, direct, through):
    found = differences(direct.answers, through.answers) + differences(direct.asked, through.asked, "asked")
    found += [f"{notice} did not come" for notice in sorted(direct.notices - through.notices)]
    n_seen = len(direct.answers) + len(direct.asked)
    what = f"{how}: {n_seen} answers and requests are as without a gateway"
    checks.that(what, not found, "\n      ".join(["", *found]))


def configure(folder):
    server = next(server for server in reference.REFERENCE if server.name == "everything")
    command = [str(part) for part in server.command(None)]
    token_hash = hashlib.sha256(TOKEN.encode()).hexdigest()
    lines = ['listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', 'data = "data"', "[servers.everything]"]
    lines += [f"command = [{', '.join(map(gateway.toml_string, command))}]", "[grants.whole]"]
    lines += [f'token_hash = "sha256:{token_hash}"', 'servers = { everything = ["open"] }']
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "open.json").write_text(json.dumps(POLICY))
    (folder / "toolgate.toml").write_text("\n".join(lines) + "\n")
    return folder / "toolgate.toml", command


def run(checks, serving):
    with harness.work_folder(checks, "whole") as folder:
        config, command = configure(folder / "up")
        direct = harness.run_async(see, over_stdio(command, folder, "direct"), "legacy")
        asked = {name for name, _ in direct.asked}
        checks.equal("everything, directly: all three kinds of request come", asked, {"roots", "sampling", "elicitation"})
        with checks.part("everything, up"), serving(config, folder) as base:
            compare(checks, "everything, up", direct, harness.run_async(see_http, f"{base}/everything", "legacy"))
        wrapped, _ = configure(folder / "wrap")
        wrap = [harness.toolgate_binary(), "--config", wrapped, "wrap", "--server", "w", "--policy", "open", "--"]
        with checks.part("everything, wrap"):
            compare(checks, "everything, wrap", direct, harness.run_async(see, over_stdio([*wrap, *command], folder, "wrap"), "legacy"))
        harness.end_adopted(harness.gateways())
