"""What every end-to-end run shares: counted checks, child processes that are always ended, paths and timeouts.

It must never end a process that it did not start, and never let a failed step pass unseen.
"""

import asyncio
import ctypes
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
VENV = CHECKOUT / ".cache-e2e" / "python"
REAL_SERVER = VENV / "bin" / "awslabs.healthimaging-mcp-server"
# The real server needs up to 18 s to start on a loaded machine; a whole run stays far below this.
RUN_TIMEOUT_S = 240
STOP_TIMEOUT_S = 20


class Checks:
    """Counts what held and what did not; a run goes on after a failure so that all are seen at once."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def that(self, what, holds, detail=""):
        if holds:
            self.passed += 1
            print(f"ok    {what}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {what}{': ' if detail else ''}{detail}", flush=True)
        return bool(holds)

    def equal(self, what, found, expected):
        return self.that(what, found == expected, f"expected {expected!r}, found {found!r}")

    @contextmanager
    def part(self, name):
        """A part of a run: an exception in it is one failed check, and the run goes on."""
        started = time.monotonic()
        try:
            yield
        except Exception:  # noqa: BLE001 - any exception is a failed check
            self.that(name, False, "raised an exception")
            traceback.print_exc()
        print(f"      {name}: {time.monotonic() - started:.1f} s", flush=True)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


def need(path, how):
    if not Path(path).exists():
        sys.exit(f"e2e: {path} is missing; {how}")
    return Path(path)


def toolgate_binary():
    """The gateway under test: TOOLGATE_BIN, else the debug build."""
    path = os.environ.get("TOOLGATE_BIN") or CHECKOUT / "target" / "debug" / "toolgate"
    return need(Path(path).resolve(), "build it with `cargo build -p toolgate` or point TOOLGATE_BIN at it")


@contextmanager
def work_folder(checks, name):
    """A fresh folder for one part; kept, and named, when something in the part failed."""
    folder = Path(tempfile.mkdtemp(prefix=f"toolgate-e2e-{name}-"))
    failed_before = checks.failed
    try:
        yield folder
    finally:
        if checks.failed == failed_before:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"      logs and data of the failed part: {folder}", flush=True)


def adopt_orphans():
    """Makes processes that outlive their parent children of this one, so that none is lost from sight."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        sys.exit("e2e: this machine's kernel cannot adopt orphaned processes (prctl failed)")


def descendants():
    """(pid, arguments, program) of every living process that this one started, directly or not."""
    seen = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                arguments = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                program = os.readlink(entry / "exe").removesuffix(" (deleted)")
            except OSError:
                continue  # It has ended, or is not ours to look at.
            if fields[0] != "Z":
                seen[int(entry.name)] = (int(fields[1]), arguments, program)
    found, front = [], {os.getpid()}
    while front:
        front = {pid for pid, (parent, _, _) in seen.items() if parent in front}
        found += [(pid, *seen[pid][1:]) for pid in sorted(front)]
    return found


def real_servers():
    """Pids of the real servers that run; such a server is a script, so its path is its second argument."""
    return [pid for pid, arguments, _ in descendants() if arguments[1:2] == [str(REAL_SERVER)]]


def gateways():
    """Pids of the gateway processes that run."""
    return [pid for pid, _, program in descendants() if program == str(toolgate_binary())]


def wait_until(holds, timeout_s=STOP_TIMEOUT_S):
    """Whether `holds()` became true in time."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def reap(pid):
    """Whether an adopted process is gone; collects it when it has ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not Path(f"/proc/{pid}").exists()


def end_adopted(pids):
    """Asks adopted processes to stop; returns those that had to be killed."""
    stubborn = []
    for pid in pids:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
        if not wait_until(lambda pid=pid: reap(pid)):
            stubborn.append(pid)
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda pid=pid: reap(pid))
    return stubborn


def check_no_server_left(checks, name):
    """When the client or the gateway has gone, so have the servers that were started for it."""
    checks.that(f"{name}: no server process is left behind", wait_until(lambda: not real_servers()))
    end_adopted(real_servers())


class Child:
    """A child process with line-wise stdout and its stderr in a file."""

    def __init__(self, command, folder, name, env=None, stdin=subprocess.DEVNULL):
        self.name, self.stderr_path = name, Path(folder) / f"{name}.stderr"
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=env
            )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def read_json(self, timeout_s=30):
        """The next line of stdout as JSON; says what the process said on stderr when there is none."""
        try:
            line = self.lines.get(timeout=timeout_s)
        except queue.Empty:
            line = None
        if line is None:
            raise RuntimeError(f"{self.name} printed no line; its stderr ends: {self.stderr_tail()}")
        return json.loads(line)

    def stderr_tail(self):
        return self.stderr_path.read_bytes()[-2000:].decode(errors="replace")

    def stop(self):
        """Ends the process by its closed stdin if it has one, else by SIGTERM; None when it had to be killed."""
        if self.process.stdin:
            self.process.stdin.close()
        elif self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


class Standin:
    """The running stand-in of the imaging API."""

    def __init__(self, child, hello):
        self.child, self.url, self.datastore_id, self.log = child, hello["url"], hello["datastore_id"], hello["log"]

    def server_env(self):
        """What the real server needs in order to use the stand-in instead of AWS."""
        return {
            "AWS_ENDPOINT_URL_MEDICAL_IMAGING": self.url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def standin(folder):
    command = [sys.executable, HERE / "imaging_standin.py", "--log", Path(folder) / "imaging.jsonl"]
    child = Child(command, folder, "standin", stdin=subprocess.PIPE)
    try:
        yield Standin(child, child.read_json())
    finally:
        child.stop()


def plain_env(extra):
    """A small environment with `extra` on top, so that nothing of the caller's shell leaks into a run."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | extra


def run_async(make, *arguments):
    """Runs one async part with a time limit."""

    async def bounded():
        async with asyncio.timeout(RUN_TIMEOUT_S):
            return await make(*arguments)

    return asyncio.run(bounded())
