"""Child processes of the runs: started, read, always ended. It must never end a process that it did not start."""

import json
import os
import queue
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


def plain_env(extra=None):
    """A small environment, so that nothing of the caller's shell leaks into a run."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | (extra or {})


@contextmanager
def child(command, folder, name, env=None):
    """A process whose output goes to files in `folder`; yields a function that reads its next line of output."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.stderr", "wb") as stderr:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=plain_env(env),
        )
    lines = queue.Queue()
    threading.Thread(target=pump, args=(process, lines), daemon=True).start()
    try:
        yield lambda: next_line(process, lines, folder / f"{name}.stderr", name)
    finally:
        stop(process)


def pump(process, lines):
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def next_line(process, lines, stderr, name):
    try:
        line = lines.get(timeout=START_TIMEOUT_S)
    except queue.Empty:
        line = None
    if line is None:
        said = stderr.read_bytes()[-2000:].decode(errors="replace")
        raise RuntimeError(f"{name} (pid {process.pid}) did not start; it said: {said}")
    return json.loads(line)


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
