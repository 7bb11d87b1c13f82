"""Placement of the mesh's own pods, and the mesh as its addons see it."""

from collections.abc import Iterable, Mapping

from pi_mesh.addons import MeshContext
from pi_mesh.facts import duration
from pi_mesh.settings import Settings
from pi_mesh.settings.scheduling import NodeCondition, Scheduling
from pi_mesh.values.objects import Object, given


def node_selector(settings: Settings) -> dict[str, object]:
    """Return the selector of nodes of the stack's architecture; others fail an image with an exec format error."""
    return {"kubernetes.io/arch": settings.cluster.architecture}


UNREACHABLE = "node.kubernetes.io/unreachable"
LOST = ("node.kubernetes.io/not-ready", UNREACHABLE)
"""Taints of a lost node, which Kubernetes lets every pod tolerate for five minutes unless the pod says otherwise
(kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions)."""


def scheduling(settings: Settings, own: Scheduling) -> Object:
    """Return the values `tolerations` and `affinity`, as all charts have them; none that the settings do not give."""
    wait = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": settings.cluster.unreachable_seconds}
    lost = [{"key": key, **wait} for key in LOST if settings.cluster.unreachable_seconds is not None]
    tolerated = [
        given(operator="Exists" if taint.value is None else "Equal", **taint.model_dump()) for taint in own.tolerations
    ]
    return given(tolerations=[*tolerated, *lost], affinity=given(nodeAffinity=_affinity(own.node_affinity)))


def _affinity(conditions: Iterable[NodeCondition]) -> Object:
    terms: dict[bool, list[Object]] = {True: [], False: []}
    for condition in conditions:
        terms[condition.required].append(given(**condition.model_dump(mode="json", exclude={"required"})))
    return given(
        requiredDuringSchedulingIgnoredDuringExecution=terms[True]
        and {"nodeSelectorTerms": [{"matchExpressions": terms[True]}]},
        preferredDuringSchedulingIgnoredDuringExecution=[
            {"weight": 1, "preference": {"matchExpressions": [wish]}} for wish in terms[False]
        ],
    )


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
