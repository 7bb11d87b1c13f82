"""Kubernetes objects of the mesh and the trading namespace, as plain dicts.

The Istio kinds are of version v1beta1, which every Istio from 1.20 to the newest serves.
"""

from pi_mesh.names import ADOPTED_ANNOTATION, INJECTION_LABEL, OWNER_ANNOTATION, REVISION_LABEL, owner
from pi_mesh.quantities import Resources
from pi_mesh.settings import Settings

Object = dict[str, object]

MESH_WIDE = "default"
"""Name of the mesh-wide PeerAuthentication."""


def peer_authentication(settings: Settings) -> Object:
    """Return the PeerAuthentication with the mesh-wide mode: in the root namespace, without a selector."""
    return {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "PeerAuthentication",
        "metadata": {"name": MESH_WIDE, "namespace": settings.istio.namespace},
        "spec": {"mtls": {"mode": settings.mtls.mode}},
    }


def istio_namespace(settings: Settings, stack: str) -> Object:
    return _namespace(settings.istio.namespace, stack, {}, settings.istio.adopt)


def cert_manager_namespace(settings: Settings, stack: str) -> Object:
    return _namespace(settings.vault.cert_manager.namespace, stack, {INJECTION_LABEL: "disabled"})


def ingress_namespace(settings: Settings, stack: str) -> Object:
    """Return the ingress gateway's own namespace, without an injection label: the gateway's pod has its own."""
    return _namespace(settings.ingress_namespace, stack, {})


def trading_namespace(settings: Settings, stack: str) -> Object:
    """Return the trading namespace with its istiod's injection label: Istio obeys only one, `istio-injection` first."""
    revision = settings.trading.revision
    labels = {REVISION_LABEL: revision} if revision else {INJECTION_LABEL: "enabled"}
    return _namespace(settings.trading.namespace, stack, labels, settings.trading.adopt)


def bounds(settings: Settings) -> tuple[Object, ...]:
    """Return the objects that keep trading's workloads from overloading the Pis; no Sidecar for the whole mesh."""
    trading = settings.trading
    limits = (limit_range(settings),) if trading.bounds.limit_range else ()
    quota = (resource_quota(settings),) if trading.bounds.quota else ()
    scope = (sidecar_scope(settings),) if trading.is_scoped else ()
    return *limits, *quota, *scope


def limit_range(settings: Settings) -> Object:
    """Return the LimitRange with the resources of containers that specify none, which the quota would refuse."""
    workload = settings.trading.workload
    limits, requests = workload.limits.resources.to_kubernetes(), workload.requests.resources.to_kubernetes()
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "workload-defaults", "namespace": settings.trading.namespace},
        "spec": {"limits": [{"type": "Container", "default": limits, "defaultRequest": requests}]},
    }


def resource_quota(settings: Settings) -> Object:
    """Return the ResourceQuota for the pods that the settings admit, each of the default size with its sidecar."""
    trading = settings.trading
    requests, limits = (amount * trading.workloads for amount in trading_pod(settings))
    hard = {"pods": str(trading.workloads), **_prefixed("requests", requests), **_prefixed("limits", limits)}
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "workloads", "namespace": trading.namespace},
        "spec": {"hard": hard},
    }


def trading_pod(settings: Settings) -> tuple[Resources, Resources]:
    """Return the requests and limits of a workload of the default size with its sidecar."""
    workload, sidecar = settings.trading.workload, settings.proxy.resources
    return (
        workload.requests.resources + sidecar.requests.resources,
        workload.limits.resources + sidecar.limits.resources,
    )


def sidecar_scope(settings: Settings) -> Object:
    """Return the Sidecar with the hosts that the namespace's proxies learn of; each further host costs them memory."""
    # Without the gateways' Services no request could leave through the egress gateway.
    hosts = [*settings.trading.sidecar_scope, f"{settings.istio.namespace}/*"]
    return {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "Sidecar",
        "metadata": {"name": "default", "namespace": settings.trading.namespace},
        "spec": {"egress": [{"hosts": hosts}]},
    }


def _namespace(name: str, stack: str, labels: dict[str, str], adopted: bool = False) -> Object:
    mark = ADOPTED_ANNOTATION if adopted else OWNER_ANNOTATION
    metadata = {"name": name, "labels": labels, "annotations": {mark: owner(stack)}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _prefixed(kind: str, resources: Resources) -> dict[str, str]:
    return {f"{kind}.{name}": quantity for name, quantity in resources.to_kubernetes().items()}
