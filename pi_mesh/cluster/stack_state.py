"""A stack's state, as far as it tells which cluster, namespaces and releases are the stack's; read by others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pi_mesh.cluster import ca_state
from pi_mesh.cluster.ca_state import VaultResource
from pi_mesh.names import OWNER_ANNOTATION

CLUSTER = "cluster"
"""The stack output that names the cluster: its context, and the UID of its namespace kube-system."""


@dataclass(frozen=True)
class RecordedRelease:
    """A Helm release as the last `up` left it in the state."""

    version: str = ""
    """Version of its chart."""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StackState:
    """What the state holds of the cluster."""

    cluster_uid: str = ""
    """UID of the cluster's namespace kube-system as the last `pulumi up` recorded it; empty before that."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """UID of each namespace in the state, by its name: Kubernetes gives every new namespace a random one."""
    releases: frozenset[str] = frozenset()
    """Helm releases in the state, as NAMESPACE/NAME."""
    has_provider: bool = False
    """True where a run passed the preflight: the provider is the first resource that it registers."""
    vault: Mapping[str, VaultResource] = field(default_factory=dict)
    """The resources of the mesh's CA in Vault, by their names."""
    recorded: Mapping[str, RecordedRelease] = field(default_factory=dict)
    """What the state holds of each of these releases, by NAMESPACE/NAME."""
    owned: frozenset[str] = frozenset()
    """Names of the namespaces that the stack made, and would delete with everything in them."""

    def holds(self, name: str, uid: str) -> bool:
        """Return True for the very namespace that the stack made or adopted, not one made anew under its name."""
        return bool(uid) and self.namespaces.get(name) == uid


NEVER_RUN = StackState()
"""The state of a stack that was just made."""


def of_resources(resources: Iterable[Mapping[str, Any]]) -> StackState:
    """Return the state of these resources, each with `urn`, `type` and `outputs` as `pulumi stack export` has them."""
    vault: dict[str, VaultResource] = {}
    namespaces: dict[str, str] = {}
    owned: set[str] = set()
    releases: dict[str, RecordedRelease] = {}
    cluster_uid, has_provider = "", False
    for resource in resources:
        outputs = resource.get("outputs") or {}
        match resource["type"]:
            case "pulumi:pulumi:Stack":
                cluster_uid = (outputs.get(CLUSTER) or {}).get("uid") or ""
            case "pulumi:providers:kubernetes":
                has_provider = True
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
    return StackState(cluster_uid, namespaces, frozenset(releases), has_provider, vault, releases, frozenset(owned))
