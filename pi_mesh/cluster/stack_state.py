"""A stack's state, reduced to its cluster, namespaces, releases and Vault resources."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_mesh.cluster import access_state, ca_state
from pi_mesh.cluster.access_state import RecordedAccess
from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.names import OWNER_ANNOTATION

CLUSTER = "cluster"
"""Stack output with the cluster's context and the UID of its namespace kube-system."""
GUARD = "pi-mesh:destroy:Guard"
"""Type of the resource that `pulumi destroy` deletes first."""
DRAIN = "pi-mesh:destroy:Drain"
"""Type of the resource that it deletes before the namespace of the control plane."""


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

    def holds(self, name: str, uid: str) -> bool:
        """Return True for the namespace that the stack created or adopted, not a later one of the same name."""
        return bool(uid) and self.namespaces.get(name) == uid


NEVER_RUN = StackState()
"""State of a stack that has never run."""


def of_resources(resources: Iterable[Mapping[str, Any]]) -> StackState:
    """Return the state of resources that have `urn`, `type` and `outputs` as in `pulumi stack export`."""
    vault: dict[str, VaultResource] = {}
    namespaces: dict[str, str] = {}
    owned: set[str] = set()
    releases: dict[str, RecordedRelease] = {}
    cluster_uid, has_provider, has_guard = "", False, False
    resources = list(resources)
    for resource in resources:
        outputs = resource.get("outputs") or {}
        match resource["type"]:
            case "pulumi:pulumi:Stack":
                cluster_uid = (outputs.get(CLUSTER) or {}).get("uid") or ""
            case "pulumi:providers:kubernetes":
                has_provider = True
            case token if token == GUARD:
                has_guard = True
            case "kubernetes:core/v1:Namespace":
                metadata = outputs.get("metadata") or {}
                namespaces[metadata.get("name", "")] = metadata.get("uid", "")
                if OWNER_ANNOTATION in (metadata.get("annotations") or {}):
                    owned.add(metadata.get("name", ""))
            case "kubernetes:helm.sh/v3:Release":
                recorded = RecordedRelease(outputs.get("version") or "", outputs.get("values") or {})
                releases[f"{outputs.get('namespace')}/{outputs.get('name')}"] = recorded
            case token if token.startswith(ca_state.PREFIX):
                vault[resource["urn"].rpartition("::")[2]] = ca_state.of_resource(resource, outputs)
    access = access_state.of_resources(resources)
    names, own = frozenset(releases), frozenset(owned)
    return StackState(cluster_uid, namespaces, names, has_provider, vault, releases, own, has_guard, access)
