"""Fixtures of the tests on the local cluster."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.cluster import state
from lab.cluster.kubectl import kubectl
from lab.cluster.lifecycle import down, up
from tests.support import figures, mesh_by_helm

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder: it needs the local cluster."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session", autouse=True)
def lab() -> Iterator[None]:
    """The local cluster; one that is not up is started, and stopped again."""
    was_up = state.is_up()
    up()
    yield
    if not was_up:
        down()


@pytest.fixture(scope="module")
def mesh() -> Iterator[None]:
    """A mesh with the stack lab's values: the one that is there, or one installed by helm and removed after the file.

    Not later: the program would refuse to install beside it.
    """
    if mesh_by_helm.is_installed():
        yield
        return
    mesh_by_helm.install()
    try:
        yield
    finally:
        mesh_by_helm.remove()


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """`namespace("shop", **labels)`: makes a namespace for the tests of this module; it goes with all that is in it."""
    made: list[str] = []

    def make(name: str, **labels: str) -> str:
        full = f"{request.module.__name__.rpartition('.')[2].removeprefix('test_').replace('_', '-')}-{name}"
        metadata = {"name": full, "labels": {key.replace("_", "-"): value for key, value in labels.items()}}
        kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}))
        made.append(full)
        # A pod made before its account is there is refused.
        kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={full}", "--timeout=60s")
        return full

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figure("what was seen")`: the test's row in docs/live.md, written where `--figures` asks for it."""
    section = (request.module.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    what = figures.sentence(request.node.name)

    def note(seen: str) -> None:
        if request.config.getoption("--figures"):
            figures.record(section, what, seen)

    return note
