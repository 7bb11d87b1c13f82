"""A mesh that Helm installed and no state knows, for the tests of its adoption, and a test's changes to it."""

from collections.abc import Mapping
from typing import Any

from operations.adopt.existing_mesh import ExistingMesh, ExistingObject, ExistingRelease
from operations.adopt.obstacles import Living
from operations.repair.observed_state import ObservedState
from operations.repair.processes import Lock
from pi_mesh import inventory
from pi_mesh.cluster.helm_releases import AppliedRelease, ReleaseRecord
from pi_mesh.cluster.objects import Deployment
from pi_mesh.inventory import Kind
from tests.support.factories import STACK, make_settings
from tests.support.snapshots import make_snapshot
from tests.support.versions import NEWEST

PREFIX = f"urn:pulumi:{STACK}::pi-mesh::"
ROOT = f"{PREFIX}pulumi:pulumi:Stack::pi-mesh-{STACK}"
PROVIDER = f"{PREFIX}pulumi:providers:kubernetes::cluster"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's id for a provider that does not exist yet."""
RELEASE = "kubernetes:helm.sh/v3:Release"
PEER = {
    "apiVersion": "security.istio.io/v1beta1",
    "kind": "PeerAuthentication",
    "metadata": {"name": "default", "namespace": "istio-system"},
    "spec": {"mtls": {"mode": "STRICT"}},
}


def living(name: str, chart: str, values: Mapping | None = None, **more: Any) -> Living:
    """Return a release; `more`: fields of its record, except for `objects` and `version`, which are its content."""
    objects, version = more.pop("objects", ()), more.pop("version", NEWEST)
    record = ReleaseRecord(more.pop("namespace", "istio-system"), name, **more)
    applied = AppliedRelease(record.id, record.revision, version, version, values or {}, objects=objects, chart=chart)
    return Living(record, applied)


def deployment(name: str = "istiod", namespace: str = "istio-system", release: str = "istiod") -> Deployment:
    """Return an istiod of a release of its namespace, or of no release where the name is empty."""
    return Deployment(namespace, name, {"app": "istiod"}, f"{namespace}/{release}" if release else "")


def state_with(*resources: Mapping, **operations: Mapping) -> dict:
    """Return a state; `creating=...` and the like are its pending operations."""
    pending = [{"type": kind, "resource": resource} for kind, resource in operations.items()]
    under_way = {"pending_operations": pending} if pending else {}
    return {"version": 3, "deployment": {"resources": list(resources), **under_way}}


def name_of(entry: Mapping) -> str:
    """Return the name of a resource by its URN."""
    return entry["urn"].rpartition("::")[2]


def situation(
    state: dict | None = None, snapshot: Mapping | None = None, locks: tuple[Lock, ...] = (), **settings: object
) -> ObservedState:
    """Return a stack with that state, by default a new one, on a cluster with that snapshot."""
    exported = state_with() if state is None else state
    cluster = make_snapshot(**(snapshot or {}))
    return ObservedState(STACK, make_settings(**settings), cluster, exported, locks=locks, backend="file:///x")


def resource(type_: str, name: str, parent: str = ROOT, **more: object) -> dict:
    """Return a resource as a preview of the program registers it, in the engine's words."""
    chain = parent.split("::")[2] if parent not in (ROOT, "") else ""
    urn = f"{PREFIX}{chain + '$' if chain else ''}{type_}::{name}"
    custom = type_.startswith(("kubernetes:", "pulumi:providers:"))
    entry = {"urn": urn, "custom": custom, "type": type_, **({"parent": parent} if parent else {}), **more}
    return entry | ({"provider": f"{PROVIDER}::{UNKNOWN}"} if type_.startswith("kubernetes:") else {})


def registered() -> list[dict]:
    """Return the stack, its provider, a namespace, istiod with its component, and the mesh-wide policy with its own."""
    meta = {"name": "istio-system", "labels": {}, "annotations": {"pi-mesh/adopted-by": f"pi-mesh/{STACK}"}}
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}
    root = resource("pulumi:pulumi:Stack", f"pi-mesh-{STACK}", parent="")
    provider = resource("pulumi:providers:kubernetes", "cluster", inputs={"context": "test", "__internal": {}})
    namespace = resource("kubernetes:core/v1:Namespace", "istio-namespace", inputs=home)
    istiod = resource("pi-mesh:istio:Istiod", "istiod", dependencies=[namespace["urn"]])
    inputs = {"name": "istiod", "namespace": "istio-system", "chart": "istiod", "version": NEWEST, "atomic": True}
    release = resource(RELEASE, "istiod-release", istiod["urn"], inputs=inputs, propertyDependencies={"name": []})
    mtls = resource("pi-mesh:istio:MeshMtls", "mesh-mtls", dependencies=[release["urn"]])
    peer = resource("kubernetes:security.istio.io/v1beta1:PeerAuthentication", "peer", mtls["urn"], inputs=PEER)
    return [root, provider, namespace, istiod, release, mtls, peer]


def existing(now: ObservedState | None = None, release: Living | None = None, **objects: Mapping) -> ExistingMesh:
    """Return a mesh to adopt: istiod, and the objects in the cluster, by the name of their resource."""
    now, all_ = now or situation(), registered()
    by_name = {name_of(entry): entry for entry in all_}
    known = {entry["urn"] for entry in (now.state["deployment"] or {}).get("resources", [])}
    istiod = inventory.mesh_inventory(now.settings, STACK).the(Kind.ISTIOD)
    taken = ExistingRelease(istiod, release or living("istiod", "istiod", istiod.values), by_name["istiod-release"])
    there = [ExistingObject(by_name[name]["inputs"], live, by_name[name]) for name, live in objects.items()]
    releases = (taken,) if taken.registered["urn"] not in known else ()
    return ExistingMesh(now, registered=tuple(all_), releases=releases, objects=tuple(there), living=(taken.living,))
