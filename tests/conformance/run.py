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
from dataclasses import dataclass
from pathlib import Path

import expected
import fixtures
import gateway
import suite

HERE = Path(__file__).resolve().parent
# What the fixtures of this repository reach directly, without a failure; less means that the run itself is broken.
BAR = {"2025-11-25": 83, "2026-07-28": 197}
OWN_FIXTURES = ("rmcp", "ts")
# The era that a fixture is held to when the suite speaks the other one.
OTHER_ERA = {"2025-11-25": "modern", "2026-07-28": "legacy"}


@dataclass(frozen=True)
class Pairing:
    """One fixture and one set of requirements, to be run directly and through."""

    fixture: str
    requirements: str
    mode: str

    def name(self):
        return f"{self.fixture}, {self.requirements}" + ("" if self.mode == "allow" else f", {self.mode}")


@dataclass
class Outcome:
    """What a pairing showed."""

    pairing: Pairing
    direct: suite.Result
    through: suite.Result | None
    lost: dict
    unexpected: dict
    stale: list
    seconds: float

    def problems(self):
        found = [f"{key}: {said}" for key, said in sorted(self.unexpected.items())]
        found += [f"{key}: listed in {expected.path(self.pairing.mode)}, but not lost" for key in self.stale]
        bar = BAR[self.pairing.requirements]
        if self.pairing.fixture in OWN_FIXTURES and (self.direct.passed < bar or self.direct.failed):
            found.append(f"directly it reaches {self.direct.figure()} and not {bar}/0")
        if self.pairing.fixture not in OWN_FIXTURES and not self.direct.passed:
            found.append("directly no check passes")
        if self.through and not self.through.complete:
            found.append(f"the run through the gateway was stopped after {suite.RUN_TIMEOUT_S} s")
        return found


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__.splitlines()[0])
    parser.add_argument("--fixture", action="append", choices=fixtures.NAMES, help="only this one; may be repeated")
    parser.add_argument("--requirements", action="append", choices=suite.REQUIREMENTS, help="only this set")
    parser.add_argument("--policy", choices=gateway.POLICIES, default="allow", help="what the gateway enforces")
    parser.add_argument("--bridged", action="store_true", help="each set against a fixture that speaks only the other era")
    parser.add_argument("--direct", action="store_true", help="leave the gateway out")
    parser.add_argument("--toolgate", metavar="BIN", help="the gateway; else TOOLGATE_BIN, else target/debug/toolgate")
    parser.add_argument("--jobs", type=int, default=2, help="how many pairings run at once (2)")
    parser.add_argument("--keep", action="store_true", help="keep the raw results also when all is well")
    return parser.parse_args()


def pairings(options):
    mode = "bridged" if options.bridged else options.policy
    chosen = options.fixture or fixtures.NAMES
    if mode == "bridged":
        chosen = [name for name in chosen if "legacy" in fixtures.ERAS[name]]
    return [Pairing(name, requirements, mode)
            for name in chosen for requirements in options.requirements or suite.REQUIREMENTS]


def run_pairing(pairing, node, toolgate, folder):
    """Runs the suite twice. The fixture behind the gateway is a fresh one, of one era where the mode is bridged."""
    began = time.monotonic()
    folder = folder / f"{pairing.fixture}-{pairing.requirements}"
    with fixtures.serving(pairing.fixture, "both", node, folder / "direct") as url:
        direct = suite.run(node, url, pairing.requirements, folder / "direct")
    through, lost, unexpected, stale = None, {}, {}, []
    if toolgate:
        through = run_through(pairing, node, toolgate, folder / "through")
        lost = suite.lost(direct, through)
        unexpected, stale = expected.compare(pairing, lost)
    return Outcome(pairing, direct, through, lost, unexpected, stale, time.monotonic() - began)


def run_through(pairing, node, toolgate, folder):
    bridged = pairing.mode == "bridged"
    era = OTHER_ERA[pairing.requirements] if bridged else "both"
    policy = "allow" if bridged else pairing.mode
    with fixtures.serving(pairing.fixture, era, node, folder) as upstream:
        with gateway.serving(toolgate, policy, upstream, folder) as url:
            return suite.run(node, url, pairing.requirements, folder, gateway.TOKEN)


def guarded(*parts):
    """A pairing whose run breaks is a failure of its own; the others go on."""
    try:
        return run_pairing(*parts)
    except Exception:  # noqa: BLE001 - whatever it is, it is told and it fails the run
        print(f"{parts[0].name()}: broken", flush=True)
        traceback.print_exc()
        return None


def report(outcomes, folder):
    """Prints the table; returns how many pairings have problems."""
    n_failed = 0
    for outcome in filter(None, outcomes):
        problems = outcome.problems()
        n_failed += bool(problems)
        print(f"\n{'FAIL' if problems else 'ok  '}  {outcome.pairing.name()}  ({outcome.seconds:.0f} s)")
        for line in problems:
            print(f"        {line}")
    print(f"\n{'fixture':<12}{'requirements':<14}{'direct':>9}{'through':>9}{'lost':>6}{'listed':>8}   passed/failed checks")
    for outcome in filter(None, outcomes):
        pairing, through = outcome.pairing, outcome.through
        print(f"{pairing.fixture:<12}{pairing.requirements:<14}{outcome.direct.figure():>9}"
              f"{through.figure() if through else '-':>9}{len(outcome.lost):>6}"
              f"{len(outcome.lost) - len(outcome.unexpected):>8}")
    n_broken = sum(outcome is None for outcome in outcomes)
    print(f"\n{len(outcomes)} pairings, {n_failed + n_broken} failed; raw results: {folder}", flush=True)
    return n_failed + n_broken


def main():
    options = arguments()
    toolgate = None if options.direct else gateway.binary(options.toolgate)
    work = pairings(options)
    wanted = sorted({pairing.fixture for pairing in work})
    setup = subprocess.run([HERE / "setup.sh", *wanted], stdout=subprocess.PIPE, text=True, check=False)
    if setup.returncode != 0:
        sys.exit("conformance: the setup failed")
    node, folder = setup.stdout.strip(), Path(tempfile.mkdtemp(prefix="toolgate-conformance-"))
    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        outcomes = list(pool.map(lambda pairing: guarded(pairing, node, toolgate, folder), work))
    n_failed = report(outcomes, folder)
    if not n_failed and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
