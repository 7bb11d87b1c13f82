"""Pods that the real scheduler places, at no cost to the nodes: probes of the budget, and a crowd whose node dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.cluster.node_files import PAUSE_IMAGE
from lab.cluster.simulated import MANAGED, TOLERATION
from lab.cluster.waiting import wait_until
from lab.workloads import apply
from pi_mesh.quantities import Resources
from tests.support.objects import cordoned

PROBES, CROWD = "budget-probe", "budget-crowd"
SIZES = {"wide": (10, "230Mi", {}), "pinned": (1, "10Mi", {"kubernetes.io/hostname": "sim-2"}), "tiny": (3, "0", {})}
"""Pods, their memory and their node selector: two nodes of 1000Mi take eight wide pods, and any number of tiny ones."""


@contextmanager
def probes(one: Resources, count: int) -> Iterator[None]:
    """Create pods with these requests, and wait for the scheduler; no node has their runtime, so that none runs."""
    container = {"name": "probe", "image": PAUSE_IMAGE, "resources": {"requests": one.to_kubernetes()}}
    labels = {"app": PROBES}
    template = {"metadata": {"labels": labels}, "spec": {"runtimeClassName": PROBES, "containers": [container]}}
    spec = {"replicas": count, "selector": {"matchLabels": labels}, "template": template}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": PROBES}}
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": PROBES}, "handler": "none"}
    metadata = {"name": PROBES, "namespace": PROBES}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
    try:
        apply([namespace, runtime, deployment])
        wait_until(f"the scheduler's word on {count} pods", lambda: len(decisions()) == count, seconds=180)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", f"namespace/{PROBES}", f"runtimeclass/{PROBES}")


def accepted(one: Resources, count: int) -> int:
    """Return how many of `count` pods the scheduler places, after a decision on each; no node refuses a placed pod."""
    with probes(one, count):
        assert not get("pods", "-n", PROBES, "--field-selector=status.phase=Failed")["items"]
        return decisions().count("True")


def decisions() -> list[str]:
    """Return the status of PodScheduled of each pod: "False" is kubectl's Pending."""
    conditions = [pod["status"].get("conditions", []) for pod in get("pods", "-n", PROBES)["items"]]
    return [one["status"] for each in conditions for one in each if one["type"] == "PodScheduled"]


@contextmanager
def crowd() -> Iterator[None]:
    """Have the pods, all of them placed."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CROWD}}
    items = [namespace, *(_deployment(name, *size) for name, size in SIZES.items())]
    apply(items)
    try:
        _wait_until_placed()
        yield
    finally:
        kubectl("delete", "namespace", CROWD, "--ignore-not-found")


@contextmanager
def emptied(node: str) -> Iterator[None]:
    """Remove a node's pods for the block: their successors go to other nodes, or stay Pending."""
    with cordoned(node):
        kubectl("delete", "pods", "-n", CROWD, f"--field-selector=spec.nodeName={node}", "--grace-period=0", "--force")
        wait_until("the scheduler's word on every pod", _decided, seconds=60)
        yield
    _wait_until_placed()


def pending_workloads() -> list[str]:
    """Return CROWDSPACE/CROWD of the Deployment of each pod that the scheduler found no node for."""
    return [f"{CROWD}/{pod['metadata']['labels']['app']}" for pod in _pods() if _condition(pod) == "False"]


def _wait_until_placed() -> None:
    wait_until("a node for every pod", lambda: _decided() and not pending_workloads(), seconds=60)


def _decided() -> bool:
    pods = _pods()
    return len(pods) == sum(size[0] for size in SIZES.values()) and all(map(_condition, pods))


def _pods() -> list[dict[str, Any]]:
    return staying_pods(CROWD)


def _condition(pod: dict[str, Any]) -> str:
    conditions = pod["status"].get("conditions", [])
    return next((one["status"] for one in conditions if one["type"] == "PodScheduled"), "")


def _deployment(name: str, count: int, memory: str, selector: dict[str, str]) -> dict[str, Any]:
    container = {"name": "crowd", "image": PAUSE_IMAGE, "resources": {"requests": {"memory": memory}}}
    pod = {
        "tolerations": [TOLERATION],
        "nodeSelector": {MANAGED: "fake", **selector},
        "containers": [container],
        "terminationGracePeriodSeconds": 0,
    }
    labels = {"app": name}
    spec = {
        "replicas": count,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    metadata = {"name": name, "namespace": CROWD}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
