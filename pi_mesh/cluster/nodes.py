"""Nodes as the checks see them, and the conditions of a pod for its node, as the scheduler reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_mesh import quantities
from pi_mesh.cluster.conditions import is_true
from pi_mesh.quantities import ZERO, Resources
from pi_mesh.selectors import expression_matches, matches

KEEPS_PODS_AWAY = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Node:
    name: str
    ready: bool = True
    cordoned: bool = False
    taints: tuple[str, ...] = ()
    """Taints, as KEY=VALUE:EFFECT or KEY:EFFECT, that keep ordinary pods away."""
    architecture: str = "arm64"
    kernel: str = ""
    os_image: str = ""
    kubelet: str = ""
    provider: str = ""
    """The cloud's ID of the machine; empty on bare metal, "k3s://..." under k3s."""
    k3s_arguments: str = ""
    """Command-line arguments of k3s on this node, as JSON."""
    allocatable: Resources = ZERO
    pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[tuple[str, ...], ...] = ()
    """Names of each image in the kubelet's list, by tag and by digest, with their registry."""

    @property
    def accepts(self) -> bool:
        """Return True if the scheduler places ordinary pods on this node."""
        return self.ready and not self.cordoned and not self.taints


def parse(item: dict) -> Node:
    spec, status = item.get("spec", {}), item.get("status", {})
    info, allocatable = status.get("nodeInfo", {}), status.get("allocatable", {})
    taints = [
        f"{taint['key']}{f'={value}' if (value := taint.get('value')) else ''}:{taint['effect']}"
        for taint in spec.get("taints", [])
        if taint["effect"] in KEEPS_PODS_AWAY
    ]
    return Node(
        name=item["metadata"]["name"],
        ready=is_true(item, "Ready"),
        cordoned=spec.get("unschedulable", False),
        taints=tuple(taints),
        architecture=info.get("architecture", ""),
        kernel=info.get("kernelVersion", ""),
        os_image=info.get("osImage", ""),
        kubelet=info.get("kubeletVersion", ""),
        provider=spec.get("providerID", ""),
        k3s_arguments=item["metadata"].get("annotations", {}).get("k3s.io/node-args", ""),
        allocatable=Resources.from_kubernetes(allocatable),
        pods=int(quantities.parse(str(allocatable.get("pods", 0)))),
        labels=item["metadata"].get("labels") or {},
        images=tuple(tuple(image.get("names") or ()) for image in status.get("images") or ()),
    )


# The nodes that a pod may run on: node selector, required node affinity and tolerations, as the scheduler reads them.
# Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/


@dataclass(frozen=True)
class Placement:
    """The conditions of a pod for its node, besides CPU and memory."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    affinity: Sequence[Mapping[str, Any]] = ()
    """Terms of the required node affinity: one of them has to hold. Empty: every node will do."""
    tolerations: Sequence[Mapping[str, Any]] = ()
    priority: int = 0
    """The scheduler places the pod of the highest priority first."""

    def allows(self, node: Node) -> bool:
        """Return True for a node that this pod may be placed on, if it has room."""
        labels = {"kubernetes.io/arch": node.architecture, "kubernetes.io/hostname": node.name, **node.labels}
        return (
            node.ready
            and not node.cordoned
            and matches(self.node_selector, labels)
            and (not self.affinity or any(_holds(term, labels, node.name) for term in self.affinity))
            and all(any(_tolerates(toleration, taint) for toleration in self.tolerations) for taint in node.taints)
        )


def parse_placement(spec: Mapping[str, Any]) -> Placement:
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return Placement(
        spec.get("nodeSelector") or {},
        required.get("nodeSelectorTerms") or (),
        spec.get("tolerations") or (),
        spec.get("priority") or 0,
    )


def _holds(term: Mapping[str, Any], labels: Mapping[str, str], name: str) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    demands = [*((entry, labels) for entry in expressions), *((entry, {"metadata.name": name}) for entry in fields)]
    # An empty term selects no node.
    return bool(demands) and all(expression_matches(*demand) for demand in demands)


def _tolerates(toleration: Mapping[str, Any], taint: str) -> bool:
    """Judge a taint that stands as KEY=VALUE:EFFECT, or KEY:EFFECT without a value."""
    what, _, effect = taint.rpartition(":")
    key, _, value = what.partition("=")
    if toleration.get("effect") not in (None, "", effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", key)
    return toleration.get("key") == key and (toleration.get("value") or "") == value
