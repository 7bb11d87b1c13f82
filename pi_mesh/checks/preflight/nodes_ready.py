"""Enough nodes must be Ready, with an architecture for which Istio has images, and a fit kubelet."""

import re
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.foreign_istio import is_installed
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.words import counted

READY, ARCHITECTURE = "nodes ready", "architecture"
HAS_IMAGES = ("arm64", "amd64")


def usable_nodes(snapshot: Snapshot) -> list[Node]:
    """Return the nodes that are Ready and not cordoned. Tainted nodes count: a workload may tolerate the taint."""
    return [node for node in snapshot.nodes if node.ready and not node.cordoned]


def check_nodes(observation: Observation) -> Iterator[Finding]:
    for node in observation.snapshot.nodes:
        if not node.ready:
            yield warning(READY, Subject("node", node.name), "is not Ready", f"see `kubectl describe node {node.name}`")
        elif node.cordoned:
            yield warning(READY, Subject("node", node.name), "is cordoned", f"`kubectl uncordon {node.name}`")
    names = ", ".join(node.name for node in usable_nodes(observation.snapshot)) or "none"
    count, needed = len(usable_nodes(observation.snapshot)), observation.settings.cluster.nodes
    message = f"{counted(count, 'node is', 'nodes are')} Ready and schedulable, at least {needed} needed: {names}"
    if count < needed:
        # On an installed mesh an `up` may be what helps; "room for the mesh" judges whether what must run still fits.
        report, where = (warning, "back") if is_installed(observation.mesh, observation.snapshot) else (error, "up")
        fix = f"bring the missing nodes {where}, or lower cluster.nodes"
        yield report(READY, setting("cluster.nodes"), message, fix, number=count)
    else:
        yield ok(READY, setting("cluster.nodes"), message, number=count)
    yield from _architecture(observation)


def _architecture(observation: Observation) -> Iterator[Finding]:
    architecture, nodes = observation.settings.cluster.architecture, usable_nodes(observation.snapshot)
    for node in nodes:
        if node.architecture not in HAS_IMAGES:
            fix = "install a 64-bit system, or cordon the node"
            message = f"is {node.architecture}: Istio has no images for it"
            yield error(ARCHITECTURE, Subject("node", node.name), message, fix)
        elif node.architecture != architecture:
            message = f"is {node.architecture}, cluster.architecture is {architecture}: istiod and gateways avoid it"
            yield warning(ARCHITECTURE, Subject("node", node.name), message, "set cluster.architecture, or leave it so")
    fitting = [node.name for node in nodes if node.architecture == architecture and node.accepts]
    if fitting:
        yield ok(ARCHITECTURE, setting("cluster.architecture"), f"{architecture}: {', '.join(fitting)}")
    else:
        message = f"no node that accepts pods is {architecture}: istiod and the gateways have no node"
        yield error(ARCHITECTURE, setting("cluster.architecture"), message, "set it to what the nodes are")


NATIVE_SIDECARS, KEY = "native sidecars", "proxy.nativeSidecars"
SINCE = 29
"""First minor version of Kubernetes with native sidecars on by default
(kubernetes.io/docs/concepts/workloads/pods/sidecar-containers)."""


def check_kubelets(observation: Observation) -> Iterator[Finding]:
    if not observation.settings.proxy.native_sidecars:
        return
    for node in observation.snapshot.nodes:
        version = re.match(r"v?1\.(\d+)", node.kubelet)
        if version and int(version[1]) < SINCE:
            message = f"has kubelet {node.kubelet}, which does not know native sidecars ({KEY}): no pod would start"
            fix = f"upgrade it to 1.{SINCE} or newer, or remove {KEY}"
            yield error(NATIVE_SIDECARS, Subject("node", node.name), message, fix)
