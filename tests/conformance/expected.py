"""The lists of checks that are lost on purpose: with a real policy, and where two eras cannot be translated.

expected/MODE.json maps a set of requirements to entries. An entry's key is a scenario, or "scenario:check"; its value
says why, or is an object with `why` and the `fixtures` for which alone it holds. Without a file nothing may be lost.
"""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "expected"


def path(mode):
    return f"expected/{mode}.json"


def entries(run):
    """The keys that may be lost in a run, and must be."""
    file = FOLDER / f"{run.mode}.json"
    if not file.exists():
        return set()
    listed = json.loads(file.read_text()).get(run.requirements, {})
    return {key for key, value in listed.items()
            if isinstance(value, str) or run.fixture in value.get("fixtures", [run.fixture])}


def compare(run, lost):
    """(what is lost and not listed, what is listed and not lost)."""
    listed = entries(run)
    covered = {key: {key, key.split(":", 1)[0]} & listed for key in lost}
    unexpected = {key: said for key, said in lost.items() if not covered[key]}
    return unexpected, sorted(listed - set().union(*covered.values()))
