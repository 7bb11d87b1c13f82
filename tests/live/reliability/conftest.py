"""The stack lab, to be broken: each test finds it whole, or finds nothing, and puts right what it broke."""

import time
from collections.abc import Iterator

import pytest

from tests.live.mesh.conftest import project
from tests.support.project import Project

__all__ = ["project"]


@pytest.fixture
def whole(project: Project) -> Iterator[Project]:
    """The mesh as the stack lab has it, installed and verified before; what a failed test left is repaired after."""
    project.reset()
    _whole(project)
    yield project
    project.reset()


@pytest.fixture
def empty(project: Project) -> Project:
    """Nothing installed, and nothing in the state."""
    project.reset()
    assert project.operation("repair", "--yes").status == 0
    done = project.destroy("--refresh")
    assert done.status == 0, done.output
    return project


def _whole(project: Project) -> None:
    assert project.operation("repair", "--yes").status == 0
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
