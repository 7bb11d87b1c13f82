"""Pods that nearly fill simulated nodes: what becomes of them when a node dies, by the scheduler's own word."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.cluster.kubectl import get, kubectl
from lab.cluster.node_files import PAUSE_IMAGE
from lab.cluster.simulated import MANAGED, TOLERATION
from lab.cluster.waiting import wait_until
from tests.support.nodes import cordoned

NAME = "budget-crowd"
SIZES = {"wide": (10, "230Mi", {}), "pinned": (1, "10Mi", {"kubernetes.io/hostname": "sim-2"}), "tiny": (3, "0", {})}
"""Pods, their memory and their node selector: two nodes of 1000Mi take eight wide pods, and any number of tiny ones."""


@contextmanager
def crowd() -> Iterator[None]:
    """Have the pods, all of them placed."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}}
    items = [namespace, *(_deployment(name, *size) for name, size in SIZES.items())]
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    try:
        _wait_until_placed()
        yield
    finally:
        kubectl("delete", "namespace", NAME, "--ignore-not-found")


@contextmanager
def emptied(node: str) -> Iterator[None]:
    """Remove a node's pods for the block: their successors go to other nodes, or stay Pending."""
    with cordoned(node):
        kubectl("delete", "pods", "-n", NAME, f"--field-selector=spec.nodeName={node}", "--grace-period=0", "--force")
        wait_until("the scheduler's word on every pod", _decided, seconds=60)
        yield
    _wait_until_placed()


def pending_workloads() -> list[str]:
    """Return NAMESPACE/NAME of the Deployment of each pod that the scheduler found no node for."""
    return [f"{NAME}/{pod['metadata']['labels']['app']}" for pod in _pods() if _condition(pod) == "False"]


def _wait_until_placed() -> None:
    wait_until("a node for every pod", lambda: _decided() and not pending_workloads(), seconds=60)


def _decided() -> bool:
    pods = _pods()
    return len(pods) == sum(size[0] for size in SIZES.values()) and all(map(_condition, pods))


def _pods() -> list[dict[str, Any]]:
    return [pod for pod in get("pods", "-n", NAME)["items"] if "deletionTimestamp" not in pod["metadata"]]


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
    metadata = {"name": name, "namespace": NAME}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
