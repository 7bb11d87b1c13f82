"""The stack lab for tests that break it: each finds it whole, or finds nothing, and repairs what it broke."""

import time
from collections.abc import Iterator

import pytest

from tests.support.project import Holds, Project


@pytest.fixture
def whole(alone: Project) -> Iterator[Project]:
    """Yield the mesh of the stack lab, installed and verified before; repair after a failed test."""
    _whole(alone)
    yield alone
    alone.holds = Holds.UNKNOWN


@pytest.fixture
def empty(alone: Project) -> Iterator[Project]:
    """Yield the stack lab with nothing installed and nothing in its state."""
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
    """Return True if the mesh verifies, perhaps after a while: others learn late of a restarted node or API server."""
    for _ in range(4):
        if project.operation("verify").status == 0:
            return True
        time.sleep(5)
    return False
