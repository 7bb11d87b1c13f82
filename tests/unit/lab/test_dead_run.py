"""The lab's clean-up after a killed run of its stack."""

import json
import subprocess

import pytest

from lab import dead_run

CLEARED = {"kind": "stack", "name": "lab", "level": "ok", "number": None, "message": "is locked", "fix": "done: unlock"}
YOUNG = {**CLEARED, "level": "error", "number": 7, "message": "is pending", "fix": "nothing was repaired"}


@pytest.fixture
def repair(monkeypatch):
    """Yield `repair((status, *findings), ...)`: set the result of each repair; it returns the time slept between."""
    slept: list[float] = []

    def install(*runs: tuple) -> list[float]:
        left = list(runs)

        def run(command: tuple, **_: object) -> subprocess.CompletedProcess:
            status, *findings = left.pop(0)
            return subprocess.CompletedProcess(command, status, json.dumps({"findings": findings}))

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(dead_run.time, "sleep", slept.append)
        return slept

    return install


def test_what_was_cleared_is_said_and_nothing_else(repair):
    repair((0,), (0, CLEARED))
    assert list(dead_run.clear()) == []
    assert list(dead_run.clear()) == ["A killed run of the stack lab left this: stack lab: is locked; done: unlock"]


def test_a_release_that_may_be_under_way_is_waited_for(repair):
    slept = repair((1, YOUNG), (0, CLEARED))
    assert len(list(dead_run.clear())) == 2
    assert slept == [7]


def test_a_run_that_is_going_on_ends_the_command(repair):
    repair((1, {**YOUNG, "number": None}))
    with pytest.raises(SystemExit):
        list(dead_run.clear())
