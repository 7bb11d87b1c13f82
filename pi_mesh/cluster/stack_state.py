"""A stack's state, reduced to its cluster, namespaces, releases, Vault resources and access."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pi_mesh.cluster import ca_state
from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.names import OWNER_ANNOTATION, VERSION_ANNOTATION
from pi_mesh.values import telemetry
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import MESH_WIDE
from pi_mesh.values.traffic.authorization import DEFAULT_DENY, DRY_RUN


@dataclass(frozen=True)
class RecordedAccess:
    """Encryption and access of the running mesh."""

    mtls_mode: str = ""
    """Mode of the mesh-wide PeerAuthentication; empty before the first `up`."""
    denies: frozenset[str] = frozenset()
    """Namespaces with an enforced default deny."""
    audited: frozenset[str] = frozenset()
    """Namespaces whose proxies write the audit log."""


def recorded_access(resources: Iterable[Mapping[str, Any]]) -> RecordedAccess:
    mode, denies, audited = "", set[str](), set[str]()
    for resource in resources:
        outputs = resource.get("outputs") or {}
        metadata = outputs.get("metadata") or {}
        namespace = metadata.get("namespace", "")
        match resource["type"].rpartition(":")[2], metadata.get("name"):
            case "PeerAuthentication", name if name == MESH_WIDE:
                mode = ((outputs.get("spec") or {}).get("mtls") or {}).get("mode", "")
            case "AuthorizationPolicy", name if name == DEFAULT_DENY:
                if (metadata.get("annotations") or {}).get(DRY_RUN) != "true":
                    denies.add(namespace)
            case "Telemetry", name if name == telemetry.AUDIT:
                audited.add(namespace)
    return RecordedAccess(mode, frozenset(denies), frozenset(audited))


CLUSTER = "cluster"
"""Stack output with the cluster's context and the UID of its namespace kube-system."""
MESH = "pi-mesh:index:Mesh"
"""Type of the component by which a program of a user's own has a mesh, with the outputs that are the stack's else."""
GUARD = "pi-mesh:destroy:Guard"
"""Type of the resource that `pulumi destroy` deletes first."""
DRAIN = "pi-mesh:destroy:Drain"
"""Type of the resource that it deletes before the namespace of the control plane."""


ISTIO_OBJECT = re.compile(r"\.istio\.io/|gateway\.networking\.k8s\.io/|:NetworkPolicy$")
"""Part of the type of each object that istiod reads, such as kubernetes:networking.istio.io/v1:Gateway, and of a
NetworkPolicy's."""


@dataclass(frozen=True)
class RecordedRelease:
    """A Helm release as the last `up` recorded it in the state."""

    version: str = ""
    """Version of the release's chart."""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StackState:
    """The part of a stack's state that concerns the cluster and Vault."""

    cluster_uid: str = ""
    """UID of the cluster's namespace kube-system from the last `pulumi up`; empty before that."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """UID of each namespace in the state, by name; Kubernetes gives every new namespace a random UID."""
    releases: frozenset[str] = frozenset()
    """Helm releases in the state, as NAMESPACE/NAME."""
    has_provider: bool = False
    """True if a run has passed the preflight: the provider is the first resource that a run registers."""
    vault: Mapping[str, VaultResource] = field(default_factory=dict)
    """Resources of the mesh's CA in Vault, by name."""
    recorded: Mapping[str, RecordedRelease] = field(default_factory=dict)
    """State of each of these releases, by NAMESPACE/NAME."""
    owned: frozenset[str] = frozenset()
    """Names of the namespaces that the stack created, and that `pulumi destroy` would delete with their content."""
    has_guard: bool = False
    """True if a plain `pulumi destroy` asks whether others use the mesh: an `up` since 0.2.0 has ended well."""
    access: RecordedAccess = field(default_factory=RecordedAccess)
    """Encryption and access of the running mesh."""
    objects: tuple[Mapping[str, Any], ...] = ()
    """Objects in the state that istiod reads, and NetworkPolicies, as manifests."""

    def holds(self, name: str, uid: str) -> bool:
        """Return True for the namespace that the stack created or adopted, not a later one of the same name."""
        return bool(uid) and self.namespaces.get(name) == uid


NEVER_RUN = StackState()
"""State of a stack that has never run."""


def of_resources(resources: Iterable[Mapping[str, Any]]) -> StackState:
    """Return the state of resources that have `urn`, `type` and `outputs` as in `pulumi stack export`."""
    resources = list(resources)
    by_type: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for resource in resources:
        by_type[resource["type"]].append(resource.get("outputs") or {})
    namespaces = [outputs.get("metadata") or {} for outputs in by_type["kubernetes:core/v1:Namespace"]]
    releases = {
        f"{own.get('namespace')}/{own.get('name')}": RecordedRelease(own.get("version") or "", own.get("values") or {})
        for own in by_type["kubernetes:helm.sh/v3:Release"]
    }
    outputs = [*by_type["pulumi:pulumi:Stack"], *(mesh.get("outputs") or {} for mesh in by_type[MESH])]
    clusters = (content[CLUSTER] for content in outputs if CLUSTER in content)
    of_vault = (resource for resource in resources if resource["type"].startswith(ca_state.PREFIX))
    return StackState(
        cluster_uid=next(clusters, {}).get("uid") or "",
        namespaces={meta.get("name", ""): meta.get("uid", "") for meta in namespaces},
        releases=frozenset(releases),
        has_provider=bool(by_type["pulumi:providers:kubernetes"]),
        vault={resource["urn"].rpartition("::")[2]: ca_state.of_resource(resource) for resource in of_vault},
        recorded=releases,
        owned=frozenset(
            meta.get("name", "") for meta in namespaces if OWNER_ANNOTATION in (meta.get("annotations") or {})
        ),
        has_guard=bool(by_type[GUARD]),
        access=recorded_access(resources),
        objects=tuple(item.get("outputs") or {} for item in resources if ISTIO_OBJECT.search(item["type"])),
    )


def with_recorded_versions(mesh: Inventory, state: StackState) -> Inventory:
    """Return the mesh with the recorded annotations of gateways whose version stays the same, so that none restarts."""
    return replace(mesh, releases=tuple(_kept(entry, state.recorded.get(entry.id)) for entry in mesh.releases))


def without_gateway_version(values: Values) -> Values:
    """Return a gateway's values without the annotation."""
    annotations = values.get("podAnnotations")
    if not isinstance(annotations, dict):
        return values
    kept = {name: text for name, text in annotations.items() if name != VERSION_ANNOTATION}
    return {**values, "podAnnotations": kept}


def _kept(release: Release, recorded: RecordedRelease | None) -> Release:
    if release.kind is not Kind.GATEWAY or recorded is None or recorded.version != release.image_version:
        return release
    if VERSION_ANNOTATION in (recorded.values.get("podAnnotations") or {}):
        return release
    return replace(release, typed=without_gateway_version(release.typed))
