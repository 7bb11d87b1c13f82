"""Placement of the mesh's own pods, and the mesh as its addons see it."""

from collections.abc import Iterable, Mapping

from pi_mesh.addons import MeshContext
from pi_mesh.facts import duration
from pi_mesh.settings import Settings
from pi_mesh.settings.scheduling import NodeCondition, Scheduling


def node_selector(settings: Settings) -> dict[str, object]:
    """Return the selector of nodes of the stack's architecture; others fail an image with an exec format error."""
    return {"kubernetes.io/arch": settings.cluster.architecture}


UNREACHABLE = "node.kubernetes.io/unreachable"
LOST = ("node.kubernetes.io/not-ready", UNREACHABLE)
"""Taints of a lost node, which Kubernetes lets every pod tolerate for five minutes unless the pod says otherwise
(kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions)."""


def scheduling(settings: Settings, own: Scheduling) -> dict[str, object]:
    """Return the values `tolerations` and `affinity`, as all charts have them; none that the settings do not give."""
    wait = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": settings.cluster.unreachable_seconds}
    lost = [{"key": key, **wait} for key in LOST if settings.cluster.unreachable_seconds is not None]
    tolerated = [
        {"operator": "Exists" if taint.value is None else "Equal", **taint.model_dump(exclude_none=True)}
        for taint in own.tolerations
    ]
    values = {"tolerations": [*tolerated, *lost], "affinity": _affinity(own.node_affinity)}
    return {key: value for key, value in values.items() if value}


def _affinity(conditions: Iterable[NodeCondition]) -> dict[str, object]:
    terms: dict[bool, list[object]] = {True: [], False: []}
    for condition in conditions:
        unsaid = {"required"} if condition.values else {"required", "values"}
        terms[condition.required].append(condition.model_dump(mode="json", exclude=unsaid))
    wishes = [{"weight": 1, "preference": {"matchExpressions": [wish]}} for wish in terms[False]]
    required = {"nodeSelectorTerms": [{"matchExpressions": terms[True]}]} if terms[True] else None
    kinds = {
        "requiredDuringSchedulingIgnoredDuringExecution": required,
        "preferredDuringSchedulingIgnoredDuringExecution": wishes,
    }
    return {"nodeAffinity": {kind: value for kind, value in kinds.items() if value}} if required or wishes else {}


def spread(labels: Mapping[str, str]) -> dict[str, object]:
    """Return the wish that pods with these labels run on different nodes; where one node is left, both run there."""
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(labels)},
    }


def mesh_context(settings: Settings) -> MeshContext:
    """Return the mesh as its addons see it."""
    return MeshContext(
        settings.istio.namespace,
        settings.istio.version,
        node_selector(settings),
        settings.images.pull_policy,
        settings.observability.enabled(),
        settings.releases.names.ingress,
        settings.ingress_namespace,
        int(duration(settings.mtls.certificate_lifetime).total_seconds()),
    )
