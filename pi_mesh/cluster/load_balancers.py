"""The provider of a gateway's address, the reason for which a Service gets none, and the address that it has."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from pi_mesh.cluster import objects
from pi_mesh.cluster.address_pools import CRDS
from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.conditions import is_true
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod, image_program
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory.mesh_releases import gateway_namespace, gateways
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import CHART_PORTS
from pi_mesh.values.gateway_service import given_service, reached_ports
from pi_mesh.words import agreeing, enumerated

APPS = {"metallb": "MetalLB", "openelb": "OpenELB"}
CLOUDS = ("aws://", "azure://", "gce://", "hcloud://", "digitalocean://", "openstack://")
KUBE_VIP = "kube-vip"
NO_ALLOCATOR = "kube-vip announces addresses and gives none; kube-vip-cloud-provider, which does, is missing"
CHOOSING = ("loadBalancerClass", "loadBalancerIP", "annotations")
"""Extra values of a Service by which its owner chooses the provider, the pool or the address."""


@dataclass(frozen=True)
class Answer:
    """The provider of an address for a Service of type LoadBalancer, or its refusal."""

    provider: str = ""
    """Name of the provider; empty if none is known."""
    refusal: str = ""
    """Reason why the provider gives no address; empty if it gives one."""

    @property
    def serves(self) -> bool:
        return bool(self.provider) and not self.refusal


def served_gateways(settings: Settings, snapshot: Snapshot | None) -> frozenset[str]:
    """Return the keys of the gateways whose Service gets an address as a LoadBalancer."""
    if snapshot is None:
        return frozenset()
    return frozenset(key for key in gateways(settings) if gateway_answer(settings, key, snapshot).serves)


def gateway_answer(settings: Settings, key: str, snapshot: Snapshot) -> Answer:
    """Return what the Service of a gateway, by the key of its branch, would get; what it has already, it keeps."""
    name, gateway = gateways(settings)[key]
    own, given = gateway.service, given_service(gateway)
    ports = reached_ports(settings, name, gateway) | {CHART_PORTS["status-port"]}
    asked = (own.address,) if own.address else ()
    asking = Service(gateway_namespace(settings, key), name, addresses=asked, ports=tuple(ports))
    balanced = (service for service in snapshot.services if service.type == "LoadBalancer")
    if held := next((service.addresses for service in balanced if service.id == asking.id), ()):
        return Answer(f"what gave {asking.id} {', '.join(held)}")
    candidates = list(_candidates(snapshot, asking))
    if own.load_balancer_class or any(given.get(field) for field in CHOOSING):
        place = f"{key}.service" if own.load_balancer_class else f"{key}.values.service"
        return Answer(candidates[0].provider if candidates else f"what {place} chooses")
    return next((answer for answer in candidates if answer.serves), candidates[0] if candidates else Answer())


def _candidates(snapshot: Snapshot, asking: Service) -> Iterator[Answer]:
    """Yield all that may give an address, those that are certain to first."""
    images = {image_program(container.image) for pod in snapshot.pods for container in pod.containers}
    labels = {pod.labels.get("app.kubernetes.io/name", "") for pod in snapshot.pods}
    is_vip = KUBE_VIP in images or KUBE_VIP in labels
    if not is_vip:
        yield from (Answer(f"whatever serves {service}") for service in _served_by_others(snapshot))
    yield from (_pooled(CRDS[crd.name], snapshot, asking) for crd in snapshot.crds if crd.name in CRDS)
    pooled = {CRDS.get(crd.name) for crd in snapshot.crds}
    yield from (Answer(name) for label, name in APPS.items() if label in labels and name not in pooled)
    if is_vip:
        yield Answer(KUBE_VIP, "" if f"{KUBE_VIP}-cloud-provider" in images else NO_ALLOCATOR)
    clouds = (cloud for node in snapshot.nodes for cloud in CLOUDS if node.provider.startswith(cloud))
    yield from (Answer(cloud.removesuffix("://")) for cloud in clouds)
    if has_servicelb(snapshot.nodes, snapshot.pods):
        yield Answer(SERVICELB, servicelb_refusal(snapshot.nodes, snapshot.pods, asking.id, asking.ports))


def _pooled(provider: str, snapshot: Snapshot, asking: Service) -> Answer:
    """Judge a provider by its pools; where they could not be read, it is taken to have addresses."""
    if snapshot.address_pools is None:
        return Answer(provider)
    of_provider = (pool for pool in snapshot.address_pools if pool.provider == provider)
    pools = [pool for pool in of_provider if pool.serves(asking.namespace, asked=bool(asking.addresses))]
    taken = {address: service.id for service in snapshot.services for address in service.addresses}
    address, home = next(iter(asking.addresses), ""), asking.namespace
    if not pools:
        return Answer(provider, f"{provider} has no pool of addresses for namespace {home}")
    if address in taken:
        return Answer(provider, f"{address} is the address of {taken[address]}")
    if address and all(pool.ranges and not pool.holds(address) for pool in pools):
        return Answer(provider, f"no pool of {provider} for {home} has {address}")
    if not address and all(pool.free(taken) == 0 for pool in pools):
        names = ", ".join(pool.name for pool in pools)
        return Answer(provider, f"every address of {provider}'s {names} is taken by another Service")
    return Answer(provider)


def _served_by_others(snapshot: Snapshot) -> Iterator[str]:
    """Yield NAMESPACE/NAME of the Services whose address is neither servicelb's nor of a pool."""
    own = {servicelb_service(pod) for pod in snapshot.pods}
    for service in snapshot.services:
        known = any(pool.holds(address) for pool in snapshot.address_pools or () for address in service.addresses)
        if service.type == "LoadBalancer" and service.addresses and not known and service.id not in own:
            yield service.id


# servicelb (klipper-lb), which k3s and RKE2 bring: a DaemonSet for each Service holds its ports on the nodes. A Service
# has no address until one of these pods runs, and a pod runs only on a node on which no other pod holds one of its
# ports: Traefik, which k3s brings, holds 80 and 443. Source: k3s pkg/cloudprovider/servicelb.go at commit 0821db5a.

SERVICELB = "k3s servicelb"
SERVICELB_LABELS = [f"svccontroller.{program}.cattle.io" for program in ("k3s", "rke2")]
SERVICELB_FLAG = "servicelb"


def has_servicelb(nodes: Sequence[Node], pods: Sequence[Pod]) -> bool:
    """Return True where it serves: k3s starts it, unless one of its servers was told not to."""
    if any(servicelb_service(pod) for pod in pods):
        return True
    k3s = [node for node in nodes if "+k3s" in node.kubelet]
    return bool(k3s) and not any(_is_disabled(node.k3s_arguments) for node in k3s)


def servicelb_service(pod: Pod) -> str:
    """Return NAMESPACE/NAME of the Service that a pod of servicelb is for; empty for any other pod."""
    for label in SERVICELB_LABELS:
        if name := pod.labels.get(f"{label}/svcname"):
            return f"{pod.labels.get(f'{label}/svcnamespace', '')}/{name}"
    return ""


def servicelb_refusal(nodes: Sequence[Node], pods: Sequence[Pod], service: str, ports: Collection[int]) -> str:
    """Return why no node can take the pod of a Service, NAMESPACE/NAME, with these ports; empty where one can."""
    needed, places = {*ports}, {node.name for node in _servicelb_nodes(nodes) if node.ready}
    if not places:
        return f"no node that is Ready may run the pods of {SERVICELB}"
    others = (pod for pod in pods if pod.node in places and servicelb_service(pod) != service)
    holding = [pod for pod in others if needed & {*pod.host_ports}]
    if places - {pod.node for pod in holding}:
        return ""
    holders: dict[str, set[int]] = defaultdict(set)
    for pod in holding:
        holders[servicelb_service(pod) or pod.workload] |= needed & {*pod.host_ports}
    by = " and ".join(f"{holder} holds {_listed_ports(held)}" for holder, held in sorted(holders.items()))
    return f"{SERVICELB} needs {_listed_ports(ports)} free on a node, and on every node {by}"


def _servicelb_nodes(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes that its pods may run on: those with the label `enablelb`, where any node has it."""
    labelled = {node.name: [node.labels.get(f"{label}/enablelb") for label in SERVICELB_LABELS] for node in nodes}
    if not any(value for values in labelled.values() for value in values):
        return list(nodes)
    return [node for node in nodes if "true" in labelled[node.name]]


def _is_disabled(arguments: str) -> bool:
    """Judge `k3s.io/node-args`: `--disable servicelb`, `--disable=traefik,servicelb`, or no cloud controller at all."""
    try:
        words = json.loads(arguments or "[]")
    except ValueError:
        return SERVICELB_FLAG in arguments
    flags = [word.partition("=") for word in map(str, words)]
    if any(flag == "--disable-cloud-controller" and value != "false" for flag, _, value in flags):
        return True
    values = [value for flag, _, value in flags if flag == "--disable"]
    values += [str(after) for before, after in pairwise(words) if before == "--disable"]
    return any(SERVICELB_FLAG in value.split(",") for value in values)


def _listed_ports(ports: Collection[int]) -> str:
    return f"{agreeing(len(ports), 'port', 'ports')} {enumerated(map(str, sorted(ports)))}"


def read_exposure(context: str, namespace: str, service: str) -> dict[str, object]:
    """Return the type, addresses and ports of a Service; empty if it does not exist. Raises ClusterUnreachable."""
    with Client(context) as client:
        item = client.get(f"/api/v1/namespaces/{namespace}/services/{service}")
        if not item:
            return {}
        spec = item["spec"]
        if spec["type"] == "NodePort":
            number, addresses = "nodePort", list(_node_addresses(client))
        else:
            number, addresses = "port", [*objects.service(item).addresses] or [spec.get("clusterIP", "")]
    return {
        "type": spec["type"],
        **({"addresses": addresses} if addresses else {}),
        "ports": {port["name"]: port[number] for port in spec["ports"]},
    }


def _node_addresses(client: Client) -> Iterator[str]:
    """Yield the first InternalIP of each Ready node, of which a dual-stack node has two; none if they stay unlisted."""
    with suppress(Refused):
        for node in client.items("/api/v1/nodes"):
            addresses = node.get("status", {}).get("addresses", []) if is_true(node, "Ready") else []
            yield from [entry["address"] for entry in addresses if entry["type"] == "InternalIP"][:1]
