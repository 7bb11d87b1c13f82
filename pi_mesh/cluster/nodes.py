"""Nodes as the checks see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pi_mesh import quantities
from pi_mesh.quantities import ZERO, Resources

KEEPS_PODS_AWAY = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Node:
    """One node: its state, its system and its capacity."""

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

    @property
    def accepts(self) -> bool:
        """Return True if the scheduler places ordinary pods on this node."""
        return self.ready and not self.cordoned and not self.taints


def parse(item: dict) -> Node:
    """Return the node of an API object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    info, allocatable = status.get("nodeInfo", {}), status.get("allocatable", {})
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions", [])}
    taints = [taint for taint in spec.get("taints", []) if taint["effect"] in KEEPS_PODS_AWAY]
    return Node(
        name=item["metadata"]["name"],
        ready=conditions.get("Ready") == "True",
        cordoned=spec.get("unschedulable", False),
        taints=tuple(map(_taint, taints)),
        architecture=info.get("architecture", ""),
        kernel=info.get("kernelVersion", ""),
        os_image=info.get("osImage", ""),
        kubelet=info.get("kubeletVersion", ""),
        provider=spec.get("providerID", ""),
        k3s_arguments=item["metadata"].get("annotations", {}).get("k3s.io/node-args", ""),
        allocatable=Resources.from_kubernetes(allocatable),
        pods=int(quantities.parse(str(allocatable.get("pods", 0)))),
        labels=item["metadata"].get("labels") or {},
    )


def _taint(taint: Mapping[str, str]) -> str:
    value = taint.get("value")
    return f"{taint['key']}={value}:{taint['effect']}" if value else f"{taint['key']}:{taint['effect']}"
