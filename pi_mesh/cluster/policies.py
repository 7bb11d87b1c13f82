"""Istio's policies, routes and proxy configuration of the whole cluster, whoever wrote them, and the mesh config."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import yaml

from pi_mesh.cluster.client import Client, Discovery, Forbidden
from pi_mesh.cluster.objects import manager_of, release_of
from pi_mesh.names import GATEWAY_API, GATEWAY_LABEL, Namespaced
from pi_mesh.selectors import matches

KINDS = {
    "security.istio.io": ("PeerAuthentication", "AuthorizationPolicy", "RequestAuthentication"),
    "networking.istio.io": ("DestinationRule", "EnvoyFilter", "Sidecar", "VirtualService", "Gateway"),
    "telemetry.istio.io": ("Telemetry",),
}
"""Kinds that can weaken encryption, open or cut access, lead requests, or change a proxy's behaviour."""
ROOT_SELECTORS_IGNORED = ("PeerAuthentication", "Sidecar", "Telemetry")
"""Kinds whose selector in the root namespace selects nothing in other namespaces."""
MESH_CONFIG = "configmap istio"
DEFAULT_ROOT = "istio-system"
"""Root namespace of a mesh config without one: https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/"""


@dataclass(frozen=True)
class Policy(Namespaced):
    """One object of Istio or of the Gateway API, with the fields that checks need."""

    kind: str
    namespace: str
    """Namespace of the object; empty for a GatewayClass."""
    name: str
    spec: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    """Time of creation, as RFC 3339 in UTC; of two competing objects Istio takes the older."""
    manager: str = ""
    """Manager of the object, in words; empty if the object names none."""
    release: str = ""
    """Helm release that owns the object, as NAMESPACE/NAME."""
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.namespace, self.name

    @property
    def managed(self) -> str:
        """Return the manager of the object, as a clause."""
        return f"managed by {self.manager}" if self.manager else "it names no manager"

    @property
    def targets(self) -> tuple[Mapping[str, Any], ...]:
        """Return the objects that a policy names instead of selecting pods."""
        return tuple(ref for ref in (*(self.spec.get("targetRefs") or ()), self.spec.get("targetRef")) if ref)

    @property
    def parents(self) -> tuple[Mapping[str, Any], ...]:
        """Return the Gateways, or the Services for callers in the mesh, whose requests a route of that API takes."""
        return tuple(self.spec.get("parentRefs") or ())

    def applies_to(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Return True for a pod that the selector selects, or that belongs to a Gateway which the policy targets.

        Source: istio/istio, pilot/pkg/model/policyattachment.go. Other targets are of waypoints.
        """
        if not self.targets:
            return matches(self.selected_labels, labels)
        targets = [(target.get("group"), target.get("kind"), target.get("name")) for target in self.targets]
        return namespace == self.namespace and (GATEWAY_API, "Gateway", labels.get(GATEWAY_LABEL)) in targets

    @property
    def selected_labels(self) -> Mapping[str, str]:
        """Return the labels by which the object selects pods; none if it selects all pods of its scope."""
        chosen = self.spec.get("selector") or self.spec.get("workloadSelector") or {}
        return chosen.get("matchLabels") or chosen.get("labels") or {}


@dataclass(frozen=True)
class Policies:
    objects: tuple[Policy, ...] = ()
    mesh_config: Mapping[str, Any] | None = field(default_factory=dict)
    """Mesh config from istiod's ConfigMap; None if it is missing or not valid YAML."""
    unreadable: tuple[str, ...] = ()
    """Kinds that the user may not list, and `MESH_CONFIG` if the user may not read it."""

    def of_kind(self, kind: str) -> tuple[Policy, ...]:
        """Return the objects of a kind, the oldest first, as Istio orders them."""
        objects = (entry for entry in self.objects if entry.kind == kind)
        return tuple(sorted(objects, key=lambda entry: (entry.created, entry.name, entry.namespace)))

    @property
    def root_namespace(self) -> str:
        """Return the namespace whose policies apply to the whole mesh."""
        return (self.mesh_config or {}).get("rootNamespace") or DEFAULT_ROOT


def read(client: Client, namespace: str) -> Policies:
    """Read all policies with get and list; `namespace` is istiod's. Raises as `pi_mesh.cluster.client.Client` does."""
    with ThreadPoolExecutor(max_workers=5) as pool:
        config = pool.submit(_get, client, f"/api/v1/namespaces/{namespace}/configmaps/istio")
        objects, unreadable = listed(client, KINDS, pool)
        answer = config.result()
    return Policies(objects, _mesh_config(answer), unreadable if answer is not None else (*unreadable, MESH_CONFIG))


def listed(
    client: Client, kinds: Mapping[str, tuple[str, ...]], pool: ThreadPoolExecutor
) -> tuple[tuple[Policy, ...], tuple[str, ...]]:
    """Return all objects of these kinds, given by group, and the kinds that may not be listed."""
    discovery = Discovery(client)
    served = pool.map(lambda group: discovery.lists(group, kinds[group]), kinds)
    paths = {kind: path for group in served for kind, path in group.items()}
    answers = dict(zip(paths, pool.map(lambda path: _get(client, path), paths.values()), strict=True))
    objects = (parse(kind, item) for kind, answer in answers.items() if answer for item in answer.get("items") or [])
    return tuple(objects), tuple(kind for kind, answer in answers.items() if answer is None)


def parse(kind: str, item: dict[str, Any]) -> Policy:
    meta = item["metadata"]
    return Policy(
        kind,
        meta.get("namespace", ""),
        meta["name"],
        item.get("spec") or {},
        meta.get("creationTimestamp") or "",
        manager_of(meta),
        release_of(meta),
        meta.get("annotations") or {},
    )


def _get(client: Client, path: str) -> dict[str, Any] | None:
    """Return the JSON, empty if nothing is there; None if reading is forbidden."""
    try:
        return client.get(path) or {}
    except Forbidden:
        return None


def _mesh_config(item: dict[str, Any] | None) -> dict[str, Any] | None:
    text = ((item or {}).get("data") or {}).get("mesh")
    try:
        content = yaml.safe_load(text) if text else None
    except yaml.YAMLError:
        return None
    return content if isinstance(content, dict) else None
