"""The real HealthImaging server behind `toolgate up`, driven over streamable HTTP by the official client in both
eras. With --direct the server's own HTTP transport takes the gateway's place, which proves the run itself.
"""

import argparse
import json
import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import gateway
import harness
import httpx2
import story
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

SERVE_HTTP = """
import sys
from awslabs.healthimaging_mcp_server.server import app
app.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
"""


class HttpAgent:
    """The official client, and a way past it to the bytes of the answers."""

    def __init__(self, client, http, url, era):
        self.client, self.http, self.url, self.era = client, http, url, era
        self.session_id = None

    async def see(self, response):
        """Notes the session that the client was given; raw requests travel in the same one."""
        self.session_id = response.headers.get("mcp-session-id", self.session_id)

    async def raw(self, method, params):
        """Posts one request as bytes; returns (status, headers that may not differ, body)."""
        headers = {
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "MCP-Protocol-Version": story.REVISION[self.era],
        }
        if self.era == story.MODERN:
            params = params | {"_meta": story.modern_meta()}
            headers["Mcp-Method"] = method
            if "name" in params:
                headers["Mcp-Name"] = params["name"]
        elif self.session_id:
            headers["Mcp-Session-Id"] = self.session_id
        body = {"jsonrpc": "2.0", "id": "raw-1", "method": method, "params": params}
        response = await self.http.post(self.url, content=json.dumps(body), headers=headers)
        kept = sorted((name.lower(), value) for name, value in response.headers.items() if name.lower() != "date")
        # Event ids are fresh in every answer and belong to the transport.
        return response.status_code, kept, re.sub(r"(?m)^id:.*\r?\n", "", response.text)

    async def raw_answers(self, names):
        return [await self.raw("tools/call", {"name": name, "arguments": {}}) for name in names]

    async def raw_tools(self):
        _status, _headers, body = await self.raw("tools/list", {})
        lines = [line.removeprefix("data:") for line in body.splitlines() if line.startswith(("data:", "{"))]
        return json.loads(lines[-1])["result"]["tools"]


async def visit(tale, url, token, definitions):
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        agent = HttpAgent(None, http, url, tale.era)
        http.event_hooks = {"response": [agent.see]}
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=story.CLIENT_MODE[tale.era]) as agent.client:
            await tale.tell(agent, definitions)


async def auto_visit(checks, url, token):
    """The client's own default: it asks for server/discover and must end up in the modern era."""
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            checks.equal("HTTP, auto: the client ends up modern", client.protocol_version, "2026-07-28")
            listed = sorted(tool.name for tool in (await client.list_tools()).tools)
            checks.equal("HTTP, auto: the list is the same", listed, story.LISTED)


async def strangers(checks, url):
    """Without a good token nothing is told, in a way that clients understand."""
    async with httpx2.AsyncClient(timeout=60) as http:
        for what, headers in (("no token", {}), ("a wrong token", {"Authorization": "Bearer tg_wrong"})):
            agent = HttpAgent(None, http, url, story.MODERN)
            http.headers.update(headers)
            status, kept, body = await agent.raw("tools/list", {})
            challenge = dict(kept).get("www-authenticate")
            refused = status == 401 and challenge and "tools" not in body
            checks.that(f"HTTP: {what} is refused with 401 and a challenge", refused, f"{status} {kept} {body}")


@contextmanager
def real_server_over_http(folder, standin):
    """The real server's own streamable HTTP transport, for --direct."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = harness.Child(
        [sys.executable, "-c", SERVE_HTTP, str(port)], folder, "server", env=harness.plain_env(standin.server_env())
    )
    try:
        if not harness.wait_until(lambda: answers(port), 60):
            raise RuntimeError(f"the server does not listen; its stderr ends: {child.stderr_tail()}")
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        child.stop()


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def direct(checks, era, folder, standin, definitions):
    tale = story.Story(checks, era, "direct HTTP", standin, gated=False)
    with real_server_over_http(folder, standin) as url:
        harness.run_async(visit, tale, url, gateway.TOKEN, definitions)
    tale.check_api_log()


def gated(checks, era, folder, standin, definitions):
    tale = story.Story(checks, era, "HTTP", standin, gated=True)
    config = gateway.write_config(
        folder / "config", {"imaging": story.POLICY}, [harness.REAL_SERVER], standin.server_env()
    )
    with gateway.up(checks, tale.name, config, folder) as hello:
        url = hello["mcp"] + "/imaging"
        harness.run_async(visit, tale, url, gateway.TOKEN, definitions)
        if era == story.MODERN:
            harness.run_async(auto_visit, checks, url, gateway.TOKEN)
            harness.run_async(strangers, checks, url)
        gateway.check_verified(checks, f"{tale.name}, running", config)
        records = gateway.audit_records(config)
    tale.check_api_log()
    story.check_denials(checks, tale.name, story.check_audit(checks, tale.name, records))
    gateway.check_verified(checks, f"{tale.name}, stopped", config)
    gateway.check_tampering_shows(checks, tale.name, config, folder)
    values = [gateway.TOKEN, story.BUCKET, story.ROLE]
    gateway.check_no_values(checks, tale.name, [config.parent / "data", folder / "gateway.stderr"], values)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--direct", action="store_true", help="without the gateway, to prove the run itself")
    options = parser.parse_args()
    harness.need(harness.REAL_SERVER, "run tests/e2e/setup.sh first")
    harness.adopt_orphans()
    checks = harness.Checks()
    for era in story.ERAS:
        name = f"healthimaging-{era}"
        with harness.work_folder(checks, name) as folder, checks.part(name), harness.standin(folder) as standin:
            definitions = story.real_definitions(standin)
            checks.equal(f"{name}: the real server lists its tools", len(definitions), story.N_REAL_TOOLS)
            (direct if options.direct else gated)(checks, era, folder, standin, definitions)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
