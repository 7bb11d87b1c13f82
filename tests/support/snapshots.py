"""Snapshots for tests: three healthy Pis, and a test's changes."""

from dataclasses import replace

from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment, Namespace, Service, Webhook
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, RecordedRelease, StackState
from pi_mesh.inventory import Inventory
from pi_mesh.names import OWNER_ANNOTATION, owner
from pi_mesh.quantities import MI, Resources
from tests.support.factories import STACK


def make_node(name: str = "pi-1", memory: int = 3700, **overrides: object) -> Node:
    """Return a Pi with Ubuntu; `memory` is in Mi."""
    pi = Node(name, kernel="6.8.0-1010-raspi", os_image="Ubuntu 24.04 LTS", kubelet="v1.35.2")
    return replace(pi, **{"allocatable": Resources(4000, memory * MI), **overrides})


def make_pis(count: int = 3, **overrides: object) -> tuple[Node, ...]:
    return tuple(make_node(f"pi-{number}", **overrides) for number in range(1, count + 1))


def make_snapshot(**overrides: object) -> Snapshot:
    """Return a cluster that fits the mesh, with nothing on it."""
    return replace(Snapshot("test", "v1.35.2", nodes=make_pis()), **overrides)


def make_pod(name: str = "app", cpu: int = 0, memory: int = 0, **overrides: object) -> Pod:
    """Return a running pod on pi-1 with requests of `cpu` thousandths of a core and `memory` Mi."""
    container = Container("app", requests=Resources(cpu, memory * MI))
    return replace(Pod("default", name, node="pi-1", containers=(container,)), **overrides)


def installed_mesh() -> dict[str, tuple]:
    """Return the additions of this stack's own mesh to a snapshot."""
    istiod = "istio-system/istiod"
    hooks = (
        ("Mutating", "istio-sidecar-injector", "rev.namespace.sidecar-injector.istio.io"),
        ("Validating", "istio-validator-istio-system", "rev.validation.istio.io"),
    )
    return {
        "deployments": (Deployment("istio-system", "istiod", {"app": "istiod"}, istiod),),
        "services": (Service("istio-system", "istiod", ports=(15012,)),),
        "webhooks": tuple(Webhook(*hook, service=istiod, release=istiod) for hook in hooks),
        "crds": (Crd("gateways.networking.istio.io", "istio-system/istio-base"),),
        "namespaces": (owned_namespace("istio-system"), owned_namespace("trading")),
        "releases": (ReleaseRecord("istio-system", "istio-base"), ReleaseRecord("istio-system", "istiod")),
    }


def owned_namespace(name: str, stack: str = STACK) -> Namespace:
    return Namespace(name, {"istio-injection": "enabled"}, {OWNER_ANNOTATION: owner(stack)}, f"uid-of-{name}")


def state_of(*namespaces: str, releases: tuple[str, ...] = ("istio-base", "istiod"), **more: object) -> StackState:
    """Return the state of a stack with these namespaces, by default both of the mesh, and these releases."""
    names = namespaces or ("istio-system", "trading")
    uids = {name: f"uid-of-{name}" for name in names}
    return replace(StackState("", uids, frozenset(f"istio-system/{name}" for name in releases), True), **more)


def installed_state(mesh: Inventory) -> StackState:
    """Return the state of a mesh with these releases, objects and namespaces."""
    releases = {one.id: RecordedRelease(one.version, one.values) for one in mesh.releases}
    uids = {entry.name: f"uid-of-{entry.name}" for entry in mesh.namespaces}
    return replace(NEVER_RUN, recorded=releases, objects=tuple(each.manifest for each in mesh.objects), namespaces=uids)
