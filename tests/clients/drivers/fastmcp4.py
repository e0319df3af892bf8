"""The Python client `fastmcp` 4.x; see common.py."""

import asyncio

import common
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport


def connect(visit):
    if visit["transport"] in ("http", "sse"):
        kind = StreamableHttpTransport if visit["transport"] == "http" else SSETransport
        return kind(visit["url"], headers={"Authorization": f"Bearer {visit['token']}"})
    command = visit["command"]
    return StdioTransport(command[0], command[1:], env=visit.get("env"), keep_alive=False)


def as_dict(result):
    """fastmcp has a result class of its own; the wire's content is in it."""
    content = [block.model_dump(by_alias=True, exclude_none=True, mode="json") for block in result.content]
    return {"content": content, "structuredContent": result.structured_content, "isError": result.is_error}


class Seen:
    def __init__(self, result):
        self.result = result

    def model_dump(self, **_options):
        return as_dict(self.result)


async def main():
    visit = common.visit()
    async with Client(connect(visit), mode=visit["mode"], timeout=common.STEP_TIMEOUT_S) as client:
        common.say({"revision": client.session.protocol_version})

        async def names():
            return [tool.name for tool in await client.list_tools()]

        async def call(tool, arguments):
            # By default fastmcp turns every isError result into an exception of its own, whatever the server.
            return Seen(await client.call_tool(tool, arguments, raise_on_error=False))

        await common.take(visit["steps"], names, call)


asyncio.run(main())
