"""The stack lab for tests that break it: each finds it whole, or finds nothing, and repairs what it broke."""

from collections.abc import Iterator

import pytest

from pi_mesh.waiting import until
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
    alone.must_be_repaired()
    alone.destroy("--refresh").must()
    yield alone
    alone.holds = Holds.UNKNOWN


def _whole(project: Project) -> None:
    project.must_be_repaired()
    for arguments in ((), ("--refresh",)):
        done = project.up(*arguments)
        # Perhaps after a while: others learn late of a restarted node or API server.
        if done.status == 0 and until(lambda: project.operation("verify").status == 0, seconds=60, pause=5):
            return
    raise AssertionError(f"the mesh can't be made whole:\n{done.output}\n{project.operation('verify').output}")
