"""The obstacles to an adoption: each is one line with what to do, and nothing is written."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

import pytest

from lab.cluster.kubectl import kubectl
from lab.toolchain.charts import chart_dir
from lab.workloads import CONTROL
from operations.repair import processes
from tests.support import ansible_role, mesh_reader
from tests.support.helm import helm
from tests.support.project import STACK, STACK_FILE, Project

LAST = "sh.helm.release.v1.istiod.v1"
"""The secret in which Helm keeps the one revision of istiod."""


@contextmanager
def pending(_: Project) -> Iterator[None]:
    """Leave istiod's release as a killed `helm upgrade` does."""
    label = ("label", "secret", LAST, f"--namespace={CONTROL}", "--overwrite")
    kubectl(*label, "status=pending-upgrade")
    try:
        yield
    finally:
        kubectl(*label, "status=deployed")


@contextmanager
def second_istiod(_: Project) -> Iterator[None]:
    """Install a second control plane, of a revision, as a canary upgrade does."""
    chart = str(chart_dir() / f"istiod-{ansible_role.VERSION}.tgz")
    helm("install", "istiod-canary", chart, "--set=revision=canary,pilot.replicaCount=0,pilot.autoscaleEnabled=false")
    try:
        yield
    finally:
        helm("uninstall", "istiod-canary", "--wait")


@contextmanager
def locked(project: Project) -> Iterator[None]:
    """Lock the stack as a run on another machine does."""
    folder = processes.lock_folder(project.environment["PULUMI_BACKEND_URL"], STACK)
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / f"{uuid4()}.json"
    held = {"pid": 1, "username": "op", "hostname": "elsewhere", "timestamp": "2026-11-25T10:00:00Z"}
    lock.write_text(json.dumps(held))
    try:
        yield
    finally:
        lock.unlink()


@contextmanager
def no_secrets(project: Project) -> Iterator[None]:
    """Take the kubeconfig of an account that may not list secrets."""
    with mesh_reader.kubeconfig(project.folder) as file:
        project.more["KUBECONFIG"] = str(file)
        try:
            yield
        finally:
            del project.more["KUBECONFIG"]


IN_THE_WAY: dict[str, Callable[[Project], AbstractContextManager[None]]] = {
    "release istio-system/istiod: is pending-upgrade: a Helm command is still running, or was killed": pending,
    "istio-system/istiod, istio-system/istiod-canary are 2 control planes, and a stack manages only one": second_istiod,
    "stack lab: is locked from another machine (op@elsewhere, process 1": locked,
    "may not list Secrets, in which Helm keeps its releases: the releases are unknown": no_secrets,
}


def written(project: Project) -> tuple[dict, str]:
    """Return what an adoption writes: the exported state and the stack file."""
    state = json.loads(project.pulumi("stack", "export").must().output)["deployment"]
    return state, (project.folder / STACK_FILE).read_text()


@pytest.mark.long
def test_each_obstacle_is_one_line_and_leaves_everything_as_it_was_and_half_a_state_is_completed(installed):
    project = installed()
    before = written(project)
    for line, obstacle in IN_THE_WAY.items():
        with obstacle(project):
            refused = project.operation("adopt", "--yes")
        assert refused.status == 1, refused.output
        assert line in refused.output
        assert sum(row.startswith("  x ") for row in refused.output.splitlines()) == 1
        assert written(project) == before
    project.operation("adopt", "--yes").must()
    (urn,) = (entry["urn"] for entry in written(project)[0]["resources"] if entry["urn"].endswith("::istiod-release"))
    project.pulumi("state", "delete", urn, "--target-dependents", "--yes").must()
    completed = project.operation("adopt", "--yes").must().output
    assert "release istio-system/istiod: istiod 1.31.0, revision 1, is adopted as istiod" in completed
    assert "release istio-system/istio-base" not in completed
    assert "0 to replace, 0 to delete" in completed
