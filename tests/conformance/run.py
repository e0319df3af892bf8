"""The official conformance suite against each fixture, directly and through the gateway, side by side.

It fails if a check that passes directly does not pass through, but for what a list in expected/ names and explains;
an entry of such a list that no longer holds is a failure too.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import expected
import fixtures
import gateway
import suite

HERE = Path(__file__).resolve().parent
MODES = ("allow", "real", "bridged", "stdio")
# What the fixtures of this repository reach directly, without a failure; less means that the run itself is broken.
BAR = {"2025-11-25": 83, "2026-07-28": 197}
OWN_FIXTURES = ("rmcp", "ts")
# The era that a fixture is held to when the suite speaks the other one.
OTHER_ERA = {"2025-11-25": "modern", "2026-07-28": "legacy"}


@dataclass(frozen=True)
class Run:
    """One run of the suite: `mode` is "direct", or what lies between. A reference is a direct run."""

    fixture: str
    requirements: str
    mode: str

    def reference(self):
        return Run(self.fixture, self.requirements, "direct")

    def name(self):
        return f"{self.fixture}, {self.requirements}, {self.mode}"


@dataclass
class Row:
    """A run beside its reference, and what is wrong with it."""

    run: Run
    direct: suite.Result
    through: suite.Result | None
    lost: dict = field(default_factory=dict)
    unexpected: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--fixture", action="append", choices=fixtures.NAMES, help="only this one; may be repeated")
    parser.add_argument("--requirements", action="append", choices=suite.REQUIREMENTS, help="only this set")
    parser.add_argument("--policy", choices=gateway.POLICIES, default="allow", help="what the gateway enforces (allow)")
    parser.add_argument("--bridged", action="store_true", help="each set against a fixture that speaks only the other era")
    parser.add_argument("--stdio", action="store_true", help="the fixture is started by the gateway, on its pipes")
    parser.add_argument("--all", action="store_true", help="both policies, bridged and stdio")
    parser.add_argument("--direct", action="store_true", help="leave the gateway out")
    parser.add_argument("--toolgate", metavar="BIN", help="the gateway; else TOOLGATE_BIN, else target/debug/toolgate")
    parser.add_argument("--jobs", type=int, default=2, help="how many runs at once (2)")
    parser.add_argument("--keep", action="store_true", help="keep the raw results also when all is well")
    return parser.parse_args()


def wanted_runs(options):
    special = [mode for mode in ("direct", "bridged", "stdio") if getattr(options, mode)]
    modes = MODES if options.all else special or [options.policy]
    names, sets = options.fixture or fixtures.NAMES, options.requirements or suite.REQUIREMENTS
    return [Run(name, requirements, mode) for mode in modes for name in names for requirements in sets
            if mode in fixtures.MODES[name]]


def perform(run, node, toolgate, folder):
    """Runs the suite once, against a fixture of its own; one era only where the mode is bridged."""
    folder = folder / f"{run.fixture}-{run.requirements}-{run.mode}"
    if run.mode == "stdio":
        pipes = gateway.over_pipes([*fixtures.program(run.fixture, node), "--stdio"])
        return through(run, node, toolgate, pipes, folder)
    era = OTHER_ERA[run.requirements] if run.mode == "bridged" else "both"
    with fixtures.serving(run.fixture, era, node, folder) as url:
        if run.mode == "direct":
            return suite.run(node, url, run.requirements, folder)
        return through(run, node, toolgate, gateway.over_http(url), folder)


def through(run, node, toolgate, upstream, folder):
    policy = "real" if run.mode == "real" else "allow"
    with gateway.serving(toolgate, policy, upstream, folder) as url:
        return suite.run(node, url, run.requirements, folder, gateway.TOKEN)


def guarded(run, *parts):
    """The result and the seconds; a run that breaks is told and counts as stopped, and the others go on."""
    began = time.monotonic()
    try:
        result = perform(run, *parts)
    except Exception:  # noqa: BLE001 - whatever it is, it fails the run
        traceback.print_exc()
        result = suite.Result(complete=False)
    print(f"{run.name():<40}{result.figure():>10}{time.monotonic() - began:>8.0f} s", flush=True)
    return result


def judged(run, results):
    """The row of a run, with what is wrong."""
    if run.mode == "direct":
        row = Row(run, results[run], None)
        row.problems = direct_problems(run, results[run])
        return row
    row = Row(run, results[run.reference()], results[run])
    row.lost = suite.lost(row.direct, row.through)
    row.unexpected, stale = expected.compare(run, row.lost)
    row.problems = direct_problems(run, row.direct)
    row.problems += [f"{key}: {said}" for key, said in sorted(row.unexpected.items())]
    row.problems += [f"{key}: listed in {expected.path(run.mode)}, but not lost" for key in stale]
    if not row.through.complete:
        row.problems.append("the run through the gateway did not end by itself")
    return row


def direct_problems(run, result):
    bar = BAR[run.requirements]
    if run.fixture in OWN_FIXTURES and (result.passed < bar or result.failed):
        return [f"directly it reaches {result.figure()} and not {bar}/0"]
    return [] if result.passed else ["directly no check passes"]


def report(rows, folder):
    """Prints what is wrong and the table; returns how many rows have problems."""
    for row in rows:
        if row.problems:
            print(f"\nFAIL  {row.run.name()}")
            print("\n".join(f"      {line}" for line in row.problems))
    print(f"\n{'fixture':<12}{'requirements':<14}{'gateway':<9}{'direct':>9}{'through':>9}{'lost':>6}{'listed':>8}"
          "   (checks passed/failed)")
    for row in rows:
        print(f"{row.run.fixture:<12}{row.run.requirements:<14}{row.run.mode:<9}{row.direct.figure():>9}"
              f"{row.through.figure() if row.through else '-':>9}{len(row.lost):>6}"
              f"{len(row.lost) - len(row.unexpected):>8}   {'FAIL' if row.problems else 'ok'}")
    n_failed = sum(bool(row.problems) for row in rows)
    print(f"\n{len(rows)} runs, {n_failed} failed" + (f"; raw results: {folder}" if folder else ""), flush=True)
    return n_failed


def main():
    options = arguments()
    toolgate = None if options.direct else gateway.binary(options.toolgate)
    runs = wanted_runs(options)
    names = sorted({run.fixture for run in runs})
    setup = subprocess.run([HERE / "setup.sh", *names], stdout=subprocess.PIPE, text=True, check=False)
    if setup.returncode != 0 or not runs:
        sys.exit("conformance: the setup failed" if runs else "conformance: there is no such run")
    node, folder = setup.stdout.strip(), Path(tempfile.mkdtemp(prefix="toolgate-conformance-"))
    work = list(dict.fromkeys([run.reference() for run in runs] + runs))
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        results = dict(zip(work, pool.map(lambda run: guarded(run, node, toolgate, folder), work)))
    rows = [judged(run, results) for run in runs]
    keep = options.keep or any(row.problems for row in rows)
    n_failed = report(rows, folder if keep else None)
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
