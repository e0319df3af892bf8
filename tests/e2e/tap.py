"""Stands between an MCP client and a stdio server and writes down every line, unchanged, in both directions.

    python3 tap.py LOG COMMAND [ARGUMENT...]

Each line of LOG is a JSON object {"from": "client"|"server", "line": "..."}; the last one is {"exit": CODE}, which is
missing when the client had to end it by force. It must never alter a byte.
"""

import json
import os
import subprocess
import sys
import threading


def copy(source, sink, log, who):
    try:
        for line in source:
            os.write(log, json.dumps({"from": who, "line": line.decode()}).encode() + b"\n")
            sink.write(line)
            sink.flush()
        sink.close()
    except BrokenPipeError:
        pass  # The other side has ended; what it sent is in the log.


def main():
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    threading.Thread(target=copy, args=(sys.stdin.buffer, child.stdin, log, "client"), daemon=True).start()
    copy(child.stdout, sys.stdout.buffer, log, "server")
    code = child.wait()
    os.write(log, json.dumps({"exit": code}).encode() + b"\n")
    # A client that closed its end gets no traceback from the interpreter's own flush at exit.
    os._exit(code)


def lines(path, who):
    with open(path, encoding="utf-8") as log:
        return [entry["line"] for entry in map(json.loads, log) if entry.get("from") == who]


def replies(path):
    """The server's raw reply lines in the log, by request id."""
    messages = [(json.loads(line), line) for line in lines(path, "server")]
    return {message["id"]: line for message, line in messages if "id" in message and "method" not in message}


def requests(path):
    """Every message that the client sent, in order."""
    return [json.loads(line) for line in lines(path, "client")]


def exit_code(path):
    """The exit code of the tapped command, or None when it was ended by force."""
    with open(path, encoding="utf-8") as log:
        return [json.loads(line) for line in log][-1].get("exit")


if __name__ == "__main__":
    main()
