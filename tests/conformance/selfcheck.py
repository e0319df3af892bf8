"""Proves that the comparison finds what it must find; run.sh runs it first. It must never need a server."""

from pathlib import Path
from types import SimpleNamespace

import expected
import suite

# statuses directly, statuses through (None: not reached), whether that is a loss
CASES = [
    (["SUCCESS"], ["SUCCESS"], False),
    (["SUCCESS"], ["FAILURE"], True),
    (["SUCCESS"], ["WARNING"], True),
    (["SUCCESS"], ["SKIPPED"], True),
    (["SUCCESS"], ["INFO"], False),
    (["SUCCESS"], None, True),
    (["SUCCESS", "SUCCESS"], ["SUCCESS", "FAILURE"], True),
    (["SUCCESS", "FAILURE"], ["FAILURE"], False),
    (["FAILURE"], ["FAILURE"], False),
    (["FAILURE"], None, False),
    (["INFO"], ["FAILURE"], False),
]


def result(statuses):
    return suite.Result(checks={} if statuses is None else {"s:c": statuses})


def check_losses():
    for direct, through, is_loss in CASES:
        found = suite.lost(result(direct), result(through))
        assert bool(found) == is_loss, f"{direct} {through}: {found}"


def check_lists(folder):
    """A scenario or a check may be listed; what is listed and not lost is stale; some hold for one fixture alone."""
    expected.FOLDER = folder
    (folder / "real.json").write_text('{"r": {"a": "why", "b:1": "why", "c": {"why": "y", "fixtures": ["other"]}}}')
    run = SimpleNamespace(mode="real", requirements="r", fixture="mine")
    assert expected.compare(run, {"a:1": "x", "a:2": "x", "b:1": "x"}) == ({}, [])
    assert expected.compare(run, {"a:1": "x", "b:2": "y"}) == ({"b:2": "y"}, ["b:1"])
    assert expected.compare(run, {"c:1": "x"}) == ({"c:1": "x"}, ["a", "b:1"])
    unlisted = SimpleNamespace(mode="allow", requirements="r", fixture="mine")
    assert expected.compare(unlisted, {"a:1": "x"}) == ({"a:1": "x"}, [])


if __name__ == "__main__":
    import tempfile

    check_losses()
    with tempfile.TemporaryDirectory() as scratch:
        check_lists(Path(scratch))
