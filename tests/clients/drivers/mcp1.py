"""The Python client `mcp` 1.x, which speaks the handshake era only; see common.py."""

import asyncio

import common
import httpx
from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client


def connect(visit):
    headers = {"Authorization": f"Bearer {visit.get('token')}"}
    if visit["transport"] == "http":
        http = httpx.AsyncClient(headers=headers, timeout=common.STEP_TIMEOUT_S)
        return streamable_http_client(visit["url"], http_client=http)
    if visit["transport"] == "sse":
        return sse_client(visit["url"], headers=headers)
    command = visit["command"]
    return stdio_client(StdioServerParameters(command=command[0], args=command[1:], env=visit.get("env")))


async def main():
    visit = common.visit()
    async with connect(visit) as streams, ClientSession(streams[0], streams[1]) as session:
        common.say({"revision": (await session.initialize()).protocolVersion})

        async def names():
            return [tool.name for tool in (await session.list_tools()).tools]

        await common.take(visit["steps"], names, session.call_tool)


asyncio.run(main())
