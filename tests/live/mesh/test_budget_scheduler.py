"""The budget is true: what it says still fits is what the real scheduler accepts, pod for pod."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lab.cluster.environment import variables
from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CONTEXT
from lab.cluster.node_files import PAUSE_IMAGE
from lab.cluster.waiting import wait_until
from pi_mesh.budget.fit import fitting
from pi_mesh.budget.mesh import of
from pi_mesh.checks.capacity import rooms
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import Resources
from tests.support.factories import make_mesh
from tests.support.nodes import cordoned

NAME = "budget-probe"
TOO_MANY = 2
"""Pods beyond the prediction: they must stay Pending, and no other."""


SIDECAR = of(make_mesh()).sidecar.requests
BUSY = Resources(700, 2**24)
"""Pods that run out of CPU first, where sidecars run out of memory."""


@contextmanager
def probes(one: Resources, count: int) -> Iterator[None]:
    """Pods with these requests. They are placed like any other, but no node has their runtime: none costs a process."""
    container = {"name": "probe", "image": PAUSE_IMAGE, "resources": {"requests": one.to_kubernetes()}}
    labels = {"app": NAME}
    template = {"metadata": {"labels": labels}, "spec": {"runtimeClassName": NAME, "containers": [container]}}
    spec = {"replicas": count, "selector": {"matchLabels": labels}, "template": template}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}}
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": NAME}, "handler": "none"}
    metadata = {"name": NAME, "namespace": NAME}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    everything = {"apiVersion": "v1", "kind": "List", "items": [namespace, runtime, deployment]}
    try:
        kubectl("apply", "-f", "-", stdin=json.dumps(everything))
        yield
    finally:
        kubectl("delete", "--ignore-not-found", f"namespace/{NAME}", f"runtimeclass/{NAME}")


@pytest.fixture
def predicted(monkeypatch) -> Callable[[Resources], int]:
    """What the budget says of the live nodes."""
    for name, value in variables().items():
        monkeypatch.setenv(name, value)

    def count(one: Resources) -> int:
        seen = snapshot.read(CONTEXT)
        return fitting(rooms(seen.nodes, seen.pods), one)

    return count


def accepted(one: Resources, count: int) -> int:
    """How many of so many pods the scheduler places, having decided on each; no node refuses what it placed."""
    with probes(one, count):
        wait_until(f"the scheduler's word on {count} pods", lambda: len(decisions()) == count, seconds=180)
        assert not get("pods", "-n", NAME, "--field-selector=status.phase=Failed")["items"]
        return decisions().count("True")


def decisions() -> list[str]:
    """The status of PodScheduled of each pod: "False" is what kubectl shows as Pending."""
    conditions = [pod["status"].get("conditions", []) for pod in get("pods", "-n", NAME)["items"]]
    return [one["status"] for each in conditions for one in each if one["type"] == "PodScheduled"]


@pytest.mark.parametrize("one", [SIDECAR, BUSY], ids=["sidecars", "busy pods"])
def test_as_many_pods_fit_as_the_budget_says(one, predicted, figure):
    count = predicted(one)
    assert count > 0
    assert accepted(one, count + TOO_MANY) == count
    figure(f"{count} of {one} predicted and accepted, {TOO_MANY} more left Pending")


def test_a_cordoned_node_counts_no_more(predicted, figure):
    before = predicted(SIDECAR)
    with cordoned("pi-2"):
        count = predicted(SIDECAR)
        assert 0 < count < before
        assert accepted(SIDECAR, count + TOO_MANY) == count
    figure(f"{before} sidecars on three nodes; {count} predicted and accepted on two, {TOO_MANY} more left Pending")
