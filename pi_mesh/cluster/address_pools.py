"""The pools from which MetalLB and Cilium take the addresses of Services, and what is left in them.

Sources: metallb v0.16.1 config/crd/bases/metallb.io_ipaddresspools.yaml,
https://docs.cilium.io/en/stable/network/lb-ipam/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from pi_mesh.cluster.client import Client, Forbidden
from pi_mesh.cluster.objects import Crd

METALLB, CILIUM = "MetalLB", "Cilium"
CRDS = {"ipaddresspools.metallb.io": METALLB, "ciliumloadbalancerippools.cilium.io": CILIUM}
METALLB_PATH = "/apis/metallb.io/v1beta1/ipaddresspools"
CILIUM_PATHS = [f"/apis/cilium.io/{version}/ciliumloadbalancerippools" for version in ("v2", "v2alpha1")]
Range = tuple[int, int]
"""First and last address, as numbers."""


@dataclass(frozen=True)
class Pool:
    provider: str
    name: str
    ranges: tuple[Range, ...] = ()
    """Empty where they are not counted: what is left is not known then, and is taken to be enough."""
    namespaces: tuple[str, ...] = ()
    """The only namespaces whose Services get an address of it; empty: all of them do."""
    on_request: bool = False
    """True for a pool of which only Services that ask for it get an address."""

    def serves(self, namespace: str, *, asked: bool = False) -> bool:
        """Return True for a namespace whose Services may have an address of this pool; `asked` for a certain one."""
        return (asked or not self.on_request) and (not self.namespaces or namespace in self.namespaces)

    def holds(self, address: str) -> bool:
        number = _number(address)
        return number is not None and any(first <= number <= last for first, last in self.ranges)

    def free(self, used: Iterable[str]) -> int | None:
        """Return how many addresses no Service has; None where that is not known."""
        if not self.ranges:
            return None
        size = sum(last - first + 1 for first, last in self.ranges)
        return size - len({_number(address) for address in used if self.holds(address)})


def read(client: Client, crds: Iterable[Crd]) -> tuple[Pool, ...] | None:
    """Return the pools of the providers that are there; None where reading one is not allowed."""
    there = {CRDS[crd.name] for crd in crds if crd.name in CRDS}
    try:
        metallb = map(_metallb, client.items(METALLB_PATH)) if METALLB in there else ()
        cilium = (item for path in CILIUM_PATHS for item in client.items(path)) if CILIUM in there else ()
        enabled = (Pool(CILIUM, item["metadata"]["name"]) for item in cilium if not item["spec"].get("disabled"))
        return *metallb, *enabled
    except Forbidden:
        return None


def _metallb(item: Mapping[str, Any]) -> Pool:
    spec, name = item["spec"], item["metadata"]["name"]
    on_request = spec.get("autoAssign") is False
    allocation = spec.get("serviceAllocation") or {}
    if allocation.get("namespaceSelectors") or allocation.get("serviceSelectors") or spec.get("avoidBuggyIPs"):
        return Pool(METALLB, name, on_request=on_request)
    ranges = tuple(_range(text) for text in spec.get("addresses") or [])
    return Pool(METALLB, name, ranges, tuple(allocation.get("namespaces") or ()), on_request)


def _range(text: str) -> Range:
    """Return the bounds of "192.0.2.0/28", "192.0.2.1-192.0.2.9" or a single address."""
    first, _, last = text.strip().partition("-")
    if last:
        return int(ip_address(first.strip())), int(ip_address(last.strip()))
    network = ip_network(first, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def _number(address: str) -> int | None:
    try:
        return int(ip_address(address))
    except ValueError:
        return None
