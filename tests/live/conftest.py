"""Fixtures of the tests on the local cluster."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path

import pytest

from lab import dead_run
from lab.cluster import node_images, state
from lab.cluster.environment import variables
from lab.cluster.kubectl import kubectl
from lab.cluster.lifecycle import down, up
from lab.workloads import apply
from tests.support import figures, kubeconfigs
from tests.support.project import STACK, Project

HERE = Path(__file__).parent
STAGES = ("mesh", "project", "alone", "vault_mesh")
"""Fixtures in the order in which their tests run: first those that need no mesh; then those that share the one that is
installed once; then those that take it apart; last those whose mesh has its CA in Vault."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder, and put its modules, each as a whole, into the order of the stages."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.live)
    stages: dict[Path, int] = {}
    for item in items:
        stages[item.path] = max(stages.get(item.path, 0), _stage(item))
    items.sort(key=lambda item: stages[item.path])


def _stage(item: pytest.Item) -> int:
    """Return the place of the test in the order; tests of other folders come last, for some take the clusters away."""
    if not item.path.is_relative_to(HERE):
        return len(STAGES) + 1
    names = set(getattr(item, "fixturenames", ()))
    if "mesh" in names and "alone" not in names:
        return STAGES.index("mesh") + 1  # `mesh` stands on `project`
    return max((number for number, name in enumerate(STAGES, 1) if name in names), default=0)


@pytest.fixture(scope="session", autouse=True)
def lab() -> Iterator[None]:
    """Yield the local cluster; one that is not up is started, and stopped again."""
    was_up = state.is_up()
    up()
    yield
    if not was_up:
        down()


@pytest.fixture
def as_user(lab: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - first the lab
    """Set the environment of a user's shell, for what this process itself reads of the cluster."""
    for name, value in variables().items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def visibly(pytestconfig: pytest.Config) -> Callable[..., None]:
    """Return `visibly(programs.ensure, ["vault"])`: call a function that may take minutes, and show its progress."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def call(function: Callable[..., object], *arguments: object) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            function(*arguments)

    return call


@pytest.fixture(scope="session")
def older_istio(lab: None, visibly: Callable[..., None]) -> Callable[[str], None]:  # noqa: ARG001 - first the lab
    """Return `older_istio(LAB_BEFORE)`: give the nodes that control plane and its proxy, built if needed."""
    return cache(lambda version: visibly(node_images.load_istio, version))


@pytest.fixture(scope="session")
def project(lab: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:  # noqa: ARG001 - first the lab
    """Yield the stack lab in one folder for all tests; a mesh is there after them if one was there before."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.run("pulumi", "stack", "select", STACK, "--create")
    for cleared in dead_run.clear(project.environment):
        print(cleared)
    was_there = "helm.sh/v3:Release" in project.pulumi("stack", "export").output
    yield project
    project.leave()
    if was_there:
        project.must_hold_the_shipped_mesh()
    else:
        project.must_hold_nothing()


@pytest.fixture(scope="session")
def mesh(project: Project) -> Project:
    """Return the stack lab as it is shipped, installed by the program once.

    A test that changes the mesh restores it.
    """
    project.must_hold_the_shipped_mesh()
    return project


@pytest.fixture(scope="module")
def reader_kubeconfig(mesh: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:  # noqa: ARG001
    """Yield the kubeconfig of an account that may get and list what `verify --read-only` reads, and nothing else."""
    with kubeconfigs.reader(tmp_path_factory.mktemp("reader")) as file:
        yield file


@pytest.fixture
def alone(project: Project) -> Iterator[Project]:
    """Yield the stack lab for a test that takes it apart: no shared mesh is left on it."""
    project.leave()
    yield project
    project.reset()


@pytest.fixture
def nothing(alone: Project) -> Project:
    """Return the stack lab with nothing installed."""
    alone.must_hold_nothing()
    return alone


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Yield `namespace("shop", **labels)`: create a namespace for this module's tests, removed with all its content."""
    made: list[str] = []

    def make(name: str, **labels: str) -> str:
        full = f"{request.module.__name__.rpartition('.')[2].removeprefix('test_').replace('_', '-')}-{name}"
        metadata = {"name": full, "labels": {key.replace("_", "-"): value for key, value in labels.items()}}
        apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])
        made.append(full)
        # The API server refuses a pod whose service account does not exist yet.
        kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={full}", "--timeout=60s")
        return full

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return `figure("120 ms")`: write the test's row in docs/figures/live.md, if `--figures` asks for it."""
    section = (request.module.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    what = figures.sentence(request.node.name)

    def note(seen: str) -> None:
        if request.config.getoption("--figures"):
            figures.record(section, what, seen)

    return note
