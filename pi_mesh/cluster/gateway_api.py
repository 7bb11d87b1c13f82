"""Gateways of the Kubernetes Gateway API for which istiod creates pods, whoever wrote them.

Source: istio/istio, pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go and
manifests/charts/istio-control/istio-discovery/files/kube-gateway.yaml.
"""

from collections.abc import Iterator

from pi_mesh.catalog.footprint import GATEWAY
from pi_mesh.catalog.istio import facts_of
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory.release import Workload, surge_pods
from pi_mesh.names import GATEWAY_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.gateway_api import DEPLOYMENTS, SWITCHES
from pi_mesh.tree_diff import value_at

CONTROLLER, CLASS = "istio.io/gateway-controller", "istio"
"""Name of istiod's controller, and the class that it serves without an object GatewayClass too."""
NAME, SERVICE_TYPE = "gateway.istio.io/name-override", "networking.istio.io/service-type"
"""Annotations of a Gateway with the name of its Deployment and Service, and the Service's type."""


def served_gateways(snapshot: Snapshot) -> Iterator[Policy]:
    """Yield the Gateways of the classes that istiod's controller serves."""
    objects = snapshot.gateway_api or ()
    classes = {entry.name: entry.spec.get("controllerName") for entry in objects if entry.kind == "GatewayClass"}
    for entry in objects:
        if entry.kind == "Gateway" and {CLASS: CONTROLLER, **classes}.get(_class(entry)) == CONTROLLER:
            yield entry


def gets_pods(gateway: Policy) -> bool:
    """Return True unless the addresses of a Gateway name the Services that serve it."""
    addresses = gateway.spec.get("addresses") or [{}]
    return len(addresses) == 1 and addresses[0].get("type", "IPAddress") == "IPAddress"


def gateway_workloads(settings: Settings, snapshot: Snapshot) -> tuple[Workload, ...]:
    """Return the Deployments that istiod creates for Gateways; none where the mode or an extra value excludes them."""
    extra = [value_at(settings.istio.values, f"pilot.env.{name}") for name in (*SWITCHES, DEPLOYMENTS)]
    if settings.gateway_api.mode in ("off", "routes") or "false" in (str(value).lower() for value in extra):
        return ()
    watched = settings.watched_namespaces
    served = [gateway for gateway in served_gateways(snapshot) if watched is None or gateway.namespace in watched]
    return tuple(_workload(settings, snapshot, gateway) for gateway in served if gets_pods(gateway))


def _workload(settings: Settings, snapshot: Snapshot, gateway: Policy) -> Workload:
    own, facts = settings.gateway_api, facts_of(settings.istio.version)
    name = gateway.annotations.get(NAME) or f"{gateway.name}-{_class(gateway)}"
    running = [entry.wanted for entry in snapshot.deployments if entry.id == f"{gateway.namespace}/{name}"]
    pods = next(iter(running), own.replicas or 1)
    return Workload(
        name,
        gateway.namespace,
        f"Gateway {gateway.id}",
        "gatewayApi" if facts.has_gateway_classes else "proxy",
        own.resources or settings.proxy.resources,
        {GATEWAY_LABEL if facts.minor > 20 else "istio.io/gateway-name": gateway.name},
        surge_pods(pods),
        pods,
        service_type=gateway.annotations.get(SERVICE_TYPE) or own.service_type or "LoadBalancer",
        growth=GATEWAY,
    )


def _class(gateway: Policy) -> str:
    return gateway.spec.get("gatewayClassName", "")
