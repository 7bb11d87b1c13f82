"""The mesh by the program, and the workloads in it."""

from collections.abc import Iterator

import pytest

from lab.workloads import apply, delete, manifests, wait_for
from tests.live.traffic import cast, program
from tests.support.project import Project


@pytest.fixture(scope="session")
def project(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Project:  # noqa: ARG001 - the cluster comes first
    """The program with a stack file that tests may change."""
    return Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def mesh(project: Project) -> Iterator[None]:
    """The stack lab, installed."""
    with program.installed(project):
        yield


@pytest.fixture(scope="session")
def workloads(mesh: None) -> Iterator[None]:  # noqa: ARG001
    """The cast, Ready."""
    objects = [*cast.NAMESPACES, *cast.SERVICES, *(each for one in cast.ALL for each in manifests(one))]
    apply(objects)
    try:
        wait_for(*cast.ALL)
        yield
    finally:
        delete(objects)
