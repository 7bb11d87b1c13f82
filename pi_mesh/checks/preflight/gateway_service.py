"""A gateway's Service must fit the cluster: its address, node ports and class, and the nodes that answer."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.foreign_istio import is_installed
from pi_mesh.cluster.load_balancers import gateway_answer
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Kind, Release, Workload
from pi_mesh.inventory.mesh_releases import gateways
from pi_mesh.settings.gateway import GatewayService
from pi_mesh.values.gateway_service import service_of
from pi_mesh.words import counted

ID = "gateway service"


def check_service(observation: Observation) -> Iterator[Finding]:
    for release in observation.mesh.of_kind(Kind.GATEWAY):
        _, gateway = gateways(observation.settings)[release.setting]
        findings = [*_refused(release, gateway.service, observation.snapshot)]
        findings += _vain(release, gateway.service, observation.snapshot)
        yield from findings or [ok(ID, setting(f"{release.setting}.service"), "fits the cluster")]


def _refused(release: Release, service: GatewayService, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield an error for what the API server would refuse: node ports of other Services, and another class."""
    key = f"{release.setting}.service"
    for name, number in service.node_ports.items():
        for other in snapshot.services:
            if number in other.node_ports and other.id != release.id:
                message = f"is {number}, which Service {other.id} has"
                yield error(ID, setting(f"{key}.nodePorts.{name}"), message, "choose another one")
    chosen = service_of(release.values).get("loadBalancerClass")
    live = next((service for service in snapshot.services if service.id == release.id), None)
    if chosen and live and live.type == "LoadBalancer" and live.load_balancer_class != chosen:
        has = live.load_balancer_class or "none"
        message = f"is {chosen}, and the Service in the cluster has {has}: Kubernetes refuses the change"
        fix = "keep it as it is, or set service.type: NodePort for one `up`, which gives the address away"
        yield error(ID, setting(f"{key}.loadBalancerClass"), message, fix)


def _vain(release: Release, asked: GatewayService, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield a warning for keys that a NodePort does not read, and for nodes that clients would call in vain."""
    (workload,) = release.workloads
    service, pods, key = service_of(release.values), workload.pods, f"{release.setting}.service"
    nodes, is_node_port = sum(node.ready for node in snapshot.nodes), service.get("type") == "NodePort"
    if asked.asks_provider and is_node_port:
        message = f"is auto and becomes NodePort, which has no use for {', '.join(asked.asks_provider)}"
        yield warning(ID, setting(f"{key}.type"), message, f"set {key}.type: LoadBalancer, or remove them")
    if service.get("externalTrafficPolicy") == "Local" and is_node_port and pods < nodes:
        message = f"is Local, and only {counted(pods, 'node')} of {nodes} can answer on the node ports"
        fix = f"send clients to the node of the gateway's pod, or set {release.setting}.replicas: {nodes}"
        yield warning(ID, setting(f"{key}.externalTrafficPolicy"), message, fix)


LOAD_BALANCER = "load balancer"
ADDRESS_FIX = "set auto or NodePort, or free an address: docs/clusters.md"


def check_address(observation: Observation) -> Iterator[Finding]:
    """Refuse a vain wait before a first install; on an installed mesh warn of it."""
    gateways = (workload for release in observation.mesh.of_kind(Kind.GATEWAY) for workload in release.workloads)
    asking = (gateway for gateway in gateways if gateway.service_type in ("LoadBalancer", "auto"))
    findings = [_address_finding(observation, gateway) for gateway in asking]
    yield from findings or [ok(LOAD_BALANCER, CLUSTER, "no gateway asks for an address")]


def _address_finding(observation: Observation, workload: Workload) -> Finding:
    key, installed = setting(f"{workload.setting}.service.type"), is_installed(observation.mesh, observation.snapshot)
    answer = gateway_answer(observation.settings, workload.setting, observation.snapshot)
    if answer.serves:
        return ok(LOAD_BALANCER, key, f"is {workload.service_type}: the address comes from {answer.provider}")
    reason = answer.refusal or "nothing in this cluster gives addresses"
    if workload.service_type != "auto":
        message = f"is LoadBalancer, but {reason}: the release would wait in vain"
        return (warning if installed else error)(LOAD_BALANCER, key, message, ADDRESS_FIX)
    message = f"is auto and becomes NodePort: {reason}"
    # Aloud before a first install alone, and where somebody could have given an address.
    if answer.refusal and not installed:
        return warning(LOAD_BALANCER, key, message, "leave it so, or free an address: docs/clusters.md")
    return ok(LOAD_BALANCER, key, message if answer.refusal else f"{message}, and none is needed")
