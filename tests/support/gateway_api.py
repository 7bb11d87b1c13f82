"""Objects of the Gateway API for tests: a stranger's Gateway of the class `istio`, and the cluster that has it."""

from pi_mesh.catalog.istio import GATEWAY_API
from pi_mesh.checks.observe import mesh_on
from pi_mesh.cluster.objects import Crd, Deployment, Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.names import GATEWAY_LABEL
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import make_snapshot

CLASS = Policy("GatewayClass", "", "istio", {"controllerName": "istio.io/gateway-controller"})
DEPLOYED = (Deployment("shop", "web-istio"),)
SERVED = (Service("shop", "web-istio", "LoadBalancer", ("192.0.2.7",)),)
OWN_GATEWAY = {"type": "Hostname", "value": "istio-ingressgateway.istio-system.svc.cluster.local"}


def gateway(*addresses: dict[str, str], of_class: str = "istio", namespace: str = "shop", **annotations: str) -> Policy:
    """Return the Gateway `web`; `annotations` are those of its infrastructure, with `_` for what Python lacks."""
    spec = {"gatewayClassName": of_class, **({"addresses": [*addresses]} if addresses else {})}
    return Policy("Gateway", namespace, "web", spec, manager="kubectl", annotations=annotations)


def route(kind: str = "HTTPRoute", /, **parent: str) -> Policy:
    return Policy(kind, "shop", "a", {"parentRefs": [parent]}, manager="kubectl")


def with_objects(*objects: Policy, release: str = "v1.6.3", **more: object) -> Snapshot:
    """Return a cluster with the CRDs of a release of the Gateway API and these objects."""
    crds = (Crd(f"{plural}.gateway.networking.k8s.io", version=release) for plural, _, _ in GATEWAY_API.values())
    return make_snapshot(**{"crds": tuple(crds), "gateway_api": objects, **more})


def mesh_with(snapshot: Snapshot, **settings: object) -> Inventory:
    return mesh_on(make_settings(**settings), STACK, snapshot, None)


def gateway_pod(*containers: Container) -> Pod:
    """Return the pod that istiod creates for the Gateway `web`."""
    return Pod("shop", "web-istio-0", {GATEWAY_LABEL: "web"}, "pi-1", containers=containers)
