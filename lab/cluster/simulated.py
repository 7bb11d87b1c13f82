"""Simulated nodes of a Pi's size beside the real ones, which KWOK keeps alive: for tests of capacity and preflight.

They are tainted: only pods that tolerate `kwok.x-k8s.io/node` land there, and nothing of those pods runs.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.cluster import binaries, enter, process, records, state
from lab.cluster.kubectl import kubectl
from lab.cluster.machines import CONTROL_PLANE
from lab.cluster.names import ADMIN, kubeconfig_file
from lab.cluster.shell import print_progress
from lab.cluster.waiting import wait_until
from lab.toolchain import programs
from lab.toolchain.catalog import KUBERNETES

CONTROLLER = "kwok"
MANAGED = "kwok.x-k8s.io/node"  # annotation: KWOK looks after the node; taint: keeps pods off it
TAINT = {"key": MANAGED, "value": "fake", "effect": "NoSchedule"}
TOLERATION = {"key": MANAGED, "operator": "Exists"}


@dataclass(frozen=True)
class SimulatedNode:
    """A node as it reports itself; by default a Raspberry Pi 4 of 4 GB that can carry the mesh."""

    name: str
    architecture: str = "arm64"
    kernel: str = "6.8.0-1013-raspi"
    os_image: str = "Ubuntu 24.04.1 LTS"
    cpu: str = "4"
    memory: str = "3700Mi"
    pods: int = 110
    ready: bool = True


def put(*nodes: SimulatedNode) -> None:
    """Create these nodes, or change those that exist; wait until the cluster shows their readiness."""
    _start_controller()
    manifests = [_manifest(node) for node in nodes]
    _apply(manifests)
    statuses = zip(manifests, map(_status, nodes), strict=True)
    _apply([{**manifest, "status": status} for manifest, status in statuses], "--subresource=status")
    for node in nodes:
        wait_until(f"node {node.name} ready={node.ready}", _shows(node))


def remove_all() -> None:
    """Delete every simulated node, and stop KWOK."""
    kubectl("delete", "nodes", f"--selector={MANAGED}")
    process.stop(CONTROLLER)


def _apply(manifests: list[dict[str, Any]], *flags: str) -> None:
    nodes = {"apiVersion": "v1", "kind": "List", "items": manifests}
    kubectl("apply", "--server-side", "--force-conflicts", *flags, "-f", "-", stdin=json.dumps(nodes))


def _start_controller() -> None:
    if records.is_alive(CONTROLLER):
        return
    print_progress("KWOK, for simulated nodes")
    programs.ensure([CONTROLLER])
    binaries.link(CONTROLLER, programs.program(CONTROLLER))
    flags = [f"--kubeconfig={kubeconfig_file(ADMIN)}", "--manage-all-nodes=false", "--cidr=10.245.0.0/16"]
    flags += [f"--manage-nodes-with-annotation-selector={MANAGED}=fake", f"--node-ip={CONTROL_PLANE.address}"]
    flags += [f"--config={stage}" for stage in _stages()]
    process.start(CONTROLLER, enter.network(CONTROL_PLANE, binaries.program(CONTROLLER), *flags))


def _stages() -> list[Path]:
    """Return the files of KWOK's default stages, which say how simulated nodes and pods live."""
    folder = programs.file("kwok", "stage")
    chosen = ("node/fast", "node/heartbeat-with-lease", "pod/fast")
    stages = [file for kind in chosen for file in sorted((folder / kind).glob("*.yaml"))]
    return [file for file in stages if file.name != "kustomization.yaml"]


def _manifest(node: SimulatedNode) -> dict[str, Any]:
    labels = {"kubernetes.io/arch": node.architecture, "kubernetes.io/os": "linux", "kubernetes.io/hostname": node.name}
    # KWOK makes every node Ready that it manages, so it must not manage one that is to stay unready.
    annotations = {MANAGED: "fake"} if node.ready else {}
    metadata = {"name": node.name, "labels": {**labels, MANAGED: "fake"}, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"taints": [TAINT]}}


def _status(node: SimulatedNode) -> dict[str, Any]:
    size = {"cpu": node.cpu, "memory": node.memory, "pods": str(node.pods)}
    reported = {
        "architecture": node.architecture,
        "kernelVersion": node.kernel,
        "osImage": node.os_image,
        "operatingSystem": "linux",
    }
    status: dict[str, Any] = {"capacity": size, "allocatable": size, "nodeInfo": _node_info(reported)}
    if not node.ready:
        down = {"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "made unready by the lab"}
        status["conditions"] = [down]
    return status


def _node_info(reported: dict[str, str]) -> dict[str, str]:
    """Return a whole `nodeInfo`: the API server wants every field; those that no check reads are empty."""
    absent = dict.fromkeys(("bootID", "machineID", "systemUUID", "kubeProxyVersion"), "")
    return {**absent, "containerRuntimeVersion": "simulated", "kubeletVersion": f"v{KUBERNETES}", **reported}


def _shows(node: SimulatedNode) -> Callable[[], bool]:
    return lambda: (state.node_readiness().get(node.name) == "True") == node.ready
