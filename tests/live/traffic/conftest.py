"""The mesh by the program, the workloads in it, and the table of figures."""

from collections.abc import Callable, Iterator

import pytest

from tests.live.project import Project
from tests.live.traffic import cast, figures, program
from tests.live.traffic.workloads import apply, delete, manifests, wait_for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these need the cluster."""
    for item in items:
        if "tests/live/traffic" in item.path.as_posix():
            item.add_marker(pytest.mark.live)


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


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figure("what was seen")`: the test's row in docs/live.md, written where `--figures` asks for it."""
    section = (request.module.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    what = figures.sentence(request.node.name)

    def note(seen: str) -> None:
        if request.config.getoption("--figures"):
            figures.record(section, what, seen)

    return note
