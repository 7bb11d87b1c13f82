"""Fixtures of the tests that install and change a mesh."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.support import ansible_role
from tests.support.ansible_role import NAMES, POLICY
from tests.support.project import Project


@pytest.fixture
def installed(nothing: Project) -> Iterator[Callable[..., Project]]:
    """Yield `installed(names, policy)`: install the Ansible role's mesh under these names, unknown to the stack."""
    called: dict[str, str] = {}

    def install(names: Mapping[str, str] = NAMES, policy: Mapping[str, object] = POLICY) -> Project:
        called.update(names)
        ansible_role.install(names, policy)
        return nothing

    yield install
    nothing.operation("repair", "--yes")
    nothing.operation("adopt", "--undo", "--yes")
    nothing.destroy()
    ansible_role.remove(called)
