#!/usr/bin/env python3
"""Wears the gateway out, one way after the other, and reads how much memory it took at most.

Each way is bounded in time. After each a plain call must still be answered. The bound is on the gateway's peak
resident size (VmHWM), over all ways together. It must never count a way that did not run.
"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import upstream

TOP = Path(__file__).resolve().parents[2]
TOKEN = "tg_load_" + "7a" * 32
# Of a grant that has opened nothing yet.
OTHER_TOKEN = "tg_load_" + "7b" * 32
BOUND_MIB = 200
MODERN = "2026-07-28"
ENVELOPE = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
MIB = 1 << 20


def write_config(folder, ports):
    lines = ['listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', 'data = "data"']
    for name, port in ports.items():
        lines += [f"[servers.{name}]", f'url = "http://127.0.0.1:{port}/mcp"']
    command = json.dumps([sys.executable, str(Path(__file__).with_name("upstream.py"))])
    lines += ["[servers.lines]", f"command = {command}"]
    for grant, token in {"load": TOKEN, "other": OTHER_TOKEN}.items():
        digest = hashlib.sha256(token.encode()).hexdigest()
        lines += [f"[grants.{grant}]", f'token_hash = "sha256:{digest}"', f"[grants.{grant}.servers]"]
        lines += [f'{name} = ["all"]' for name in [*ports, "lines"]]
    (folder / "policies").mkdir()
    (folder / "policies" / "all.json").write_text('{"version": "1", "default": "allow"}')
    (folder / "toolgate.toml").write_text("\n".join(lines) + "\n")
    return folder / "toolgate.toml"


def call(tool, arguments=None, message_id=1):
    params = {"name": tool, "arguments": arguments or {}, "_meta": ENVELOPE}
    return {"jsonrpc": "2.0", "id": message_id, "method": "tools/call", "params": params}


def request(server, body, name="quick", method="tools/call", length=None, extra=""):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"POST /mcp/{server} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        f"MCP-Protocol-Version: {MODERN}\r\nMcp-Method: {method}\r\nMcp-Name: {name}\r\n{extra}"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


class Gateway:
    """The process under test."""

    def __init__(self, binary, config, log):
        command = [binary, "--config", config, "up", "--json"]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL)
        hello = json.loads(self.child.stdout.readline())
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", hello["mcp"]).group(1))

    def status(self, key):
        text = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(rf"{key}:\s+(\d+) kB", text).group(1)) / 1024

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 16)

    async def exchange(self, data, seconds=30):
        """The status and up to 64 KiB of the answer."""
        reader, writer = await self.connect()
        try:
            async with asyncio.timeout(seconds):
                try:
                    writer.write(data)
                    await writer.drain()
                except ConnectionError:
                    pass
                answer = await reader.read(1 << 16)
                return answer.split(b"\r\n", 1)[0].decode(), answer
        finally:
            writer.close()

    async def is_well(self):
        status, answer = await self.exchange(request("calm", call("quick")))
        return status.endswith("200 OK") and b'"ok"' in answer


async def many(count, at_once, work):
    """Runs `work(n)` for each n, some at once; gives how many ended without an error."""
    room, n_done = asyncio.Semaphore(at_once), 0

    async def one(n):
        nonlocal n_done
        async with room:
            try:
                await work(n)
                n_done += 1
            except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                pass

    await asyncio.gather(*(one(n) for n in range(count)))
    return n_done


async def hold(gateway, count, data, seconds):
    """Connections that send this and then nothing, held for a while."""
    open_ones = [await gateway.connect() for _ in range(count)]
    for _, writer in open_ones:
        writer.write(data)
    await asyncio.sleep(seconds)
    for _, writer in open_ones:
        writer.close()
    return f"{count} connections held for {seconds} s"


async def slow_heads(gateway):
    data = b"POST /mcp/calm HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"x" * 2000
    return await hold(gateway, 1000, data, 2)


async def slow_bodies(gateway):
    body = b'{"jsonrpc":"2.0","id":1,"params":{"x":"' + b"x" * MIB
    return await hold(gateway, 200, request("calm", body, length=3 * MIB), 3)


async def too_large(gateway):
    body = b'{"x":"' + b"x" * (4 * MIB) + b'"}'
    statuses = set()

    async def one(_):
        statuses.add((await gateway.exchange(request("calm", body)))[0])

    n_done = await many(100, 16, one)
    # Who is answered while still sending sees a broken connection instead.
    if n_done != 100 or not all(" 413 " in status for status in statuses):
        raise RuntimeError(f"only {n_done} of 100 clients heard that they sent too much: {sorted(statuses)}")
    return f"{n_done} bodies of 4 MiB and a little; answers {sorted(statuses)}"


BODIES = {
    "nested 100,000 deep": b"[" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000,
    "a million members": b"{" + b",".join(b'"%x":0' % n for n in range(400_000)) + b"}",
    "a million zeros": b"[" + b"0," * 1_000_000 + b"0]",
    "a million empty strings": b"[" + b'"",' * 1_000_000 + b'""]',
    "a million empty objects": b"[" + b"{}," * 1_000_000 + b"{}]",
    "one escape after the other": b'["' + b"\\u0061" * 600_000 + b'"]',
    "digits without end": b"[" + b"1" * 4_000_000 + b"]",
    "equal keys": b"{" + b'"aaaaaaaaaaaaaaaa":0,' * 150_000 + b'"a":0}',
    "white space": b" " * 4_000_000,
    "bytes that are no text": b"\xff\xfe" * 1_000_000,
}


async def bodies(gateway):
    worst, n_done = ("", 0.0), 0
    for what, body in BODIES.items():
        message = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"quick","arguments":{"x":' + body
        begun = time.monotonic()
        n_done += await many(16, 8, lambda _: gateway.exchange(request("calm", message)))
        worst = max(worst, (what, time.monotonic() - begun), key=lambda pair: pair[1])
    return f"{n_done} of {len(BODIES)} kinds; slowest `{worst[0]}`: {worst[1]:.1f} s for 16"


async def valid_and_large(gateway):
    message = call("quick", {"x": [{"a": 1, "b": [True, None, "é"]}] * 80_000})
    data = request("calm", message)
    n_done = await many(48, 24, lambda _: gateway.exchange(data))
    return f"{n_done} valid calls of {len(data) / MIB:.1f} MiB"


async def strangers(gateway):
    data = request("calm", call("quick")).replace(TOKEN.encode(), b"tg_x_" + b"0" * 64)
    n_done = await many(10_000, 64, lambda _: gateway.exchange(data))
    return f"{n_done} calls with an unknown token"


async def unknown_names(gateway):
    def data(n):
        return request("calm", call(f"no{n}"), name=f"no{n}")

    n_done = await many(10_000, 64, lambda n: gateway.exchange(data(n)))
    return f"{n_done} calls of as many unknown names"


async def sessions(gateway):
    initialize = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize}
    data = request("calm", message).replace(f"MCP-Protocol-Version: {MODERN}\r\n".encode(), b"")
    answers = []

    async def one(_):
        answers.append((await gateway.exchange(data))[1])

    await many(3000, 32, one)
    n_opened = sum(b"mcp-session-id" in answer.lower() for answer in answers)
    return f"{n_opened} of {len(answers)} sessions opened"


async def large_heads(gateway):
    data = request("calm", call("quick"), extra="X-A: " + "x" * MIB + "\r\n")
    lines = request("calm", call("quick"), extra="X-A: x\r\n" * 50_000)
    n_done = await many(100, 32, lambda n: gateway.exchange(data if n % 2 else lines))
    return f"{n_done} heads of 1 MiB or 50,000 lines"


async def read_slowly(gateway, tool, count, seconds):
    """Calls whose answers nobody reads."""
    open_ones = [await gateway.connect() for _ in range(count)]
    for _, writer in open_ones:
        writer.write(request("calm", call(tool), name=tool))
    await asyncio.sleep(seconds)
    for _, writer in open_ones:
        writer.transport.abort()
    return f"{count} calls of `{tool}`, unread for {seconds} s"


async def unread(gateway):
    return await read_slowly(gateway, "huge", 32, 4)


async def endless(gateway):
    return await read_slowly(gateway, "endless", 32, 4)


async def huge(gateway):
    reader, writer = await gateway.connect()
    writer.write(request("calm", call("huge"), name="huge"))
    n_bytes, begun = 0, time.monotonic()
    while n_bytes < 256 * MIB:
        chunk = await asyncio.wait_for(reader.read(1 << 20), 30)
        if not chunk:
            raise RuntimeError(f"the reply ended after {n_bytes} bytes")
        n_bytes += len(chunk)
    writer.close()
    return f"a reply of 256 MiB in {time.monotonic() - begun:.1f} s"


async def bad_replies(gateway):
    seen = []
    for tool in ["header", "deep", "storm"]:
        status, answer = await gateway.exchange(request("calm", call(tool), name=tool))
        seen.append(f"{tool} {status[9:12]}")
    stalls = [await gateway.connect() for _ in range(100)]
    for _, writer in stalls:
        writer.write(request("calm", call("stall"), name="stall"))
    await asyncio.sleep(2)
    for _, writer in stalls:
        writer.close()
    return f"{', '.join(seen)}; 100 stalled"


async def fat_list(gateway):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": ENVELOPE}}
    data = request("fat", message, method="tools/list").replace(b"Mcp-Name: quick\r\n", b"")
    statuses = set()

    async def one(_):
        statuses.add((await gateway.exchange(data, 60))[0])

    await many(4, 4, one)
    return f"a list of 100 MiB, four times; answers {sorted(statuses)}"


async def process(gateway):
    initialize = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize}
    plain = f"MCP-Protocol-Version: {MODERN}\r\n".encode()

    def as_other(data):
        return data.replace(plain, b"").replace(TOKEN.encode(), OTHER_TOKEN.encode())

    _, answer = await gateway.exchange(as_other(request("lines", message)))
    session = re.search(rb"mcp-session-id: (\w+)", answer, re.I).group(1).decode()
    seen = []
    for tool in ["quick", "wide", "storm", "quick"]:
        body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
        extra = f"Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"
        data = as_other(request("lines", body, extra=extra))
        try:
            status, answer = await gateway.exchange(data, 40)
            seen.append(f"{tool} {status[9:12]}")
        except TimeoutError:
            seen.append(f"{tool} unanswered")
    return "garbage, noise, a line of 24 MiB, 100,000 notices: " + ", ".join(seen)


WAYS = [slow_heads, slow_bodies, too_large, bodies, valid_and_large, strangers, unknown_names, sessions, large_heads]
WAYS += [unread, endless, huge, bad_replies, fat_list, process]


async def run(binary, only):
    # A server that is cut off is nothing to report.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        servers = {"calm": upstream.Http(), "fat": upstream.Http(fat=True)}
        ports = {name: (await server.start())[1] for name, server in servers.items()}
        log = open(scratch / "gateway.log", "wb")
        gateway = Gateway(binary, write_config(scratch, ports), log)
        failed = []
        try:
            if not await gateway.is_well():
                raise RuntimeError("a plain call is not answered; nothing can be measured")
            print(f"{'idle':16} {gateway.status('VmRSS'):6.1f} MiB")
            for way in [way for way in WAYS if not only or way.__name__ == only]:
                begun = time.monotonic()
                said = await asyncio.wait_for(way(gateway), 180)
                well = await gateway.is_well()
                peak = gateway.status("VmHWM")
                took = time.monotonic() - begun
                print(f"{way.__name__:16} {peak:6.1f} MiB at most, {took:5.1f} s; {said}", flush=True)
                if not well:
                    failed.append(f"after {way.__name__} a plain call was not answered")
                    break
            await asyncio.sleep(1)
            peak = gateway.status("VmHWM")
            print(f"{'peak':16} {peak:6.1f} MiB; now {gateway.status('VmRSS'):.1f} MiB; the bound is {BOUND_MIB} MiB")
            if peak > BOUND_MIB:
                failed.append(f"the peak is over {BOUND_MIB} MiB")
        finally:
            gateway.child.terminate()
            try:
                code = gateway.child.wait(40)
            except subprocess.TimeoutExpired:
                gateway.child.kill()
                code = "killed"
        if code != 0:
            failed.append(f"the gateway ended with {code}")
        for what in failed:
            print(f"FAILED: {what}")
        return 1 if failed else 0


def main():
    sys.stdout.reconfigure(line_buffering=True)
    parser = argparse.ArgumentParser(description="Wears the gateway out and bounds its memory.")
    parser.add_argument("--toolgate", default=os.environ.get("TOOLGATE_BIN", str(TOP / "target/debug/toolgate")))
    parser.add_argument("--only", help="one way: " + ", ".join(way.__name__ for way in WAYS))
    arguments = parser.parse_args()
    sys.exit(asyncio.run(run(arguments.toolgate, arguments.only)))


main()
