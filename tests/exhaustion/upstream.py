"""A server that wears out whoever stands before it. Over HTTP (`serve`), and over lines when run as a program.

What it does depends on the tool that is called:
  quick    answers at once                     huge     one text of 256 MiB
  endless  progress without end, no answer     storm    100,000 list changes, then the answer
  header   a head of 8 MiB                     deep     a result nested 200,000 deep
  stall    one byte of a body, then nothing    wide     a line of 24 MiB (as a process)
"""

import asyncio
import json
import re
import sys

TOOLS = ["quick", "huge", "endless", "storm", "header", "deep", "stall", "wide"]
TOKEN = re.compile(rb'"id":\s*(\d+)')
MIB = 1 << 20


def tool_list(extra=0):
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]
    tools += [{"name": f"filler{n}", "description": "x" * 1000, "inputSchema": {"type": "object"}} for n in range(extra)]
    return {"tools": tools, "ttlMs": 60000, "cacheScope": "private", "resultType": "complete"}


def reply(message_id, result):
    return json.dumps({"jsonrpc": "2.0", "id": message_id, "result": result}).encode()


def text(words):
    return {"content": [{"type": "text", "text": words}], "resultType": "complete"}


def greeting(message):
    return {
        "protocolVersion": message.get("params", {}).get("protocolVersion", "2025-11-25"),
        "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "exhaustion", "version": "1"},
    }


class Http:
    """One HTTP server; `fat` lists 100 MiB of tools."""

    def __init__(self, fat=False):
        self.fat = fat

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head, re.I)
                body = await reader.readexactly(int(length.group(1))) if length else b""
                await self.answer(head, body, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def answer(self, head, body, writer):
        message = json.loads(body) if body else {}
        method, message_id = message.get("method"), message.get("id")
        if message_id is None:
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        elif method == "tools/list" and self.fat:
            whole(writer, reply(message_id, tool_list(100_000)))
        elif method == "tools/list":
            whole(writer, reply(message_id, tool_list()))
        elif method == "initialize":
            whole(writer, reply(message_id, greeting(message)))
        elif method == "server/discover":
            result = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete"}
            result |= {"serverInfo": {"name": "exhaustion", "version": "1"}, "ttlMs": 0, "cacheScope": "private"}
            whole(writer, reply(message_id, result))
        else:
            await getattr(self, message["params"].get("name", "quick"), self.quick)(message_id, writer)
        await writer.drain()

    async def quick(self, message_id, writer):
        whole(writer, reply(message_id, text("ok")))

    async def huge(self, message_id, writer):
        start, end = reply(message_id, text("@")).split(b"@")
        size = 256 * MIB
        writer.write(head("application/json", len(start) + size + len(end)) + start)
        for _ in range(size // MIB):
            writer.write(b"x" * MIB)
            await writer.drain()
        writer.write(end)

    async def endless(self, message_id, writer):
        event = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 4000}}
        line = b"data: " + json.dumps(event).encode() + b"\n\n"
        writer.write(head("text/event-stream"))
        while True:
            writer.write(line * 16)
            await writer.drain()

    async def storm(self, message_id, writer):
        event = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
        line = b"data: " + json.dumps(event).encode() + b"\n\n"
        writer.write(head("text/event-stream"))
        for _ in range(1000):
            writer.write(line * 100)
            await writer.drain()
        writer.write(b"data: " + reply(message_id, text("ok")) + b"\n\n")
        await writer.drain()
        writer.close()

    async def header(self, message_id, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-A: " + b"x" * (8 * MIB))

    async def deep(self, message_id, writer):
        whole(writer, reply(message_id, text("@")).replace(b'"@"', b"[" * 200_000 + b"]" * 200_000))

    async def stall(self, message_id, writer):
        writer.write(head("application/json", 1000) + b"{")
        await writer.drain()
        await asyncio.sleep(3600)


def head(media, length=None):
    framing = f"Content-Length: {length}\r\n" if length is not None else "Connection: close\r\n"
    return f"HTTP/1.1 200 OK\r\nContent-Type: {media}\r\n{framing}\r\n".encode()


def whole(writer, body):
    writer.write(head("application/json", len(body)) + body)


def lines():
    """The same as a process: garbage, long lines, floods on standard error."""
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method, message_id = message.get("method"), message.get("id")
        sys.stderr.write("noise " * 20_000 + "\n")
        out.write(b"this is no message\n" * 1000)
        if message_id is None:
            pass
        elif method == "initialize":
            out.write(reply(message_id, greeting(message)) + b"\n")
        elif method == "tools/list":
            out.write(reply(message_id, tool_list()) + b"\n")
        elif method == "tools/call" and message["params"]["name"] == "wide":
            out.write(reply(message_id, text("x" * (24 * MIB))) + b"\n")
        elif method == "tools/call" and message["params"]["name"] == "storm":
            event = json.dumps({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}).encode() + b"\n"
            out.write(event * 100_000 + reply(message_id, text("ok")) + b"\n")
        elif method == "server/discover":
            error = {"code": -32601, "message": "no such method"}
            out.write(json.dumps({"jsonrpc": "2.0", "id": message_id, "error": error}).encode() + b"\n")
        else:
            out.write(reply(message_id, text("ok")) + b"\n")
        out.flush()


if __name__ == "__main__":
    lines()
