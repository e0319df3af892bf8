#!/usr/bin/env python3
"""What an idle session of the handshake era costs: opens many to one server over HTTP and reads the gateway's memory.

    benches/sessions.py [--sessions 1000] [--profile release]

Prints the resident size before, with the sessions, with a stream open for each, and after they were ended. Needs
`cargo build` of toolgate and testkit in that profile before.
"""

import argparse
import http.client
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEGACY = "2025-11-25"


def first_line(process):
    """The JSON line that a server prints when it listens."""
    line = process.stdout.readline()
    if not line:
        sys.exit("a server did not start")
    return json.loads(line)


def resident_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


class Client:
    """A client of the gateway; each request on a connection of its own, but for streams, which stay open."""

    def __init__(self, address, token):
        self.address, self.token, self.streams = address, token, []

    def request(self, method, session=None, message=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json, text/event-stream"}
        if message is not None:
            headers["Content-Type"] = "application/json"
        if session:
            headers.update({"Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY})
        body = None if message is None else json.dumps({"jsonrpc": "2.0", **message})
        connection.request(method, "/mcp/bench", body, headers)
        reply = connection.getresponse()
        if reply.status not in (200, 202):
            sys.exit(f"{method} was answered with {reply.status}: {reply.read()}")
        return connection, reply

    def open(self):
        params = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        connection, reply = self.request("POST", None, {"id": 0, "method": "initialize", "params": params})
        session = reply.getheader("Mcp-Session-Id")
        reply.read()
        connection.close()
        self.tell(session, {"method": "notifications/initialized"})
        self.tell(session, {"id": 1, "method": "tools/call", "params": {"name": "search", "arguments": {"limit": 1}}})
        return session

    def tell(self, session, message):
        connection, reply = self.request("POST", session, message)
        reply.read()
        connection.close()

    def listen(self, session):
        # Kept, so that the stream stays open.
        self.streams.append(self.request("GET", session))

    def end(self, session):
        connection, reply = self.request("DELETE", session)
        reply.read()
        connection.close()


def configuration(folder, url, token_hash):
    (folder / "policies").mkdir()
    (folder / "policies" / "all.json").write_text('{"version": "1", "default": "allow"}')
    text = f"""
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
data = "data"
[servers.bench]
url = "{url}"
[grants.bench]
token_hash = "{token_hash}"
[grants.bench.servers]
bench = ["all"]
"""
    (folder / "toolgate.toml").write_text(text)


def measure(options, programs, folder):
    run = lambda *words: subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder)
    minted = json.loads(subprocess.check_output([programs / "toolgate", "grant", "token", "--json"]))
    upstream = run(programs / "testkit-upstream")
    gateway = None
    try:
        configuration(folder, first_line(upstream)["url"], minted["token_hash"])
        gateway = run(programs / "toolgate", "--config", folder / "toolgate.toml", "up", "--json")
        address = first_line(gateway)["mcp"].split("/")[2]
        client = Client(address, minted["token"])
        # What the first session needs stays.
        client.end(client.open())
        sizes = [("before", resident_kb(gateway.pid))]
        sessions = [client.open() for _ in range(options.sessions)]
        sizes.append(("with the sessions", resident_kb(gateway.pid)))
        for session in sessions:
            client.listen(session)
        sizes.append(("with a stream for each", resident_kb(gateway.pid)))
        client.streams.clear()
        for session in sessions:
            client.end(session)
        sizes.append(("after their end", resident_kb(gateway.pid)))
    finally:
        for process in (gateway, upstream):
            if process:
                process.kill()
                process.wait()
    for name, size_kb in sizes:
        more = (size_kb - sizes[0][1]) / options.sessions
        print(f"{name:24} {size_kb:8} kB   {more:6.1f} kB for each session")
    idle_kb = (sizes[1][1] - sizes[0][1]) / options.sessions
    if options.bar is not None and idle_kb > options.bar:
        raise SystemExit(f"an idle session costs {idle_kb:.1f} kB; the bar is {options.bar:.1f} kB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=999)
    parser.add_argument("--profile", default="release")
    parser.add_argument("--bar", type=float, help="fail where an idle session costs more kB than this")
    options = parser.parse_args()
    n_files = 4 * options.sessions + 200
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(n_files, hard), hard))
    with tempfile.TemporaryDirectory() as folder:
        measure(options, ROOT / "target" / options.profile, pathlib.Path(folder))


if __name__ == "__main__":
    main()
