"""Pods that the scheduler places like any other, at no cost to the nodes, for live tests of the budget."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from lab.cluster.kubectl import get, kubectl
from lab.cluster.node_files import PAUSE_IMAGE
from lab.cluster.waiting import wait_until
from pi_mesh.quantities import Resources

NAME = "budget-probe"


@contextmanager
def probes(one: Resources, count: int) -> Iterator[None]:
    """Create pods with these requests, and wait for the scheduler; no node has their runtime, so that none runs."""
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
        wait_until(f"the scheduler's word on {count} pods", lambda: len(decisions()) == count, seconds=180)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", f"namespace/{NAME}", f"runtimeclass/{NAME}")


def accepted(one: Resources, count: int) -> int:
    """Return how many of `count` pods the scheduler places, after a decision on each; no node refuses a placed pod."""
    with probes(one, count):
        assert not get("pods", "-n", NAME, "--field-selector=status.phase=Failed")["items"]
        return decisions().count("True")


def decisions() -> list[str]:
    """Return the status of PodScheduled of each pod: "False" is kubectl's Pending."""
    conditions = [pod["status"].get("conditions", []) for pod in get("pods", "-n", NAME)["items"]]
    return [one["status"] for each in conditions for one in each if one["type"] == "PodScheduled"]
