"""The stack lab, to be broken: each test finds it whole, or finds nothing, and puts right what it broke."""

import time
from collections.abc import Iterator

import pytest

from tests.support.project import Holds, Project


@pytest.fixture
def whole(alone: Project) -> Iterator[Project]:
    """The mesh as the stack lab has it, installed and verified before; what a failed test left is repaired after."""
    _whole(alone)
    yield alone
    alone.holds = Holds.UNKNOWN


@pytest.fixture
def empty(alone: Project) -> Iterator[Project]:
    """Nothing installed, and nothing in the state."""
    alone.operation("repair", "--yes").must()
    alone.destroy("--refresh").must()
    yield alone
    alone.holds = Holds.UNKNOWN


def _whole(project: Project) -> None:
    project.operation("repair", "--yes").must()
    for arguments in ((), ("--refresh",)):
        done = project.up(*arguments)
        if done.status == 0 and _verifies(project):
            return
    raise AssertionError(f"the mesh can't be made whole:\n{done.output}\n{project.operation('verify').output}")


def _verifies(project: Project) -> bool:
    """Perhaps only after a while: an API server or a node that was off is not yet known to all."""
    for _ in range(4):
        if project.operation("verify").status == 0:
            return True
        time.sleep(5)
    return False
