"""Encryption and access of the running mesh in a stack's state, as the last `up` recorded them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pi_mesh.values import audit
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


def of_resources(resources: Iterable[Mapping[str, Any]]) -> RecordedAccess:
    """Return the access that the resources of a state record."""
    mode = ""
    denies: set[str] = set()
    audited: set[str] = set()
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
            case "Telemetry", name if name == audit.NAME:
                audited.add(namespace)
    return RecordedAccess(mode, frozenset(denies), frozenset(audited))
