"""The client matrix: every client lists and calls through the gateway, over HTTP and through `toolgate wrap`, and meets a
call that is allowed, denied, hidden and limited. Prints a table and ends with 0 only if everything in it held.
"""

import argparse
import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import gateway
import harness
import judge
import rows

ROW_TIMEOUT_S = 180
N_SHOWN = 500
FIXTURE = rows.HERE / "fixture.py"


def fixture_command(eras, log):
    return [sys.executable, str(FIXTURE), "--eras", eras, "--log", str(log)]


class Running:
    """The drivers that run, so that they end with the run whatever ends it."""

    processes = set()

    @classmethod
    def end_all(cls, *_signal):
        for process in list(cls.processes):
            os.killpg(process.pid, signal.SIGKILL)
        sys.exit(143)


class Place:
    """Where the rows run: the folder, the gateway's two configurations, and each row's token."""

    def __init__(self, folder, chosen, eras, is_joined):
        self.folder, self.eras, self.is_joined = Path(folder), eras, is_joined
        # Where a grant reaches several servers, tools carry their server's name.
        self.prefix = "notes__" if is_joined else ""
        self.tokens = {row.id: "tg_" + secrets.token_hex(32) for row in chosen}
        self.url = self.sse = None
        self.wrapped = self.configure("wrapped", [])

    def log(self, row):
        """Over HTTP one server process serves all rows, so all rows write to one log."""
        return self.folder / ("notes.jsonl" if row.transport != rows.STDIO else f"{row.id}.jsonl")

    def configure(self, name, upstream):
        """Writes a configuration; with the lines that reach the server also every row's grant."""
        lines = ['listen = "127.0.0.1:0"', 'admin_listen = "127.0.0.1:0"', 'data = "data"']
        if upstream:
            lines += ["[servers.notes]", *upstream]
            servers = 'notes = ["notes"]'
            if self.is_joined:
                # Its policy opens nothing; that it is there brings the prefixes.
                lines += ["[servers.other]", *upstream]
                servers += ', other = ["nothing"]'
            for grant, token in self.tokens.items():
                token_hash = hashlib.sha256(token.encode()).hexdigest()
                lines += [f"[grants.{grant}]", f'token_hash = "sha256:{token_hash}"']
                lines += [f"servers = {{ {servers} }}"]
        folder = self.folder / name
        (folder / "policies").mkdir(parents=True)
        for policy, document in {"notes": judge.POLICY, "nothing": judge.NOTHING}.items():
            (folder / "policies" / f"{policy}.json").write_text(json.dumps(document, indent=2))
        (folder / "toolgate.toml").write_text("\n".join(lines) + "\n")
        return folder / "toolgate.toml"

    @contextmanager
    def serving(self, how):
        """`toolgate up` for the rows over HTTP; it starts the server, or reaches it over HTTP or HTTP+SSE."""
        command = fixture_command(self.eras, self.folder / "notes.jsonl")
        upstream = {
            rows.STDIO: [f"command = [{', '.join(map(gateway.toml_string, command))}]"],
            rows.HTTP: [f"url = {gateway.toml_string(self.url)}"],
            rows.SSE: [f"url = {gateway.toml_string(self.sse)}", 'transport = "sse"'],
        }
        config = self.configure("served", upstream[how])
        up = [harness.toolgate_binary(), "--config", config, "up", "--json"]
        child = harness.Child(up, self.folder, "gateway", env=harness.plain_env({}))
        try:
            base = child.read_json()["mcp"]
            self.url = base if self.is_joined else f"{base}/notes"
            self.sse = f"{base.removesuffix('/mcp')}/sse/notes"
            yield
        finally:
            if child.stop() != 0:
                raise RuntimeError(f"the gateway did not stop cleanly: {child.stderr_tail()}")

    @contextmanager
    def fixture(self):
        """The fixture's own HTTP."""
        command = [*fixture_command(self.eras, self.folder / "notes.jsonl"), "--http"]
        child = harness.Child(command, self.folder, "fixture", stdin=subprocess.PIPE)
        try:
            told = child.read_json()
            self.url, self.sse = told["url"], told["sse"]
            yield
        finally:
            child.stop()

    def visit(self, row, home, gated):
        """What the row's driver is told."""
        token = self.tokens[row.id]
        told = {"mode": row.mode, "transport": row.transport, "steps": judge.steps(row.id, self.prefix)}
        url = self.sse if row.is_sse else self.url
        if row.transport in (rows.HTTP, rows.SSE):
            return told | {"url": url, "token": token}
        told |= {"transport": "stdio", "env": harness.plain_env({"HOME": str(home)})}
        if row.transport == rows.STDIO:
            command = fixture_command(self.eras, self.log(row))
            wrap = [harness.toolgate_binary(), "--config", self.wrapped, "wrap"]
            wrap += ["--server", row.id, "--policy", "notes", "--"]
            return told | {"command": [str(part) for part in ([*wrap, *command] if gated else command)]}
        headers = home / "headers.txt"
        headers.write_text(f"Authorization: Bearer {token}\n")
        command = [rows.NODE, rows.MCP_REMOTE, url, "--allow-http", "--header-file", headers]
        command += ["--transport", f"{rows.REMOTE[row.transport]}-only"]
        told["env"] |= {"MCP_REMOTE_CONFIG_DIR": str(home / "mcp-auth")}
        return told | {"command": [str(part) for part in command]}


def drive(place, row, gated):
    """Runs one row; returns what its driver printed, the end of its stderr, and the seconds."""
    home = place.folder / "homes" / row.id
    home.mkdir(parents=True)
    visit = home / "visit.json"
    visit.write_text(json.dumps(place.visit(row, home, gated)))
    started = time.monotonic()
    # Each client gets a home of its own: some keep state there.
    env = harness.plain_env({"HOME": str(home), "PYTHONPATH": str(rows.HERE / "drivers")})
    # In a session of its own, all that a client started can be ended with it.
    with open(home / "stderr", "wb") as stderr, subprocess.Popen(
        [str(part) for part in row.driver(visit)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=env,
        start_new_session=True,
    ) as process:
        Running.processes.add(process)
        try:
            out, _ = process.communicate(timeout=ROW_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
        Running.processes.discard(process)
    lines = [json.loads(line) for line in out.splitlines() if line.startswith(b"{")]
    end = " ".join((home / "stderr").read_text(errors="replace")[-N_SHOWN:].split())
    return lines, end, time.monotonic() - started


def reached(place, row):
    log = place.log(row)
    lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    at_once = sorted(line["id"] for line in lines if line["id"].startswith(row.id + "+"))
    return [line["tool"] for line in lines if line["id"] == row.id], at_once


def judged(place, row, gated):
    """One line of the table: the row, its revision, each case's fault, and the seconds."""
    lines, stderr, seconds = drive(place, row, gated)
    revision = lines[0].get("revision") if lines else None
    cases = judge.Seen(row, lines[1:], gated, place.prefix).cases()
    if not lines:
        cases["allow"] = f"it did not connect: {stderr}"
    if revision not in row.revisions():
        cases["allow"] = cases["allow"] or f"it speaks {revision}, not {row.revisions()}"
    found, at_once = reached(place, row)
    if found != judge.reached(row, gated):
        cases["deny"] = cases["deny"] or f"the server itself saw {found}"
    if row.client.is_library and at_once != sorted(judge.many(row.id)):
        cases["many"] = cases["many"] or f"the server itself saw {at_once}"
    return row, revision, cases, seconds


def mark(row, case, fault):
    if case in judge.LIBRARY_CASES and not row.client.is_library:
        return "-"
    return "FAIL" if fault else "ok"


def show(line):
    row, revision, cases, seconds = line
    marks = "".join(f"{mark(row, case, cases[case]):7}" for case in judge.CASES)
    print(f"{row.client.name:19}{row.transport:12}{row.mode:12}{str(revision):12}{marks}{seconds:6.1f}", flush=True)
    # Where the client did not connect, the first case says why and the others only follow from it.
    told = judge.CASES[:1] if revision is None else judge.CASES
    for case in told:
        if cases[case]:
            print(f"      {case}: {cases[case][:N_SHOWN]}", flush=True)


def check_nothing_left(checks):
    """The owner that `wrap` started may outlive its clients; it stops when asked. No server stays."""
    stubborn = harness.end_adopted(harness.gateways())
    checks.that("the owner of the wraps stops when asked", not stubborn, str(stubborn))

    def fixtures():
        return [pid for pid, arguments, _ in harness.descendants() if str(FIXTURE) in arguments]

    checks.that("no server process is left behind", harness.wait_until(lambda: not fixtures()), str(fixtures()))
    harness.end_adopted(fixtures())


def run(options, chosen, checks):
    gated = not options.direct
    with harness.work_folder(checks, "clients") as folder, ExitStack() as stack:
        stack.callback(check_nothing_left, checks)
        place = Place(folder, chosen, options.eras, options.joined)
        if any(row.transport != rows.STDIO for row in chosen):
            if options.upstream != rows.STDIO or not gated:
                stack.enter_context(place.fixture())
            if gated:
                stack.enter_context(place.serving(options.upstream))
        print(f"{'client':19}{'transport':12}{'mode':12}{'speaks':12}", end="")
        print("".join(f"{case:7}" for case in judge.CASES) + "     s", flush=True)
        with ThreadPoolExecutor(options.jobs) as pool:
            for line in pool.map(lambda row: judged(place, row, gated), chosen):
                show(line)
                for fault in line[2].values():
                    checks.passed, checks.failed = checks.passed + (not fault), checks.failed + bool(fault)


def arguments():
    parser = argparse.ArgumentParser(prog="tests/clients/run.sh", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="rows whose name contains NAME; may be repeated")
    parser.add_argument("--toolgate", metavar="BIN", help="the gateway; else TOOLGATE_BIN, else the debug build")
    parser.add_argument("--quick", action="store_true", help="each client in its first mode over each transport")
    parser.add_argument("--direct", action="store_true", help="without the gateway, to prove the run itself")
    parser.add_argument("--eras", choices=("both", "legacy", "modern"), default="both", help="what the server speaks")
    parser.add_argument("--upstream", choices=(rows.STDIO, rows.HTTP, rows.SSE), default=rows.STDIO, help="how `up` reaches it")
    parser.add_argument("--joined", action="store_true", help="two servers at /mcp; the rows over streamable HTTP")
    parser.add_argument("--jobs", type=int, default=2, help="clients at once (2)")
    parser.add_argument("--list", action="store_true", help="print the rows and end")
    return parser.parse_args()


def main():
    options = arguments()
    if options.toolgate:
        os.environ["TOOLGATE_BIN"] = options.toolgate
    wanted = options.only or [""]
    every = [row for row in rows.every_row() if row.is_quick or not options.quick]
    every = [row for row in every if not options.joined or row.can_join]
    chosen = [row for row in every if any(name in row.name for name in wanted)]
    if options.list or not chosen:
        print("\n".join(row.name for row in chosen or rows.every_row()))
        return 0 if chosen else 2
    rows.prepare()
    harness.adopt_orphans()
    signal.signal(signal.SIGTERM, Running.end_all)
    checks = harness.Checks()
    started = time.monotonic()
    run(options, chosen, checks)
    print(f"{len(chosen)} rows in {time.monotonic() - started:.0f} s: ", end="")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
