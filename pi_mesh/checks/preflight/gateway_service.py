"""A gateway's Service must fit the cluster: its node ports, its provider's class, and the nodes that answer."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, error, ok, setting, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.counts import counted
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.inventory.istio import gateways
from pi_mesh.settings.gateway import GatewayService
from pi_mesh.values.gateway_service import service_of

ID = "gateway service"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    for release in mesh.of_kind(Kind.GATEWAY):
        _, gateway = gateways(mesh.settings)[release.setting]
        findings = [
            *_node_ports(release, gateway.service, snapshot),
            *_class(release, snapshot),
            *_unasked(release, gateway.service),
            *_local(release, snapshot),
        ]
        yield from findings
        if not findings:
            yield ok(ID, setting(f"{release.setting}.service"), "fits the cluster")


def _node_ports(release: Release, service: GatewayService, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield an error for each node port of another Service, which the API server would refuse."""
    for name, number in service.node_ports.items():
        for other in snapshot.services:
            if number in other.node_ports and f"{other.namespace}/{other.name}" != release.id:
                message = f"is {number}, which Service {other.namespace}/{other.name} has"
                yield error(ID, setting(f"{release.setting}.service.nodePorts.{name}"), message, "choose another one")


def _class(release: Release, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield an error for another class, which Kubernetes refuses while the Service is a LoadBalancer."""
    wanted = service_of(release.values).get("loadBalancerClass")
    live = next((one for one in snapshot.services if f"{one.namespace}/{one.name}" == release.id), None)
    if wanted and live and live.type == "LoadBalancer" and live.load_balancer_class != wanted:
        has = live.load_balancer_class or "none"
        message = f"is {wanted}, and the Service in the cluster has {has}: Kubernetes refuses the change"
        fix = "keep it as it is, or set service.type: NodePort for one `up`, which gives the address away"
        yield error(ID, setting(f"{release.setting}.service.loadBalancerClass"), message, fix)


def _unasked(release: Release, service: GatewayService) -> Iterator[Finding]:
    """Yield a warning for keys that nobody reads because `auto` has become NodePort."""
    if service.asks_provider and service_of(release.values).get("type") == "NodePort":
        message = f"is auto and becomes NodePort, which has no use for {', '.join(service.asks_provider)}"
        fix = f"set {release.setting}.service.type: LoadBalancer, or remove them"
        yield warning(ID, setting(f"{release.setting}.service.type"), message, fix)


def _local(release: Release, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a warning where clients that call any node would often meet one without a pod of the gateway."""
    (workload,) = release.workloads
    service, pods = service_of(release.values), workload.pods
    nodes = sum(node.ready for node in snapshot.nodes)
    if service.get("externalTrafficPolicy") == "Local" and service.get("type") == "NodePort" and pods < nodes:
        message = f"is Local, and only {counted(pods, 'node')} of {nodes} can answer on the node ports"
        fix = f"send clients to the node of the gateway's pod, or set {release.setting}.replicas: {nodes}"
        yield warning(ID, setting(f"{release.setting}.service.externalTrafficPolicy"), message, fix)
