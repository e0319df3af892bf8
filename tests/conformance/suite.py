"""One run of the official suite against one URL, and what its checks said. Knows neither fixtures nor gateways."""

import json
import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUITE = HERE / "node_modules" / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
REQUIREMENTS = ("2025-11-25", "2026-07-28")
# The slowest run takes 15 s on an idle machine. A scenario that waits for an answer in vain costs 30 s.
RUN_TIMEOUT_S = 420
SCENARIO_TIMEOUT_MS = 20_000
# The worst first: of several checks with one id in a scenario the worst counts.
SEVERITY = ("FAILURE", "WARNING", "SKIPPED", "INFO", "SUCCESS")


@dataclass
class Result:
    """What one run said. `checks` maps "scenario:check" to the worst status and the messages under that id."""

    passed: int = 0
    failed: int = 0
    warned: int = 0
    complete: bool = True
    checks: dict = field(default_factory=dict)
    messages: dict = field(default_factory=dict)

    def figure(self):
        return f"{self.passed}/{self.failed}" + ("" if self.complete else " (stopped)")


def run(node, url, requirements, folder, token=None):
    """Runs the suite; its raw results stay in `folder`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    command = [node]
    env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if token:
        command += ["--import", (HERE / "authorize.mjs").as_uri()]
        env["TOOLGATE_TOKEN"] = token
    command += [SUITE, "server", "--url", url, "--requirements", requirements, "--timeout", SCENARIO_TIMEOUT_MS]
    command += ["--output-dir", folder / "checks"]
    with open(folder / "suite.txt", "wb") as output:
        try:
            subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
                timeout=RUN_TIMEOUT_S,
            )
            complete = True
        except subprocess.TimeoutExpired:
            complete = False
    return read(folder / "checks", complete)


def read(folder, complete=True):
    """The result that the files of a run hold."""
    result = Result(complete=complete)
    for path in sorted(folder.glob("server-*/checks.json")):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z", path.parent.name).group(1)
        for check in json.loads(path.read_text()):
            note(result, f"{scenario}:{check['id']}", check)
    counts = Counter(check for statuses in result.checks.values() for check in statuses)
    result.passed, result.failed, result.warned = counts["SUCCESS"], counts["FAILURE"], counts["WARNING"]
    return result


def note(result, key, check):
    result.checks.setdefault(key, []).append(check["status"])
    if check.get("errorMessage"):
        result.messages.setdefault(key, []).append(check["errorMessage"])


def worst(statuses):
    return min(statuses, key=SEVERITY.index)


def lost(reference, found):
    """The checks that passed in one run and not in the other, each with what was said instead.

    INFO is not a loss: a check says so where the other run did what the specification leaves open, such as
    answering in JSON instead of a stream.
    """
    losses = {}
    for key, statuses in reference.checks.items():
        if worst(statuses) != "SUCCESS":
            continue
        instead = found.checks.get(key)
        if instead is None:
            losses[key] = "the check was not reached"
        elif worst(instead) not in ("SUCCESS", "INFO"):
            losses[key] = "; ".join(found.messages.get(key, [worst(instead)]))
    return losses
