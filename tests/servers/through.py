"""The real servers through the gateway: each is listed and called directly, then behind `toolgate up` in both eras, with
the official Python client pinned to the era. Prints a table and ends with 0 only if everything in it held.
"""

import argparse
import asyncio
import hashlib
import json
import os
import secrets
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import backends
import catalog
import cloudtrail_standin
import gateway
import harness
import httpx2
import whole
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from server import REASON

DENIED = "[POLICY DENIED]"
# What pins the era in the official client, and what it then must speak.
MODES = {"legacy": "legacy", "modern": "2026-07-28"}
REVISIONS = {"legacy": "2025-11-25", "modern": "2026-07-28"}
GRANT, TOKEN = "operations", "tg_" + secrets.token_hex(32)
TIMEOUT_S = 120
METHOD_NOT_FOUND = -32601


def text_of(result):
    return "\n".join(block.text for block in result.content if block.type == "text")


def plain(model):
    return model.model_dump(by_alias=True, exclude_none=True, mode="json")


class Sight:
    """What one client saw of one server, and what was wrong with it."""

    def __init__(self):
        self.tools, self.n_prompts, self.faults = {}, 0, []

    def that(self, holds, fault):
        if not holds:
            self.faults.append(fault)


async def look(client, server, running, sight):
    """Lists and calls; what a list holds is compared by whoever has two of them."""
    sight.tools = {tool.name: plain(tool) for tool in (await client.list_tools()).tools}
    sight.n_prompts = await n_prompts(client)
    for call in server.calls:
        result = await client.call_tool(call.tool, call.given(running))
        text = text_of(result)
        sight.that(not result.is_error and call.shows in text, f"{call.tool} answered {text[:300]}")


async def n_prompts(client):
    """A client that is pinned to an era was told no capabilities; a server without prompts may not know the method."""
    try:
        return len((await client.list_prompts()).prompts)
    except MCPError as error:
        if error.error.code != METHOD_NOT_FOUND:
            raise
        return 0


async def denied(client, server, running, sight):
    """The denied call is a tool result, and the connection goes on."""
    result = await client.call_tool(server.denied.tool, server.denied.given(running))
    text = text_of(result)
    refused = result.is_error and text.startswith(DENIED) and REASON.rstrip(".") in text
    sight.that(refused, f"{server.denied.tool}, which is denied, answered {text[:300]}")
    again = await client.call_tool(server.calls[-1].tool, server.calls[-1].given(running))
    sight.that(not again.is_error, f"the call after the denial answered {text_of(again)[:300]}")


@asynccontextmanager
async def connect(transport, era, sight):
    async with Client(transport, mode=MODES[era], read_timeout_seconds=TIMEOUT_S) as client:
        sight.that(client.protocol_version == REVISIONS[era], f"it speaks {client.protocol_version}")
        yield client


async def see_directly(server, running, folder, sight):
    command = [str(part) for part in server.command(running)]
    env = harness.plain_env(server.env(running))
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=env)
    with open(folder / f"{server.name}.stderr", "wb") as stderr:
        async with connect(stdio_client(parameters, errlog=stderr), server.eras[-1], sight) as client:
            await look(client, server, running, sight)


async def see_through(server, running, url, era, sight):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=TIMEOUT_S) as http:
        async with connect(streamable_http_client(url, http_client=http), era, sight) as client:
            await look(client, server, running, sight)
            await denied(client, server, running, sight)


async def see_joined(chosen, running, base, era, sight):
    """All servers at one address: every tool under its server's prefix, and of each server a call and a denied one."""
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=TIMEOUT_S) as http:
        async with connect(streamable_http_client(base, http_client=http), era, sight) as client:
            n_tools = sum(server.n_tools for server in chosen)
            deadline = time.monotonic() + TIMEOUT_S
            # A server that is slow to start is left out at first and comes later.
            while len(sight.tools) < n_tools and time.monotonic() < deadline:
                await asyncio.sleep(0.5 if sight.tools else 0)
                sight.tools = {tool.name: plain(tool) for tool in (await client.list_tools()).tools}
            sight.n_prompts = await n_prompts(client)
            for server in chosen:
                await denied(client, prefixed(server, len(chosen) > 1), running, sight)


def prefixed(server, is_one_of_several):
    """The server's calls as they are named where several servers are joined."""
    prefix = f"{server.name}__" if is_one_of_several else ""
    calls = tuple(replace(call, tool=prefix + call.tool) for call in server.calls)
    return replace(server, calls=calls, denied=replace(server.denied, tool=prefix + server.denied.tool))


def compare_joined(chosen, direct, sight):
    """The joined list must hold every server's own definitions, each under its prefix and otherwise unchanged."""
    prefixes = {server.name: f"{server.name}__" if len(chosen) > 1 else "" for server in chosen}
    wanted = {
        prefixes[name] + tool: definition | {"name": prefixes[name] + tool}
        for name, alone in direct.items()
        for tool, definition in alone.tools.items()
    }
    different = sorted(name for name in wanted if sight.tools.get(name) != wanted[name])
    more = sorted(set(sight.tools) - set(wanted))
    sight.that(not different and not more, f"{len(different)} definitions differ: {different[:5]}, too many: {more[:5]}")
    n_wanted = sum(alone.n_prompts for alone in direct.values())
    sight.that(sight.n_prompts == n_wanted, f"it lists {sight.n_prompts} prompts, not {n_wanted}")


def seen(see, *arguments):
    """Runs one visit; an exception is a fault of its own."""
    sight = Sight()
    try:
        harness.run_async(see, *arguments, sight)
    except (Exception, ExceptionGroup) as error:  # noqa: BLE001 - whatever the client throws is what was seen
        sight.that(False, f"the client threw {innermost(error)}")
    return sight


def innermost(error):
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    told = f" {error.error.code}" if isinstance(error, MCPError) else ""
    return f"{type(error).__name__}{told}: {error}"


def configure(folder, chosen, running):
    """One gateway with all the servers and one grant for them."""
    (folder / "policies").mkdir(parents=True)
    lines = ['listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', 'data = "data"']
    for server in chosen:
        command = ", ".join(gateway.toml_string(part) for part in server.command(running))
        env = ", ".join(f"{name} = {gateway.toml_string(value)}" for name, value in server.env(running).items())
        lines += [f"[servers.{server.name}]", f"command = [{command}]", f"env = {{ {env} }}"]
        (folder / "policies" / f"{server.name}.json").write_text(json.dumps(server.policy(), indent=2))
    token_hash = hashlib.sha256(TOKEN.encode()).hexdigest()
    lines += [f"[grants.{GRANT}]", f'token_hash = "sha256:{token_hash}"', f"[grants.{GRANT}.servers]"]
    lines += [f'{server.name} = ["{server.name}"]' for server in chosen]
    path = folder / "toolgate.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def serving(config, folder):
    command = [harness.toolgate_binary(), "--config", config, "up", "--json"]
    child = harness.Child(command, folder, "gateway", env=harness.plain_env({}))
    try:
        yield child.read_json()["mcp"]
    finally:
        if child.stop() != 0:
            raise RuntimeError(f"the gateway did not stop cleanly: {child.stderr_tail()}")


def compare(server, direct, through):
    """The lists must be the same in all three."""
    direct.that(len(direct.tools) == server.n_tools, f"it lists {len(direct.tools)} tools, not {server.n_tools}")
    direct.that(direct.n_prompts == server.n_prompts, f"it lists {direct.n_prompts} prompts, not {server.n_prompts}")
    for sight in through.values():
        different = sorted(name for name in direct.tools if sight.tools.get(name) != direct.tools[name])
        more = sorted(set(sight.tools) - set(direct.tools))
        sight.that(not different and not more, f"definitions differ: {different[:5]}, too many: {more[:5]}")
        sight.that(sight.n_prompts == direct.n_prompts, f"it lists {sight.n_prompts} prompts, not {direct.n_prompts}")


def all_of(every):
    """All servers' own lists as one sight, for the last line of the table."""
    whole = Sight()
    whole.tools = {(name, tool): None for name, sight in every.items() for tool in sight.tools}
    whole.n_prompts = sum(sight.n_prompts for sight in every.values())
    return whole


def count(checks, sights):
    for sight in sights:
        checks.passed += not sight.faults
        checks.failed += bool(sight.faults)


def show(name, direct, through, seconds):
    def mark(faults):
        return "FAIL" if faults else "ok"

    columns = [f"{name:15}", f"{len(direct.tools):6}"]
    columns += [f"{len(through[era].tools):7}" for era in MODES] + [f"{direct.n_prompts:8}"]
    columns += [f"{mark(sight.faults):>8}" for sight in (direct, *through.values())] + [f"{seconds:7.1f}"]
    print("".join(columns), flush=True)
    for how, sight in {"directly": direct, **through}.items():
        for fault in sight.faults:
            print(f"      {how}: {fault}", flush=True)


def check_audit(checks, config, chosen):
    gateway.check_verified(checks, "all servers", config)
    records = gateway.audit_records(config)
    denied_tools = {server.denied.tool for server in chosen if not server.denied_if}
    forwarded = sorted({record["tool"] for record in records if record["kind"] == "intent" and record.get("tool")})
    checks.that("no denied call was forwarded", not denied_tools & set(forwarded), str(forwarded))


def check_cloudtrail(checks, running):
    """The proof from the other side: the denied query would have started one."""
    if "cloudtrail" in running.running:
        reached = set(cloudtrail_standin.operations(running.get("cloudtrail")["log"]))
        expected = {"LookupEvents", "ListEventDataStores", "GetEventDataStore"}
        checks.equal("CloudTrail's own log shows the allowed operations only", reached, expected)


def run(chosen, checks):
    with harness.work_folder(checks, "servers") as folder, backends.Backends(folder) as running:
        config = configure(folder / "config", chosen, running)
        print(f"{'server':15}{'tools':>6}{'legacy':>7}{'modern':>7}{'prompts':>8}", end="")
        print(f"{'direct':>8}{'legacy':>8}{'modern':>8}{'s':>7}", flush=True)
        with serving(config, folder) as base:
            every = {}
            for server in chosen:
                started = time.monotonic()
                every[server.name] = direct = seen(see_directly, server, running, folder)
                url = f"{base}/{server.name}"
                through = {era: seen(see_through, server, running, url, era) for era in MODES}
                compare(server, direct, through)
                show(server.name, direct, through, time.monotonic() - started)
                count(checks, (direct, *through.values()))
            started = time.monotonic()
            joined = {era: seen(see_joined, chosen, running, base, era) for era in MODES}
            for sight in joined.values():
                compare_joined(chosen, every, sight)
            show("/mcp", all_of(every), joined, time.monotonic() - started)
            count(checks, joined.values())
        check_audit(checks, config, chosen)
        check_cloudtrail(checks, running)
    folders = (str(backends.CACHE), str(Path(sys.prefix)))

    def left():
        return [words[:3] for _, words, _ in harness.descendants() if any(word.startswith(folders) for word in words[:2])]

    checks.that("no server process is left behind", harness.wait_until(lambda: not left()), str(left()))


def main():
    parser = argparse.ArgumentParser(prog="tests/servers/run.sh", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="this server; may be repeated")
    parser.add_argument("--toolgate", metavar="BIN", help="the gateway; else TOOLGATE_BIN, else the debug build")
    parser.add_argument("--list", action="store_true", help="print the servers and end")
    options = parser.parse_args()
    if options.toolgate:
        os.environ["TOOLGATE_BIN"] = options.toolgate
    chosen = [server for server in catalog.SERVERS if server.name in (options.only or [server.name])]
    if options.list or not chosen:
        for server in catalog.SERVERS:
            print(f"{server.name:15}{server.package} {server.version}")
        return 0 if chosen else 2
    harness.adopt_orphans()
    checks = harness.Checks()
    started = time.monotonic()
    run(chosen, checks)
    if any(server.name == "everything" for server in chosen):
        whole.run(checks, serving)
    print(f"{len(chosen)} servers in {time.monotonic() - started:.0f} s: ", end="")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
