"""A small MCP server for the client matrix. It speaks the handshake era, 2026-07-28, or both, over stdio or HTTP.

    python3 fixture.py [--eras both|legacy|modern] [--log FILE]            serves stdio until its input ends
    python3 fixture.py [--eras both|legacy|modern] [--log FILE] --http     serves loopback; prints its URLs first

Over HTTP it serves /mcp (streamable HTTP) and /sse (HTTP+SSE of 2024-11-05, the handshake era only).

Every tools/call is appended to FILE, as {"tool": …, "id": …}, before it is answered: the proof of what reached the
server. `await_note` is never answered. It uses nothing but the standard library, so that it starts at once and no SDK stands between it and the wire.
"""

import argparse
import json
import os
import queue
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
ERAS = {"both": (MODERN, *LEGACY), "legacy": LEGACY, "modern": (MODERN,)}
META = "io.modelcontextprotocol/"
INFO = {"name": "toolgate-client-fixture", "version": "1.0.0"}
UNSUPPORTED_VERSION, METHOD_NOT_FOUND, INVALID_PARAMS, INVALID_REQUEST = -32022, -32601, -32602, -32600
HTTP_STATUS = {UNSUPPORTED_VERSION: 400, METHOD_NOT_FOUND: 404, INVALID_PARAMS: 400, INVALID_REQUEST: 400}
# One red pixel.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
NOTE_SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "words": {"type": "integer"}, "ratio": {"type": "number"}},
    "required": ["id", "words", "ratio"],
}
DONE_SCHEMA = {"type": "object", "properties": {"done": {"type": "boolean"}}, "required": ["done"]}
READ, SEND, ERASE, IMPORT, RENAME = "read_note", "send_note", "erase_notes", "import_note", "rename_note"
AWAIT = "await_note"


class Refused(Exception):
    """An error answer: its JSON-RPC code, a message, and data."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message} | ({"data": data} if data else {})


def tool(name, description, output):
    """All tools take one id. The one-word schemas let a client check structured content, which refusals have none of."""
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": {"id": {"type": "string", "description": "Which note"}},
            "required": ["id"],
            "additionalProperties": False,
        },
        "outputSchema": output,
    }


TOOLS = [
    tool(READ, "Reads a note – with text, an image and a link", NOTE_SCHEMA),
    tool(SEND, "Sends a note to somebody outside", DONE_SCHEMA),
    tool(ERASE, "Erases all notes", DONE_SCHEMA),
    tool(IMPORT, "Imports a note", DONE_SCHEMA),
    tool(RENAME, "Renames a note", DONE_SCHEMA),
    tool(AWAIT, "Waits for a note that never comes", DONE_SCHEMA),
]


def note(note_id):
    """What `read_note` returns: every kind of text that careless handling damages."""
    structured = {"id": note_id, "words": 4, "ratio": 0.1}
    return {
        "content": [
            {"type": "text", "text": f'{note_id}: Grüße, "日本" \\ 🩻 \u2028\tend'},
            {"type": "image", "data": PNG, "mimeType": "image/png"},
            {"type": "resource_link", "uri": f"note://{note_id}", "name": note_id, "mimeType": "text/plain"},
            {"type": "text", "text": json.dumps(structured)},
        ],
        "structuredContent": structured,
        "isError": False,
    }


def done(name, note_id):
    structured = {"done": True}
    return {"content": [{"type": "text", "text": f"{name} {note_id}"}], "structuredContent": structured}


def revision_of(message):
    """The revision that a message of the modern era declares."""
    return ((message.get("params") or {}).get("_meta") or {}).get(META + "protocolVersion")


class Server:
    """Answers messages; knows no transport. A session is one that `initialize` has opened."""

    def __init__(self, eras, log):
        self.revisions, self.log = ERAS[eras], log
        self.lock = threading.Lock()

    def is_modern(self, message):
        """A server that is older than the modern era does not know its marks."""
        return MODERN in self.revisions and revision_of(message) is not None

    def answer(self, message, in_session):
        """The reply to a message, or None to a notification or a response."""
        if not isinstance(message, dict) or "method" not in message or "id" not in message:
            return None
        method, params = message["method"], message.get("params") or {}
        if method == "tools/call" and params.get("name") == AWAIT:
            self.record(params)
            return None
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            if self.is_modern(message):
                return reply | {"result": self.modern(method, params, revision_of(message))}
            if not in_session and method not in ("initialize", "ping"):
                raise Refused(INVALID_PARAMS, "the session is not initialized")
            return reply | {"result": self.legacy(method, params)}
        except Refused as refused:
            return reply | {"error": refused.error}

    def modern(self, method, params, revision):
        if revision not in self.revisions or revision in LEGACY:
            raise self.unsupported(revision)
        if f"{META}clientCapabilities" not in params["_meta"]:
            raise Refused(INVALID_PARAMS, "clientCapabilities is missing")
        complete = {"resultType": "complete", "_meta": {META + "serverInfo": INFO}}
        cacheable = complete | {"ttlMs": 0, "cacheScope": "private"}
        if method == "server/discover":
            supported = {"supportedVersions": list(self.revisions), "capabilities": {"tools": {}}}
            return cacheable | supported
        if method == "tools/list":
            return cacheable | {"tools": TOOLS}
        if method == "tools/call":
            return complete | self.call(params)
        raise Refused(METHOD_NOT_FOUND, f"{method} is not known")

    def legacy(self, method, params):
        spoken = [revision for revision in self.revisions if revision in LEGACY]
        if not spoken:
            raise self.unsupported(params.get("protocolVersion", "none"))
        if method == "initialize":
            wanted = params.get("protocolVersion")
            revision = wanted if wanted in spoken else spoken[0]
            return {"protocolVersion": revision, "capabilities": {"tools": {}}, "serverInfo": INFO}
        if method == "ping":
            return {}
        if method == "tools/list":
            return {"tools": TOOLS}
        if method == "tools/call":
            return self.call(params)
        raise Refused(METHOD_NOT_FOUND, f"{method} is not known")

    def unsupported(self, requested):
        data = {"supported": list(self.revisions), "requested": requested}
        return Refused(UNSUPPORTED_VERSION, "unsupported protocol version", data)

    def record(self, params):
        """Writes a call down; its tool and its note."""
        name, note_id = params.get("name"), (params.get("arguments") or {}).get("id")
        if self.log:
            line = json.dumps({"tool": name, "id": note_id}).encode() + b"\n"
            with self.lock, open(self.log, "ab", buffering=0) as log:
                log.write(line)
        return name, note_id

    def call(self, params):
        name, note_id = self.record(params)
        if name not in [tool["name"] for tool in TOOLS]:
            raise Refused(INVALID_PARAMS, f"unknown tool: {name}")
        if not isinstance(note_id, str):
            return {"content": [{"type": "text", "text": "id must be a string"}], "isError": True}
        return note(note_id) if name == READ else done(name, note_id)


def serve_stdio(server):
    in_session = False
    for line in sys.stdin.buffer:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        reply = server.answer(message, in_session)
        if reply is not None:
            in_session = in_session or (message["method"] == "initialize" and "result" in reply)
            sys.stdout.buffer.write(json.dumps(reply, ensure_ascii=False).encode() + b"\n")
            sys.stdout.buffer.flush()


class Handler(BaseHTTPRequestHandler):
    """Streamable HTTP without streams, every answer is one JSON body; and HTTP+SSE, every answer is an event."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        server, sessions = self.server.mcp, self.server.sessions
        if self.path.startswith("/messages/"):
            stream = self.server.streams.get(self.path.rpartition("/")[2])
            if stream is None:
                return self.send(404, b"")
            stream.put(server.answer(message, in_session=True))
            return self.send(202, b"")
        reply = server.answer(message, self.headers.get("Mcp-Session-Id") in sessions)
        if reply is None and "id" in message and "method" in message:
            threading.Event().wait()  # The call that is never answered; the thread ends with the process.
        if reply is None:
            return self.send(202, b"")
        headers = {}
        if message["method"] == "initialize" and "result" in reply:
            headers["Mcp-Session-Id"] = secrets.token_hex(16)
            sessions.add(headers["Mcp-Session-Id"])
        code = reply.get("error", {}).get("code")
        # A tool that is not there is an error of the call, not of the request.
        is_odd = server.is_modern(message) and message["method"] != "tools/call"
        status = HTTP_STATUS.get(code, 200) if is_odd else 200
        return self.send(status, json.dumps(reply, ensure_ascii=False).encode(), headers)

    def do_GET(self):
        if self.path != "/sse":
            return self.send(405, b"")
        stream_id, stream = secrets.token_hex(16), queue.Queue()
        self.server.streams[stream_id] = stream
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(f"event: endpoint\ndata: /messages/{stream_id}\n\n".encode())
        while True:
            reply = stream.get()
            if reply is not None:
                self.wfile.write(f"event: message\ndata: {json.dumps(reply, ensure_ascii=False)}\n\n".encode())

    def do_DELETE(self):
        self.send(200, b"")

    def send(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """The standard log of requests is noise here."""


def serve_http(server):
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads, http.mcp, http.sessions, http.streams = True, server, set(), {}
    base = f"http://127.0.0.1:{http.server_address[1]}"
    print(json.dumps({"url": f"{base}/mcp", "sse": f"{base}/sse"}), flush=True)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eras", choices=ERAS, default="both")
    parser.add_argument("--log")
    parser.add_argument("--http", action="store_true")
    options = parser.parse_args()
    server = Server(options.eras, options.log)
    (serve_http if options.http else serve_stdio)(server)


if __name__ == "__main__":
    main()
